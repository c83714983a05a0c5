#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <variant>
#include <vector>

#include "store/run_repository.hpp"
#include "workflow/machine/host.hpp"
#include "workflow/machine/scope.hpp"
#include "workflow/machine/state.hpp"

namespace oap::workflow {

// What a Machine wants done.

struct RunAttempt {
  NodeId node = kNoNode;
  std::string path;
  int attempt = 1;
  json::Value input;
  bool tainted = false;
  json::Array secrets;              ///< what of the input is secret
  std::optional<Millis> time;       ///< until it must have ended
  std::optional<Millis> heartbeat;  ///< longest silence
  Budget budget;                    ///< what is left
  bool ask_first = false;           ///< it may have run before a crash: ask the tool, do not run it
};
struct StopAttempt {
  NodeId node = kNoNode;
  bool forget = false;  ///< what it ends with matters no more
};
struct StartChild {
  NodeId node = kNoNode;
  std::string path;
  std::string run_id;
  std::string workflow;
  json::Object inputs;
  std::optional<Millis> timeout;
  Budget budget;
  bool again = false;            ///< wanted before a crash: it may be there already
  std::optional<Error> problem;  ///< why `inputs` could not be had again
};
struct TakeGroup {
  NodeId node = kNoNode;
  std::string path;
  std::string group;
};
using Command = std::variant<RunAttempt, StopAttempt, StartChild, TakeGroup>;

/// A turn's outcome: what is to be written, then what is to be done.
struct Outbox {
  std::string events;  ///< JSON array; empty: nothing happened
  std::vector<store::HashedText> blobs;
  std::vector<std::string> taken;
  std::vector<std::string> released_groups;  ///< paths of steps that hold none any more
  std::vector<store::HashedText> memos;
  std::vector<store::Order> orders;  ///< for the parent and for children
  std::optional<store::RunChange> change;
  std::vector<Command> commands;
  std::vector<NodeId> touched;  ///< whose state changed
  /// Some command must not be done before the events are durable.
  bool must_be_durable = false;
};

/// A step whose result a fork keeps.
struct Import {
  std::string id;
  json::Value output;
  json::Object variables;  ///< that it had set
};

/// What a new run begins with.
struct Beginning {
  json::Object inputs;
  json::Object more;  ///< of kRunStarted: definitions, timeout_ms, budget, variables, parent, …
  std::vector<Import> imports;
};

/// One run as a pure state machine: it is told what happened, decides, and says what is to be
/// written and done. Not thread-safe; the host must outlive it.
class Machine {
 public:
  struct Options {
    int infrastructure_retries = 2;
    std::size_t blob_bytes = 16'384;     ///< values of at least this size are blobs
    std::int64_t turn_events = 2'000;    ///< about so many are decided in one turn
    std::size_t most_steps = 1'500'000;  ///< of one run, each of a foreach, matrix and loop counted
  };
  Machine(Identity identity, std::shared_ptr<const Plan> plan, Host& host, Options options);

  // How a Machine comes to its state: one of these.
  void begin(Beginning beginning, WallTime now);
  Result<void> restore(const store::Snapshot& snapshot);
  Result<void> replay(const store::EventRow& row);

  /// After a replay by a new owner: decides about what was under way.
  void recover(const std::string& owner, WallTime now);

  // What happens. Each may be late: what makes no sense any more changes nothing.
  void attempt_ended(NodeId node, int attempt, Result<StepResult> result, WallTime now);
  /// What the tool says about a call before a crash (RunAttempt::ask_first).
  void asked(NodeId node, Result<std::optional<StepResult>> answer, WallTime now);
  void order(const store::Order& order, WallTime now);
  void group_answer(NodeId node, const std::string& path, bool granted);
  /// Groups that others held may be free now.
  void ask_groups_again() { refused_.clear(); }
  void child_refused(NodeId node, const Error& error, WallTime now);
  /// The attempt was not begun after all: it costs nothing and is begun again when there is a
  /// place.
  void not_begun(NodeId node, int attempt, WallTime now);
  void tick(WallTime now);

  /// Decides all that follows.
  void advance(WallTime now);
  Outbox take();

  const State& state() const { return state_; }
  const Identity& identity() const { return identity_; }
  /// The run stops around the node: what it does may end, and is not begun again.
  bool stops(NodeId node) const;
  bool is_over() const { return store::is_end(state_.run_state); }
  /// Attempts, questions to tools and groups that it waits for.
  bool is_busy() const { return state_.running > 0 || groups_asked_ > 0 || !refused_.empty(); }
  /// Steps that could start if there were places for them.
  bool wants_places() const { return wants_places_; }
  std::optional<WallTime> next_due();
  std::string waits_for() const;
  /// A defect or damaged journal, which ends the work on this run.
  const std::optional<Error>& broken() const { return broken_; }
  bool wants_snapshot() const;
  std::string snapshot();

 private:
  enum class Due : std::uint8_t { kStep, kQueue, kAttempt, kTotal, kRun };
  struct Timer {
    std::int64_t at = 0;
    NodeId node = kNoNode;
    Due due = Due::kStep;
    bool operator<(const Timer& other) const { return at > other.at; }  // earliest on top
  };

