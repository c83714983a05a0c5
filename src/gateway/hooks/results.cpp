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
  const auto replace = [&](const auto& part, auto&& put) {
    if (!scanner_.has_secret(part)) {
      return;
    }
    if (!verdict.replacement) {
      verdict.replacement = result;
    }
    put(*verdict.replacement, scanner_.redact(json::Value(part)));
  };
  replace(result.content,
          [](ToolResult& to, json::Value value) { to.content = std::move(value.as_array()); });
  if (result.structured) {
    replace(*result.structured,
            [](ToolResult& to, json::Value value) { to.structured = std::move(value); });
  }
  replace(result.meta,
          [](ToolResult& to, json::Value value) { to.meta = std::move(value.as_object()); });
  replace(result.extra,
          [](ToolResult& to, json::Value value) { to.extra = std::move(value.as_object()); });
  co_return verdict;
}

Task<Result<hooks::AfterVerdict>> ResourceControlHook::after(const hooks::Context& /*context*/,
                                                             const ToolCall& call,
                                                             const ToolResult& result) {
  hooks::AfterVerdict verdict;
  if (call.origin == Origin::kMcpClient) {
    co_return verdict;
  }
  for (std::size_t i = 0; i < result.content.size(); ++i) {
    const std::string_view text = json::get_string(result.content[i], "text");
    if (text.size() <= max_bytes_) {
      continue;
    }
    if (!verdict.replacement) {
      verdict.replacement = result;
    }
    verdict.replacement->content[i].get_object()["text"] = cut_middle(text, max_bytes_);
  }
  co_return verdict;
}

}  // namespace oap::gateway
