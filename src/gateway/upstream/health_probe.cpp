#include "gateway/upstream/health_probe.hpp"

#include <utility>

namespace oap::gateway {
namespace {

Task<Result<void>> ask_url(ProbeOptions options, net::HttpClient* http) {
  net::HttpRequest request;
  request.url = options.url;
  request.deadline = Deadline::after(options.timeout);
  request.max_body = 1U << 20U;
  OAP_CO_TRY(const net::HttpResponse response, co_await http->send(std::move(request)));
  if (!response.is_success()) {
    co_return fail(Code::kUnavailable, "health_check_url answered with HTTP status {}",
                   response.status);
  }
  co_return Result<void>();
}

}  // namespace

Task<Result<void>> probe(std::shared_ptr<Connection> connection, ProbeOptions options,
                         net::HttpClient* http) {
  if (!options.url.empty() && http != nullptr) {
    co_return co_await ask_url(std::move(options), http);
  }
  const bool modern = connection->link->era() == mcp::Era::kModern;
  std::string method = modern ? "server/discover" : "ping";
  mcp::RequestOptions how;
  how.deadline = Deadline::after(options.timeout);
  how.idle_timeout = options.timeout;
  json::Object params;
  auto answer =
      co_await connection->link->request(std::move(method), std::move(params), std::move(how));
  if (!answer && !answer.error().peer) {
    co_return fail(std::move(answer.error().error));
  }
  co_return Result<void>();
}

}  // namespace oap::gateway
