#pragma once

#include <string>

#include "llm/dialect.hpp"

namespace oap::llm {

/// OpenAI Chat Completions: POST {base}/chat/completions; also what most other servers speak.
/// Reading is lenient where vendors differ: finish_reason, repeated or missing call ids and
/// indexes, arguments as an object, reasoning_content or reasoning, usage on any chunk or none.
class OpenAiChatDialect final : public Dialect {
 public:
  /// `name` is the provider's, for messages. `is_openai`: the server is OpenAI's own, which wants
  /// `max_completion_tokens` where others know only `max_tokens`.
  OpenAiChatDialect(std::string name, bool is_openai)
      : name_(std::move(name)), is_openai_(is_openai) {}

  std::string url(std::string_view base_url) const override;
  net::HeaderList headers(const std::string& api_key) const override;
  std::string encode(const Request& request, const Quirks& quirks) const override;
  std::unique_ptr<Assembler> assembler(OnText on_text, OnText on_thought) const override;
  std::optional<Quirks> adapt(Quirks quirks, std::string_view detail) const override;

 private:
  std::string name_;
  bool is_openai_;
};

/// {base}/path, or {base}/v1/path where the base is a bare host.
std::string openai_url(std::string_view base_url, std::string_view path);
net::HeaderList openai_headers(const std::string& api_key);

}  // namespace oap::llm
