#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "mcp/server/front.hpp"
#include "mcp/server/testing/script_service.hpp"
#include "text/strings.hpp"

namespace oap::mcp::testing {

/// One HTTP request and what is answered to it, without a network.
class FakeExchange final : public net::HttpExchange {
 public:
  const net::RequestHead& head() const override { return head_; }
  const std::string& body() const override { return body_; }
  std::string take_body() override { return std::move(body_); }
  const std::string& peer() const override { return peer_; }
  void respond(net::HttpReply reply) override {
    if (!over_) {
      over_ = true;
      status_ = reply.status;
      headers_ = std::move(reply.headers);
      answer_ = std::move(reply.body);
    }
  }
  void start_stream(int status, net::HeaderList headers) override {
    status_ = status;
    headers_ = std::move(headers);
    streaming_ = true;
  }
  Result<void> write(std::string bytes) override {
    if (over_) {
      return fail(Code::kUnavailable, "over");
    }
    if (stuck_) {
      return fail(Code::kResourceExhausted, "the client does not read");
    }
    answer_ += bytes;
    return {};
  }
  void finish() override { over_ = true; }
  bool ended() const override { return over_; }
  void on_disconnect(std::function<void()> gone) override { gone_ = std::move(gone); }

  void leave() {
    if (!over_) {
      over_ = true;
      if (gone_) {
        gone_();
      }
    }
  }
  std::string header(std::string_view name) const {
    const std::string* value = net::find_header(headers_, name);
    return value == nullptr ? "" : *value;
  }
  /// The data of its events, without what has none.
  std::vector<std::string> events() const {
    std::vector<std::string> found;
    for (const std::string_view line : text::split_lines(answer_)) {
      if (line.starts_with("data: ") && line.size() > 6) {
        found.emplace_back(line.substr(6));
      }
    }
    return found;
  }
  /// The last `id:` in its stream.
  std::string last_id() const {
    std::string id;
    for (const std::string_view line : text::split_lines(answer_)) {
      if (line.starts_with("id: ")) {
        id = line.substr(4);
      }
    }
    return id;
  }

  net::RequestHead head_;
  std::string body_;
  std::string peer_ = "127.0.0.1:9";
  int status_ = 0;
  net::HeaderList headers_;
  std::string answer_;
  bool streaming_ = false;
  bool over_ = false;
  bool stuck_ = false;
  std::function<void()> gone_;
};

inline const std::string kEnvelope =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{"elicitation":{},"sampling":{}}})";

inline Task<void> take_turns(int turns) {
  for (int i = 0; i < turns; ++i) {
    co_await boost::asio::post(boost::asio::use_awaitable);
  }
}

/// Believes the headers X-User and X-Role; without X-User nobody.
class HeaderAuthenticator final : public Authenticator {
 public:
  Task<tl::expected<Principal, Refusal>> authenticate(net::RequestHead head) override {
    const std::string* name = head.header("X-User");
    if (name == nullptr) {
      co_return tl::unexpected<Refusal>(Refusal{401, "Bearer x", "no token"});
    }
    Principal principal;
    principal.user_id = *name;
    if (const std::string* role = head.header("X-Role")) {
      principal.role = *role;
    }
    co_return principal;
  }
};

/// A front over a ScriptService, driven step by step from plain code.
class FrontHouse {
 public:
  using Http = std::shared_ptr<FakeExchange>;

  explicit FrontHouse(HttpFrontOptions options = {})
      : service(runtime.executor()),
        front(std::make_unique<HttpFront>(runtime.executor(), service, std::move(options))),
        scope_(std::make_unique<async::Scope>(runtime.executor())) {}
  ~FrontHouse() { close(Millis(0)); }
  FrontHouse(const FrontHouse&) = delete;
  FrontHouse& operator=(const FrontHouse&) = delete;

  void close(Millis grace) {
    if (front) {
      runtime.run(front->close(Deadline::after(grace)));
      runtime.run(scope_->join());
      front.reset();
    }
  }
  void turn(int turns = 40) { runtime.run(take_turns(turns)); }

  Http send(const std::string& method, net::HeaderList headers, std::string body = "") {
    auto http = std::make_shared<FakeExchange>();
    http->head_.method = method;
    http->head_.target = "/mcp";
    http->head_.headers = std::move(headers);
    http->head_.headers.insert(http->head_.headers.end(), always.begin(), always.end());
    http->peer_ = peer;
    if (http->head_.header("Host") == nullptr) {
      http->head_.headers.emplace_back("Host", "127.0.0.1:8080");
    }
    if (method == "POST" && http->head_.header("Content-Type") == nullptr) {
      http->head_.headers.emplace_back("Content-Type", "application/json");
    }
    http->body_ = std::move(body);
    scope_->spawn(front->serve(http));
    turn();
    return http;
  }

  static std::string message(int id, const std::string& method, const std::string& params) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method +
           R"(","params":{)" + params + "}}";
  }

  /// A modern request; `params` are members, the envelope is added.
  Http modern(int id, const std::string& method, const std::string& name = "",
              const std::string& params = "", const std::string& envelope = kEnvelope) {
    net::HeaderList headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}};
    std::string all = params;
    if (!name.empty()) {
      headers.emplace_back("Mcp-Name", name);
      all += (all.empty() ? "" : ",") + (R"("name":")" + name + '"');
    }
    return send("POST", headers, message(id, method, all + (all.empty() ? "" : ",") + envelope));
  }
  Http call(int id, const std::string& tool, const std::string& params = "") {
    return modern(id, "tools/call", tool, params);
  }

  /// Begins a legacy session; its key.
  std::string begin(const std::string& version = "2025-11-25",
                    const std::string& capabilities = R"({"elicitation":{},"sampling":{}})") {
    const Http http =
        send("POST", {},
             message(0, "initialize",
                     R"("protocolVersion":")" + version + R"(","capabilities":)" + capabilities));
    return http->header("Mcp-Session-Id");
  }
  Http legacy(const std::string& session, const std::string& body) {
    return send("POST", {{"Mcp-Session-Id", session}}, body);
  }
  Http legacy_call(const std::string& session, int id, const std::string& tool,
                   const std::string& more = "") {
    return legacy(session, message(id, "tools/call", R"("name":")" + tool + '"' + more));
  }
  Http resume(const std::string& session, const std::string& last_event) {
    return send("GET", {{"Mcp-Session-Id", session}, {"Last-Event-ID", last_event}});
  }

  net::HeaderList always;  ///< sent with each request
  std::string peer = "127.0.0.1:9";
  async::Runtime runtime;
  ScriptService service;
  std::unique_ptr<HttpFront> front;

 private:
  std::unique_ptr<async::Scope> scope_;
};

}  // namespace oap::mcp::testing
