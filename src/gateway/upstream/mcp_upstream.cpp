#include "gateway/upstream/mcp_upstream.hpp"

#include <utility>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "gateway/upstream/call_verdict.hpp"
#include "gateway/upstream/list_names.hpp"

namespace oap::gateway {
namespace {

constexpr Millis kDrainTime{10'000};

}  // namespace

McpUpstream::McpUpstream(Executor executor, McpUpstreamOptions options, Connector connector,
                         const Clock& clock)
    : executor_(executor),
      options_(std::move(options)),
      name_(options_.supervisor.server.name),
      clock_(clock),
      bulkhead_({.name = "MCP server '" + name_ + "'",
                 .max_concurrent = options_.max_concurrent,
                 .max_waiting = options_.max_waiting}),
      tools_(name_, options_.breaker, options_.max_waiting, options_.tools),
      read_only_(options_.read_only_tools.begin(), options_.read_only_tools.end()),
      cache_(options_.cache_ttl, options_.cache_bytes),
      list_changes_(executor, options_.list_debounce),
      drained_(executor),
      scope_(executor),
      supervisor_(executor, options_.supervisor, std::move(connector),
                  SupervisorEvents{link_events(),
                                   [this](std::shared_ptr<Connection> connection) {
                                     connected(std::move(connection));
                                   }},
                  clock) {}
McpUpstream::~McpUpstream() = default;

Task<Result<mcp::PeerInfo>> McpUpstream::start(Deadline deadline) {
  const OpenCall open(open_calls_, drained_);
  OAP_CO_TRY(const auto connection, co_await supervisor_.connected(deadline));
  co_return connection->link->info();
}

Task<Result<std::vector<ToolSpec>>> McpUpstream::list_tools(Deadline deadline) {
  const OpenCall open(open_calls_, drained_);
  OAP_CO_TRY(const auto connection, co_await supervisor_.connected(deadline));
  const Deadline until = deadline.sooner(Deadline::after(options_.list_timeout));
  auto tools = co_await connection->link->list_tools(until);
  supervisor_.used(*connection, use_of(tools));
  co_return tools;
}

Task<Result<mcp::Listing>> McpUpstream::list(ListKind kind, Deadline deadline) {
  const OpenCall open(open_calls_, drained_);
  OAP_CO_TRY(const auto connection, co_await supervisor_.connected(deadline));
  const Deadline until = deadline.sooner(Deadline::after(options_.list_timeout));
  std::string method = names_of(kind).method;
  std::string member = names_of(kind).member;
  auto listing = co_await connection->link->list(std::move(method), std::move(member), until);
  supervisor_.used(*connection, use_of(listing));
  co_return listing;
}

Task<mcp::Answer<json::Object>> McpUpstream::request(std::string method, json::Object params,
                                                     mcp::RequestOptions options) {
  const OpenCall open(open_calls_, drained_);
  auto acquired = co_await bulkhead_.acquire(options.deadline);
  if (!acquired) {
    co_return mcp::failed(std::move(acquired).error());
  }
  Place place = *std::move(acquired);
  Place none;
  if (options.ask) {
    options.ask = freeing(std::move(options.ask), place, none);
  }
  auto connection = co_await supervisor_.connected(options.deadline);
  if (!connection) {
    co_return mcp::failed(std::move(connection).error());
  }
  const std::shared_ptr<Connection> on = *std::move(connection);
  auto answer = co_await on->link->request(method, std::move(params), std::move(options));
  supervisor_.called(*on, use_of(answer));
  if (!answer && ended_under(*on, answer.error())) {
    co_return mcp::failed(ended_in(name_, method, std::move(answer).error()));
  }
  co_return answer;
}

Task<mcp::Answer<json::Object>> McpUpstream::watch(std::string uri) {
  const OpenCall open(open_calls_, drained_);
  const Deadline deadline = Deadline::after(options_.supervisor.server.start_timeout);
  auto connection = co_await supervisor_.connected(deadline);
  if (!connection) {
    co_return mcp::failed(std::move(connection).error());
  }
  const std::shared_ptr<Connection> on = *std::move(connection);
  auto answer = co_await on->link->watch(uri);
  if (answer) {
    subscriptions_.add(std::move(uri));
  }
  supervisor_.used(*on, use_of(answer));
  co_return answer;
}

Task<void> McpUpstream::unwatch(std::string uri) {
  const OpenCall open(open_calls_, drained_);
  subscriptions_.remove(uri);
  const std::shared_ptr<Connection> connection = supervisor_.current();
  if (connection) {
    co_await connection->link->unwatch(std::move(uri));
  }
}

Task<void> McpUpstream::set_log_level(std::string level) {
  const OpenCall open(open_calls_, drained_);
  if (!subscriptions_.lower_level(level)) {
    co_return;
  }
  const std::shared_ptr<Connection> connection = supervisor_.current();
  if (connection) {
    co_await connection->link->set_log_level(std::move(level));
  }
}

Health McpUpstream::health() const {
  Health health = supervisor_.health();
  health.calls = calls_;
  health.errors = errors_;
  health.open_calls = open_calls_;
  health.breakers = tools_.open_breakers(clock_.steady());
  return health;
}

Task<void> McpUpstream::close() { co_await async::shielded(close_all()); }

Task<Result<void>> McpUpstream::close_all() {
  const Deadline never = Deadline::never();
  OAP_CO_TRY(const async::Semaphore::Permit permit, co_await close_lock_.acquire(never));
  co_await list_changes_.close();
  co_await supervisor_.close();
  scope_.cancel();
  co_await scope_.join();
  const Deadline drained = Deadline::after(kDrainTime);
  while (open_calls_ > 0) {
    drained_.reset();
    if (co_await drained_.wait_shielded(drained) == async::Event::Wake::kDeadline) {
      log::error("gateway", "calls did not end with their MCP server",
                 {{"server", name_}, {"calls", std::to_string(open_calls_)}});
      break;
    }
  }
  co_return Result<void>();
}

}  // namespace oap::gateway
