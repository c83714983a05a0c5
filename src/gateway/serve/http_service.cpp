#include "gateway/serve/http_service.hpp"

#include <algorithm>
#include <iterator>

#include "gateway/serve/health_report.hpp"
#include "json/print.hpp"
#include "mcp/server/cors.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";

void answer(net::HttpExchange& http, int status, std::string type, std::string body,
            net::HeaderList more = {}) {
  net::HttpReply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", std::move(type)}, {"Cache-Control", "no-store"}};
  std::move(more.begin(), more.end(), std::back_inserter(reply.headers));
  reply.body = std::move(body);
  http.respond(std::move(reply));
}

void answer_json(net::HttpExchange& http, int status, json::Object object) {
  answer(http, status, "application/json", json::print(json::Value(std::move(object))));
}

/// The protected resource's document: pages read it to sign in.
void answer_metadata(net::HttpExchange& http, const json::Object& document) {
  net::HeaderList headers = mcp::cors_headers(http.head());
  if (http.head().method == "OPTIONS") {
    net::HttpReply reply;
    reply.status = 204;
    reply.headers = std::move(headers);
    net::HeaderList allowed = mcp::preflight_headers(http.head());
    std::move(allowed.begin(), allowed.end(), std::back_inserter(reply.headers));
    http.respond(std::move(reply));
    return;
  }
  answer(http, 200, "application/json", json::print(json::Value(document)), std::move(headers));
}

bool has_been_tried(const Health& health) {
  return health.state != Health::State::kIdle && health.state != Health::State::kStarting;
}

}  // namespace

HttpService::HttpService(mcp::HttpFront& front, const UpstreamSet& upstreams,
                         HttpServiceOptions options)
    : front_(front), upstreams_(upstreams), options_(std::move(options)) {}

Task<bool> HttpService::is_known(net::HttpExchange& http) const {
  if (options_.authenticator == nullptr) {
    co_return true;
  }
  const auto known = co_await options_.authenticator->authenticate(http.head());
  co_return known.has_value();
}

void HttpService::answer_health(net::HttpExchange& http, bool whole) const {
  json::Object report = health_report(upstreams_, options_.clean);
  const std::string problem = options_.policy_problem ? options_.policy_problem() : std::string();
  if (!problem.empty()) {
    report["status"] = "degraded";
    report["policy"] = json::Object{{"problem", problem}};
  }
  if (!whole) {
    report.erase("servers");
    report.erase("policy");
  }
  answer_json(http, 200, std::move(report));
}

void HttpService::answer_ready(net::HttpExchange& http) const {
  json::Array waiting;
  for (const Upstream* upstream : upstreams_.all()) {
    if (options_.awaited.contains(std::string(upstream->name())) &&
        !has_been_tried(upstream->health())) {
      waiting.emplace_back(upstream->name());
    }
  }
  const bool ready = waiting.empty();
  answer_json(http, ready ? 200 : 503,
              json::Object{{"ready", ready}, {"waiting_for", std::move(waiting)}});
}

Task<void> HttpService::handle(std::shared_ptr<net::HttpExchange> http) {
  const std::string_view target = http->head().target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == options_.mcp_path) {
    co_await front_.serve(std::move(http));
    co_return;
  }
  if (!front_.is_trusted_origin(http->head())) {
    front_.turned_away(*http, 403, "this Host or Origin is not served here");
    answer_json(*http, 403, json::Object{{"error", "this Host or Origin is not served here"}});
    co_return;
  }
  const std::string& method = http->head().method;
  bool known = true;
  if (path == "/health" || path == "/metrics") {
    known = co_await is_known(*http);
  }
  const bool metadata = options_.resource_metadata &&
                        (path == kWellKnown || path == std::string(kWellKnown) + options_.mcp_path);
  if (metadata && (method == "GET" || method == "HEAD" || method == "OPTIONS")) {
    answer_metadata(*http, *options_.resource_metadata);
  } else if (method != "GET" && method != "HEAD") {
    answer_json(*http, 405, json::Object{{"error", "only GET is known here"}});
  } else if (path == "/health") {
    answer_health(*http, known);
  } else if (path == "/ready") {
    answer_ready(*http);
  } else if (path == "/metrics" && options_.metrics && !known) {
    front_.turned_away(*http, 401, "the metrics need the credentials of a client");
    answer_json(*http, 401,
                json::Object{{"error", "the metrics need the credentials of a client"}});
  } else if (path == "/metrics" && options_.metrics) {
    answer(*http, 200, "text/plain; version=0.0.4; charset=utf-8", options_.metrics());
  } else {
    answer_json(*http, 404,
                json::Object{{"error", "nothing is here; MCP is at " + options_.mcp_path}});
  }
}

}  // namespace oap::gateway
