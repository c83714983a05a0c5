#include "gateway/upstream/mcp_upstream.hpp"

#include <utility>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "gateway/upstream/call_verdict.hpp"

namespace oap::gateway {
namespace {

constexpr Millis kDrainTime{10'000};

struct ListNames {
  const char* method;
  const char* member;
};

ListNames names_of(ListKind kind) {
  switch (kind) {
    case ListKind::kTools:
      return {"tools/list", "tools"};
    case ListKind::kResources:
      return {"resources/list", "resources"};
    case ListKind::kTemplates:
      return {"resources/templates/list", "resourceTemplates"};
    case ListKind::kPrompts:
      return {"prompts/list", "prompts"};
  }
  return {"tools/list", "tools"};
}

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

bool ended_under(const Connection& connection, const mcp::Failure& failure) {
  return !failure.peer && !connection.link->alive() && failure.error.code() != Code::kCancelled;
}

/// Where the server ended under a call, says so and that nobody knows what it did.
mcp::Failure ended_in(const std::string& server, const std::string& what, mcp::Failure failure) {
  failure.error =
      Error(Code::kUnavailable,
            fmt::format("MCP server '{}' ended while '{}' ran; it may have taken effect and is not "
                        "repeated ({})",
                        server, what, failure.error.to_string()));
  return failure;
}

}  // namespace

/// Counts a request from its beginning to its end; close() waits for the last.
class McpUpstream::OpenCall {
 public:
  explicit OpenCall(McpUpstream& owner) : owner_(owner) { ++owner_.open_calls_; }
  ~OpenCall() {
    if (--owner_.open_calls_ == 0) {
      owner_.drained_.notify();
    }
  }
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

 private:
  McpUpstream& owner_;
};

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

// --- What comes from the server ---------------------------------------------------------------

mcp::ClientEvents McpUpstream::link_events() {
  mcp::ClientEvents events;
  events.on_list_changed = [this](mcp::ClientEvents::List list) { list_changed(list); };
  events.on_resource_updated = [this](json::Object params) {
    if (on_resource_) {
      on_resource_(std::move(params));
    }
  };
  events.on_other = [this](std::string method, json::Object params) {
    if (on_other_) {
      on_other_(std::move(method), std::move(params));
    }
  };
  return events;
}

void McpUpstream::list_changed(mcp::ClientEvents::List list) {
  cache_.clear();
  switch (list) {
    case mcp::ClientEvents::List::kTools:
      list_changes_.note(ListKind::kTools);
      break;
    case mcp::ClientEvents::List::kPrompts:
      list_changes_.note(ListKind::kPrompts);
      break;
    case mcp::ClientEvents::List::kResources:
      list_changes_.note(ListKind::kResources);
      list_changes_.note(ListKind::kTemplates);
      break;
  }
}

void McpUpstream::connected(std::shared_ptr<Connection> connection) {
  const bool again = connection->generation > 1;
  if (!subscriptions_.empty()) {
    scope_.spawn(
        Subscriptions::restore(connection, name_, subscriptions_.uris(), subscriptions_.level()));
  }
  if (!again) {
    return;
  }
  cache_.clear();
  const json::Object& can = connection->link->info().capabilities;
  for (const ListKind kind :
       {ListKind::kTools, ListKind::kResources, ListKind::kTemplates, ListKind::kPrompts}) {
    const std::string_view member =
        kind == ListKind::kTemplates ? "resources" : names_of(kind).member;
    if (can.contains(member)) {
      list_changes_.note(kind);
    }
  }
  for (std::string& uri : subscriptions_.uris()) {
    if (on_resource_) {
      on_resource_(json::Object{{"uri", std::move(uri)}});
    }
  }
}

void McpUpstream::on_change(OnListChanged lists, OnResourceUpdated resource) {
  list_changes_.listen(std::move(lists));
  on_resource_ = std::move(resource);
}

// --- Lists and other requests -----------------------------------------------------------------

Task<Result<mcp::PeerInfo>> McpUpstream::start(Deadline deadline) {
  const OpenCall open(*this);
  OAP_CO_TRY(const auto connection, co_await supervisor_.connected(deadline));
  co_return connection->link->info();
}

Task<Result<std::vector<ToolSpec>>> McpUpstream::list_tools(Deadline deadline) {
  const OpenCall open(*this);
  OAP_CO_TRY(const auto connection, co_await supervisor_.connected(deadline));
  const Deadline until = deadline.sooner(Deadline::after(options_.list_timeout));
  auto tools = co_await connection->link->list_tools(until);
  supervisor_.used(*connection, use_of(tools));
  co_return tools;
}

Task<Result<mcp::Listing>> McpUpstream::list(ListKind kind, Deadline deadline) {
  const OpenCall open(*this);
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
  const OpenCall open(*this);
  auto place = co_await bulkhead_.acquire(options.deadline);
  if (!place) {
    co_return mcp::failed(std::move(place).error());
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
  const OpenCall open(*this);
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
  const OpenCall open(*this);
  subscriptions_.remove(uri);
  const std::shared_ptr<Connection> connection = supervisor_.current();
  if (connection) {
    co_await connection->link->unwatch(std::move(uri));
  }
}

Task<void> McpUpstream::set_log_level(std::string level) {
  const OpenCall open(*this);
  if (!subscriptions_.lower_level(level)) {
    co_return;
  }
  const std::shared_ptr<Connection> connection = supervisor_.current();
  if (connection) {
    co_await connection->link->set_log_level(std::move(level));
  }
}

// --- A call -----------------------------------------------------------------------------------

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
  const OpenCall open(*this);
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
  std::optional<async::Bulkhead::Permit> tool_place;
  if (tool.bulkhead && !(tool_place = tool.bulkhead->try_acquire())) {
    auto place = co_await tool.bulkhead->acquire(options.deadline);
    if (!place) {
      co_return mcp::failed(std::move(place).error());
    }
    tool_place.emplace(*std::move(place));
  }
  std::optional<async::Bulkhead::Permit> server_place = bulkhead_.try_acquire();
  if (!server_place) {
    auto place = co_await bulkhead_.acquire(options.deadline);
    if (!place) {
      co_return mcp::failed(std::move(place).error());
    }
    server_place.emplace(*std::move(place));
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
