#include "orchestration/sendable.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "session/compaction.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kLongestId = 128;
constexpr std::size_t kLongestName = 64;
constexpr std::int64_t kMostTokens = 1'000'000'000;
constexpr std::int64_t kBytesPerToken = 4;

bool is_name_character(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-';
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kLongestId &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_offered(std::string_view name, const std::vector<ToolSpec>& offered) {
  return std::any_of(offered.begin(), offered.end(),
                     [name](const ToolSpec& tool) { return tool.public_name() == name; });
}

std::string name_of(const std::string& name, const std::vector<ToolSpec>& offered) {
  if (is_offered(name, offered)) {
    return name;
  }
  const std::string_view bare = text::trim(name);
  if (is_offered(bare, offered)) {
    return std::string(bare);
  }
  std::string fit;
  for (const char c : bare.substr(0, kLongestName)) {
    fit += is_name_character(c) ? c : '_';
  }
  return fit.empty() ? "unknown" : fit;
}

std::int64_t sane(std::int64_t tokens) { return std::clamp<std::int64_t>(tokens, 0, kMostTokens); }

}  // namespace

Sendable::Sendable(const std::vector<Message>& history) {
  for (const Message& message : history) {
    for (const ToolUseBlock* use : message.tool_uses()) {
      ids_.insert(use->id);
    }
  }
}

std::size_t Sendable::mend(Message& answer, const std::vector<ToolSpec>& offered) {
  std::size_t calls = 0;
  std::erase_if(answer.blocks, [&calls](const Block& block) {
    calls += std::holds_alternative<ToolUseBlock>(block) ? 1 : 0;
    return calls > kMostCalls && std::holds_alternative<ToolUseBlock>(block);
  });
  for (Block& block : answer.blocks) {
    auto* const call = std::get_if<ToolUseBlock>(&block);
    if (call == nullptr) {
      continue;
    }
    while (!is_id(call->id) || !ids_.insert(call->id).second) {
      call->id = new_id("call_");
    }
    call->name = name_of(call->name, offered);
  }
  return calls > kMostCalls ? calls - kMostCalls : 0;
}

Usage countable(Usage told, std::size_t sent, const Message& answer) {
  const bool absurd = told.input_tokens < 0 || told.output_tokens < 0 ||
                      told.cache_read_tokens < 0 || told.cache_write_tokens < 0;
  for (std::int64_t* const tokens :
       {&told.input_tokens, &told.output_tokens, &told.cache_read_tokens, &told.cache_write_tokens,
        &told.reasoning_tokens}) {
    *tokens = sane(*tokens);
  }
  const bool none =
      told.input_tokens + told.output_tokens + told.cache_read_tokens + told.cache_write_tokens ==
      0;
  if (told.requests > 0 && (none || absurd)) {
    told.cost_usd.reset();
    told.input_tokens =
        std::max(told.input_tokens, static_cast<std::int64_t>(sent) / kBytesPerToken);
    told.output_tokens = std::max(
        told.output_tokens, static_cast<std::int64_t>(session::size_of(answer)) / kBytesPerToken);
  }
  return told;
}

}  // namespace oap::orchestration
