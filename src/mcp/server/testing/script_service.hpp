#pragma once

#include <map>
#include <string>
#include <vector>

#include "async/branch.hpp"
#include "async/event.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "mcp/server/service.hpp"

namespace oap::mcp::testing {

inline json::Object object(const std::string& text) { return json::parse_object(text).value(); }

inline json::Object text_result(const std::string& text) {
  json::Object result;
  json::Object block;
  block["type"] = "text";
  block["text"] = text;
  result["content"] = json::Array{std::move(block)};
  return result;
}

/// A service whose tools do what their names say.
class ScriptService final : public Service {
 public:
  explicit ScriptService(Executor executor) : executor_(executor), released_(executor) {
    face_.info = object(R"({"name":"script","version":"1"})");
    face_.capabilities = object(
        R"({"tools":{"listChanged":true},"prompts":{"listChanged":true},"logging":{},
            "resources":{"listChanged":true,"subscribe":true}})");
    mirrored_ = mirrored_params(object(
        R"({"properties":{"region":{"type":"string","x-mcp-header":"Region"},
            "count":{"type":"integer","x-mcp-header":"Count"}}})"));
  }

  Task<Face> face(Caller /*caller*/) override { co_return face_; }

  Task<Answer<json::Object>> handle(std::string method, json::Object params,
                                    Exchange& exchange) override {
    seen_.push_back(method);
    if (method == "tools/list") {
      co_return object(R"({"tools":[{"name":"echo","inputSchema":{"type":"object"}}]})");
    }
    if (method == "resources/read") {
      co_return refused(kResourceNotFoundLegacy, "no such resource");
    }
    if (method != "tools/call" && method != "prompts/get") {
      co_return failed(Error(Code::kUnimplemented, "unknown method"));
    }
    const std::string name(json::get_string(params, "name"));
    co_return co_await call(name, std::move(params), exchange);
  }

  Task<Answer<json::Object>> watch(std::string uri, Caller /*caller*/) override {
    if (uri == "test://secret") {
      co_return failed(Error(Code::kPermissionDenied, "not yours"));
    }
    ++watched_[uri];
    co_return json::Object();
  }
  Task<void> unwatch(std::string uri, Caller /*caller*/) override {
    --watched_[uri];
    co_return;
  }
  void roots_changed(const Caller& /*caller*/) override { ++roots_changed_; }
  void session_ended(const Caller& /*caller*/) override { ++sessions_ended_; }
  const std::vector<MirroredParam>* mirrored(std::string_view tool,
                                             const Caller& /*caller*/) override {
    return tool == "mirror" ? &mirrored_ : nullptr;
  }
  Feed& feed() override { return feed_; }

  void release() { released_.notify(); }

  Face face_;
  std::vector<std::string> seen_;
  std::map<std::string, int> watched_;
  int cancelled_ = 0;
  int roots_changed_ = 0;
  int sessions_ended_ = 0;
  std::string last_params_;

 private:
  Task<Answer<json::Object>> call(std::string name, json::Object params, Exchange& exchange) {
    last_params_ = json::print(params);
    if (name == "echo" || name == "mirror") {
      const json::Object* arguments = json::find_object(params, "arguments");
      co_return text_result(arguments == nullptr ? "" : json::print(*arguments));
    }
    if (name == "progress") {
      for (int i = 0; i < 3; ++i) {
        json::Object told;
        told["progress"] = i;
        exchange.progress(std::move(told));
      }
      co_return text_result("done");
    }
    if (name == "log") {
      for (const char* level : {"debug", "error"}) {
        json::Object told;
        told["level"] = level;
        told["data"] = "said";
        exchange.notify("notifications/message", std::move(told));
      }
      co_return text_result("logged");
    }
    if (name == "wait") {
      co_return co_await wait();
    }
    if (name == "poll") {
      const Millis retry{700};
      exchange.close_stream(retry);
      co_return co_await wait();
    }
    if (name == "throw") {
      throw std::runtime_error("thrown by a tool");
    }
    if (name == "native") {
      co_return json::find(params, "requestState") == nullptr
          ? object(R"({"resultType":"input_required","requestState":"theirs"})")
          : text_result("came back with " + std::string(json::get_string(params, "requestState")));
    }
    if (name == "ask") {
      co_return co_await ask_for("elicitation/create", exchange);
    }
    if (name == "sample") {
      co_return co_await ask_for("sampling/createMessage", exchange);
    }
    if (name == "twice") {
      (void)co_await ask_for("elicitation/create", exchange);
      co_return co_await ask_for("elicitation/create", exchange);
    }
    if (name == "both") {
      co_return co_await ask_both(exchange);
    }
    co_return refused(jsonrpc::kInvalidParams, "unknown tool " + name);
  }

  Task<Answer<json::Object>> wait() {
    const Deadline never = Deadline::never();
    if (co_await released_.wait(never) == async::Event::Wake::kCancelled) {
      ++cancelled_;
    }
    co_return text_result("waited");
  }

  static Task<Answer<json::Object>> ask_for(std::string method, Exchange& exchange) {
    json::Object params;
    params["message"] = "who are you?";
    auto answer = co_await exchange.ask(std::move(method), std::move(params));
    if (!answer) {
      co_return tl::unexpected<Failure>(std::move(answer).error());
    }
    co_return text_result("answered " + json::print(*std::move(answer)));
  }

  static Task<void> keep(std::string& place, std::string method, Exchange& exchange) {
    const auto answer = co_await ask_for(std::move(method), exchange);
    place = answer ? json::print(*answer) : "failed";
  }

  Task<Answer<json::Object>> ask_both(Exchange& exchange) {
    std::string first;
    std::string second;
    async::Branch one(executor_);
    async::Branch two(executor_);
    one.start(keep(first, "elicitation/create", exchange));
    two.start(keep(second, "sampling/createMessage", exchange));
    const Deadline never = Deadline::never();
    co_await one.settle(never);
    co_await two.settle(never);
    co_return text_result(first + second);
  }

  Executor executor_;
  async::Event released_;
  std::vector<MirroredParam> mirrored_;
  Feed feed_;
};

}  // namespace oap::mcp::testing
