#pragma once

#include <string>

#include "llm/dialect.hpp"

namespace oap::llm {

/// Anthropic Messages: POST {base}/v1/messages, anthropic-version 2023-06-01.
/// Puts `cache_control` on the last tool, the system block and the last blocks of the two newest
/// user messages (a turn that adds more than 20 blocks would otherwise miss what the turn before
/// wrote: docs.anthropic.com, prompt caching, "look-back window"); sends thinking
/// and server-side blocks back unchanged to the provider of the same name, and to no other.
class AnthropicDialect final : public Dialect {
 public:
  /// `name` is the provider's, for messages and for ThinkingBlock.provider.
  explicit AnthropicDialect(std::string name) : name_(std::move(name)) {}

  std::string url(std::string_view base_url) const override;
  net::HeaderList headers(const std::string& api_key) const override;
  std::string encode(const Request& request, const Quirks& quirks) const override;
  std::unique_ptr<Assembler> assembler(OnText on_text, OnText on_thought) const override;
  std::optional<Quirks> adapt(Quirks quirks, std::string_view detail) const override;

 private:
  std::string name_;
};

}  // namespace oap::llm
