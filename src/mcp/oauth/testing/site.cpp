#include "mcp/oauth/testing/site.hpp"

#include <algorithm>
#include <cstdlib>

#include "json/uri.hpp"

namespace oap::mcp::oauth::testing {

std::string Visit::header(std::string_view name) const {
  const std::string* value = net::find_header(headers, name);
  return value != nullptr ? *value : std::string();
}

Site::Site(async::Runtime& runtime, Answer answer)
    : runtime_(runtime), answer_(std::move(answer)), serving_(runtime.executor()) {
  net::HttpServer::Handler handler = [this](std::shared_ptr<net::HttpExchange> exchange) {
    return answer_on(this, std::move(exchange));
  };
  auto server = net::HttpServer::listen(runtime.executor(), {}, std::move(handler));
  if (!server) {
    std::abort();
  }
  server_ = *std::move(server);
  serving_.start(server_->serve());
}

Site::~Site() {
  runtime_.run(server_->close(Deadline::after(Millis(0))));
  runtime_.run(serving_.settle_shielded());
}

std::string Site::url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

std::size_t Site::count(std::string_view path) const {
  return static_cast<std::size_t>(std::count_if(
      visits_.begin(), visits_.end(), [&](const Visit& visit) { return visit.path == path; }));
}

Visit Site::last(std::string_view path) const {
  const auto found = std::find_if(visits_.rbegin(), visits_.rend(),
                                  [&](const Visit& visit) { return visit.path == path; });
  return found == visits_.rend() ? Visit() : *found;
}

Task<void> Site::answer_on(Site* site, std::shared_ptr<net::HttpExchange> exchange) {
  const net::RequestHead& head = exchange->head();
  const json::Uri target = json::split_uri(head.target);
  Visit visit{head.method, target.path,      parse_form(target.query.value_or("")),
              {},          exchange->body(), head.headers};
  if (visit.header("content-type") == "application/x-www-form-urlencoded") {
    visit.form = parse_form(visit.body);
  }
  site->visits_.push_back(visit);
  exchange->respond(site->answer_(visit));
  co_return;
}

net::HttpReply json_reply(int status, std::string body) {
  net::HttpReply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", "application/json"}};
  reply.body = std::move(body);
  return reply;
}

net::HttpReply redirect_to(std::string url) {
  net::HttpReply reply;
  reply.status = 302;
  reply.headers = {{"Location", std::move(url)}};
  return reply;
}

}  // namespace oap::mcp::oauth::testing
