#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/mutex.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "mcp/era.hpp"
#include "net/http_exchange.hpp"
#include "net/testing/serving.hpp"

namespace oap::mcp::testing {

/// A request as an MCP server over HTTP got it.
struct Received {
  net::RequestHead head;
  json::Object message;  ///< empty where there was no body
  std::string method;    ///< of the message, else of HTTP
  SteadyTime at;

  std::string header(std::string_view name) const {
    const std::string* found = head.header(name);
    return found == nullptr ? "-" : *found;
  }
};

using ExchangePtr = std::shared_ptr<net::HttpExchange>;

inline void answer(net::HttpExchange& http, int status, std::string body,
                   net::HeaderList headers = {}) {
  headers.emplace_back("Content-Type", "application/json");
  http.respond(net::HttpReply{status, std::move(headers), std::move(body)});
}
/// `{"jsonrpc":…,"id":<of the request>,<rest>}`, e.g. rest = `"result":{}`.
inline std::string reply_to(const Received& request, std::string_view rest) {
  const json::Value* id = request.message.if_contains("id");
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},{}}})", id ? json::print(*id) : "null", rest);
}
inline std::string text_result(std::string_view text) {
  return fmt::format(R"("result":{{"content":[{{"type":"text","text":{}}}]}})", json::quote(text));
}
inline std::string event(std::string_view data, std::string_view id = {}) {
  return (id.empty() ? "" : fmt::format("id: {}\n", id)) + fmt::format("data: {}\n\n", data);
}
inline void start_events(net::HttpExchange& http) {
  http.start_stream(200, {{"Content-Type", "text/event-stream"}});
}

/// An MCP server over HTTP that does what the test's handler does, and else what a plain server of
/// its era does: legacy with the session "s1", no GET stream; modern without anything. The handler
/// runs in a thread of its own and says whether it has dealt with the request. For tests only.
class ScriptedHttp {
 public:
  using Handler = std::function<bool(const ExchangePtr& http, const Received& request)>;

  explicit ScriptedHttp(Era era, Handler handler = {})
      : era_(era),
        handler_(std::move(handler)),
        serving_([this](ExchangePtr http) { return handle(this, std::move(http)); }) {}

  std::string url() const { return serving_.url() + "/mcp"; }
  std::vector<Received> received() const {
    const MutexLock lock(mutex_);
    return received_;
  }
  /// What came with that method.
  std::vector<Received> received(std::string_view method) const {
    std::vector<Received> some;
    for (const Received& each : received()) {
      if (each.method == method) {
        some.push_back(each);
      }
    }
    return some;
  }

 private:
  static Task<void> handle(ScriptedHttp* self, ExchangePtr http) {
    Received request;
    request.head = http->head();
    request.method = request.head.method;
    request.at = std::chrono::steady_clock::now();
    if (auto message = json::parse_object(http->body())) {
      request.message = *std::move(message);
      request.method = json::get_string(request.message, "method", "answer");
    }
    {
      const MutexLock lock(self->mutex_);
      self->received_.push_back(request);
    }
    if (!self->handler_ || !self->handler_(http, request)) {
      self->era_ == Era::kLegacy ? legacy(*http, request) : modern(*http, request);
    }
    co_return;
  }

  static void legacy(net::HttpExchange& http, const Received& request) {
    if (request.method == "GET" || request.method == "DELETE") {
      http.respond(net::HttpReply{405, {}, {}});
    } else if (request.method == "initialize") {
      answer(http, 200,
             reply_to(request, R"("result":{"protocolVersion":"2025-11-25","capabilities":{},)"
                               R"("serverInfo":{"name":"legacy","version":"1"}})"),
             {{"Mcp-Session-Id", "s1"}});
    } else if (request.header("Mcp-Session-Id") == "-") {
      answer(http, 400, R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"no session"}})");
    } else if (!request.message.contains("id") || request.method == "answer") {
      http.respond(net::HttpReply{202, {}, {}});
    } else {
      answer(http, 200, reply_to(request, text_result("called")));
    }
  }

  static void modern(net::HttpExchange& http, const Received& request) {
    if (request.method == "server/discover") {
      answer(http, 200,
             reply_to(request,
                      R"("result":{"resultType":"complete","supportedVersions":["2026-07-28"],)"
                      R"("capabilities":{"tools":{"listChanged":true}}})"));
    } else if (request.method == "tools/call") {
      answer(http, 200, reply_to(request, text_result("called")));
    } else if (request.head.method != "POST") {
      http.respond(net::HttpReply{405, {}, {}});
    } else {
      answer(http, 404, reply_to(request, R"("error":{"code":-32601,"message":"no such method"})"));
    }
  }

  Era era_;
  Handler handler_;
  mutable Mutex mutex_;
  std::vector<Received> received_ OAP_GUARDED_BY(mutex_);
  net::testing::Serving serving_;  // last: its thread uses the members above
};

}  // namespace oap::mcp::testing
