#pragma once

#include <string>

#include "llm/dialect.hpp"

namespace oap::llm {

/// OpenAI Responses: POST {base}/responses with `store:false`; the conversation goes along each
/// time, reasoning items unchanged and encrypted to the provider of the same name. Calls are
/// matched by call_id. Custom and hosted tools are not offered, and their items ignored.
class OpenAiResponsesDialect final : public Dialect {
 public:
  explicit OpenAiResponsesDialect(std::string name) : name_(std::move(name)) {}

  std::string url(std::string_view base_url) const override;
  net::HeaderList headers(const std::string& api_key) const override;
  std::string encode(const Request& request, const Quirks& quirks) const override;
  std::unique_ptr<Assembler> assembler(OnText on_text, OnText on_thought) const override;
  std::optional<Quirks> adapt(Quirks quirks, std::string_view detail) const override;

 private:
  std::string name_;
};

}  // namespace oap::llm
