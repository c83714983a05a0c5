#include "net/http_client.hpp"

#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/curl_loop.hpp"
#include "net/url.hpp"

namespace oap::net {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostRefusal = 1U << 20U;

Result<void> check_fields(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (!is_field_name(name)) {
      return fail(Code::kInvalidArgument, "an HTTP header has an invalid name");
    }
    if (!is_field_value(value)) {
      return fail(Code::kInvalidArgument,
                  "the value of HTTP header {} holds a line break or control character", name);
    }
  }
  if (!is_field_name(request.method)) {
    return fail(Code::kInvalidArgument, "the HTTP method is not a word");
  }
  return {};
}

/// Ends the transfer however the awaiting coroutine ends.
class Running {
 public:
  Running(std::shared_ptr<CurlLoop> loop, std::shared_ptr<Transfer> transfer)
      : loop_(std::move(loop)), transfer_(std::move(transfer)) {
    loop_->start(transfer_);
  }
  ~Running() {
    if (!ended_) {
      loop_->cancel(transfer_);
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void ended() { ended_ = true; }

 private:
  std::shared_ptr<CurlLoop> loop_;
  std::shared_ptr<Transfer> transfer_;
  bool ended_ = false;
};

Task<Result<HttpResponse>> exchange(std::shared_ptr<CurlLoop> loop, HttpRequest request,
                                    HttpClient::OnBody on_body) {
  OAP_CO_CHECK_OK(check_fields(request));
  OAP_CO_TRY(const Url url, parse_url(request.url));
  if (request.deadline.passed()) {
    co_return fail(Code::kDeadlineExceeded, "no time was left for the request to {}", url.origin());
  }
  const std::function<bool()> is_complete = std::move(request.is_complete);
  const auto on_head = std::move(request.on_head);
  const Executor awaiting = co_await asio::this_coro::executor;
  auto transfer = std::make_shared<Transfer>(std::move(request), url.origin(), awaiting);
  Running running(loop, transfer);
  HttpResponse response;
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (true) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
      co_return fail(Code::kCancelled, "the request to {} was cancelled", url.origin());
    }
    auto [error, event] = co_await transfer->events.async_receive(token);
    if (error) {
      co_return fail(Code::kCancelled, "the request to {} was cancelled", url.origin());
    }
    if (auto* end = std::get_if<TransferEnd>(&event)) {
      running.ended();
      const bool matters = !is_complete || !is_complete();
      if (end->error && matters) {
        co_return fail(*std::move(end->error));
      }
      co_return response;
    }
    if (auto* head = std::get_if<TransferHead>(&event)) {
      response.status = head->status;
      response.headers = std::move(head->headers);
      if (on_head) {
        OAP_CO_CHECK_OK(on_head(response.status, response.headers));
      }
    } else if (on_body && response.is_success()) {
      OAP_CO_CHECK_OK(on_body(std::get<std::string>(event)));
      if (is_complete && is_complete()) {
        loop->wind_up(transfer);
      }
    } else if (!on_body || response.body.size() < kMostRefusal) {
      response.body += std::get<std::string>(event);
    }
  }
}

}  // namespace

HttpClient::HttpClient(Executor executor)
    : loop_(std::make_shared<CurlLoop>(std::move(executor))) {}

HttpClient::~HttpClient() { loop_->close(); }

Task<Result<HttpResponse>> HttpClient::send(HttpRequest request) {
  co_return co_await stream(std::move(request), OnBody());
}

Task<Result<HttpResponse>> HttpClient::stream(HttpRequest request, OnBody on_body) {
  try {
    co_return co_await exchange(loop_, std::move(request), std::move(on_body));
  } catch (const boost::system::system_error&) {
    co_return fail(Code::kCancelled, "the request was cancelled");
  }
}

}  // namespace oap::net
