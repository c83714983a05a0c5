#include "llm/http_provider.hpp"

#include <random>

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "async/event.hpp"
#include "llm/answer_reader.hpp"
#include "llm/models.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

constexpr int kMaxPauses = 8;
constexpr std::size_t kShortestSecret = 6;

double any_random() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

Failure cancelled() { return Failure{Error(Code::kCancelled, "the model call was cancelled")}; }

std::string seconds(Millis time) {
  return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000.0);
}

}  // namespace

HttpProvider::HttpProvider(Endpoint endpoint, std::unique_ptr<const Dialect> dialect,
                           net::HttpClient& client, const Clock& clock,
                           std::function<double()> random)
    : endpoint_(std::move(endpoint)),
      dialect_(std::move(dialect)),
      client_(client),
      clock_(clock),
      random_(random ? std::move(random) : any_random) {}

std::string HttpProvider::redact(std::string text) const {
  const auto hide = [&](const std::string& secret) {
    if (secret.size() >= kShortestSecret) {
      text = text::replace_all(text, secret, "[redacted]");
    }
  };
  hide(endpoint_.api_key);
  for (const auto& [name, value] : endpoint_.headers) {
    hide(value);
    const std::size_t blank = value.find(' ');
    hide(blank == std::string::npos ? "" : value.substr(blank + 1));
  }
  return text;
}

Failure HttpProvider::redact(Failure failure) const {
  failure.error =
      Error(failure.error.code(), redact(failure.error.to_string()), failure.error.audience());
  return failure;
}

Failure HttpProvider::explain(Failure failure) const {
  if (failure.error.code() == Code::kUnauthenticated && !endpoint_.key_advice.empty()) {
    failure.error =
        Error(failure.error.code(), failure.error.message() + "; " + endpoint_.key_advice,
              failure.error.audience());
  }
  return failure;
}

net::HttpRequest HttpProvider::http_request(const Request& request, Quirks quirks) const {
  net::HttpRequest http;
  http.method = "POST";
  http.url = dialect_->url(endpoint_.base_url);
  http.headers = dialect_->headers(endpoint_.api_key);
  for (const auto& field : endpoint_.headers) {
    std::erase_if(http.headers,
                  [&](const auto& own) { return text::equals_ci(own.first, field.first); });
    http.headers.push_back(field);
  }
  http.body = dialect_->encode(request, quirks);
  http.deadline = request.deadline;
  http.stall_timeout = endpoint_.stall_timeout;
  return http;
}

Task<Attempt<Answer>> HttpProvider::attempt(const Request& request, Quirks quirks,
                                            const StreamSink& sink) {
  net::HttpRequest http = http_request(request, quirks);
  AnswerReader reader(endpoint_.name, dialect_->assembler(sink.on_text, sink.on_thought));
  std::optional<Failure> failure;
  http.is_complete = [&reader] { return reader.is_complete(); };
  net::HttpClient::OnBody on_body = [&reader, &failure](std::string_view piece) -> Result<void> {
    if (auto added = reader.add(piece); !added) {
      failure = std::move(added).error();
      return fail(Code::kUpstream, "the answer cannot be used");
    }
    return {};
  };
  auto response = co_await client_.stream(std::move(http), std::move(on_body));
  if (failure) {
    co_return tl::unexpected(*std::move(failure));
  }
  if (!response) {
    Failure broken = transport_failure(std::move(response).error());
    broken.retryable = broken.retryable && !request.deadline.passed();
    co_return tl::unexpected(std::move(broken));
  }
  if (!response->is_success()) {
    co_return tl::unexpected(http_failure(endpoint_.name, response->status, response->headers,
                                          response->body, clock_.wall()));
  }
  co_return reader.finish();
}

Task<Attempt<void>> HttpProvider::wait_before_retry(const Failure& failure, Millis delay,
                                                    Attempts attempts, const Request& request,
                                                    const StreamSink& sink) {
  if (delay >= request.deadline.left()) {
    co_return tl::unexpected(failure);
  }
  if (sink.on_retry) {
    sink.on_retry(fmt::format("{}; trying again in {} (retry {} of {})", failure.error.message(),
                              seconds(delay), attempts.failed, endpoint_.retry.max_retries));
  }
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Event never_notified(executor);
  const Deadline until = Deadline::after(delay);
  if (co_await never_notified.wait(until) == async::Event::Wake::kCancelled) {
    co_return tl::unexpected(cancelled());
  }
  co_return Attempt<void>();
}

Task<Attempt<Answer>> HttpProvider::attempt_with_retries(const Request& request,
                                                         const StreamSink& sink) {
  Attempts attempts;
  Quirks quirks = quirks_.load();
  while (true) {
    auto answer = co_await attempt(request, quirks, sink);
    if (answer) {
      quirks_.store(quirks);
      co_return answer;
    }
    Failure failure = explain(redact(std::move(answer).error()));
    if (failure.status == 400 || failure.status == 422) {
      if (const auto adapted = dialect_->adapt(quirks, failure.detail)) {
        quirks = *adapted;
        continue;
      }
    }
    ++attempts.failed;
    attempts.stalled += failure.stalled ? 1 : 0;
    const auto delay = next_delay(failure, attempts, endpoint_.retry, random_());
    if (!delay) {
      if (auto refused = too_long_a_wait(failure, endpoint_.retry)) {
        failure.error = *std::move(refused);
      }
      if (attempts.failed > 1) {
        failure.error =
            Error(failure.error.code(),
                  fmt::format("{} (tried {} times)", failure.error.message(), attempts.failed));
      }
      co_return tl::unexpected(std::move(failure));
    }
    auto waited = co_await wait_before_retry(failure, *delay, attempts, request, sink);
    if (!waited) {
      co_return tl::unexpected(std::move(waited).error());
    }
  }
}

ModelInfo HttpProvider::priced(const std::string& model) const {
  ModelInfo info = find_model(model);
  if (const auto own = endpoint_.prices.find(model); own != endpoint_.prices.end()) {
    info.price = own->second;
  }
  return info;
}

Task<Result<Response>> HttpProvider::complete(Request request, StreamSink sink) {
  try {
    Response total;
    total.message.role = MessageRole::kAssistant;
    for (int pauses = 0; pauses <= kMaxPauses; ++pauses) {
      auto answer = co_await attempt_with_retries(request, sink);
      if (!answer) {
        co_return fail(std::move(answer).error().error);
      }
      Response& part = answer->response;
      part.usage.requests = 1;
      part.usage.cost_usd = cost_of(part.usage, priced(request.model));
      total.usage += part.usage;
      total.stop = part.stop;
      total.model = part.model.empty() ? request.model : part.model;
      total.message.blocks.insert(total.message.blocks.end(), part.message.blocks.begin(),
                                  part.message.blocks.end());
      if (!answer->paused) {
        co_return total;
      }
      request.messages.push_back(std::move(part.message));
    }
    co_return fail(Code::kUpstream, "{} paused its answer more than {} times", endpoint_.name,
                   kMaxPauses);
  } catch (const boost::system::system_error&) {
    co_return fail(Code::kCancelled, "the model call was cancelled");
  }
}

}  // namespace oap::llm
