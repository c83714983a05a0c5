#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/branch.hpp"
#include "async/event.hpp"
#include "async/promise.hpp"
#include "workflow/engine.hpp"
#include "workflow/engine/admission.hpp"
#include "workflow/engine/blob_cache.hpp"
#include "workflow/engine/journal_thread.hpp"
#include "workflow/engine/owner.hpp"
#include "workflow/machine/machine.hpp"

namespace oap::workflow {

struct LiveRun;

/// An attempt under way.
struct LiveAttempt {
  NodeId node = kNoNode;
  int number = 1;
  std::string place;
  bool forgotten = false;  ///< what it ends with matters no more
  bool silent = false;     ///< its heartbeat stopped
  Millis heartbeat{0};
  std::shared_ptr<std::atomic<std::int64_t>> beat;  ///< steady ms; shared with the runner
  std::optional<async::Branch> branch;
};

using WaitPromise = async::Promise<Result<RunResult>>;
using Plans = std::map<std::string, std::shared_ptr<const Plan>, std::less<>>;

/// Adds the owners on this machine that are dead, whatever their leases say.
Result<void> name_the_dead(store::RunRepository& runs, store::Claim& claim);

/// What an Engine is. Held also by what it waits for, so that destroying the Engine is safe at any
/// time: then everything here ends at its next turn.
class Engine::Body : public std::enable_shared_from_this<Body> {
 public:
  Body(Executor executor, store::RunRepository& runs, StepRunner& runner, const Clock& clock,
       Options options);

  // engine.cpp
  void open();
  void abandon();
  Task<Result<std::string>> start(StartRequest request);
  Task<Result<RunResult>> wait(std::string run_id, Deadline deadline);
  Task<Result<RunResult>> run(StartRequest request, Observer observer);
  Task<void> close(Deadline deadline);

  // orders.cpp
  Task<Result<void>> post(std::string run_id, json::Object body);
  Task<Result<void>> approve(std::string run_id, std::string step, Vote vote);
  Task<Result<void>> check_vote(std::string run_id, std::string step, int quorum, Vote vote);
  Task<Result<void>> resolve(std::string run_id, std::string step, Resolution resolution);
  void deliver(store::Order order);

  // claims.cpp
  Task<Result<std::string>> resume(std::string run_id);
  /// `due`: its timer has fired.
  void wake(const std::string& run_id, bool due = false);

  // resuming.cpp
  Task<Result<std::vector<std::string>>> resume_all();
  Task<Result<std::vector<std::string>>> asleep(WallTime now);
  Task<std::vector<std::string>> take_up_above(std::string id);
  void look_around();

  // reading.cpp
  Task<Result<RunResult>> show(std::string run_id);
  Task<Result<std::shared_ptr<const Blueprint>>> definition(std::string run_id);
  Task<Result<std::string>> fork(ForkRequest request);
  Result<void> open_inputs(LiveRun& origin, const json::Object& replaced, json::Object& inputs);
  Result<std::vector<Import>> kept_by(const ForkRequest& request, LiveRun& origin,
                                      const std::vector<store::EventRow>& events);

  std::shared_ptr<void> observe(std::string run_id, Observer observer);
  std::size_t live() const { return live_.size(); }
  const std::string& owner() const { return owner_.text(); }

 private:
  friend struct LiveRun;
  static constexpr int kGate = -1;    ///< a Due: ask for the whole run's group again
  static constexpr int kGroups = -2;  ///< a Due: ask for steps' groups again
  struct Due {
    SteadyTime at;
    std::string run_id;
    NodeId node = kNoNode;  ///< of a heartbeat; kNoNode: the run's own timers
    int attempt = 0;        ///< of a heartbeat; else kGate, kGroups or 0
    std::int64_t wall = 0;  ///< of the run's own: when it is due
    bool operator<(const Due& other) const { return at > other.at; }
  };
  struct Watcher {
    std::string run_id;
    Observer observer;
  };
  struct Loaded {
    store::RunRecord record;
    std::optional<store::Snapshot> snapshot;
    std::vector<store::EventRow> events;
    std::vector<store::Order> orders;
    std::map<std::string, std::string> definitions;  ///< by hash
    std::optional<WallTime> floor;  ///< it is due, whatever this engine's clock says
  };

