#include "llm/tool_calls.hpp"

#include <set>

#include "base/ids.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::llm {

ToolUseBlock read_call(std::string id, std::string name, std::string_view arguments) {
  ToolUseBlock call;
  call.id = id.empty() ? new_id("call_") : std::move(id);
  call.name = std::move(name);
  const std::string_view trimmed = text::trim(arguments);
  if (trimmed.empty()) {
    return call;
  }
  if (auto object = json::parse_object(trimmed)) {
    call.arguments = *std::move(object);
  } else {
    call.invalid_arguments = arguments;
  }
  return call;
}

void mark_cut(ToolUseBlock& call, std::string_view why) {
  if (call.invalid_arguments.empty()) {
    call.invalid_arguments =
        call.arguments.empty() ? std::string(why) : json::print(call.arguments);
  }
}

void mark_last_cut(std::vector<Block>& blocks) {
  if (!blocks.empty()) {
    if (auto* call = std::get_if<ToolUseBlock>(&blocks.back())) {
      mark_cut(*call, "(cut off)");
    }
  }
}

void mark_all_withheld(std::vector<Block>& blocks) {
  for (Block& block : blocks) {
    if (auto* call = std::get_if<ToolUseBlock>(&block)) {
      mark_cut(*call, "(withheld: the answer was refused)");
    }
  }
}

void make_ids_unique(std::vector<Block>& blocks) {
  std::set<std::string> seen;
  for (Block& block : blocks) {
    auto* call = std::get_if<ToolUseBlock>(&block);
    while (call != nullptr && !seen.insert(call->id).second) {
      call->id = new_id("call_");
    }
  }
}

}  // namespace oap::llm
