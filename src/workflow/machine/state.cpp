#include "workflow/machine/state.hpp"

#include <algorithm>
#include <utility>

namespace oap::workflow {

NodeExtra& Node::more() {
  if (!extra) {
    extra = std::make_unique<NodeExtra>();
  }
  return *extra;
}

const NodeExtra& Node::more() const {
  static const NodeExtra kNone;
  return extra ? *extra : kNone;
}

bool is_attempt(const StepDefinition& step) {
  return std::holds_alternative<ToolStep>(step.body) ||
         std::holds_alternative<AgentStep>(step.body) ||
         std::holds_alternative<ScriptStep>(step.body);
}

json::Object usage_json(const StepUsage& usage) {
  return json::Object{{"tokens", usage.tokens}, {"cost_usd", usage.cost_usd}};
}

State::State(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}

Result<void> State::apply(Event event, WallTime at) {
  OAP_CHECK_OK(dispatch(event, to_millis(at)));
  ++events;
  return {};
}

Result<void> State::dispatch(Event& event, std::int64_t at) {
  using Kind = Event::Kind;
  switch (event.kind) {
    case Kind::kRunStarted:
      return run_started(event, at);
    case Kind::kImport:
      return import(event, at);
    case Kind::kReady:
      return ready(event, at);
    case Kind::kStart:
      return start(event, at);
    case Kind::kOpen:
      return open(event, at);
    case Kind::kSpawn:
      return spawn(event, at);
    case Kind::kIterate:
      return iterate(event, at);
    case Kind::kBranch:
      return branch(event, at);
    case Kind::kVote:
      return vote(event, at);
    case Kind::kComplete:
      return complete(event, at);
    case Kind::kRetry:
      return retry(event, at);
    case Kind::kFail:
      return fail_step(event, at);
    case Kind::kSkip:
      return skip(event, at);
    case Kind::kCancelStep:
      return cancel_step(event, at);
    case Kind::kUnknown:
      return unknown(event, at);
    case Kind::kSignal:
      return signal(event, at);
    case Kind::kResumed:
      return resumed(event, at);
    case Kind::kPause:
      return pause(event, at);
    case Kind::kUnpause:
      return unpause(event, at);
    case Kind::kCancel:
      return cancel(event, at);
    case Kind::kTimeUp:
      return time_is_up(event, at);
    case Kind::kPhase:
      return enter_phase(event, at);
    case Kind::kCompensate:
      return compensate(event, at);
    case Kind::kRunEnded:
      return run_ended(event, at);
    case Kind::kFirstForm:
      break;
  }
  return fail(Code::kDataLoss, "the run is of an earlier version of oap");
}

Result<NodeId> State::expect(const Event& event, std::initializer_list<StepState> states) const {
  if (event.node >= nodes_.size()) {
    return fail(Code::kDataLoss, "the journal tells of '{}' without a step that there is",
                to_string(event.kind));
  }
  const StepState now = nodes_[event.node].state;
  if (std::find(states.begin(), states.end(), now) == states.end()) {
    return fail(Code::kDataLoss, "the journal tells of '{}' for step '{}', which is {}",
                to_string(event.kind), path(event.node), store::to_string(now));
  }
  return event.node;
}

NodeId State::add_nodes(std::uint32_t count) {
  const auto first = static_cast<NodeId>(nodes_.size());
  nodes_.resize(nodes_.size() + count);
  return first;
}

NodeId State::add_child() {
  if (spare_children_.empty()) {
    return add_nodes(1);
  }
  const NodeId id = spare_children_.back();
  spare_children_.pop_back();
  nodes_[id] = Node{};
  return id;
}

FrameId State::open_frame(NodeId owner, BlockIndex block, std::int64_t index) {
  const std::vector<StepIndex>& steps = blueprint().block(block).steps;
  FrameId id = kNoFrame;
  if (auto& spare = spare_[block]; !spare.empty()) {
    id = spare.back();
    spare.pop_back();
  } else {
    id = static_cast<FrameId>(frames_.size());
    frames_.emplace_back();
    frames_[id].first = add_nodes(static_cast<std::uint32_t>(steps.size()));
  }
  const NodeId first = frames_[id].first;
  frames_[id] = Frame{};
  Frame& frame = frames_[id];
  frame.owner = owner;
  frame.block = block;
  frame.index = index;
  frame.attempt = owner == kNoNode ? std::uint16_t{1} : nodes_[owner].attempts;
  frame.first = first;
  frame.count = static_cast<std::uint32_t>(steps.size());
  frame.open = frame.count;
  for (std::uint32_t k = 0; k < frame.count; ++k) {
    Node& node = nodes_[first + k];
    node = Node{};
    node.step = steps[k];
    node.frame = id;
    node.unmet = static_cast<std::uint32_t>(blueprint().step(steps[k]).needs.size());
  }
  if (owner != kNoNode) {
    nodes_[owner].more().frames.push_back(id);
  }
  return id;
}

bool State::is_of_attempt(const Frame& frame) const {
  return frame.owner == kNoNode || frame.attempt == nodes_[frame.owner].attempts;
}

void State::release_frame(FrameId id) {
  Frame& frame = frames_[id];
  for (NodeId node = frame.first; node < frame.first + frame.count; ++node) {
    release_node(node);
  }
  frame.free = true;
  spare_[frame.block].push_back(id);
}

void State::release_node(NodeId id) {
  Node old = std::exchange(nodes_[id], Node{});
  Node& node = nodes_[id];
  node.step = old.step;
  node.frame = old.frame;
  node.state = StepState::kSkipped;
  node.free = true;
  for (const FrameId inner : std::as_const(old).more().frames) {
    release_frame(inner);
  }
  for (const NodeId child : std::as_const(old).more().children) {
    release_node(child);
    spare_children_.push_back(child);
  }
}

/// Of a loop: the iteration under way and the one before it are needed, others are kept for show.
void State::trim_iterations(NodeExtra& more) {
  if (nodes_.size() <= kKeepNodes || more.frames.size() < 2) {
    return;
  }
  const FrameId old = more.frames[more.frames.size() - 2];
  for (const NodeId id : completed) {
    if (is_inside(nodes_[id].frame, old)) {
      return;
    }
  }
  more.frames.erase(more.frames.end() - 2);
  release_frame(old);
}

void State::touch(NodeId id) {
  if (tracking) {
    touched.push_back(id);
  }
}

void State::free(NodeId id, std::int64_t at) {
  nodes_[id].ready_at = at;
  if (tracking) {
    freed.push_back(id);
  }
}

void State::stop_waiting(NodeId id) {
  Node& node = nodes_[id];
  if (node.waits != Waits::kNothing || node.state == StepState::kUnknown) {
    node.waits = Waits::kNothing;
    waiting.erase(std::remove(waiting.begin(), waiting.end(), id), waiting.end());
  }
}

void State::leave_running(NodeId id) {
  Node& node = nodes_[id];
  if (node.state == StepState::kRunning && node.waits == Waits::kNothing) {
    --running;
  }
  stop_waiting(id);
  node.due_at = 0;
}

void State::end_node(NodeId id, StepState state, std::int64_t at) {
  leave_running(id);
  Node& node = nodes_[id];
  node.state = state;
  node.ended_at = at;
  touch(id);
  if (node.extra) {
    node.extra->input = nullptr;
    node.extra->has_input = false;
    if (state == StepState::kCompleted && node.extra->error.empty() && node.extra->frames.empty() &&
        node.extra->children.empty() && !node.is_fan_out && node.extra->usage.tokens == 0 &&
        node.extra->usage.cost_usd == 0 && node.extra->subject.empty()) {
      node.extra.reset();
    }
  }
  if (node.is_compensation) {
    compensating = kNoNode;
    return;
  }
  if (node.child >= 0) {
    NodeExtra& more = nodes_[node.owner].more();
    --more.active;
    more.failures += state == StepState::kFailed ? 1 : 0;
    if (tracking && (stirred.empty() || stirred.back() != node.owner)) {
      stirred.push_back(node.owner);
    }
    return;
  }
  count_down(id, at);
  Frame& frame = frames_[node.frame];
  if (--frame.open == 0 && tracking) {
    closed.push_back(node.frame);
  }
}

void State::count_down(NodeId id, std::int64_t at) {
  const Node& node = nodes_[id];
  const Frame& frame = frames_[node.frame];
  const bool good = completed_or_tolerated(node);
  const bool failed = node.failed_upstream || (node.state == StepState::kFailed && !node.tolerated);
  for (const StepIndex step : step_of(id).successors) {
    const NodeId next = frame.first + plan_->position(step);
    Node& successor = nodes_[next];
    if (!good && successor.blocked_by == kNoNode) {
      successor.blocked_by = id;
    }
    successor.failed_upstream = successor.failed_upstream || failed;
    if (successor.unmet > 0 && --successor.unmet == 0 && successor.is_open()) {
      free(next, at);
    }
  }
}

void State::note_failure(NodeId id) {
  Node& node = nodes_[id];
  if (node.child >= 0 || node.is_compensation) {
    return;
  }
  if (policy_of(id) == FailurePolicy::kTolerate) {
    node.tolerated = true;
    return;
  }
  Frame& frame = frames_[node.frame];
  if (frame.failed == kNoNode) {
    frame.failed = id;
  }
}

void State::add_usage(NodeId id, const Event& event) {
  const json::Object* used = json::find_object(event.more, "usage");
  if (used == nullptr) {
    return;
  }
  constexpr std::int64_t kMost = 1'000'000'000'000'000;
  const std::int64_t tokens =
      std::clamp<std::int64_t>(json::get_int(*used, "tokens"), 0, kMost - usage.tokens);
  const double cost = std::max(0.0, json::get_double(*used, "cost_usd"));
  usage.tokens += tokens;
  usage.cost_usd += cost;
  StepUsage& mine = nodes_[id].more().usage;
  mine.tokens += tokens;
  mine.cost_usd += cost;
}

void State::set_error(NodeId id, Event& event) {
  NodeExtra& more = nodes_[id].more();
  more.error = std::move(event.text);
  more.error_code = std::move(event.code);
}

bool State::is_inside(FrameId frame, FrameId outer) const {
  while (frame != outer) {
    const NodeId owner = frames_[frame].owner;
    if (owner == kNoNode) {
      return false;
    }
    frame = nodes_[owner].frame;
  }
  return true;
}

bool State::is_stopped(NodeId node) const {
  for (NodeId at = node; at != kNoNode; at = frames_[nodes_[at].frame].owner) {
    const Frame& frame = frames_[nodes_[at].frame];
    if (frame.stopped && (frame.cancelled || !deals_with_failure(at))) {
      return true;
    }
  }
  return false;
}

bool State::deals_with_failure(NodeId node) const {
  return step_of(node).decides_itself && nodes_[node].failed_upstream;
}

void State::stop_frame(FrameId stopped, const std::string& why, std::int64_t at) {
  frames_[stopped].stopped = true;
  for (const bool asks_itself : {false, true}) {  // those last: what is skipped may be their need
    for (NodeId id = 0; id < nodes_.size(); ++id) {
      const Node& node = nodes_[id];
      const bool not_begun = node.state == StepState::kPending || node.state == StepState::kReady;
      if (not_begun && step_of(id).decides_itself == asks_itself && !node.is_compensation &&
          is_inside(node.frame, stopped) && is_stopped(id)) {
        nodes_[id].more().error = why;
        end_node(id, StepState::kSkipped, at);
      }
    }
  }
}

void State::cancel_open(const std::string& why, bool all, std::int64_t at) {
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    const Node& node = nodes_[id];
    const bool rests = node.state == StepState::kPending || node.state == StepState::kReady ||
                       node.state == StepState::kUnknown ||
                       (node.state == StepState::kRunning && node.waits != Waits::kNothing &&
                        node.waits != Waits::kBlocks && node.waits != Waits::kChild);
    if (rests && (all || !is_clean_up(id))) {
      nodes_[id].more().error = why;
      end_node(id, StepState::kCancelled, at);
    }
  }
  for (FrameId id = 0; id < frames_.size(); ++id) {
    if (all || !finally_ || !is_inside(id, *finally_)) {
      frames_[id].stopped = true;
      frames_[id].cancelled = true;
    }
  }
}

}  // namespace oap::workflow