  // driving.cpp
  WallTime now() const;
  void mark(const std::shared_ptr<LiveRun>& run);
  void drain();
  void pump(const std::shared_ptr<LiveRun>& run);
  void commit(const std::shared_ptr<LiveRun>& run, WallTime at);
  void committed(const std::shared_ptr<LiveRun>& run, Result<store::TurnDone> done);
  void execute(const std::shared_ptr<LiveRun>& run, std::vector<Command> commands);
  void report(LiveRun& run, const std::vector<NodeId>& touched);
  void rest(const std::shared_ptr<LiveRun>& run);
  void park(const std::shared_ptr<LiveRun>& run, std::optional<WallTime> due);
  void finish(const std::shared_ptr<LiveRun>& run);
  void let_go(const std::shared_ptr<LiveRun>& run, Error error);
  void forget(const LiveRun& run);
  void answer(const std::string& run_id, const Result<RunResult>& result);
  void set_timer(const std::shared_ptr<LiveRun>& run);

  // attempts.cpp
  void begin_attempt(const std::shared_ptr<LiveRun>& run, RunAttempt what);
  void withdraw(const std::shared_ptr<LiveRun>& run, const RunAttempt& what);
  void stop_attempt(LiveRun& run, const StopAttempt& what);
  void start_child(const std::shared_ptr<LiveRun>& run, StartChild what);
  void take_group(const std::shared_ptr<LiveRun>& run, TakeGroup what);
  void begin_child(const std::shared_ptr<LiveRun>& run, StartChild what);
  void find_child(const std::shared_ptr<LiveRun>& run, StartChild what);
  void refuse_child(const std::shared_ptr<LiveRun>& run, NodeId node, const Error& error);
  void tell_run(const std::string& run_id, std::string body);
  /// Attempts that will not be begun leave their places.
  void give_places_back(const LiveRun& run, const std::vector<Command>& commands);
  void attempt_ended(const std::shared_ptr<LiveRun>& run,
                     const std::shared_ptr<LiveAttempt>& attempt, Result<StepResult> result);
  static Task<void> attempt(std::shared_ptr<Body> body, std::shared_ptr<LiveRun> run,
                            std::shared_ptr<LiveAttempt> attempt, StepRequest request,
                            std::optional<Millis> time, bool ask_first);
  static Task<Result<StepResult>> perform(std::shared_ptr<Body> body, StepRequest request,
                                          std::optional<Millis> time);
  Task<std::optional<json::Value>> remembered(std::string key);
  void check_heartbeat(const Due& due);
  void offer_places();
  void ask_for_groups();

  // starting.cpp
  struct Prepared {
    store::NewRun fresh;
    std::shared_ptr<LiveRun> run;
    Outbox out;
  };
  Result<Prepared> prepare(StartRequest request, json::Object more, std::vector<Import> imports);
  void launch(Prepared prepared, std::function<void(Result<void>)> done);
  void gate(const std::shared_ptr<LiveRun>& run);
  void held_by(const std::shared_ptr<LiveRun>& run, const std::string& holder, bool is_left);
  std::shared_ptr<const Plan> plan_of(std::shared_ptr<const Blueprint> blueprint);
  Result<std::shared_ptr<const Plan>> compile(const std::string& hash, const std::string& text);

  // claims.cpp
  static void set_floor(Loaded& loaded, WallTime now);
  /// With `whole`: all events, whatever snapshot there is.
  static Result<Loaded> load(store::RunRepository& runs, store::RunRecord record,
                             bool whole = false);
  /// Of a run that was just claimed: where it cannot be read it belongs to nobody afterwards.
  static Result<Loaded> load_claimed(store::RunRepository& runs, store::RunRecord record,
                                     WallTime now);
  Result<void> take_up(Loaded loaded);
  Result<std::shared_ptr<LiveRun>> revive(Loaded& loaded);
  Result<std::shared_ptr<LiveRun>> replay(const Loaded& loaded, std::shared_ptr<const Plan> plan);
  void give_up(const store::RunRecord& record, std::optional<WallTime> wake_at);
  store::Claim claim_now() const;

  // keeping.cpp
  static Task<void> keep_time(std::shared_ptr<Body> body);
  void begin_polling();
  void renew();
  void release_abandoned();
  void fire_due();
  void look_at_others();
  static Task<void> look_at(std::shared_ptr<Body> body, std::string run_id);

