#include "gateway/spoken.hpp"

#include <optional>
#include <utility>

#include "gateway/trust/clean.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kUrl = "url";

json::Object cleaned_params(json::Object params, const Redactor& redactor) {
  json::Value value = redactor.redact(json::Value(std::move(params)));
  clean(value);
  return value.is_object() ? std::move(value.get_object()) : json::Object{};
}

json::Object cleaned_question(json::Object params, const Redactor& redactor) {
  const json::Value* const there = params.if_contains(kUrl);
  const std::optional<json::Value> url = there != nullptr ? std::optional(*there) : std::nullopt;
  json::Object question = cleaned_params(std::move(params), redactor);
  if (url) {
    question[kUrl] = *url;
  }
  return question;
}

}  // namespace

mcp::RequestOptions cleaned(mcp::RequestOptions options, const Redactor& redactor) {
  if (options.on_progress) {
    options.on_progress = [&redactor, tell = std::move(options.on_progress)](json::Object params) {
      tell(cleaned_params(std::move(params), redactor));
    };
  }
  if (options.on_notification) {
    options.on_notification = [&redactor, tell = std::move(options.on_notification)](
                                  std::string method, json::Object params) {
      tell(std::move(method), cleaned_params(std::move(params), redactor));
    };
  }
  if (options.ask) {
    options.ask = [&redactor, ask = std::move(options.ask)](std::string method,
                                                            json::Object params) {
      return ask(std::move(method), cleaned_question(std::move(params), redactor));
    };
  }
  return options;
}

}  // namespace oap::gateway
