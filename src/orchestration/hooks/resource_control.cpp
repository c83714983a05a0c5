#include "orchestration/hooks/resource_control.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace oap::orchestration {

std::string ResourceTrackHook::cut(const std::string& session_id, std::string_view text) const {
  const auto is_inside = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  std::size_t head = max_bytes_ * 3 / 4;
  while (head > 0 && is_inside(head)) {
    --head;
  }
  std::size_t tail = text.size() - max_bytes_ / 4;
  while (is_inside(tail)) {
    ++tail;
  }
  std::string rest = "ask for a part: a line range, a narrower search";
  if (keep_ && !session_id.empty()) {
    if (const auto handle = keep_(session_id, text)) {
      rest =
          fmt::format("read on: read_output {{\"handle\": \"{}\", \"offset\": {}}}", *handle, head);
    } else {
      log::warn("orchestration", "a long result is not kept",
                {{"why", handle.error().to_string()}});
    }
  }
  return fmt::format("{}\n[… {} bytes left out; {} …]\n{}", text.substr(0, head), tail - head, rest,
                     text.substr(tail));
}

Task<Result<hooks::AfterVerdict>> ResourceTrackHook::after(const hooks::Context& /*context*/,
                                                           const ToolCall& call,
                                                           const ToolResult& result) {
  hooks::AfterVerdict verdict;
  if (call.origin == Origin::kMcpClient) {
    co_return verdict;
  }
  const bool reads_on = call.server == kBuiltinServer && call.tool == "read_output";
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < result.content.size(); ++i) {
    const std::string_view text = json::get_string(result.content[i], "text");
    bytes += std::min(text.size(), max_bytes_);
    if (reads_on || text.size() <= max_bytes_) {
      continue;
    }
    if (!verdict.replacement) {
      verdict.replacement = result;
    }
    verdict.replacement->content[i].get_object()["text"] = cut(call.session_id, text);
  }
  control_.added(call.session_id, bytes);
  co_return verdict;
}

Task<Result<hooks::DoneVerdict>> ResourceCompactHook::done(const hooks::Context& context,
                                                           std::string /*final_text*/) {
  if (control_.is_due(context.session_id)) {
    control_.request(context.session_id);
  }
  co_return hooks::DoneVerdict::proceed();
}

}  // namespace oap::orchestration