  // machine.cpp
  void emit(Event event);
  void recover_attempt(NodeId node);
  void recover_child(NodeId node);
  void release_groups();
  std::string externalize(json::Value& value);
  bool is_due(const Timer& timer) const;
  /// A value as it was before it became a blob.
  Result<json::Value> plain(const json::Value& value);
  void set_timers(NodeId node);
  void fire(const Timer& timer);
  RunScope scope(NodeId node) { return RunScope(state_, identity_, host_, node); }

  // decide.cpp
  void decide(NodeId node);
  bool decide_condition(NodeId node);
  void enter(NodeId node);
  void enter_condition(NodeId node);
  void enter_approval(NodeId node);
  void enter_wait(NodeId node);
  void enter_child(NodeId node);
  void queue(NodeId node);
  void start_queued();
  bool start(NodeId node);
  bool take_group(NodeId node);
  bool within_budget(NodeId node);
  bool give_attempt(NodeId node, const Rendered& input);
  Budget budget_left(NodeId node) const;
  std::optional<Millis> time_for(NodeId node) const;
  /// Whether the run may have so many more steps; if not, the step has failed.
  bool has_room(NodeId node, std::size_t more);

  // blocks.cpp
  void open_fan_out(NodeId node);
  Result<json::Array> fan_out_items(NodeId node);
  Result<json::Array> matrix_items(NodeId node);
  void feed(NodeId fan_out);
  void finish_fan_out(NodeId node);
  void enter_loop(NodeId node);
  void next_iteration(NodeId node);
  void close_frame(FrameId frame);
  void close_iteration(NodeId loop);
  void fail_block(NodeId node, NodeId because);
  void next_clean_up();
  void enter_phase(std::string_view phase);
  void end_run();
  void tell_parent(const Event& ended, RunState state);
  Result<json::Object> run_outputs();
  Result<json::Object> outputs_of(FrameId frame);
  void cancel_node(NodeId node, const std::string& why);
  void cancel_inside(NodeId node, const std::string& why);

  // outcome.cpp
  void finish(NodeId node, json::Value result, const StepUsage& usage, std::string signal = {});
  Result<json::Value> shape(NodeId node, const json::Value& result, json::Object& vars);
  void settle_failure(NodeId node, const Result<StepResult>& outcome);
  /// Of a block or child run: another attempt where `retry` allows one.
  void fail_body(NodeId node, std::string error, std::string code, const StepUsage& usage = {});
  void time_out(NodeId node);
  bool may_retry(NodeId node, const Result<StepResult>& outcome) const;
  bool is_for_free(const Node& node, const Result<StepResult>& outcome) const;
  void retry(NodeId node, const Result<StepResult>& outcome);
  void doubt(NodeId node, std::string why);
  void fail_node(NodeId node, std::string error, std::string code, json::Value output = nullptr,
                 const StepUsage& usage = {});
  std::optional<store::HashedText> memo_of(NodeId node, const StepResult& result);

  // orders.cpp
  void take_signal(const json::Object& body);
  void take_vote(const json::Object& body);
  void take_resolution(const json::Object& body);
  void take_child_end(const json::Object& body);
  void take_cancel(const json::Object& body);
  void take_pause(const json::Object& body);
  void take_unpause(const json::Object& body);
  void count_votes(NodeId node);
  void stop_attempts(bool clean_up);
  void stop_children(std::string_view by);
  void tell_children(const json::Object& body);
  /// In the turn that decides it, so that no crash comes between the two.
  void cancel_child(NodeId node, std::string_view by);

  Identity identity_;
  State state_;
  Host& host_;
  Options options_;
  Outbox out_;
  WallTime now_;
  std::deque<NodeId> queue_;  ///< may start when there is a place
  std::priority_queue<Timer> timers_;
  bool has_groups_ = false;
  std::size_t seen_touched_ = 0;  ///< of state_.touched, by release_groups
  std::vector<NodeId> granted_;
  std::size_t groups_asked_ = 0;
  std::vector<NodeId> asking_;    ///< group questions under way
  std::vector<NodeId> refused_;   ///< they wait for their group
  std::int64_t snapshot_at_ = 0;  ///< events at the last snapshot
  bool wants_places_ = false;
  std::string shown_waits_;
  RunState shown_state_ = RunState::kPending;
  std::optional<Error> broken_;
};

/// The body of an order that cancels, as JSON. Unlike a person's, it may come twice: a run that is
/// being cancelled already goes on with its clean-up, unless `forced`.
std::string cancel_body(std::string_view by, bool forced = false);

/// What is wrong with the value, "" where nothing is. Pure.
std::string schema_problem(const json::Value& schema, const json::Value& value);
/// Under which a pure step's output is remembered. Pure.
std::string memo_key(const StepDefinition& step, const json::Value& input);

/// When a wait that begins now ends. kInvalidArgument.
Result<WallTime> due_after(const json::Value& duration, WallTime now);
Result<WallTime> due_at(const json::Value& rfc3339);

}  // namespace oap::workflow
