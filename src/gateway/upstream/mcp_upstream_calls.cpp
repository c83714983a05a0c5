#include <utility>

#include "base/log.hpp"
#include "gateway/upstream/call_verdict.hpp"
#include "gateway/upstream/mcp_upstream.hpp"

namespace oap::gateway {
namespace {

bool only_meta(const json::Object& extra) {
  return extra.empty() || (extra.size() == 1 && extra.contains("_meta"));
}

/// Refuses early what the breaker would refuse after the wait for a place.
Result<void> not_open(async::Breaker& breaker, SteadyTime now) {
  if (breaker.state(now) == async::Breaker::State::kClosed) {
    return {};
  }
  return breaker.acquire(now).map([](const auto& /*unused*/) {});
}

}  // namespace

void McpUpstream::limit(mcp::RequestOptions& options, const ToolState& tool, const ToolCall& call) {
  options.deadline = options.deadline.sooner(call.deadline);
  if (tool.options.hard_timeout) {
    options.deadline = options.deadline.sooner(Deadline::after(*tool.options.hard_timeout));
  }
  if (!options.idle_timeout) {
    options.idle_timeout = tool.options.idle_timeout;
  }
}

Task<mcp::Answer<ToolResult>> McpUpstream::call(ToolCall call, mcp::RequestOptions options) {
  const OpenCall open(open_calls_, drained_);
  ++calls_;
  const bool cached = cache_.on() && read_only_.contains(call.tool) && only_meta(call.extra);
  std::string key;
  if (cached) {
    key = ResultCache::key(call);
    if (const ToolResult* known = cache_.find(key, clock_.steady())) {
      co_return *known;
    }
  }
  const std::shared_ptr<ToolState> tool = tools_.get(call.tool, clock_.steady());
  const std::uint64_t epoch = cache_.epoch();
  auto answer = co_await run(*tool, call, options);
  if (!answer && answer.error().error.code() != Code::kCancelled) {
    ++errors_;
  }
  if (cached && answer) {
    cache_.keep(std::move(key), *answer, epoch, clock_.steady());
  }
  co_return answer;
}

Task<mcp::Answer<ToolResult>> McpUpstream::run(ToolState& tool, ToolCall& call,
                                               mcp::RequestOptions& options) {
  if (auto closed = not_open(tool.breaker, clock_.steady()); !closed) {
    co_return mcp::failed(std::move(closed).error());
  }
  limit(options, tool, call);
  Place tool_place;
  if (tool.bulkhead && !(tool_place = tool.bulkhead->try_acquire())) {
    auto place = co_await tool.bulkhead->acquire(options.deadline);
    if (!place) {
      co_return mcp::failed(std::move(place).error());
    }
    tool_place.emplace(*std::move(place));
  }
  Place server_place = bulkhead_.try_acquire();
  if (!server_place) {
    auto place = co_await bulkhead_.acquire(options.deadline);
    if (!place) {
      co_return mcp::failed(std::move(place).error());
    }
    server_place.emplace(*std::move(place));
  }
  if (options.ask) {
    options.ask = freeing(std::move(options.ask), tool_place, server_place);
  }
  std::shared_ptr<Connection> connection = supervisor_.current();
  if (!connection) {
    auto started = co_await supervisor_.connected(options.deadline);
    if (!started) {
      co_return mcp::failed(std::move(started).error());
    }
    connection = *std::move(started);
  }
  co_return co_await run_on(std::move(connection), tool, call, options);
}

Task<mcp::Answer<ToolResult>> McpUpstream::run_on(std::shared_ptr<Connection> connection,
                                                  ToolState& tool, ToolCall& call,
                                                  mcp::RequestOptions& options) {
  const SteadyTime began = clock_.steady();
  auto permit = tool.breaker.acquire(began);
  if (!permit) {
    co_return mcp::failed(std::move(permit).error());
  }
  call.deadline = options.deadline;
  auto answer = co_await connection->link->call_tool(std::move(call), std::move(options));
  const SteadyTime now = clock_.steady();
  if (answer) {
    supervisor_.called(*connection, Use::kAnswered);
    permit->succeeded(now);
    co_return answer;
  }
  const bool ended = ended_under(*connection, answer.error());
  report(tool, *permit, *connection, answer.error(),
         std::chrono::duration_cast<Millis>(now - began));
  supervisor_.called(*connection, use_of(answer));
  if (ended) {
    co_return mcp::failed(ended_in(name_, tool.name, std::move(answer).error()));
  }
  co_return answer;
}

/// A server's end counts once for a tool, however many of its calls it took along.
void McpUpstream::report(ToolState& tool, async::Breaker::Permit& permit,
                         const Connection& connection, const mcp::Failure& failure, Millis took) {
  const bool again = ended_under(connection, failure) &&
                     std::exchange(tool.died_in, connection.generation) == connection.generation;
  const Verdict verdict =
      again ? Verdict::kNothing : judge(failure, took, options_.timeout_counts_from);
  switch (verdict) {
    case Verdict::kGood:
      permit.succeeded(clock_.steady());
      break;
    case Verdict::kBad: {
      const std::uint64_t opened = tool.breaker.counters().opened;
      permit.failed(clock_.steady());
      if (tool.breaker.counters().opened != opened) {
        log::warn("gateway", "a circuit breaker opened",
                  {{"server", name_}, {"tool", tool.name}, {"error", failure.error.to_string()}});
      }
      break;
    }
    case Verdict::kNothing:
      permit.cancelled();
      break;
  }
}

}  // namespace oap::gateway
