#include "workflow/machine/machine.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::workflow {
namespace {

constexpr json::ParseOptions kOurs{.max_depth = 1'000, .max_bytes = 1U << 30U};

}  // namespace

Machine::Machine(Identity identity, std::shared_ptr<const Plan> plan, Host& host, Options options)
    : identity_(std::move(identity)), state_(std::move(plan)), host_(host), options_(options) {
  const Blueprint& blueprint = state_.blueprint();
  for (StepIndex step = 0; step < blueprint.size() && !has_groups_; ++step) {
    has_groups_ = !blueprint.step(step).definition->concurrency.empty();
  }
}

void Machine::begin(Beginning beginning, WallTime now) {
  now_ = now;
  Event started;
  started.kind = Event::Kind::kRunStarted;
  started.data = json::Value(std::move(beginning.inputs));
  for (auto& member : started.data.get_object()) {
    externalize(member.value());
  }
  started.more = std::move(beginning.more);
  if (!started.more.contains("variables")) {
    started.more["variables"] = state_.blueprint().definition().variables;
  }
  emit(std::move(started));
  for (auto& [id, output, variables] : beginning.imports) {
    Event kept;
    kept.kind = Event::Kind::kImport;
    kept.node = state_.find(id).value_or(kNoNode);
    kept.data = std::move(output);
    if (!variables.empty()) {
      kept.more["vars"] = std::move(variables);
    }
    emit(std::move(kept));
  }
  set_timers(kNoNode);
}

Result<void> Machine::restore(const store::Snapshot& snapshot) {
  OAP_TRY(const json::Value value, json::parse(snapshot.body, kOurs));
  OAP_TRY(state_, State::from_json(value, state_.shared_plan()));
  snapshot_at_ = state_.events;
  return {};
}

Result<void> Machine::replay(const store::EventRow& row) {
  state_.tracking = false;
  OAP_TRY(json::Value events, json::parse(row.body, kOurs));
  if (!events.is_array()) {
    return fail(Code::kDataLoss, "event {} of run {} is no list", row.seq, identity_.run_id);
  }
  for (json::Value& item : events.get_array()) {
    OAP_TRY(ReadEvent read, event_from_json(std::move(item)));
    if (!read.path.empty()) {
      const auto node = state_.find(read.path);
      if (!node) {
        return fail(Code::kDataLoss, "event {} of run {} tells of a step '{}' that is not there",
                    row.seq, identity_.run_id, read.path);
      }
      read.event.node = *node;
    }
    OAP_CHECK_OK(state_.apply(std::move(read.event), row.at));
  }
  return {};
}

void Machine::recover(const std::string& owner, WallTime now) {
  now_ = now;
  state_.tracking = true;
  state_.find_work();
  Event resumed;
  resumed.kind = Event::Kind::kResumed;
  resumed.text = owner;
  emit(std::move(resumed));
  set_timers(kNoNode);
  for (NodeId id = 0; id < state_.node_count(); ++id) {
    const Node& node = state_.node(id);
    if (!node.is_open()) {
      continue;
    }
    if (node.state == StepState::kRunning && node.waits == Waits::kNothing) {
      recover_attempt(id);
      continue;
    }
    set_timers(id);
    if (node.waits == Waits::kChild) {
      recover_child(id);
    }
  }
}

void Machine::recover_attempt(NodeId id) {
  const Node& node = state_.node(id);
  if (state_.definition_of(id).effect == Effect::kOnce) {
    RunAttempt ask;
    ask.node = id;
    ask.path = state_.path(id);
    ask.attempt = node.attempts;
    ask.input = node.more().input;
    ask.tainted = node.more().tainted;
    ask.ask_first = true;
    out_.commands.emplace_back(std::move(ask));
    return;
  }
  Event lost;
  lost.node = id;
  if (stops(id)) {
    lost.kind = Event::Kind::kCancelStep;
    lost.text = state_.stop_reason.empty() ? "the steps around it stop" : state_.stop_reason;
    lost.code = "cancelled";
  } else {
    lost.kind = Event::Kind::kRetry;
    lost.number = node.attempts;
    lost.flag = true;
    lost.code = "lost";
    lost.text = "the program that ran it ended; it is run again with the same key";
    lost.due = now_;
  }
  emit(std::move(lost));
}

void Machine::recover_child(NodeId id) {
  const NodeExtra& more = state_.node(id).more();
  StartChild child;
  child.node = id;
  child.path = state_.path(id);
  child.run_id = more.subject;
  child.workflow = std::get<SubworkflowStep>(state_.definition_of(id).body).workflow;
  child.timeout = time_for(id);
  child.budget = budget_left(id);
  child.again = true;
  Result<json::Value> inputs = json::Value();
  if (more.has_input) {
    inputs = plain(more.input);
  } else if (Result<Rendered> rendered = state_.step_of(id).input.render(scope(id)); rendered) {
    inputs = std::move(rendered->data);
  } else {
    inputs = fail(rendered.error());
  }
  if (!inputs) {
    child.problem = inputs.error();
  } else if (inputs->is_object()) {
    child.inputs = std::move(inputs->get_object());
  }
  if (stops(id)) {
    cancel_child(id, state_.stop_reason);
  }
  out_.must_be_durable = true;
  out_.commands.emplace_back(std::move(child));
}

bool Machine::stops(NodeId id) const {
  return state_.forced || (state_.is_stopped(id) && !state_.node(id).is_compensation);
}

void Machine::emit(Event event) {
  const std::string path = event.node == kNoNode || event.node >= state_.node_count()
                               ? std::string()
                               : state_.path(event.node);
  if (auto* vars = event.more.if_contains("vars"); vars != nullptr && vars->is_object()) {
    for (auto& member : vars->get_object()) {
      externalize(member.value());
    }
  }
  std::string data;
  if (!event.data.is_null()) {
    data = event.is_kept ? json::print(event.data) : externalize(event.data);
  }
  std::string& events = out_.events;
  events += events.empty() ? '[' : ',';
  append_json(events, event, path, data);
  const NodeId node = event.node;
  if (auto applied = state_.apply(std::move(event), now_); !applied) {
    broken_ = broken_ ? broken_ : applied.error();
    return;
  }
  release_groups();
  if (node != kNoNode) {
    set_timers(node);
  }
}

/// The value's JSON text; a large one, or one that looks like a reference, becomes a reference.
std::string Machine::externalize(json::Value& value) {
  if (value.is_object() && value.get_object().empty()) {
    return "{}";
  }
  std::string text = json::print(value);
  if (text.size() < options_.blob_bytes && blob_of(value).empty()) {
    return text;
  }
  const std::string hash = crypto::sha256_hex(text);
  const std::size_t size = text.size();
  host_.made_blob(hash, std::move(value));
  out_.blobs.push_back({hash, std::move(text)});
  value = json::Object{{"$blob", hash}, {"size", size}};
  return json::print(value);
}

void Machine::set_timers(NodeId id) {
  const std::int64_t now = to_millis(now_);
  if (id == kNoNode) {
    const std::int64_t timeout = json::get_int(state_.started, "timeout_ms");
    if (timeout > 0 && state_.started_at > 0) {
      timers_.push({state_.started_at + timeout, kNoNode, Due::kRun});
    }
    return;
  }
  const Node& node = state_.node(id);
  if (!node.is_open()) {
    return;
  }
  if (node.due_at > 0) {
    timers_.push({node.due_at, id, Due::kStep});
  }
  const Timeouts& timeouts = state_.definition_of(id).timeouts;
  const bool waits_for_place = node.state == StepState::kReady && node.attempts == 0;
  if (timeouts.queue && waits_for_place) {
    timers_.push({node.ready_at + timeouts.queue->count(), id, Due::kQueue});
  }
  const bool no_attempt = node.waits != Waits::kNothing || node.state == StepState::kReady;
  if (const std::int64_t begun = node.more().begun_at;
      timeouts.attempt && begun > 0 && node.waits != Waits::kNothing) {
    timers_.push({begun + timeouts.attempt->count(), id, Due::kAttempt});
  }
  if (timeouts.total && node.started_at > 0 && no_attempt && node.child < 0) {
    timers_.push({std::max(now, node.started_at + timeouts.total->count()), id, Due::kTotal});
  }
}

std::optional<WallTime> Machine::next_due() {
  while (!timers_.empty()) {
    const Timer& timer = timers_.top();
    const bool of_run = timer.node == kNoNode;
    if (of_run ? (is_over() || state_.time_up || state_.cancelling ||
                  state_.phase != State::Phase::kMain)
               : !is_due(timer)) {
      timers_.pop();
      continue;
    }
    return from_millis(timer.at);
  }
  return std::nullopt;
}

/// Whether what the timer was set for is still so.
bool Machine::is_due(const Timer& timer) const {
  const Node& node = state_.node(timer.node);
  const Timeouts& times = state_.definition_of(timer.node).timeouts;
  switch (timer.due) {
    case Due::kStep:
      return node.is_open() && node.due_at == timer.at;
    case Due::kQueue:
      return node.state == StepState::kReady && node.attempts == 0 && times.queue &&
             node.ready_at + times.queue->count() <= timer.at;
    case Due::kAttempt:
      return node.state == StepState::kRunning && node.waits != Waits::kNothing && times.attempt &&
             node.more().begun_at + times.attempt->count() == timer.at;
    case Due::kTotal:
      return times.total && node.started_at + times.total->count() <= timer.at &&
             (node.state == StepState::kReady ||
              (node.state == StepState::kRunning && node.waits != Waits::kNothing));
    case Due::kRun:
      break;
  }
  return false;
}

void Machine::tick(WallTime now) {
  now_ = now;
  while (auto due = next_due()) {
    if (*due > now) {
      return;
    }
    const Timer timer = timers_.top();
    timers_.pop();
    fire(timer);
  }
}

void Machine::fire(const Timer& timer) {
  if (timer.due == Due::kRun) {
    Event up;
    up.kind = Event::Kind::kTimeUp;
    emit(std::move(up));
    stop_attempts(false);
    stop_children(state_.stop_reason);
    return;
  }
  const NodeId id = timer.node;
  const Node& node = state_.node(id);
  if (timer.due == Due::kQueue) {
    fail_node(id, "it waited longer for its turn than its queue timeout allows",
              "deadline_exceeded");
    return;
  }
  if (timer.due == Due::kAttempt) {
    time_out(id);
    return;
  }
  if (timer.due == Due::kTotal) {
    const bool has_blocks = node.waits == Waits::kBlocks;
    if (node.waits == Waits::kChild) {
      cancel_child(id, "its parent's timeout");
    }
    fail_node(id, "it took longer than its total timeout allows", "deadline_exceeded");
    if (has_blocks) {
      cancel_inside(id, "the step around it took too long");
    }
    return;
  }
  if (node.state == StepState::kReady) {
    state_.freed.push_back(id);
  } else if (node.waits == Waits::kTime) {
    finish(id, json::Object{{"due_at", format_time(from_millis(timer.at))}}, {});
  } else if (node.waits == Waits::kSignal) {
    fail_node(id, fmt::format("no signal '{}' came in time", node.more().subject),
              "deadline_exceeded");
  } else if (node.waits == Waits::kApproval) {
    fail_node(id, "expired: nobody who may approve it answered in time", "expired");
  }
}

Outbox Machine::take() {
  if (!out_.events.empty()) {
    out_.events += ']';
  }
  std::sort(state_.touched.begin(), state_.touched.end());
  state_.touched.erase(std::unique(state_.touched.begin(), state_.touched.end()),
                       state_.touched.end());
  out_.touched = std::exchange(state_.touched, {});
  seen_touched_ = 0;
  return std::exchange(out_, {});
}

bool Machine::wants_snapshot() const {
  constexpr std::int64_t kLeast = 1'000;
  const auto size = static_cast<std::int64_t>(state_.node_count());
  return state_.events - snapshot_at_ > std::max(kLeast, 2 * size);
}

std::string Machine::snapshot() {
  snapshot_at_ = state_.events;
  return json::print(state_.to_json());
}

std::string Machine::waits_for() const {
  if (is_over() || is_busy()) {
    return "";
  }
  if (state_.paused && (state_.over_budget || state_.waiting.empty())) {
    return state_.over_budget ? "a larger budget" : "unpause";
  }
  for (const NodeId id : state_.waiting) {
    const Node& node = state_.node(id);
    const std::string path = state_.path(id);
    if (node.state == StepState::kUnknown) {
      return fmt::format("resolution of step '{}', whose outcome is not known", path);
    }
    switch (node.waits) {
      case Waits::kApproval:
        return fmt::format("approval of step '{}'", path);
      case Waits::kSignal:
        return fmt::format("signal '{}' (step '{}')", node.more().subject, path);
      case Waits::kTime:
        return fmt::format("time, until {} (step '{}')", format_time(from_millis(node.due_at)),
                           path);
      case Waits::kChild:
        return fmt::format("run {} (step '{}')", node.more().subject, path);
      case Waits::kNothing:
      case Waits::kBlocks:
        break;
    }
  }
  return state_.paused ? "unpause" : "";
}

}  // namespace oap::workflow
