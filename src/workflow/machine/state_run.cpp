#include <algorithm>
#include <charconv>

#include "workflow/machine/state.hpp"

namespace oap::workflow {
namespace {

using enum StepState;

constexpr std::string_view kFinally = "finally.";
constexpr std::string_view kCompensate = ".compensate";

struct Segment {
  std::string_view id;
  std::int64_t attempt = 1;
  std::vector<std::int64_t> numbers;
};

/// The number after '#', which leaves the text; 1 where there is none, 0 where it is no number.
std::int64_t take_attempt(std::string_view& text) {
  const std::size_t mark = text.find('#');
  if (mark == std::string_view::npos) {
    return 1;
  }
  const std::string_view digits = text.substr(mark + 1);
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  text = text.substr(0, mark);
  return code == std::errc{} && end == digits.data() + digits.size() && number > 1 ? number : 0;
}

/// "loop[3]" as its id and numbers; nothing where it is none.
std::optional<Segment> read_segment(std::string_view text) {
  Segment segment;
  segment.attempt = take_attempt(text);
  const std::size_t bracket = text.find('[');
  segment.id = text.substr(0, bracket);
  while (bracket != std::string_view::npos && !text.empty()) {
    const std::size_t open = text.find('[');
    const std::size_t close = text.find(']');
    if (open == std::string_view::npos) {
      break;
    }
    std::int64_t number = 0;
    if (close == std::string_view::npos || close < open) {
      return std::nullopt;
    }
    const auto [end, code] = std::from_chars(text.data() + open + 1, text.data() + close, number);
    if (code != std::errc{} || end != text.data() + close) {
      return std::nullopt;
    }
    segment.numbers.push_back(number);
    text.remove_prefix(close + 1);
  }
  return segment;
}

}  // namespace

Result<void> State::signal(Event& event, std::int64_t /*at*/) {
  signals[event.text].push_back(std::move(event.data));
  return {};
}

Result<void> State::resumed(Event& /*event*/, std::int64_t /*at*/) {
  ++epochs;
  return {};
}

Result<void> State::pause(Event& event, std::int64_t /*at*/) {
  paused = true;
  over_budget = event.code == "budget";
  run_state = RunState::kPaused;
  return {};
}

Result<void> State::unpause(Event& event, std::int64_t /*at*/) {
  paused = false;
  over_budget = false;
  run_state = RunState::kRunning;
  if (budget.tokens) {
    *budget.tokens += std::max<std::int64_t>(0, json::get_int(event.more, "tokens"));
  }
  if (budget.cost_usd) {
    *budget.cost_usd += std::max(0.0, json::get_double(event.more, "cost_usd"));
  }
  return {};
}

Result<void> State::cancel(Event& event, std::int64_t at) {
  forced = cancelling || event.flag;
  cancelling = true;
  paused = false;
  stop_reason = event.text.empty() ? "the run was cancelled"
                                   : fmt::format("the run was cancelled by {}", event.text);
  if (run_state == RunState::kPaused) {
    run_state = RunState::kRunning;
  }
  cancel_open(stop_reason, forced, at);
  return {};
}

Result<void> State::time_is_up(Event& /*event*/, std::int64_t at) {
  time_up = true;
  paused = false;
  stop_reason = "the time for the whole run is up";
  if (run_state == RunState::kPaused) {
    run_state = RunState::kRunning;
  }
  cancel_open(stop_reason, false, at);
  return {};
}

Result<void> State::enter_phase(Event& event, std::int64_t at) {
  if (event.text == "compensating") {
    phase = Phase::kCompensating;
  } else if (event.text == "finally" && blueprint().finally_block() && !finally_) {
    phase = Phase::kFinally;
    finally_ = open_frame(kNoNode, *blueprint().finally_block(), -1);
    const Frame frame = frames_[*finally_];
    for (NodeId id = frame.first; id < frame.first + frame.count; ++id) {
      if (nodes_[id].unmet == 0) {
        free(id, at);
      }
    }
    if (frame.count == 0 && tracking) {
      closed.push_back(*finally_);
    }
  } else {
    return fail(Code::kDataLoss, "the journal names a phase '{}'", event.text);
  }
  return {};
}

Result<void> State::compensate(Event& event, std::int64_t at) {
  OAP_TRY(const NodeId id, expect(event, {kCompleted}));
  const auto found = std::find(completed.begin(), completed.end(), id);
  if (found == completed.end() || compensating != kNoNode) {
    return fail(Code::kDataLoss, "step '{}' has nothing to compensate", path(id));
  }
  completed.erase(found);
  const NodeId made = add_nodes(1);
  Node& node = nodes_[made];
  node.step = *step_of(id).compensate;
  node.frame = nodes_[id].frame;
  node.owner = id;
  node.is_compensation = true;
  compensating = made;
  free(made, at);
  return {};
}

Result<void> State::run_ended(Event& event, std::int64_t at) {
  const auto state = store::run_state_from(json::get_string(event.more, "state"));
  if (!state || !store::is_end(*state)) {
    return fail(Code::kDataLoss, "the journal ends a run without saying how");
  }
  run_state = *state;
  outputs = std::move(event.data);
  failure = std::move(event.text);
  failure_code = std::move(event.code);
  ended_at = at;
  phase = Phase::kEnding;
  return {};
}

FailurePolicy State::policy_of(NodeId node) const { return definition_of(node).on_failure; }

bool State::is_finally(NodeId node) const {
  return finally_ && is_inside(nodes_[node].frame, *finally_);
}

bool State::is_clean_up(NodeId node) const {
  return nodes_[node].is_compensation || is_finally(node);
}

std::string State::frame_prefix(FrameId id) const {
  const Frame& frame = frames_[id];
  if (frame.owner == kNoNode) {
    return finally_ && id == *finally_ ? std::string(kFinally) : std::string();
  }
  std::string prefix = path(frame.owner);
  if (frame.index >= 0) {
    prefix += fmt::format("[{}]", frame.index);
  }
  if (frame.attempt > 1) {
    prefix += fmt::format("#{}", frame.attempt);
  }
  return prefix + ".";
}

std::string State::path(NodeId id) const {
  const Node& node = nodes_[id];
  if (node.is_compensation) {
    return path(node.owner) + std::string(kCompensate);
  }
  std::string text = frame_prefix(node.frame) + definition_of(id).id;
  if (node.child >= 0) {
    text += fmt::format("[{}]", node.child);
  }
  return text;
}

std::optional<NodeId> State::find_in(FrameId frame, std::string_view id) const {
  const auto position = plan_->find(frames_[frame].block, id);
  return position ? std::optional(frames_[frame].first + *position) : std::nullopt;
}

std::optional<NodeId> State::find(std::string_view path) const {
  constexpr std::size_t kLongest = 65'536;  // no block lies so deep
  if (!root_ || path.size() > kLongest) {
    return std::nullopt;
  }
  if (path.ends_with(kCompensate)) {
    const auto owner = find(path.substr(0, path.size() - kCompensate.size()));
    for (NodeId id = static_cast<NodeId>(nodes_.size()); owner && id-- > 0;) {
      if (nodes_[id].is_compensation && nodes_[id].owner == *owner) {
        return id;
      }
    }
  }
  FrameId frame = *root_;
  if (path.starts_with(kFinally) && finally_) {
    frame = *finally_;
    path.remove_prefix(kFinally.size());
  }
  while (true) {
    const std::size_t dot = path.find('.');
    const auto segment = read_segment(path.substr(0, dot));
    auto node = segment ? find_in(frame, segment->id) : std::nullopt;
    if (!node) {
      return std::nullopt;
    }
    std::size_t used = 0;
    if (nodes_[*node].is_fan_out && used < segment->numbers.size()) {
      const auto& children = nodes_[*node].more().children;
      const std::int64_t child = segment->numbers[used++];
      if (child < 0 || child >= static_cast<std::int64_t>(children.size())) {
        return std::nullopt;
      }
      node = children[static_cast<std::size_t>(child)];
    }
    if (dot == std::string_view::npos) {
      return used == segment->numbers.size() && segment->attempt == 1 ? node : std::nullopt;
    }
    const std::int64_t index = used < segment->numbers.size() ? segment->numbers[used++] : -1;
    const auto& frames = nodes_[*node].more().frames;
    const auto found = std::find_if(frames.rbegin(), frames.rend(), [&](FrameId id) {
      return frames_[id].index == index && frames_[id].attempt == segment->attempt;
    });
    if (used != segment->numbers.size() || found == frames.rend()) {
      return std::nullopt;
    }
    frame = *found;
    path.remove_prefix(dot + 1);
  }
}

std::optional<NodeId> State::visible(StepIndex step, FrameId from) const {
  const BlockIndex block = blueprint().step(step).block;
  for (FrameId frame = from; frame != kNoFrame;) {
    if (frames_[frame].block == block) {
      return frames_[frame].first + plan_->position(step);
    }
    const NodeId owner = frames_[frame].owner;
    if (owner == kNoNode) {
      break;
    }
    frame = nodes_[owner].frame;
  }
  if (root_ && block == 0) {
    return frames_[*root_].first + plan_->position(step);
  }
  return std::nullopt;
}

NodeId State::around(StepIndex step, NodeId from) const {
  for (NodeId id = from; id != kNoNode;) {
    const Node& node = nodes_[id];
    if (node.step == step) {
      return id;
    }
    id = node.is_compensation ? node.owner : frames_[node.frame].owner;
  }
  return kNoNode;
}

FrameId State::newest_frame_of(NodeId owner) const {
  const std::vector<FrameId>& frames = node(owner).more().frames;
  return frames.empty() ? kNoFrame : frames.back();
}

void State::find_work() {
  freed.clear();
  closed.clear();
  stirred.clear();
  touched.clear();
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    const Node& node = nodes_[id];
    if (node.state == kReady || (node.state == kPending && node.unmet == 0)) {
      freed.push_back(id);
    } else if (node.is_fan_out && node.state == kRunning) {
      stirred.push_back(id);
    }
  }
  for (FrameId id = 0; id < frames_.size(); ++id) {
    const Frame& frame = frames_[id];
    const bool counts =
        frame.owner == kNoNode || (nodes_[frame.owner].state == kRunning && is_of_attempt(frame) &&
                                   newest_frame_of(frame.owner) == id);
    if (!frame.free && frame.open == 0 && counts) {
      closed.push_back(id);
    }
  }
}

}  // namespace oap::workflow
