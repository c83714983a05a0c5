#include "gateway/upstream/mcp_upstream.hpp"

#include <array>
#include <utility>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "gateway/upstream/call_verdict.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kMostTools = 4096;
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

struct McpUpstream::Tool {
  Tool(BreakerOptions options, ToolOptions own) : breaker(options), limits(std::move(own)) {
    if (limits.max_concurrent > 0) {
      bulkhead.emplace(limits.max_concurrent, kMostTools);
    }
  }
  ToolBreaker breaker;
  ToolOptions limits;
  std::optional<Bulkhead> bulkhead;
  std::uint64_t died_in = 0;  ///< the last generation that ended under a call of this tool
};

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

/// A breaker's ticket that is settled however the call ends.
class McpUpstream::Admission {
 public:
  Admission(McpUpstream& owner, std::shared_ptr<Tool> tool)
      : owner_(owner), tool_(std::move(tool)), began_(owner.clock_.steady()) {
    admitted_ = tool_->breaker.admit(began_, ticket_);
  }
  ~Admission() { settle(Verdict::kNothing); }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  explicit operator bool() const { return admitted_; }
  void begin() { began_ = owner_.clock_.steady(); }
  SteadyTime began() const { return began_; }
  void settle(Verdict verdict) {
    if (std::exchange(admitted_, false)) {
      const SteadyTime now = owner_.clock_.steady();
      tool_->breaker.settle(ticket_, verdict, now,
                            verdict == Verdict::kBad ? owner_.chance() : 0.0);
    }
  }

 private:
  McpUpstream& owner_;
  std::shared_ptr<Tool> tool_;
  SteadyTime began_;
  ToolBreaker::Ticket ticket_ = 0;
  bool admitted_ = false;
};

McpUpstream::McpUpstream(Executor executor, McpUpstreamOptions options, Connector connector,
                         const Clock& clock)
    : executor_(executor),
      options_(std::move(options)),
      name_(options_.supervisor.server.name),
      clock_(clock),
      random_(std::random_device{}()),
      bulkhead_(options_.max_concurrent, options_.max_waiting),
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

double McpUpstream::chance() {
  std::uniform_real_distribution<double> distribution(0.0, 1.0);
  return distribution(random_);
}

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
  cache_.clear();
  const bool again = connection->generation > 1;
  if (!subscriptions_.empty()) {
    scope_.spawn(
        Subscriptions::restore(connection, name_, subscriptions_.uris(), subscriptions_.level()));
  }
  if (!again) {
    return;
  }
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
  supervisor_.used(*connection, tools.has_value());
  co_return tools;
}

Task<Result<mcp::Listing>> McpUpstream::list(ListKind kind, Deadline deadline) {
  const OpenCall open(*this);
  OAP_CO_TRY(const auto connection, co_await supervisor_.connected(deadline));
  const Deadline until = deadline.sooner(Deadline::after(options_.list_timeout));
  std::string method = names_of(kind).method;
  std::string member = names_of(kind).member;
  auto listing = co_await connection->link->list(std::move(method), std::move(member), until);
  supervisor_.used(*connection, listing.has_value());
  co_return listing;
}

