#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "store/run_record.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/machine/event.hpp"
#include "workflow/machine/plan.hpp"
#include "workflow/step_runner.hpp"

namespace oap::workflow {

using store::RunState;
using store::StepState;

/// What a running node waits for, where it is not an attempt.
enum class Waits : std::uint8_t { kNothing, kTime, kSignal, kApproval, kChild, kBlocks };

struct GivenVote {
  std::string by;
  bool approve = false;
  json::Value data;
};

/// What few nodes need.
struct NodeExtra {
  std::string error;  ///< also why it was skipped
  std::string error_code;
  json::Value input;
  bool tainted = false;  ///< the input is secret and not kept
  bool has_input = false;
  std::string subject;          ///< signal's name or child run's id
  json::Value items;            ///< of a fan-out or loop
  std::int64_t total = 0;       ///< of a fan-out
  std::int64_t iterations = 0;  ///< of a loop, begun
  std::int64_t begun_at = 0;    ///< the attempt under way, of what no runner does and has a limit
  std::int64_t active = 0;      ///< children that have not ended
  std::int64_t failures = 0;    ///< children that failed and are not tolerated
  std::vector<NodeId> children;
  std::vector<FrameId> frames;  ///< kept ones, oldest first
  std::vector<GivenVote> votes;
  StepUsage usage;
};

/// A step instance.
struct Node {
  StepIndex step = 0;
  FrameId frame = kNoFrame;
  NodeId owner = kNoNode;  ///< the fan-out that it is a child of, or the step that it compensates
  std::int32_t child = -1;
  std::uint32_t unmet = 0;
  NodeId blocked_by = kNoNode;  ///< a need that did not complete
  StepState state = StepState::kPending;
  Waits waits = Waits::kNothing;
  bool is_fan_out = false;
  bool is_compensation = false;
  bool tolerated = false;
  bool failed_upstream = false;
  bool decided = false;  ///< its `if` held: it waits for a place
  bool free = false;     ///< of an iteration that is kept no longer
  std::uint16_t attempts = 0;
  std::uint16_t counted = 0;  ///< attempts that count against max_attempts
  std::uint16_t infra = 0;
  std::int64_t ready_at = 0;  ///< ms since 1970, 0: not yet; so the others
  std::int64_t started_at = 0;
  std::int64_t ended_at = 0;
  std::int64_t due_at = 0;
  json::Value output;
  std::unique_ptr<NodeExtra> extra;

  NodeExtra& more();
  const NodeExtra& more() const;
  bool is_open() const { return !store::is_end(state); }
};

/// One run of a block: iteration 3 of a loop.
struct Frame {
  NodeId owner = kNoNode;
  BlockIndex block = 0;
  std::int64_t index = -1;    ///< of a loop's iteration
  std::uint16_t attempt = 1;  ///< of its owner
  NodeId first = 0;           ///< its nodes lie side by side, in the block's order
  std::uint32_t count = 0;
  std::uint32_t open = 0;
  NodeId failed = kNoNode;  ///< the first that failed and is not tolerated
  bool stopped = false;     ///< nothing new starts in it, nor in frames inside it
  bool cancelled = false;
  bool free = false;
};

/// Everything known of a run: `fold(apply, events)` and nothing else. Values of 16 KB and more are
/// `{"$blob": hash, "size": n}`. Not thread-safe.
class State {
 public:
  /// Nodes of ended loop iterations are kept until there are this many nodes.
  static constexpr std::size_t kKeepNodes = 10'000;
  static constexpr std::int64_t kMostItems = 10'000'000;  ///< of a foreach, matrix or loop
  enum class Phase : std::uint8_t { kMain, kCompensating, kFinally, kEnding };

  explicit State(std::shared_ptr<const Plan> plan);

  /// Total: an event that makes no sense here changes nothing and is kDataLoss.
  Result<void> apply(Event event, WallTime at);

