#include "net/http_server.hpp"

#include "net/server_core.hpp"

namespace oap::net {
namespace {

Task<void> serve_until_closed(std::shared_ptr<ServerCore> core) {
  co_await core->accept_all();
  co_await core->wait_dropped();
  co_await core->handlers().join();
}

Task<void> wind_down(std::shared_ptr<ServerCore> core, Deadline grace) {
  co_await core->wind_down(grace);
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Executor executor, Options options,
                                                       Handler handler) {
  auto core =
      std::make_shared<ServerCore>(std::move(executor), std::move(options), std::move(handler));
  OAP_CHECK_OK(core->listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::HttpServer(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {}
HttpServer::~HttpServer() { core_->drop_all(); }

std::uint16_t HttpServer::port() const { return core_->port(); }
std::size_t HttpServer::connections() const { return core_->connections(); }
Task<void> HttpServer::serve() { return serve_until_closed(core_); }
Task<void> HttpServer::close(Deadline grace) { return wind_down(core_, grace); }

}  // namespace oap::net
