#include "llm/failure.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "net/http_date.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::llm {
namespace {

constexpr std::size_t kExcerptBytes = 200;

/// What a provider's error object says, in the words of whichever dialect.
struct Statement {
  std::string kind;  ///< e.g. "overloaded_error", "insufficient_quota"
  std::string message;
  int status = 0;  ///< gateways put a status into `code`
};

std::string scalar(const json::Value* value) {
  if (value == nullptr || value->is_null()) {
    return {};
  }
  return value->is_string() ? std::string(json::view(value->get_string())) : json::print(*value);
}

Statement read_statement(const json::Value& error) {
  Statement said;
  if (error.is_string()) {
    said.message = json::view(error.get_string());
    return said;
  }
  const std::string code = scalar(json::find(error, "code"));
  const std::string type = scalar(json::find(error, "type"));
  const bool numeric = !code.empty() && std::all_of(code.begin(), code.end(), text::is_digit);
  if (numeric && code.size() == 3) {
    said.status = std::stoi(code);
  }
  said.kind = code.empty() || numeric ? type : code;
  said.message = scalar(json::find(error, "message"));
  return said;
}

Statement read_body(std::string_view body) {
  const auto parsed = json::parse(body);
  if (!parsed || !parsed->is_object()) {
    return {{}, std::string(body)};
  }
  if (const json::Value* error = json::find(*parsed, "error")) {
    return read_statement(*error);
  }
  for (const std::string_view key : {"message", "detail"}) {
    if (const json::Value* said = json::find(*parsed, key)) {
      return {{}, scalar(said)};
    }
  }
  return {{}, std::string(body)};
}

bool is_final_kind(std::string_view kind) {
  constexpr std::array<std::string_view, 14> kFinal = {
      "invalid_request_error", "authentication_error", "permission_error",
      "billing_error",         "not_found_error",      "request_too_large",
      "insufficient_quota",    "invalid_prompt",       "context_length_exceeded",
      "invalid_api_key",       "model_not_found",      "billing_hard_limit_reached",
      "invalid_request",       "unsupported_parameter"};
  return std::find(kFinal.begin(), kFinal.end(), kind) != kFinal.end();
}

bool is_quota(const Statement& said) {
  return said.kind == "insufficient_quota" || said.kind == "billing_hard_limit_reached" ||
         said.kind == "billing_error";
}

/// Whether a 4xx says that the conversation is longer than the model takes, in the words of
/// Anthropic, OpenAI, and the servers that imitate them.
bool is_too_long(int status, const Statement& said) {
  if (status == 413 || said.kind == "context_length_exceeded" || said.kind == "request_too_large") {
    return true;
  }
  constexpr std::array<std::string_view, 12> kWords = {
      "prompt is too long",     "prompt too long",     "input is too long",
      "maximum context length", "context length",      "context window",
      "exceed context limit",   "exceeds the context", "available context size",
      "too many input tokens",  "reduce the length",   "input token count"};
  const std::string words = text::lower_ascii(said.message);
  return (status == 400 || status == 422 || status == 0) &&
         std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return text::contains(words, word); });
}

bool is_retryable_status(int status) {
  return status == 408 || status == 409 || status == 429 || status >= 500;
}

Code code_of_status(int status) {
  if (status == 401 || status == 403) {
    return Code::kUnauthenticated;
  }
  return is_retryable_status(status) ? Code::kUnavailable : Code::kUpstream;
}

std::string_view advice(int status) {
  switch (status) {
    case 401:
      return "; the API key is missing, wrong or expired";
    case 403:
      return "; the API key may not do this";
    case 404:
      return "; check the model's name and base_url";
    case 413:
      return "; the conversation is too long";
    default:
      return status >= 300 && status < 400 ? "; redirects are not followed, set base_url to the "
                                             "new address"
                                           : "";
  }
}

std::optional<Millis> parse_millis(const std::string* field, double scale) {
  if (field == nullptr) {
    return std::nullopt;
  }
  const std::string_view text = text::trim(*field);
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !std::isfinite(amount) || amount < 0 || amount * scale > 1e12) {
    return std::nullopt;
  }
  return Millis(static_cast<std::int64_t>(std::ceil(amount * scale)));
}

