#include <utility>

#include "workflow/machine/state.hpp"

namespace oap::workflow {
namespace {

using enum StepState;

Budget budget_from(const json::Object& object) {
  Budget budget;
  if (object.contains("tokens")) {
    budget.tokens = json::get_int(object, "tokens");
  }
  if (object.contains("cost_usd")) {
    budget.cost_usd = json::get_double(object, "cost_usd");
  }
  return budget;
}

}  // namespace

Result<void> State::run_started(Event& event, std::int64_t at) {
  if (root_) {
    return fail(Code::kDataLoss, "the journal begins twice");
  }
  if (event.data.is_object()) {
    inputs = std::move(event.data.get_object());
  }
  started = std::move(event.more);
  if (const json::Object* given = json::find_object(started, "variables")) {
    variables = *given;
  }
  budget = blueprint().definition().budget;
  if (const json::Object* given = json::find_object(started, "budget")) {
    budget = budget_from(*given);
  }
  run_state = RunState::kRunning;
  started_at = at;
  root_ = open_frame(kNoNode, 0, -1);
  const Frame frame = frames_[*root_];
  for (NodeId id = frame.first; id < frame.first + frame.count; ++id) {
    if (nodes_[id].unmet == 0) {
      free(id, at);
    }
  }
  if (frame.count == 0 && tracking) {
    closed.push_back(*root_);
  }
  return {};
}

Result<void> State::import(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kPending, kReady}));
  if (const json::Object* vars = json::find_object(event.more, "vars")) {
    for (const auto& member : *vars) {
      variables[member.key()] = member.value();
    }
  }
  nodes_[id].output = std::move(event.data);
  nodes_[id].started_at = at;
  if (step_of(id).compensate) {
    completed.push_back(id);
  }
  end_node(id, kCompleted, at);
  return {};
}

Result<void> State::ready(Event& event, std::int64_t /*at*/) {
  OAP_TRY(const NodeId id, expect(event, {kPending, kReady}));
  nodes_[id].state = kReady;
  nodes_[id].decided = true;
  touch(id);
  return {};
}

Result<void> State::start(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kPending, kReady}));
  Node& node = nodes_[id];
  node.state = kRunning;
  node.decided = true;
  node.attempts = static_cast<std::uint16_t>(std::clamp<std::int64_t>(event.number, 0, UINT16_MAX));
  node.started_at = node.started_at == 0 ? at : node.started_at;
  node.due_at = event.due ? to_millis(*event.due) : 0;
  touch(id);
  if (event.flag || !event.data.is_null()) {
    NodeExtra& more = node.more();
    more.tainted = event.flag;
    more.has_input = !event.flag;
    more.input = std::move(event.data);
  }
  const StepDefinition& definition = definition_of(id);
  if (is_attempt(definition)) {
    ++running;
    return {};
  }
  if (!event.text.empty()) {
    node.more().subject = std::move(event.text);
  }
  if (definition.timeouts.attempt) {
    node.more().begun_at = at;
  }
  if (std::holds_alternative<WaitStep>(definition.body)) {
    node.waits = node.more().subject.empty() ? Waits::kTime : Waits::kSignal;
  } else if (std::holds_alternative<ApprovalStep>(definition.body)) {
    node.waits = Waits::kApproval;
  } else if (std::holds_alternative<SubworkflowStep>(definition.body)) {
    node.waits = Waits::kChild;
  } else {
    node.waits = Waits::kBlocks;
  }
  waiting.push_back(id);
  if (std::holds_alternative<GroupStep>(definition.body) && step_of(id).body) {
    const Frame frame = frames_[open_frame(id, *step_of(id).body, -1)];
    for (NodeId inner = frame.first; inner < frame.first + frame.count; ++inner) {
      if (nodes_[inner].unmet == 0) {
        free(inner, at);
      }
    }
  }
  return {};
}

Result<void> State::open(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kPending, kReady, kRunning}));
  Node& node = nodes_[id];
  const StepDefinition& definition = definition_of(id);
  const bool has_items = node.state == kRunning
                             ? std::holds_alternative<LoopStep>(definition.body) && !node.is_fan_out
                             : (definition.foreach || definition.matrix) && node.child < 0;
  const json::Array* list = event.data.if_array();
  if (!has_items || event.number < 0 || event.number > kMostItems ||
      (list != nullptr && list->size() != static_cast<std::size_t>(event.number))) {
    return fail(Code::kDataLoss, "the journal opens {} items of step '{}'", event.number, path(id));
  }
  NodeExtra& more = node.more();
  more.items = std::move(event.data);
  more.total = event.number;
  if (node.state != kRunning) {
    node.state = kRunning;
    node.decided = true;
    node.is_fan_out = true;
    node.attempts = 1;
    node.started_at = at;
    node.waits = Waits::kBlocks;
    waiting.push_back(id);
    if (tracking) {
      stirred.push_back(id);
    }
  }
  touch(id);
  return {};
}

