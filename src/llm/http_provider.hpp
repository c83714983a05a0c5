#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "llm/dialect.hpp"
#include "llm/models.hpp"
#include "llm/retry.hpp"
#include "net/http_client.hpp"

namespace oap::llm {

/// Where a provider is reached and how patient one is with it.
struct Endpoint {
  std::string name;  ///< the provider's, as in "name/model"
  std::string base_url;
  std::string api_key;      ///< secret; "" sends none
  net::HeaderList headers;  ///< added to, or in the place of, the dialect's own; may be secret
  Millis stall_timeout{60'000};
  RetryPolicy retry;
  std::map<std::string, ModelPrice> prices = {};  ///< by model, in place of the built-in ones
  std::string key_advice;  ///< said after a refused key, e.g. "set OPENAI_API_KEY"
};

/// A model behind HTTP, whatever the dialect: sends, streams, retries, waits out. Since nothing
/// acts on an answer before it is whole, also an answer that broke off is asked for again;
/// `on_retry` says so, as text of it may have been shown. No message holds the key or a header's
/// value.
class HttpProvider final : public Provider {
 public:
  /// `client` is borrowed and must outlive this. `random` gives numbers in [0,1) for the jitter.
  HttpProvider(Endpoint endpoint, std::unique_ptr<const Dialect> dialect, net::HttpClient& client,
               const Clock& clock = system_clock(), std::function<double()> random = {});

  std::string_view name() const override { return endpoint_.name; }
  Task<Result<Response>> complete(Request request, StreamSink sink) override;

 private:
  Task<Attempt<Answer>> attempt(const Request& request, Quirks quirks, const StreamSink& sink);
  Task<Attempt<Answer>> attempt_with_retries(const Request& request, const StreamSink& sink);
  Task<Attempt<void>> wait_before_retry(const Failure& failure, Millis delay, Attempts attempts,
                                        const Request& request, const StreamSink& sink);
  net::HttpRequest http_request(const Request& request, Quirks quirks) const;
  std::string redact(std::string text) const;
  Failure redact(Failure failure) const;
  Failure explain(Failure failure) const;
  ModelInfo priced(const std::string& model) const;

  const Endpoint endpoint_;
  const std::unique_ptr<const Dialect> dialect_;
  net::HttpClient& client_;
  const Clock& clock_;
  const std::function<double()> random_;
  std::atomic<Quirks> quirks_{Quirks{}};
};

}  // namespace oap::llm
