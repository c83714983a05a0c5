#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "gateway/upstream/mcp_upstream.hpp"
#include "gateway/upstream/testing/fake_link.hpp"

namespace oap::gateway::testing {

using Called = mcp::Answer<ToolResult>;

inline ToolCall tool_call(std::string tool, std::string user = "u") {
  ToolCall call;
  call.tool = std::move(tool);
  call.principal.user_id = std::move(user);
  return call;
}

/// "ok", "tool error: …" or "unavailable: …".
inline std::string text_of(const Called& answer) {
  if (!answer) {
    return std::string(to_string(answer.error().error.code())) + ": " +
           answer.error().error.to_string();
  }
  return (answer->is_error ? "tool error: " : "") + answer->joined_text();
}

inline Task<void> call_into(Upstream& upstream, ToolCall call, std::optional<Called>& place) {
  mcp::RequestOptions options;
  auto answer = co_await upstream.call(std::move(call), std::move(options));
  place.emplace(std::move(answer));
}

inline Task<void> call_with_into(Upstream& upstream, ToolCall call, mcp::RequestOptions options,
                                 std::optional<Called>& place) {
  auto answer = co_await upstream.call(std::move(call), std::move(options));
  place.emplace(std::move(answer));
}

inline Task<void> start_into(Upstream& upstream, Deadline deadline,
                             std::optional<Result<mcp::PeerInfo>>& place) {
  auto answer = co_await upstream.start(deadline);
  place.emplace(std::move(answer));
}

/// Lets everything run that can until the condition holds, at most ten seconds.
inline Task<bool> until(std::function<bool()> condition) {
  const Deadline end = Deadline::after(Millis(10'000));
  while (!condition()) {
    if (end.passed()) {
      co_return false;
    }
    co_await async::sleep_for(Millis(1));
  }
  co_return true;
}

/// One upstream over a fake server, driven from plain code. What restarts does so at once.
class UpstreamTest : public ::testing::Test {
 protected:
  UpstreamTest() {
    options_.supervisor.server.name = "files";
    options_.supervisor.watch_interval = Millis(1);
    options_.supervisor.restart.first_pause = Millis(60'000);
    options_.supervisor.restart.longest_pause = Millis(600'000);
    options_.supervisor.restart.jitter = 0;
    options_.list_debounce = Millis(1);
    options_.timeout_counts_from = Millis(0);
  }
  ~UpstreamTest() override {
    if (upstream_) {
      runtime_.run(upstream_->close());
      EXPECT_EQ(upstream_->health().open_calls, 0U);
    }
    upstream_.reset();
    EXPECT_EQ(server_.live, 0) << "a server was left running";
    EXPECT_LE(server_.most_live, 1) << "two processes of one server at a time";
  }

  McpUpstream& up() {
    if (!upstream_) {
      upstream_ =
          std::make_unique<McpUpstream>(runtime_.executor(), options_, server_.connector(), clock_);
    }
    return *upstream_;
  }
  Called call(const std::string& tool, Deadline deadline = Deadline::never()) {
    mcp::RequestOptions options;
    options.deadline = deadline;
    return runtime_.run(up().call(tool_call(tool), std::move(options)));
  }
  std::string text(const std::string& tool) { return text_of(call(tool)); }
  Result<mcp::PeerInfo> start() {
    return runtime_.run(up().start(Deadline::after(Millis(10'000))));
  }
  ::testing::AssertionResult eventually(std::function<bool()> condition) {
    return runtime_.run(until(std::move(condition))) ? ::testing::AssertionSuccess()
                                                     : ::testing::AssertionFailure() << "never";
  }

  FakeClock clock_;
  FakeServer server_;
  McpUpstreamOptions options_;
  async::Runtime runtime_;
  std::unique_ptr<McpUpstream> upstream_;
};

}  // namespace oap::gateway::testing