std::optional<Millis> read_retry_after(const net::HeaderList& headers, WallTime now) {
  if (const auto millis = parse_millis(net::find_header(headers, "retry-after-ms"), 1)) {
    return millis;
  }
  const std::string* field = net::find_header(headers, "retry-after");
  if (const auto seconds = parse_millis(field, 1000)) {
    return seconds;
  }
  const auto date = field == nullptr ? std::nullopt : net::parse_http_date(*field);
  if (!date) {
    return std::nullopt;
  }
  return std::max(Millis(0), std::chrono::ceil<Millis>(*date - now));
}

std::string request_id(const net::HeaderList& headers) {
  for (const std::string_view name : {"request-id", "x-request-id"}) {
    if (const std::string* id = net::find_header(headers, name)) {
      return " [request " + excerpt(*id) + "]";
    }
  }
  return {};
}

}  // namespace

std::string excerpt(std::string_view text) {
  const std::string_view cut = text::truncate_utf8(text::trim(text), kExcerptBytes);
  return text::escape_visible(cut) + (cut.size() < text::trim(text).size() ? "…" : "");
}

Failure http_failure(std::string_view provider, int status, const net::HeaderList& headers,
                     std::string_view body, WallTime now) {
  const Statement said = read_body(body);
  const std::string kind = said.kind.empty() ? "" : " (" + excerpt(said.kind) + ")";
  const std::string message = said.message.empty() ? "" : ": " + excerpt(said.message);
  const Code code = is_quota(said)              ? Code::kUpstream
                    : is_too_long(status, said) ? Code::kResourceExhausted
                                                : code_of_status(status);
  Failure failure{Error(code, fmt::format("{} answered {}{}{}{}{}", provider, status, kind, message,
                                          advice(status), request_id(headers)))};
  failure.status = status;
  failure.detail = said.kind + " " + said.message;
  failure.retryable = is_retryable_status(status) && !is_quota(said);
  failure.retry_after = read_retry_after(headers, now);
  if (const std::string* wish = net::find_header(headers, "x-should-retry")) {
    failure.retryable = (text::equals_ci(*wish, "true") || failure.retryable) &&
                        !text::equals_ci(*wish, "false") && !is_quota(said);
  }
  return failure;
}

Failure transport_failure(Error error) {
  Failure failure{std::move(error)};
  failure.stalled = failure.error.code() == Code::kDeadlineExceeded;
  failure.retryable = failure.stalled || failure.error.code() == Code::kUnavailable ||
                      failure.error.code() == Code::kUpstream;
  return failure;
}

Failure stated_failure(std::string_view provider, const json::Value& error) {
  const Statement said = read_statement(error);
  const std::string kind = said.kind.empty() ? "" : " (" + excerpt(said.kind) + ")";
  const std::string message =
      said.message.empty() ? excerpt(json::print(error)) : excerpt(said.message);
  const bool retryable =
      said.status != 0 ? is_retryable_status(said.status) : !is_final_kind(said.kind);
  Code code = said.status != 0 ? code_of_status(said.status)
              : retryable      ? Code::kUnavailable
                               : Code::kUpstream;
  if (said.kind == "authentication_error" || said.kind == "permission_error" ||
      said.kind == "invalid_api_key") {
    code = Code::kUnauthenticated;
  }
  const bool too_long = is_too_long(said.status, said);
  if (too_long) {
    code = Code::kResourceExhausted;
  }
  Failure failure{Error(code, fmt::format("{} reported an error{}: {}", provider, kind, message))};
  failure.retryable = retryable && !is_quota(said) && !too_long;
  failure.detail = said.kind + " " + said.message;
  return failure;
}

Failure garbage_failure(std::string_view provider, std::string_view what, std::string_view data) {
  Failure failure{Error(Code::kUpstream, fmt::format("{} sent {}: {}", provider, what,
                                                     data.empty() ? "(nothing)" : excerpt(data)))};
  failure.retryable = true;
  return failure;
}

Failure cut_failure(std::string_view provider) {
  Failure failure{
      Error(Code::kUnavailable, fmt::format("{} broke its answer off in the middle", provider))};
  failure.retryable = true;
  return failure;
}

}  // namespace oap::llm
