#include <algorithm>

#include <fmt/format.h>

#include "orchestration/mission/mission_prompts.hpp"
#include "orchestration/mission/mission_run.hpp"

namespace oap::orchestration {
namespace {

constexpr std::int64_t kCallsBetweenWrites = 50;

Error for_model(Code code, std::string text) {
  return Error(code, std::move(text), Audience::kModel);
}

}  // namespace

/// A seat's way to the tools: counts, refuses what its rights do not hold, and keeps what the
/// runtime saw.
class MissionRun::Invoker final : public workflow::ToolInvoker {
 public:
  Invoker(MissionRun& run, MissionSeat seat, workflow::ToolInvoker& next, RightsChain rights,
          std::string place)
      : run_(run),
        seat_(std::move(seat)),
        next_(next),
        rights_(std::move(rights)),
        place_(std::move(place)) {}

  Task<ToolOutcome> invoke(ToolCall call) override {
    return run_.call_tool(seat_, next_, rights_, place_, std::move(call));
  }

 private:
  MissionRun& run_;
  MissionSeat seat_;
  workflow::ToolInvoker& next_;
  RightsChain rights_;
  std::string place_;
};

std::unique_ptr<workflow::ToolInvoker> MissionRun::make_invoker(const MissionSeat& seat) {
  return std::make_unique<Invoker>(*this, seat, parts_.invoker, rights_of(seat.session_id), "");
}

Task<ToolOutcome> MissionRun::call_tool(const MissionSeat& seat, workflow::ToolInvoker& invoker,
                                        const RightsChain& rights, std::string place,
                                        ToolCall call) {
  ToolOutcome outcome;
  ++body_.tool_calls;
  note_use();
  if (body_.limits.tool_calls > 0 && body_.tool_calls > body_.limits.tool_calls) {
    spent_ = BudgetSpent{"tool_calls", fmt::format("the budget of {} tool calls is used up",
                                                   body_.limits.tool_calls)};
    outcome.error = for_model(Code::kResourceExhausted, spent_->message);
    co_return outcome;
  }
  if (!rights.allows(call.public_name())) {
    outcome.error = for_model(Code::kInvalidArgument,
                              fmt::format("the tool {} is not among those that this task was "
                                          "given",
                                          call.public_name()));
    co_return outcome;
  }
  if (auto use = files_.as_use(call, place.empty() ? parts_.workspace : place)) {
    if (!*use) {
      outcome.error = std::move(*use).error();
      co_return outcome;
    }
    call.tool = kTodoTool;  // the plan is written by the tool that knows it, whoever writes
    call.arguments = **std::move(use);
  }
  ToolCall kept = call;
  outcome = co_await invoker.invoke(std::move(call));
  auto taking = evidence_.take(std::move(kept), outcome, parts_.clock.wall(), std::move(place));
  std::optional<Evidence> evidence = co_await std::move(taking);
  Result<void> written;
  if (evidence) {
    evidence->command = parts_.redact(evidence->command);
    evidence->hollow = parts_.redact(evidence->hollow);
    json::Object body = to_json(*evidence);
    if (!seat.task_id.empty()) {
      body["task_id"] = seat.task_id;
    }
    written = journal_.append("evidence", std::move(body), store::Durability::kWritten);
  } else if (++calls_since_write_ >= kCallsBetweenWrites) {
    calls_since_write_ = 0;
    written = journal_.write("at_work", json::Object{{"tool_calls", body_.tool_calls}}, body_,
                             false, store::Durability::kWritten);
  }
  if (!written) {
    lost_ = written.error();
    turn_cancel_.request();
  }
  co_return outcome;
}

/// Without the time in which people were asked: whoever works beside a question is on it for free.
Millis MissionRun::active_time() const {
  if (rests_) {
    return body_.active;
  }
  const auto passed = std::chrono::duration_cast<Millis>(parts_.clock.steady() - began_);
  const Millis asked = parts_.asked ? parts_.asked() - asked_before_ : Millis(0);
  return body_.active + std::max(passed - asked, Millis(0));
}

/// A person's time is no time at work.
void MissionRun::begin_rest() {
  body_.active = active_time();
  rests_ = true;
}

void MissionRun::begin_anew() {
  rests_ = false;
  began_ = parts_.clock.steady();
  asked_before_ = parts_.asked ? parts_.asked() : Millis(0);
}

bool MissionRun::is_time_over() const {
  return body_.limits.wall.count() > 0 && active_time() >= body_.limits.wall;
}

/// What a kill must not lose before the next durable write.
void MissionRun::note_use() { note_.put(note_of(body_.usage, body_.tool_calls, active_time())); }

std::int64_t MissionRun::tokens() const {
  const Usage& usage = body_.usage;
  return usage.input_tokens + usage.output_tokens + usage.cache_read_tokens +
         usage.cache_write_tokens;
}

std::optional<BudgetSpent> MissionRun::spent_budget() const {
  const MissionLimits& limits = body_.limits;
  if (limits.tokens > 0 && tokens() >= limits.tokens) {
    return BudgetSpent{"tokens", fmt::format("the budget of {} tokens is used up ({} were used)",
                                             limits.tokens, tokens())};
  }
  if (limits.cost_usd && body_.usage.requests > 0 && !body_.usage.cost_usd) {
    return BudgetSpent{"cost",
                       "there is a budget in dollars, but the model's price is not known; set "
                       "models.\"provider/model\".input_price and output_price, or a budget in "
                       "tokens"};
  }
  if (limits.cost_usd && body_.usage.cost_usd.value_or(0) >= *limits.cost_usd) {
    return BudgetSpent{"cost", fmt::format("the budget of ${:.4f} is used up (${:.4f} were spent)",
                                           *limits.cost_usd, *body_.usage.cost_usd)};
  }
  if (is_time_over()) {
    return BudgetSpent{"wall", fmt::format("the budget of {:g} s at work is used up",
                                           std::chrono::duration<double>(limits.wall).count())};
  }
  return std::nullopt;
}

Result<void> MissionRun::may_begin(int /*turn*/, bool is_commander) {
  if (lost_) {
    return fail(*lost_);
  }
  if (!stop_by_.empty() || !pause_by_.empty()) {
    return fail(Code::kCancelled, "the mission was told to stop");
  }
  if (is_commander) {
    acknowledge();
    ++turns_;
    if (body_.limits.turns > 0 && turns_ > body_.limits.turns && !spent_) {
      spent_ = BudgetSpent{"turns", fmt::format("one iteration took more than {} model requests",
                                                body_.limits.turns)};
    }
  }
  if (!spent_) {
    spent_ = spent_budget();
  }
  if (spent_) {
    wake_.notify();
    return fail(Code::kResourceExhausted, "{}", spent_->message);
  }
  return {};
}

/// Results that the parent's conversation holds by now.
void MissionRun::acknowledge() {
  for (const std::string& id : std::exchange(to_acknowledge_, {})) {
    delegation_.mark_delivered(id);
  }
}

TurnLoop::Scope MissionRun::scope_of(const MissionSeat& seat) {
  TurnLoop::Scope scope;
  scope.session_id = seat.session_id;
  scope.task_id = seat.task_id.empty() ? record_.id : seat.task_id;
  scope.keep_calls = false;
  scope.principal = parts_.principal;
  scope.principal.role = seat.role;
  scope.workspace = parts_.workspace;
  const Millis longest = std::chrono::hours(24 * 30);  // `listen` looks at the time at work
  scope.deadline = Deadline::after(longest);
  return scope;
}

RunEvents& MissionRun::events_for(bool is_commander) {
  RunEvents& events = is_commander ? commander_events_ : child_events_;
  events = events_.run;
  events.on_usage = [this](const Usage& used) {
    body_.usage += used;
    note_use();
    tell(events_.run.on_usage, used);
  };
  return events;
}

const AgentProfile* MissionRun::profile_of(std::string_view agent) const {
  if (agent == "worker" || agent == "executor") {
    return &parts_.agents.worker;
  }
  if (agent == "planner") {
    return &parts_.agents.planner;
  }
  if (agent == "reviewer") {
    return &parts_.agents.reviewer;
  }
  const auto own = parts_.agents.others.find(std::string(agent));
  return own == parts_.agents.others.end() ? nullptr : &own->second;
}

/// The Commander's, and of each one down to who sits there.
RightsChain MissionRun::rights_of(const std::string& session, int depth) const {
  RightsChain rights;
  constexpr int kDeepest = 64;
  if (!parts_.rights || depth > kDeepest) {
    return rights;
  }
  for (const auto& [id, task] : delegation_.tasks()) {
    if (task.session_id == session) {
      rights = rights_of(task.parent_session, depth + 1);
      rights.add(parts_.rights(task.agent));
      return rights;
    }
  }
  rights.add(parts_.rights("commander"));
  return rights;
}

Result<std::string> MissionRun::make_session(const DelegatedTask& task) {
  session::SessionStart start;
  start.workspace = parts_.workspace + "#" + record_.id;  // not the newest of the workspace
  start.user_id = parts_.principal.user_id;
  start.title = parts_.redact(fmt::format("{}: {}", task.agent, task.description));
  OAP_TRY(const session::SessionState state, parts_.sessions.ensure_session(start));
  return state.id;
}

Task<DelegatedOutcome> MissionRun::run_agent(DelegatedTask task) {
  if (events_.on_task) {
    events_.on_task(task);
  }
  std::unique_ptr<Workplace> place;
  if (task.worktree && parts_.workplaces != nullptr) {
    auto opened = co_await parts_.workplaces->open(task.id, task.description);
    if (!opened) {
      co_return DelegatedOutcome{false, opened.error().message(), ""};
    }
    place = *std::move(opened);
  }
  workflow::ToolInvoker& invoker = place != nullptr ? place->invoker() : parts_.invoker;
  auto work = run_agent_at(task, invoker, place != nullptr ? place->path() : "");
  DelegatedOutcome outcome = co_await std::move(work);
  if (place != nullptr) {
    auto ending = delegation_.holding() ? place->leave() : place->finish(outcome.ok);
    auto shielded = async::shielded(std::move(ending));
    const auto note = co_await std::move(shielded);
    outcome.note = note ? *note : "the worktree could not be ended: " + note.error().message();
    outcome.ok = outcome.ok && note.has_value();
  }
  co_return outcome;
}

Task<DelegatedOutcome> MissionRun::run_agent_at(DelegatedTask task, workflow::ToolInvoker& invoker,
                                                std::string where) {
  const AgentProfile* const agent = profile_of(task.agent);
  const MissionSeat seat{task.session_id, task.agent, task.id, task.depth, record_.session_id};
  const auto opened = parts_.sessions.ensure_session(
      {session::SessionStart::Mode::kContinueId, parts_.workspace, task.session_id, "", "", ""});
  auto history = opened ? parts_.sessions.history(task.session_id)
                        : Result<std::vector<Message>>(fail(opened.error()));
  if (!history || agent == nullptr) {
    co_return DelegatedOutcome{
        false, history ? "there is no agent " + task.agent : history.error().to_string(), ""};
  }
  const std::unique_ptr<Conversation> conversation = parts_.conversation(task.session_id);
  const std::string doubts = find_doubts(*history);
  Message message = Message::user(
      history->empty()
          ? child_brief(messages(), task.description, task.prompt, record_.objective, where)
          : "[mission] The program was interrupted. Go on with your task where you were.\n" +
                doubts);
  if (const auto stored = co_await conversation->append(message, store::Durability::kSync);
      !stored) {
    co_return DelegatedOutcome{false, stored.error().to_string(), ""};
  }
  history->push_back(std::move(message));
  TurnLoop::Scope scope = scope_of(seat);
  scope.workspace = where.empty() ? parts_.workspace : where;
  scope.may_begin = [this](int turn, const Usage&) { return may_begin(turn, false); };
  const Deadline listed = Deadline::after(Millis(10'000));
  std::vector<ToolSpec> tools =
      tools_for_role(co_await parts_.catalog.all(listed), task.agent, true);
  const RightsChain rights = rights_of(task.session_id);
  std::erase_if(tools,
                [&rights](const ToolSpec& tool) { return !rights.allows(tool.public_name()); });
  // What its own role lacks StrictRoleGuard refuses, so that the audit has it.
  Invoker own(*this, seat, invoker, rights_of(task.parent_session), where);
  TurnLoop loop({own, parts_.catalog, parts_.hooks, events_for(false), parts_.context});
  if (parts_.scopes != nullptr) {
    parts_.scopes->impose(task.session_id, task.scopes);
  }
  parts_.desk.enter(seat, *this);
  auto turns = co_await loop.run(*agent, std::move(scope), *std::move(history), std::move(tools),
                                 *conversation);
  parts_.desk.leave(task.session_id);
  if (parts_.scopes != nullptr) {
    parts_.scopes->release(task.session_id);
  }
  DelegatedOutcome outcome;
  outcome.ok = turns.has_value();
  outcome.text = parts_.redact(turns ? turns->final_text : turns.error().to_string());
  co_return outcome;
}

}  // namespace oap::orchestration