Task<mcp::Answer<json::Object>> McpUpstream::request(std::string method, json::Object params,
                                                     mcp::RequestOptions options) {
  const OpenCall open(*this);
  auto place = co_await bulkhead_.enter(options.deadline);
  if (!place) {
    co_return mcp::failed(std::move(place).error().with_context("MCP server '" + name_ + "'"));
  }
  auto connection = co_await supervisor_.connected(options.deadline);
  if (!connection) {
    co_return mcp::failed(std::move(connection).error());
  }
  const std::shared_ptr<Connection> on = *std::move(connection);
  auto answer = co_await on->link->request(method, std::move(params), std::move(options));
  supervisor_.used(*on, answer.has_value() || answer.error().peer.has_value());
  if (!answer && !answer.error().peer && !on->link->alive() &&
      answer.error().error.code() != Code::kCancelled) {
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
  supervisor_.used(*on, answer.has_value() || answer.error().peer.has_value());
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

std::shared_ptr<McpUpstream::Tool> McpUpstream::tool_of(const std::string& name) {
  const auto known = tools_.find(name);
  if (known != tools_.end()) {
    return known->second;
  }
  if (tools_.size() >= kMostTools) {
    forget_idle_tools();
  }
  const auto own = options_.tools.find(name);
  ToolOptions limits = own == options_.tools.end() ? ToolOptions{} : own->second;
  auto tool = std::make_shared<Tool>(options_.breaker, std::move(limits));
  tools_.emplace(name, tool);
  return tool;
}

void McpUpstream::forget_idle_tools() {
  const SteadyTime now = clock_.steady();
  std::erase_if(tools_, [now](const auto& entry) {
    return entry.second.use_count() == 1 &&
           entry.second->breaker.state(now) == ToolBreaker::State::kClosed;
  });
}

mcp::RequestOptions McpUpstream::limits_of(const Tool& tool, const ToolCall& call,
                                           mcp::RequestOptions options) const {
  options.deadline = options.deadline.sooner(call.deadline);
  if (tool.limits.hard_timeout) {
    options.deadline = options.deadline.sooner(Deadline::after(*tool.limits.hard_timeout));
  }
  if (!options.idle_timeout) {
    options.idle_timeout = tool.limits.idle_timeout;
  }
  return options;
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
  std::shared_ptr<Tool> tool = tool_of(call.tool);
  const std::uint64_t epoch = cache_.epoch();
  auto answer = co_await run(std::move(tool), std::move(call), std::move(options));
  if (!answer && answer.error().error.code() != Code::kCancelled) {
    ++errors_;
  }
  if (cached && answer) {
    cache_.keep(std::move(key), *answer, epoch, clock_.steady());
  }
  co_return answer;
}

Task<mcp::Answer<ToolResult>> McpUpstream::run(std::shared_ptr<Tool> tool, ToolCall call,
                                               mcp::RequestOptions options) {
  Admission admission(*this, tool);
  if (!admission) {
    const Millis left = tool->breaker.left(clock_.steady());
    co_return mcp::failed(Error(
        Code::kUnavailable,
        fmt::format("tool '{}' of MCP server '{}' failed too often; it is not called again for {}",
                    call.tool, name_,
                    left > Millis{0} ? fmt::format("{} s", (left.count() + 999) / 1000)
                                     : std::string("as long as a first try is under way"))));
  }
  options = limits_of(*tool, call, std::move(options));
  std::optional<Bulkhead::Place> tool_place;
  if (tool->bulkhead) {
    auto place = co_await tool->bulkhead->enter(options.deadline);
    if (!place) {
      co_return mcp::failed(std::move(place).error().with_context("tool '" + call.tool + "'"));
    }
    tool_place.emplace(*std::move(place));
  }
  const auto place = co_await bulkhead_.enter(options.deadline);
  if (!place) {
    Error error = place.error();
    co_return mcp::failed(std::move(error).with_context("MCP server '" + name_ + "'"));
  }
  std::shared_ptr<Connection> connection = supervisor_.current();
  if (!connection) {
    auto started = co_await supervisor_.connected(options.deadline);
    if (!started) {
      co_return mcp::failed(std::move(started).error());
    }
    connection = *std::move(started);
  }
  admission.begin();
  const std::string name = call.tool;
  call.deadline = options.deadline;
  auto answer = co_await connection->link->call_tool(std::move(call), std::move(options));
  const auto took = std::chrono::duration_cast<Millis>(clock_.steady() - admission.began());
  if (answer) {
    supervisor_.used(*connection, true);
    admission.settle(judge_result(took, options_.breaker));
    co_return answer;
  }
  Verdict verdict = judge_failure(answer.error(), took, options_.breaker);
  const bool ended = !answer.error().peer && !connection->link->alive() &&
                     answer.error().error.code() != Code::kCancelled;
  if (ended && std::exchange(tool->died_in, connection->generation) == connection->generation) {
    verdict = Verdict::kNothing;
  }
  supervisor_.used(*connection, answer.error().peer.has_value());
  admission.settle(verdict);
  if (ended) {
    co_return mcp::failed(ended_in(name_, name, std::move(answer).error()));
  }
  co_return answer;
}

Health McpUpstream::health() const {
  Health health = supervisor_.health();
  health.calls = calls_;
  health.errors = errors_;
  health.open_calls = open_calls_;
  const SteadyTime now = clock_.steady();
  for (const auto& [name, tool] : tools_) {
    const ToolBreaker::State state = tool->breaker.state(now);
    if (state != ToolBreaker::State::kClosed) {
      health.breakers.emplace(name, to_string(state));
    }
  }
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
