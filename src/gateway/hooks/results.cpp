#include "gateway/hooks/results.hpp"

#include <fmt/format.h>

namespace oap::gateway {
namespace {

std::string cut_middle(std::string_view text, std::size_t max_bytes) {
  const auto is_inside = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  std::size_t head = max_bytes * 3 / 4;
  while (head > 0 && is_inside(head)) {
    --head;
  }
  std::size_t tail = text.size() - max_bytes / 4;
  while (is_inside(tail)) {
    ++tail;
  }
  return fmt::format(
      "{}\n[… {} bytes left out; ask for a part: a line range, a narrower search …]\n{}",
      text.substr(0, head), tail - head, text.substr(tail));
}

}  // namespace

Task<Result<hooks::AfterVerdict>> SecretScannerHook::after(const hooks::Context& /*context*/,
                                                           const ToolCall& /*call*/,
                                                           const ToolResult& result) {
  hooks::AfterVerdict verdict;
  std::optional<ToolResult> clean;
  const auto replace = [&](const json::Value& before, auto&& put) {
    if (json::Value after = scanner_.redact(before); after != before) {
      if (!clean) {
        clean = result;
      }
      put(*clean, std::move(after));
    }
  };
  replace(json::Value(result.content),
          [](ToolResult& to, json::Value value) { to.content = std::move(value.as_array()); });
  if (result.structured) {
    replace(*result.structured,
            [](ToolResult& to, json::Value value) { to.structured = std::move(value); });
  }
  if (!result.meta.empty()) {
    replace(json::Value(result.meta),
            [](ToolResult& to, json::Value value) { to.meta = std::move(value.as_object()); });
  }
  if (!result.extra.empty()) {
    replace(json::Value(result.extra),
            [](ToolResult& to, json::Value value) { to.extra = std::move(value.as_object()); });
  }
  verdict.replacement = std::move(clean);
  co_return verdict;
}

Task<Result<hooks::AfterVerdict>> ResourceControlHook::after(const hooks::Context& /*context*/,
                                                             const ToolCall& call,
                                                             const ToolResult& result) {
  hooks::AfterVerdict verdict;
  if (call.origin == Origin::kMcpClient) {
    co_return verdict;
  }
  ToolResult shortened = result;
  bool changed = false;
  for (json::Value& block : shortened.content) {
    json::Value* text = block.is_object() ? block.get_object().if_contains("text") : nullptr;
    if (text != nullptr && text->is_string() && text->get_string().size() > max_bytes_) {
      *text = cut_middle(json::view(text->get_string()), max_bytes_);
      changed = true;
    }
  }
  if (changed) {
    verdict.replacement = std::move(shortened);
  }
  co_return verdict;
}

}  // namespace oap::gateway
