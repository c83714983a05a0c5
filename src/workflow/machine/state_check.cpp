#include "workflow/machine/state_check.hpp"

#include <algorithm>

namespace oap::workflow {
namespace {

/// Sets the number's mark; false where there is none, or it is set.
bool mark(std::vector<bool>& marks, std::uint32_t number) {
  if (number >= marks.size() || marks[number]) {
    return false;
  }
  marks[number] = true;
  return true;
}

bool is_time(std::int64_t millis) { return millis >= 0 && millis <= kMostMillis; }

}  // namespace

StateCheck::StateCheck(const State& state)
    : state_(state), owned_frames_(state.frames_.size()), owned_nodes_(state.nodes_.size()) {}

bool StateCheck::holds() {
  if (!run_holds()) {
    return false;
  }
  for (FrameId id = 0; id < state_.frames_.size(); ++id) {
    if (!frame_holds(id)) {
      return false;
    }
  }
  for (NodeId id = 0; id < state_.nodes_.size(); ++id) {
    if (!node_holds(id)) {
      return false;
    }
  }
  return spares_hold() && lists_hold();
}

bool StateCheck::run_holds() const {
  const Blueprint& blueprint = state_.blueprint();
  const auto& frames = state_.frames_;
  if (!state_.root_ || *state_.root_ != 0 || frames.empty() || frames[0].block != 0 ||
      frames[0].owner != kNoNode || frames[0].free || !is_time(state_.started_at)) {
    return false;
  }
  if (!state_.finally_) {
    return true;
  }
  const FrameId last = *state_.finally_;
  return last != 0 && last < frames.size() && blueprint.finally_block() == frames[last].block &&
         frames[last].owner == kNoNode && !frames[last].free;
}

bool StateCheck::frame_holds(FrameId id) const {
  const Frame& frame = state_.frames_[id];
  const Blueprint& blueprint = state_.blueprint();
  const std::size_t nodes = state_.nodes_.size();
  if (frame.block >= blueprint.block_count() || frame.first > nodes ||
      frame.count > nodes - frame.first || frame.open > frame.count || frame.index < -1 ||
      frame.attempt < 1 || !is_node(frame.failed)) {
    return false;
  }
  const std::vector<StepIndex>& steps = blueprint.block(frame.block).steps;
  if (frame.count != steps.size()) {
    return false;
  }
  for (std::uint32_t k = 0; k < frame.count; ++k) {
    const Node& node = state_.nodes_[frame.first + k];
    if (node.frame != id || node.free != frame.free || node.child != -1 || node.is_compensation ||
        (!frame.free && node.step != steps[k])) {
      return false;
    }
  }
  return frame.free || is_owner(frame);
}

/// What the frame says of its owner: blocks lie in each other as a tree, and so do their frames.
bool StateCheck::is_owner(const Frame& frame) const {
  const BlueprintBlock& block = state_.blueprint().block(frame.block);
  if (!block.owner) {
    return frame.owner == kNoNode;
  }
  return frame.owner < state_.nodes_.size() && state_.nodes_[frame.owner].step == *block.owner &&
         !state_.nodes_[frame.owner].free;
}

bool StateCheck::node_holds(NodeId id) {
  const Node& node = state_.nodes_[id];
  if (node.frame >= state_.frames_.size() || !is_node(node.blocked_by) ||
      node.unmet > state_.step_of(id).needs.size() || !is_time(node.ready_at) ||
      !is_time(node.started_at) || !is_time(node.ended_at) || !is_time(node.due_at)) {
    return false;
  }
  return node.free || (is_placed(id) && extra_holds(id));
}

/// In a frame, a child of a fan-out, or a compensation.
bool StateCheck::is_placed(NodeId id) const {
  const Node& node = state_.nodes_[id];
  const StepDefinition& definition = state_.definition_of(id);
  if (node.is_fan_out && (node.child >= 0 || (!definition.foreach && !definition.matrix))) {
    return false;
  }
  if (node.child < 0 && !node.is_compensation) {
    const Frame& frame = state_.frames_[node.frame];
    return node.owner == kNoNode && id >= frame.first && id - frame.first < frame.count;
  }
  if (node.owner >= state_.nodes_.size() || node.owner == id) {
    return false;
  }
  const Node& owner = state_.nodes_[node.owner];
  if (owner.free || owner.frame != node.frame || owner.is_compensation) {
    return false;
  }
  if (node.is_compensation) {
    return node.child < 0 && state_.step_of(node.owner).compensate == node.step;
  }
  const std::vector<NodeId>& children = owner.more().children;
  return owner.is_fan_out && owner.step == node.step &&
         static_cast<std::size_t>(node.child) < children.size() &&
         children[static_cast<std::size_t>(node.child)] == id;
}

bool StateCheck::extra_holds(NodeId id) {
  const Node& node = state_.nodes_[id];
  const NodeExtra& more = node.more();
  if (!is_time(more.begun_at)) {
    return false;
  }
  std::int64_t active = 0;
  for (const NodeId child : more.children) {
    if (!mark(owned_nodes_, child) || state_.nodes_[child].owner != id ||
        state_.nodes_[child].child < 0 || state_.nodes_[child].free) {
      return false;
    }
    active += state_.nodes_[child].is_open() ? 1 : 0;
  }
  for (const FrameId frame : more.frames) {
    if (!mark(owned_frames_, frame) || state_.frames_[frame].owner != id ||
        state_.frames_[frame].free) {
      return false;
    }
  }
  const auto begun = static_cast<std::int64_t>(more.children.size());
  return more.total >= begun && more.total <= State::kMostItems && more.active == active &&
         more.failures >= 0 && more.failures <= begun && more.iterations >= 0 &&
         (node.is_fan_out || begun == 0);
}

/// What is free is on one list, once; what is owned was found at its owner.
bool StateCheck::spares_hold() {
  for (const auto& [block, frames] : state_.spare_) {
    for (const FrameId frame : frames) {
      if (!mark(owned_frames_, frame) || !state_.frames_[frame].free ||
          state_.frames_[frame].block != block) {
        return false;
      }
    }
  }
  for (const NodeId node : state_.spare_children_) {
    if (!mark(owned_nodes_, node) || !state_.nodes_[node].free) {
      return false;
    }
    const Frame& frame = state_.frames_[state_.nodes_[node].frame];
    if (node >= frame.first && node - frame.first < frame.count) {
      return false;
    }
  }
  for (FrameId id = 0; id < state_.frames_.size(); ++id) {
    const bool by_itself = state_.frames_[id].owner == kNoNode && !state_.frames_[id].free;
    if (owned_frames_[id] == by_itself) {
      return false;
    }
  }
  return true;
}

bool StateCheck::lists_hold() const {
  std::vector<bool> seen(state_.nodes_.size());
  for (const NodeId id : state_.completed) {
    if (!mark(seen, id) || state_.nodes_[id].state != StepState::kCompleted ||
        state_.nodes_[id].free || !state_.step_of(id).compensate) {
      return false;
    }
  }
  seen.assign(state_.nodes_.size(), false);
  for (const NodeId id : state_.waiting) {
    if (!mark(seen, id)) {
      return false;
    }
  }
  std::uint32_t running = 0;
  for (NodeId id = 0; id < state_.nodes_.size(); ++id) {
    const Node& node = state_.nodes_[id];
    const bool runs = node.state == StepState::kRunning;
    const bool waits = node.state == StepState::kUnknown || (runs && node.waits != Waits::kNothing);
    running += runs && node.waits == Waits::kNothing ? 1U : 0U;
    if (seen[id] != waits) {
      return false;
    }
  }
  const NodeId undo = state_.compensating;
  return running == state_.running &&
         (undo == kNoNode || (undo < state_.nodes_.size() && state_.nodes_[undo].is_compensation));
}

}  // namespace oap::workflow