  const Blueprint& blueprint() const { return plan_->blueprint(); }
  const std::shared_ptr<const Plan>& shared_plan() const { return plan_; }
  const BlueprintStep& step_of(NodeId node) const { return blueprint().step(nodes_[node].step); }
  const StepDefinition& definition_of(NodeId node) const { return *step_of(node).definition; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  const Frame& frame(FrameId id) const { return frames_[id]; }
  std::size_t node_count() const { return nodes_.size(); }
  std::size_t frame_count() const { return frames_.size(); }
  const std::optional<FrameId>& finally_frame() const { return finally_; }

  /// "loop[3].body", "each[17]", "finally.notify", "book.compensate"; inside the second attempt of
  /// a block "group#2.body", "loop[3]#2.body".
  std::string path(NodeId node) const;
  std::optional<NodeId> find(std::string_view path) const;
  /// The instance of a step that is seen from a frame, looking outwards.
  std::optional<NodeId> visible(StepIndex step, FrameId from) const;
  /// The fan-out child or loop around (or at) the node whose step is this one; kNoNode.
  NodeId around(StepIndex step, NodeId from) const;
  /// What becomes of a step's failure.
  FailurePolicy policy_of(NodeId node) const;
  /// A child of a fan-out: its failure is the fan-out's to judge.
  bool is_child(NodeId node) const { return nodes_[node].child >= 0; }
  /// Nothing new may start where the node is.
  bool is_stopped(NodeId node) const;
  /// `if: failure()` and the like, and a need of it failed: it runs although `fail_fast` stops.
  bool deals_with_failure(NodeId node) const;
  bool is_finally(NodeId node) const;
  /// Whether the frame is of what its owner does now, not of an earlier attempt.
  bool is_of_attempt(const Frame& frame) const;
  /// Part of `finally` or a compensation: goes on where the run stops.
  bool is_clean_up(NodeId node) const;
  bool completed_or_tolerated(const Node& node) const {
    return node.state == StepState::kCompleted || node.tolerated;
  }

  // Of the run. Read freely; only apply() writes.
  RunState run_state = RunState::kPending;
  Phase phase = Phase::kMain;
  bool paused = false;
  bool over_budget = false;
  bool cancelling = false;
  bool forced = false;  ///< cancelled again: clean-up ends as well
  bool time_up = false;
  std::string stop_reason;        ///< why nothing new starts, "" where it does
  NodeId compensating = kNoNode;  ///< the compensation under way
  std::string failure;            ///< of the run, for a person
  std::string failure_code;
  json::Object inputs;
  json::Object variables;
  json::Value outputs;
  json::Object started;  ///< `more` of kRunStarted: definitions, timeout_ms, budget, …
  Budget budget;
  StepUsage usage;
  std::int64_t started_at = 0;
  std::int64_t ended_at = 0;
  std::int64_t epochs = 0;    ///< times it was resumed
  std::uint32_t running = 0;  ///< nodes with an attempt under way
  std::map<std::string, std::deque<json::Value>, std::less<>> signals;  ///< not waited for yet
  std::vector<NodeId> completed;  ///< with a compensation, in order of completion
  std::vector<NodeId> waiting;    ///< running without an attempt, or unknown
  std::int64_t events = 0;        ///< applied

  // What apply() brought about since this was emptied: for who decides.
  std::vector<NodeId> freed;    ///< their last need ended
  std::vector<FrameId> closed;  ///< their last step ended
  std::vector<NodeId> stirred;  ///< fan-outs of which a child ended
  std::vector<NodeId> touched;  ///< changed their state
  bool tracking = true;

  json::Value to_json() const;
  static Result<State> from_json(const json::Value& value, std::shared_ptr<const Plan> plan);
  /// Fills `freed` and `closed` with all that is open: after a replay.
  void find_work();

 private:
  friend class StateCodec;
  friend class StateCheck;
  Node& mutable_node(NodeId id) { return nodes_[id]; }
  /// The iteration that a loop is in; older ones are kept for show only.
  FrameId newest_frame_of(NodeId owner) const;
  Result<void> dispatch(Event& event, std::int64_t at);
  /// The event's node, where it is in one of the states.
  Result<NodeId> expect(const Event& event, std::initializer_list<StepState> states) const;
  FrameId open_frame(NodeId owner, BlockIndex block, std::int64_t index);
  NodeId add_nodes(std::uint32_t count);
  NodeId add_child();
  void release_frame(FrameId id);
  void release_node(NodeId id);
  void trim_iterations(NodeExtra& more);
  void touch(NodeId id);
  void free(NodeId id, std::int64_t at);
  void end_node(NodeId id, StepState state, std::int64_t at);
  void count_down(NodeId id, std::int64_t at);
  void leave_running(NodeId id);
  void stop_waiting(NodeId id);
  void begin_again(NodeId id);
  void note_failure(NodeId id);
  void add_usage(NodeId id, const Event& event);
  void set_error(NodeId id, Event& event);
  bool is_inside(FrameId frame, FrameId outer) const;
  /// Ends what has not begun in a frame and those inside it.
  void stop_frame(FrameId frame, const std::string& why, std::int64_t at);
  /// Ends all that has not begun or only waits: in the main part, with `all` also in clean-up.
  void cancel_open(const std::string& why, bool all, std::int64_t at);
  std::string frame_prefix(FrameId id) const;
  std::optional<NodeId> find_in(FrameId frame, std::string_view segment) const;

  Result<void> run_started(Event& event, std::int64_t at);
  Result<void> import(Event& event, std::int64_t at);
  Result<void> ready(Event& event, std::int64_t at);
  Result<void> start(Event& event, std::int64_t at);
  Result<void> open(Event& event, std::int64_t at);
  Result<void> spawn(Event& event, std::int64_t at);
  Result<void> iterate(Event& event, std::int64_t at);
  Result<void> branch(Event& event, std::int64_t at);
  Result<void> vote(Event& event, std::int64_t at);
  Result<void> complete(Event& event, std::int64_t at);
  Result<void> retry(Event& event, std::int64_t at);
  Result<void> fail_step(Event& event, std::int64_t at);
  Result<void> skip(Event& event, std::int64_t at);
  Result<void> cancel_step(Event& event, std::int64_t at);
  Result<void> unknown(Event& event, std::int64_t at);
  Result<void> signal(Event& event, std::int64_t at);
  Result<void> resumed(Event& event, std::int64_t at);
  Result<void> pause(Event& event, std::int64_t at);
  Result<void> unpause(Event& event, std::int64_t at);
  Result<void> cancel(Event& event, std::int64_t at);
  Result<void> time_is_up(Event& event, std::int64_t at);
  Result<void> enter_phase(Event& event, std::int64_t at);
  Result<void> compensate(Event& event, std::int64_t at);
  Result<void> run_ended(Event& event, std::int64_t at);

  std::shared_ptr<const Plan> plan_;
  std::vector<Node> nodes_;
  std::vector<Frame> frames_;
  std::map<BlockIndex, std::vector<FrameId>> spare_;  ///< released frames, by block
  std::vector<NodeId> spare_children_;                ///< released children of fan-outs
  std::optional<FrameId> root_;
  std::optional<FrameId> finally_;
};

bool is_attempt(const StepDefinition& step);  ///< tool, agent or script: the runner does it
json::Object usage_json(const StepUsage& usage);

}  // namespace oap::workflow