  json::Value resolved(LiveRun& run, const json::Value& value);

  /// Asks the store on the journal's thread; T is a Result.
  template <class T>
  Task<T> ask(std::function<T(store::RunRepository&)> question);
  Task<bool> ask_plainly(std::function<bool(store::RunRepository&)> question);

  Executor executor_;
  store::RunRepository& store_;
  StepRunner& runner_;
  const Clock& clock_;
  Options options_;
  OwnerName owner_;
  WallTime wall_base_;
  SteadyTime steady_base_;
  std::unique_ptr<JournalThread> journal_;
  Admission admission_;
  BlobCache blobs_;
  std::mt19937_64 random_;
  async::Event wake_;
  std::optional<async::Branch> keeper_;
  bool opened_ = false;
  bool closing_ = false;
  bool gone_ = false;
  std::unordered_map<std::string, std::shared_ptr<LiveRun>> live_;
  std::vector<std::shared_ptr<LiveRun>> marked_;
  bool draining_ = false;
  std::unordered_map<std::string, std::vector<WaitPromise>> waiting_;
  std::set<std::string> parked_;                          ///< by this engine: it wakes them
  std::map<std::string, bool> loading_;                   ///< true: an order came meanwhile
  std::map<std::string, std::deque<std::string>> wants_;  ///< by place: runs, longest first
  std::set<std::string> wants_groups_;
  std::map<std::string, store::Turn> abandoned_;  ///< turns that give up the ownership
  std::priority_queue<Due> due_;
  std::map<std::string, async::Branch> looking_;  ///< at runs of others that somebody waits for
  SteadyTime looked_;
  std::list<Watcher> watchers_;
  Plans plans_;  ///< by hash
  SteadyTime renewed_;
  std::int64_t seen_changes_ = -1;  // of the journal thread
};

/// A run in memory.
struct LiveRun final : public Host {
  LiveRun(Engine::Body& engine, Identity identity, std::shared_ptr<const Plan> plan,
          Machine::Options options)
      : engine(engine), machine(std::move(identity), std::move(plan), *this, options) {}

  bool admit(const StepDefinition& step) override;
  double draw() override;
  std::optional<std::string> secret(std::string_view name) override;
  Result<json::Value> open_input(const json::Value& sealed, std::string_view name) override;
  Result<std::shared_ptr<const json::Value>> blob(const std::string& hash) override;
  void made_blob(const std::string& hash, json::Value value) override;
  std::string new_run_id() override;

  Engine::Body& engine;
  Machine machine;
  std::int64_t epoch = 1;
  std::int64_t seq = 0;
  std::string head;
  std::string group;   ///< of the whole run, "" for none
  bool gated = false;  ///< it waits for the group
  bool cancels_other = false;
  std::string cancelled;  ///< the run of its group that it has cancelled
  std::string waits;      ///< what the store says that it waits for, while it is gated
  bool in_flight = false;
  bool marked = false;
  bool gone = false;
  bool parking = false;
  std::vector<Command> after_commit;
  std::vector<NodeId> touched;
  std::vector<store::Order> orders;  ///< for parent and children, in flight
  bool freed_groups = false;
  int children_coming = 0;  ///< looked for or being made: what comes of it is to be heard
  std::vector<std::function<void(Machine&, WallTime)>> happened;
  std::map<NodeId, std::shared_ptr<LiveAttempt>> attempts;
  std::set<std::string> seen;    ///< orders taken in
  std::set<std::string> wanted;  ///< places that it waits for
  std::map<std::string, std::shared_ptr<const json::Value>> fresh_blobs;  ///< not yet in the store
  Plans subworkflows;
  WallTime now_floor;
  std::optional<std::int64_t> timer;  ///< the due time that a timer is set for
};

template <class T>
Task<T> Engine::Body::ask(std::function<T(store::RunRepository&)> question) {
  async::Promise<T> answer;
  journal_->call([question = std::move(question), answer](store::RunRepository& runs) {
    auto value = std::make_shared<T>(question(runs));
    return [value, answer]() mutable { answer.set(std::move(*value)); };
  });
  const Deadline never = Deadline::never();
  Result<T> value = co_await answer.get(never);
  if (!value) {
    co_return fail(std::move(value).error());
  }
  co_return *std::move(value);
}

}  // namespace oap::workflow
