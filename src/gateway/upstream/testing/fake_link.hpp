#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "async/deadline.hpp"
#include "async/event.hpp"
#include "async/sleep.hpp"
#include "gateway/upstream/link.hpp"

namespace oap::gateway::testing {

class FakeLink;

/// A server that exists only in a test: what it does is set from outside, what was done to it is
/// counted. Outlives its links.
struct FakeServer {
  int connects = 0;  ///< how often somebody began to connect
  int live = 0;      ///< links that were given out or are being made, and not closed
  int most_live = 0;
  std::vector<std::string> seen;  ///< "call echo", "watch file:///a", "ping" …
  std::vector<FakeLink*> links;   ///< those not destroyed, oldest first
  mcp::Era era = mcp::Era::kLegacy;
  mcp::PeerInfo info{"2025-11-25", json::Object{{"tools", json::Object()}}, {}, ""};
  std::string last_words;
  bool garbage = false;
  std::function<std::optional<Error>(int connect)> refuse;  ///< an error for the n-th connect
  bool start_hangs = false;
  Millis start_takes{0};  ///< 0: connecting does not even yield
  bool close_hangs_until_released = false;
  std::function<mcp::Answer<ToolResult>(const ToolCall&)> on_call;  ///< empty: "ok"
  std::function<bool(const std::string& method)> hangs = [](const std::string& name) {
    return name == "hang";
  };
  std::function<mcp::Answer<json::Object>(const std::string& method)> on_request;
  std::optional<mcp::RequestOptions> last_options;
  mcp::ClientEvents events;

  FakeLink* link() const { return links.empty() ? nullptr : links.back(); }
  int count(const std::string& what) const {
    return static_cast<int>(std::count(seen.begin(), seen.end(), what));
  }
  Connector connector();
};

class FakeLink final : public Link {
 public:
  explicit FakeLink(FakeServer& server) : server_(server) { server_.links.push_back(this); }
  ~FakeLink() override {
    EXPECT_TRUE(closed_) << "a link was destroyed before it was closed";
    EXPECT_TRUE(open_.empty()) << "a link was destroyed under a request";
    std::erase(server_.links, this);
  }

  /// The process ends: what is open fails.
  void die() {
    alive_ = false;
    for (async::Event* event : open_) {
      event->notify();
    }
  }
  /// All that hang get an answer.
  void release() {
    released_ = true;
    for (async::Event* event : open_) {
      event->notify();
    }
  }

  Task<mcp::Answer<json::Object>> request(std::string method, json::Object /*params*/,
                                          mcp::RequestOptions options) override {
    server_.seen.push_back(method);
    if (server_.hangs(method) || !alive_) {
      const auto ended = co_await hang(options.deadline);
      if (!ended) {
        co_return mcp::failed(ended.error());
      }
    }
    if (server_.on_request) {
      co_return server_.on_request(method);
    }
    co_return json::Object{};
  }
  Task<Result<mcp::Listing>> list(std::string method, std::string member,
                                  Deadline deadline) override {
    server_.seen.push_back(method + " " + member);
    if (server_.hangs(method)) {
      OAP_CO_CHECK_OK(co_await hang(deadline));
    }
    co_return mcp::Listing{};
  }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) override {
    server_.seen.emplace_back("tools/list");
    if (server_.hangs("tools/list")) {
      OAP_CO_CHECK_OK(co_await hang(deadline));
    }
    std::vector<ToolSpec> tools(1);
    co_return tools;
  }
  Task<mcp::Answer<ToolResult>> call_tool(ToolCall call, mcp::RequestOptions options) override {
    server_.seen.push_back("call " + call.tool);
    server_.last_options = options;
    if (server_.hangs(call.tool) || !alive_) {
      const auto ended = co_await hang(options.deadline);
      if (!ended) {
        co_return mcp::failed(ended.error());
      }
    }
    if (server_.on_call) {
      co_return server_.on_call(call);
    }
    co_return ToolResult::text("ok");
  }
  Task<mcp::Answer<json::Object>> watch(std::string uri) override {
    server_.seen.push_back("watch " + uri);
    co_return json::Object{};
  }
  Task<void> unwatch(std::string uri) override {
    server_.seen.push_back("unwatch " + uri);
    co_return;
  }
  Task<void> set_log_level(std::string level) override {
    server_.seen.push_back("level " + level);
    co_return;
  }

  bool alive() const override { return alive_; }
  mcp::Era era() const override { return server_.era; }
  const mcp::PeerInfo& info() const override { return server_.info; }
  mcp::LinkFaults faults() const override { return {server_.garbage ? 1000ULL : 0ULL, 0, 0}; }
  std::size_t open_requests() const override { return open_.size(); }
  std::string stderr_tail() const override { return server_.last_words; }
  std::optional<int> pid() const override { return 4711; }
  Task<void> close() override {
    die();
    if (server_.close_hangs_until_released && !released_) {
      const Executor executor = co_await boost::asio::this_coro::executor;
      async::Event event(executor);
      open_.push_back(&event);
      const Deadline never = Deadline::never();
      co_await event.wait_shielded(never);
      std::erase(open_, &event);
    }
    server_.live -= std::exchange(closed_, true) ? 0 : 1;
  }

 private:
  Task<Result<void>> hang(Deadline deadline) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    async::Event event(executor);
    if (!alive_) {
      co_return fail(Code::kUnavailable, "the server ended");
    }
    open_.push_back(&event);
    const async::Event::Wake wake = co_await event.wait(deadline);
    std::erase(open_, &event);
    if (!alive_) {
      co_return fail(Code::kUnavailable, "the server ended");
    }
    if (wake == async::Event::Wake::kNotified) {
      co_return Result<void>();
    }
    co_return fail(
        wake == async::Event::Wake::kDeadline ? Code::kDeadlineExceeded : Code::kCancelled,
        "given up");
  }

  FakeServer& server_;
  std::vector<async::Event*> open_;
  bool alive_ = true;
  bool released_ = false;
  bool closed_ = false;
};

namespace detail {

inline Task<Result<std::unique_ptr<Link>>> connect(FakeServer& server, mcp::ClientEvents events) {
  const int number = ++server.connects;
  server.most_live = std::max(server.most_live, ++server.live);
  server.events = std::move(events);
  const Deadline until =
      server.start_hangs ? Deadline::never() : Deadline::after(server.start_takes);
  if (const auto waited = co_await async::sleep_until(until); !waited) {
    --server.live;
    co_return fail(waited.error());
  }
  if (const auto error = server.refuse ? server.refuse(number) : std::nullopt) {
    --server.live;
    co_return fail(*error);
  }
  std::unique_ptr<Link> link = std::make_unique<FakeLink>(server);
  co_return link;
}

}  // namespace detail

inline Connector FakeServer::connector() {
  return [this](Executor /*executor*/, mcp::ServerSpec /*spec*/, mcp::ClientEvents linked) {
    return detail::connect(*this, std::move(linked));
  };
}

}  // namespace oap::gateway::testing
