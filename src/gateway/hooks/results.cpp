#include "gateway/hooks/results.hpp"

namespace oap::gateway {

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

}  // namespace oap::gateway