Result<void> State::spawn(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kRunning}));
  const auto begun = static_cast<std::int64_t>(nodes_[id].more().children.size());
  if (!nodes_[id].is_fan_out || event.number < 1 ||
      event.number > nodes_[id].more().total - begun) {
    return fail(Code::kDataLoss, "step '{}' has no {} more children", path(id), event.number);
  }
  const StepIndex step = nodes_[id].step;
  const FrameId frame = nodes_[id].frame;
  NodeExtra& more = nodes_[id].more();
  for (std::int64_t k = 0; k < event.number; ++k) {
    const NodeId child = add_child();
    nodes_[child].step = step;
    nodes_[child].frame = frame;
    nodes_[child].owner = id;
    nodes_[child].child = static_cast<std::int32_t>(begun + k);
    more.children.push_back(child);
    ++more.active;
    free(child, at);
  }
  return {};
}

Result<void> State::iterate(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kRunning}));
  if (!std::holds_alternative<LoopStep>(definition_of(id).body) || !step_of(id).body ||
      nodes_[id].is_fan_out || event.number != nodes_[id].more().iterations) {
    return fail(Code::kDataLoss, "step '{}' has no iteration {}", path(id), event.number);
  }
  trim_iterations(nodes_[id].more());
  ++nodes_[id].more().iterations;
  const Frame frame = frames_[open_frame(id, *step_of(id).body, event.number)];
  for (NodeId inner = frame.first; inner < frame.first + frame.count; ++inner) {
    if (nodes_[inner].unmet == 0) {
      free(inner, at);
    }
  }
  return {};
}

Result<void> State::branch(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kRunning}));
  const BlueprintStep& step = step_of(id);
  const auto block = event.flag ? step.body : step.else_body;
  if (!std::holds_alternative<ConditionStep>(step.definition->body)) {
    return fail(Code::kDataLoss, "step '{}' is no condition", path(id));
  }
  nodes_[id].more().total = event.flag ? 1 : 0;
  if (block) {
    const Frame frame = frames_[open_frame(id, *block, -1)];
    for (NodeId inner = frame.first; inner < frame.first + frame.count; ++inner) {
      if (nodes_[inner].unmet == 0) {
        free(inner, at);
      }
    }
  }
  return {};
}

Result<void> State::vote(Event& event, std::int64_t /*at*/) {
  OAP_TRY(const NodeId id, expect(event, {kRunning}));
  std::vector<GivenVote>& votes = nodes_[id].more().votes;
  std::erase_if(votes, [&](const GivenVote& vote) { return vote.by == event.text; });
  votes.push_back({std::move(event.text), event.flag, std::move(event.data)});
  touch(id);
  return {};
}

Result<void> State::complete(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kReady, kRunning, kUnknown}));
  if (!event.text.empty()) {
    const auto found = signals.find(event.text);
    if (found != signals.end() && !found->second.empty()) {
      found->second.pop_front();
    }
  }
  if (const json::Object* vars = json::find_object(event.more, "vars")) {
    for (const auto& member : *vars) {
      variables[member.key()] = member.value();
    }
  }
  add_usage(id, event);
  Node& node = nodes_[id];
  node.output = std::move(event.data);
  if (node.extra) {
    node.extra->error.clear();
    node.extra->error_code.clear();
  }
  if (step_of(id).compensate && !node.is_compensation && !node.is_fan_out) {
    completed.push_back(id);
  }
  end_node(id, kCompleted, at);
  return {};
}

Result<void> State::retry(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kRunning, kUnknown}));
  add_usage(id, event);
  set_error(id, event);
  leave_running(id);
  Node& node = nodes_[id];
  node.state = kReady;
  node.decided = true;
  node.counted += event.flag ? 0 : 1;
  node.infra += event.code == "lost" || !event.flag ? 0 : 1;
  begin_again(id);
  node.due_at = event.due ? to_millis(*event.due) : at;
  touch(id);
  if (tracking) {
    freed.push_back(id);
  }
  return {};
}

/// What an earlier attempt of a block, approval or child run left counts no more. Its frames stay:
/// what completed in them may have a compensation.
void State::begin_again(NodeId id) {
  if (is_attempt(definition_of(id)) || !nodes_[id].extra) {
    return;
  }
  NodeExtra& more = *nodes_[id].extra;
  more.subject.clear();
  more.items = nullptr;
  more.total = 0;
  more.iterations = 0;
  more.begun_at = 0;
  more.votes.clear();
}

Result<void> State::fail_step(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kPending, kReady, kRunning, kUnknown}));
  add_usage(id, event);
  set_error(id, event);
  nodes_[id].output = std::move(event.data);
  note_failure(id);
  end_node(id, kFailed, at);
  const Node& node = nodes_[id];
  if (node.child < 0 && !node.is_compensation && policy_of(id) == FailurePolicy::kFailFast) {
    const std::string why =
        fmt::format("the run stops because step '{}' failed", definition_of(id).id);
    stop_frame(node.frame, why, at);
    if (node.frame == *root_) {
      stop_reason = why;
    }
  }
  return {};
}

Result<void> State::skip(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kPending, kReady}));
  nodes_[id].more().error = std::move(event.text);
  end_node(id, kSkipped, at);
  return {};
}

Result<void> State::cancel_step(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kPending, kReady, kRunning, kUnknown}));
  set_error(id, event);
  end_node(id, kCancelled, at);
  return {};
}

Result<void> State::unknown(Event& event, std::int64_t /*at*/) {
  OAP_TRY(const NodeId id, expect(event, {kRunning}));
  set_error(id, event);
  leave_running(id);
  nodes_[id].state = kUnknown;
  waiting.push_back(id);
  touch(id);
  return {};
}

}  // namespace oap::workflow
