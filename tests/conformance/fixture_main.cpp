#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "fixture_service.hpp"
#include "mcp/server/front.hpp"
#include "net/http_server.hpp"

// mcp_fixture --stdio | --http [PORT]: the server under test of the conformance suite. With --http
// the address is the first line on standard output.
namespace {

using namespace oap;

int serve_stdio(async::Runtime& runtime, conformance::FixtureService& service) {
  mcp::StdioFront front(runtime.executor(), service, {}, {});
  auto ended = runtime.run(front.serve(os::UniqueFd(dup(0)), os::UniqueFd(dup(1)), Millis(1000)));
  return ended ? 0 : 1;
}

int serve_http(async::Runtime& runtime, conformance::FixtureService& service, int port) {
  mcp::HttpFront front(runtime.executor(), service, {});
  net::HttpServer::Options options;
  options.port = static_cast<std::uint16_t>(port);
  auto server = net::HttpServer::listen(
      runtime.executor(), options,
      [&front](std::shared_ptr<net::HttpExchange> http) { return front.serve(std::move(http)); });
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().to_string().c_str());
    return 1;
  }
  std::printf("http://127.0.0.1:%d/mcp\n", (*server)->port());
  std::fflush(stdout);
  runtime.run((*server)->serve());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  oap::async::Runtime runtime;
  oap::conformance::FixtureService service;
  if (argc > 1 && std::strcmp(argv[1], "--stdio") == 0) {
    return serve_stdio(runtime, service);
  }
  if (argc > 1 && std::strcmp(argv[1], "--http") == 0) {
    return serve_http(runtime, service, argc > 2 ? std::atoi(argv[2]) : 0);
  }
  std::fputs("usage: mcp_fixture --stdio | --http [PORT]\n", stderr);
  return 2;
}
