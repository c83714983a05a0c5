#include <algorithm>

#include "crypto/hash.hpp"
#include "workflow/machine/machine.hpp"

namespace oap::workflow {

namespace {

/// Takes the entries in order until the turn is full; what is left goes before what came meanwhile.
template <class Id, class IsFull, class Take>
void take_each(std::vector<Id>& list, const IsFull& is_full, const Take& take) {
  const std::vector<Id> taken = std::exchange(list, {});
  auto next = taken.begin();
  while (next != taken.end() && !is_full()) {
    take(*next++);
  }
  list.insert(list.begin(), next, taken.end());
}

}  // namespace

/// Takes up all that has become possible, until nothing follows any more or the turn is full; then
/// what happened is written, and heard, before the next goes on.
void Machine::advance(WallTime now) {
  now_ = now;
  const auto is_full = [this, last = state_.events + options_.turn_events] {
    return broken_ || state_.events >= last;
  };
  while (!is_over() && !is_full()) {
    if (!state_.paused && !state_.freed.empty()) {
      take_each(state_.freed, is_full, [this](NodeId id) { decide(id); });
      continue;
    }
    if (!state_.paused && !state_.stirred.empty()) {
      take_each(state_.stirred, is_full, [this](NodeId id) { feed(id); });
      continue;
    }
    if (!state_.paused && !state_.closed.empty()) {
      take_each(state_.closed, is_full, [this](FrameId id) { close_frame(id); });
      continue;
    }
    const std::size_t before = out_.events.size();
    start_queued();
    next_clean_up();
    if (out_.events.size() == before) {
      break;
    }
  }
  if (out_.events.empty()) {
    return;
  }
  const std::string waits = waits_for();
  if (!out_.change && (waits != shown_waits_ || state_.run_state != shown_state_)) {
    out_.change = store::RunChange{state_.run_state, waits, nullptr, "", ""};
  }
  shown_waits_ = waits;
  shown_state_ = state_.run_state;
}

void Machine::decide(NodeId id) {
  const Node& node = state_.node(id);
  if (node.state == StepState::kReady) {  // decided before: it waits for time or a place
    if (node.due_at <= to_millis(now_)) {
      enter(id);
    }
    return;
  }
  if (node.state != StepState::kPending || node.unmet > 0) {
    return;
  }
  if (state_.is_stopped(id) && !node.is_compensation) {
    Event skipped;
    skipped.kind = state_.cancelling ? Event::Kind::kCancelStep : Event::Kind::kSkip;
    skipped.node = id;
    skipped.text = state_.stop_reason.empty() ? "the steps around it stop" : state_.stop_reason;
    emit(std::move(skipped));
    return;
  }
  if (node.child >= 0 || node.is_compensation || decide_condition(id)) {
    enter(id);
  }
}

bool Machine::decide_condition(NodeId id) {
  const Node& node = state_.node(id);
  const BlueprintStep& step = state_.step_of(id);
  Event skipped;
  skipped.kind = Event::Kind::kSkip;
  skipped.node = id;
  if (node.blocked_by != kNoNode && !step.decides_itself) {
    const Node& blocker = state_.node(node.blocked_by);
    skipped.text =
        fmt::format("skipped because step '{}' {}", state_.definition_of(node.blocked_by).id,
                    blocker.state == StepState::kFailed      ? "failed"
                    : blocker.state == StepState::kCancelled ? "was cancelled"
                                                             : "did not run");
    emit(std::move(skipped));
    return false;
  }
  if (!step.condition) {
    return true;
  }
  const Result<bool> holds = step.condition->holds(scope(id));
  if (!holds) {
    fail_node(id, "its condition: " + holds.error().to_string(),
              std::string(to_string(holds.error().code())));
    return false;
  }
  if (!*holds) {
    skipped.text = "its condition does not hold";
    emit(std::move(skipped));
  }
  return *holds;
}

void Machine::enter(NodeId id) {
  const StepDefinition& definition = state_.definition_of(id);
  const Node& node = state_.node(id);
  if ((definition.foreach || definition.matrix) && node.child < 0 && !node.is_compensation) {
    open_fan_out(id);
  } else if (is_attempt(definition)) {
    queue(id);
  } else if (state_.step_of(id).body && !has_room(id, 1)) {
    return;
  } else if (std::holds_alternative<ConditionStep>(definition.body)) {
    enter_condition(id);
  } else if (std::holds_alternative<LoopStep>(definition.body)) {
    enter_loop(id);
  } else if (std::holds_alternative<ApprovalStep>(definition.body)) {
    enter_approval(id);
  } else if (std::holds_alternative<WaitStep>(definition.body)) {
    enter_wait(id);
  } else if (std::holds_alternative<SubworkflowStep>(definition.body)) {
    enter_child(id);
  } else {
    Event begun;
    begun.kind = Event::Kind::kStart;
    begun.node = id;
    begun.number = state_.node(id).attempts + 1;
    emit(std::move(begun));
    if (!state_.step_of(id).body) {
      finish(id, json::Object{}, {});
    } else if (state_.frame(state_.node(id).more().frames.back()).open == 0) {
      close_frame(state_.node(id).more().frames.back());
    }
  }
}

void Machine::enter_condition(NodeId id) {
  const BlueprintStep& step = state_.step_of(id);
  const Result<bool> holds =
      step.test ? step.test->holds(scope(id)) : Result<bool>(fail(Code::kInternal, "no test"));
  if (!holds) {
    fail_node(id, holds.error().to_string(), std::string(to_string(holds.error().code())));
    return;
  }
  Event begun;
  begun.kind = Event::Kind::kStart;
  begun.node = id;
  begun.number = state_.node(id).attempts + 1;
  emit(std::move(begun));
  Event branch;
  branch.kind = Event::Kind::kBranch;
  branch.node = id;
  branch.flag = *holds;
  emit(std::move(branch));
  const auto block = *holds ? step.body : step.else_body;
  if (!block || state_.blueprint().block(*block).steps.empty()) {
    finish(id, json::Object{{"result", *holds}}, {});
  }
}

void Machine::enter_approval(NodeId id) {
  const auto& body = std::get<ApprovalStep>(state_.definition_of(id).body);
  Result<Rendered> rendered = state_.step_of(id).input.render(scope(id));
  if (!rendered) {
    fail_node(id, rendered.error().to_string(), std::string(to_string(rendered.error().code())));
    return;
  }
  Event begun;
  begun.kind = Event::Kind::kStart;
  begun.node = id;
  begun.number = state_.node(id).attempts + 1;
  begun.flag = rendered->tainted;
  if (!rendered->tainted) {
    begun.data = std::move(rendered->data);
  }
  if (body.expires) {
    begun.due = now_ + *body.expires;
  }
  emit(std::move(begun));
}

void Machine::enter_wait(NodeId id) {
  const auto& body = std::get<WaitStep>(state_.definition_of(id).body);
  Event begun;
  begun.kind = Event::Kind::kStart;
  begun.node = id;
  begun.number = state_.node(id).attempts + 1;
  const auto refuse = [&](const Error& error) {
    fail_node(id, error.to_string(), std::string(to_string(error.code())));
  };
  if (!body.duration.empty() || !body.until.empty()) {
    Result<Rendered> when = state_.step_of(id).wait_for.render(scope(id));
    if (!when) {
      return refuse(when.error());
    }
    const Result<WallTime> due =
        body.until.empty() ? due_after(when->data, now_) : due_at(when->data);
    if (!due) {
      return refuse(due.error());
    }
    begun.due = *due;
  }
  std::string signal;
  if (!body.signal.empty()) {
    Result<Rendered> input = state_.step_of(id).input.render(scope(id));
    if (!input) {
      return refuse(input.error());
    }
    signal = json::get_string(input->data, "signal", body.signal);
    begun.text = signal;
  }
  emit(std::move(begun));
  const auto found = state_.signals.find(signal);
  if (!signal.empty() && found != state_.signals.end() && !found->second.empty()) {
    json::Value payload = found->second.front();
    finish(id, std::move(payload), {}, signal);
  }
}

void Machine::enter_child(NodeId id) {
  const auto& body = std::get<SubworkflowStep>(state_.definition_of(id).body);
  Result<Rendered> input = state_.step_of(id).input.render(scope(id));
  if (!input) {
    fail_node(id, input.error().to_string(), std::string(to_string(input.error().code())));
    return;
  }
  StartChild child;
  child.node = id;
  child.path = state_.path(id);
  child.run_id = host_.new_run_id();
  child.workflow = body.workflow;
  child.inputs = input->data.is_object() ? input->data.get_object() : json::Object{};
  child.timeout = time_for(id);
  child.budget = budget_left(id);
  Event begun;
  begun.kind = Event::Kind::kStart;
  begun.node = id;
  begun.number = state_.node(id).attempts + 1;
  begun.text = child.run_id;
  begun.flag = input->tainted;
  if (!input->tainted) {
    begun.data = std::move(input->data);
  }
  emit(std::move(begun));
  out_.must_be_durable = true;
  out_.commands.emplace_back(std::move(child));
}

void Machine::queue(NodeId id) { queue_.push_back(id); }

/// Starts what may start, in order; the rest keeps its place.
void Machine::start_queued() {
  wants_places_ = false;
  if (queue_.empty() || state_.paused) {
    return;
  }
  const auto limit =
      static_cast<std::uint32_t>(std::max(1, state_.blueprint().definition().max_parallel));
  std::deque<NodeId> waiting;
  while (!queue_.empty()) {
    const NodeId id = queue_.front();
    const Node& node = state_.node(id);
    const bool open = node.state == StepState::kReady || node.state == StepState::kPending;
    if (open && state_.running >= limit) {
      break;
    }
    queue_.pop_front();
    if (open && !start(id)) {
      waiting.push_back(id);
      if (state_.paused) {
        break;
      }
    }
  }
  queue_.insert(queue_.begin(), waiting.begin(), waiting.end());
  for (const NodeId id : queue_) {
    const Node& node = state_.node(id);
    if (node.state == StepState::kPending) {
      Event ready;
      ready.kind = Event::Kind::kReady;
      ready.node = id;
      emit(std::move(ready));
    }
  }
}

/// False where it has to wait.
bool Machine::start(NodeId id) {
  const BlueprintStep& step = state_.step_of(id);
  if (!step.definition->concurrency.empty() && !take_group(id)) {
    return false;
  }
  if (!within_budget(id)) {
    return false;
  }
  Rendered input;
  if (state_.node(id).more().has_input) {
    input.data = state_.node(id).more().input;
    if (const std::string_view hash = blob_of(input.data); !hash.empty()) {
      auto loaded = host_.blob(std::string(hash));
      if (!loaded) {
        fail_node(id, loaded.error().to_string(), std::string(to_string(loaded.error().code())));
        return true;
      }
      input.data = **loaded;
    }
  } else {
    RunScope view = scope(id);
    if (state_.node(id).is_compensation) {
      view.set_kept_result(&state_.node(state_.node(id).owner).output);
    }
    Result<Rendered> rendered = step.input.render(view);
    if (!rendered) {
      fail_node(id, rendered.error().to_string(), std::string(to_string(rendered.error().code())));
      return true;
    }
    input = *std::move(rendered);
  }
  if (!host_.admit(*step.definition)) {
    wants_places_ = true;
    return false;
  }
  return give_attempt(id, input);
}

bool Machine::give_attempt(NodeId id, const Rendered& input) {
  const StepDefinition& definition = state_.definition_of(id);
  const Node& node = state_.node(id);
  RunAttempt run;
  run.node = id;
  run.path = state_.path(id);
  run.attempt = node.attempts + 1;
  run.input = input.data;
  run.tainted = input.tainted;
  run.secrets = input.secrets;
  run.heartbeat = definition.timeouts.heartbeat;
  run.budget = budget_left(id);
  Event begun;
  begun.kind = Event::Kind::kStart;
  begun.node = id;
  begun.number = run.attempt;
  begun.flag = input.tainted;
  if (!input.tainted && !node.more().has_input) {
    begun.data = input.data;
  }
  out_.must_be_durable = out_.must_be_durable || definition.effect != Effect::kPure;
  if (node.more().has_input && !input.tainted) {
    begun.flag = false;
  }
  emit(std::move(begun));
  run.time = time_for(id);
  out_.commands.emplace_back(std::move(run));
  return true;
}

std::optional<Millis> Machine::time_for(NodeId id) const {
  const std::int64_t now = to_millis(now_);
  std::optional<Millis> left;
  const auto shorten = [&](std::int64_t until) {
    const Millis more(std::max<std::int64_t>(1, until - now));
    left = left ? std::min(*left, more) : more;
  };
  const Node& node = state_.node(id);
  if (const auto& attempt = state_.definition_of(id).timeouts.attempt) {
    shorten((node.more().begun_at == 0 ? now : node.more().begun_at) + attempt->count());
  }
  if (const auto& total = state_.definition_of(id).timeouts.total) {
    shorten((node.started_at == 0 ? now : node.started_at) + total->count());
  }
  const std::int64_t timeout = json::get_int(state_.started, "timeout_ms");
  if (timeout > 0 && !state_.is_clean_up(id)) {
    shorten(state_.started_at + timeout);
  }
  return left;
}

}  // namespace oap::workflow
