#pragma once

#include <vector>

#include "workflow/machine/state.hpp"

namespace oap::workflow {

/// Whether a State that was read is one that apply() can bring about, as far as its numbers go:
/// each names something that is there and of the right kind, nothing is owned twice or goes round
/// in circles, and what is counted is there as often. O(state).
class StateCheck {
 public:
  explicit StateCheck(const State& state);
  bool holds();

 private:
  bool run_holds() const;
  bool frame_holds(FrameId id) const;
  bool is_owner(const Frame& frame) const;
  bool node_holds(NodeId id);
  bool is_placed(NodeId id) const;
  bool extra_holds(NodeId id);
  bool spares_hold();
  bool lists_hold() const;
  bool is_node(NodeId id) const { return id == kNoNode || id < state_.nodes_.size(); }

  const State& state_;
  std::vector<bool> owned_frames_;
  std::vector<bool> owned_nodes_;
};

}  // namespace oap::workflow
