#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/branch.hpp"
#include "async/runtime.hpp"
#include "mcp/oauth/form.hpp"
#include "net/http_server.hpp"

namespace oap::mcp::oauth::testing {

/// One request as a site saw it.
struct Visit {
  std::string method;
  std::string path;
  Form query;
  Form form;  ///< of a form body
  std::string body;
  net::HeaderList headers;
  std::string header(std::string_view name) const;
};

/// A web site on loopback in the test's own event loop. For tests only.
class Site {
 public:
  using Answer = std::function<net::HttpReply(const Visit& visit)>;
  Site(async::Runtime& runtime, Answer answer);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// "http://127.0.0.1:PORT"
  std::string url() const;
  const std::vector<Visit>& visits() const { return visits_; }
  /// How often a path was visited.
  std::size_t count(std::string_view path) const;
  /// The last visit to a path; a visit without a path where there was none.
  Visit last(std::string_view path) const;

 private:
  static Task<void> answer_on(Site* site, std::shared_ptr<net::HttpExchange> exchange);
  async::Runtime& runtime_;
  Answer answer_;
  std::vector<Visit> visits_;
  std::unique_ptr<net::HttpServer> server_;
  async::Branch serving_;
};

net::HttpReply json_reply(int status, std::string body);
net::HttpReply redirect_to(std::string url);

}  // namespace oap::mcp::oauth::testing
