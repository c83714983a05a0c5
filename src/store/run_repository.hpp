#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/run_record.hpp"

namespace oap::store {

/// A text kept by its hash.
struct HashedText {
  std::string hash;  ///< sha256 hex of `text`
  std::string text;
};

/// Something that a run is told from outside. Kept until the turn that takes it in.
struct Order {
  std::string id;  ///< evt_…
  std::string run_id;
  WallTime at;
  std::string body;  ///< JSON
};

struct NewRun {
  RunRecord run;                        ///< with `owner` it belongs to it at once
  std::vector<HashedText> definitions;  ///< the run's own first; kept once
  std::string events;                   ///< JSON array: the first turn, seq 1
  std::vector<HashedText> blobs;
};

/// What a turn changes in the run's row, besides its newest event.
struct RunChange {
  RunState state = RunState::kRunning;  ///< an end lets the lease go
  std::string waits_for;
  json::Value outputs;
  std::string error;
  std::string error_code;
};

/// One turn of one run: all of it becomes durable, or nothing. `epoch`, `seq` and `head` are what
/// the owner holds for the run's newest; where they are not, the turn is refused.
struct Turn {
  std::string run_id;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  std::string head;
  WallTime at;
  std::string events;  ///< JSON array; empty: nothing is appended
  std::optional<RunChange> change;
  std::vector<HashedText> blobs;
  std::string snapshot;                      ///< the state after this turn; empty: none
  std::vector<std::string> taken;            ///< orders that are in `events` now
  std::vector<Order> orders;                 ///< for other runs; for one that is not open: dropped
  std::vector<std::string> released_groups;  ///< steps of this run that hold no group any more
  std::vector<HashedText> memos;             ///< key and output
  bool lets_go = false;                      ///< nobody owns the run after this
  std::optional<WallTime> wake_at;           ///< with `lets_go`: when it wants to be claimed again
};

struct TurnDone {
  std::int64_t seq = 0;
  std::string head;
};

/// In the order of what was given.
struct Written {
  std::vector<Result<TurnDone>> runs;
  std::vector<Result<TurnDone>> turns;
};

struct GroupHolder {
  std::string run_id;
  std::string step;
};

struct EventRow {
  std::int64_t seq = 0;
  WallTime at;
  std::int64_t epoch = 0;
  std::string body;
  std::string hash;  ///< 32 bytes
};

struct Snapshot {
  std::int64_t seq = 0;
  std::string body;
};

struct OwnerRecord {
  std::string name;
  WallTime lease_until;
};

/// Which open runs are to be taken: those whose owner's lease has run out or was never there, those
/// of `dead` owners, and (`due`) those that nobody owns and whose `wake_at` has come.
struct Claim {
  std::string owner;
  WallTime now;
  std::vector<std::string> dead;  ///< owners of which the caller knows that they are
  bool due = true;
  std::size_t limit = 1'000;
};

struct RunFilter {
  std::string id_prefix;
  std::string task_id;
  std::string workflow_id;
  std::string parent_run;
  std::optional<RunState> state;
  bool open_only = false;
  std::string before;  ///< only ids that sort before it: the next page
  std::size_t limit = 100;
};

struct ChainReport {
  bool intact = true;
  std::int64_t events = 0;
  std::string problem;  ///< what is wrong where, for a person; also "not chained" of the first form
};

struct Purged {
  std::int64_t runs = 0;
  std::int64_t blobs = 0;
};

/// Workflow runs of one tenant as journals. Synchronous and thread-safe; every call is one durable
/// transaction. An append-only, hash-chained list of events is the truth about a run; its row says
/// who owns it and what lists show.
///
/// Every write of an owner is fenced in the statement that moves the run's row, by epoch and newest
/// event: who is no longer the owner gets kFailedPrecondition and has changed nothing, whatever its
/// clock says. hash(n) = sha256(hash(n-1) ‖ seq ‖ at in ms ‖ epoch, 8 bytes each, big endian ‖
/// body); hash(0) = sha256("oap.run/1" ‖ run id ‖ 0 ‖ definition hash).
class RunRepository {
 public:
  virtual ~RunRepository() = default;

  /// New runs and turns of runs in one transaction (group commit), each by itself: an id that
  /// exists (kAlreadyExists) or a fenced turn (kFailedPrecondition) fails alone and has changed
  /// nothing; a failure of the store fails all.
  virtual Written write(std::span<const NewRun> runs, std::span<const Turn> turns) = 0;

  /// Makes the caller the owner; the record's `wake_at` is what it was before. kNotFound;
  /// kFailedPrecondition where the run has ended, or another owner's lease runs and it is not among
  /// the dead.
  virtual Result<RunRecord> claim(const std::string& run_id, const Claim& claim) = 0;
  /// The same for every open run that `claim` describes; oldest first.
  virtual Result<std::vector<RunRecord>> claim_all(const Claim& claim) = 0;
  /// Begins or renews the lease of all of an owner's runs.
  virtual Result<void> renew(const std::string& owner, WallTime until) = 0;
  /// Ends it. Runs that it still has can be claimed at once.
  virtual Result<void> forget(const std::string& owner) = 0;
  virtual Result<std::vector<OwnerRecord>> owners() = 0;
  /// Ids of runs that nobody owns and whose `wake_at` has come, at most 1,000.
  virtual Result<std::vector<std::string>> due(WallTime now) = 0;

  /// Puts an order down for a run; one that sleeps unowned becomes due. kNotFound;
  /// kFailedPrecondition where it has ended.
  virtual Result<void> post(const Order& order) = 0;
  /// Orders for the runs of an owner, oldest first, at most 1,000.
  virtual Result<std::vector<Order>> orders(const std::string& owner) = 0;
  virtual Result<std::vector<Order>> orders_of(const std::string& run_id) = 0;
  /// Another number than before if another process (or connection) may have written anything since.
  /// Cheap.
  virtual Result<std::int64_t> changes() = 0;

  virtual Result<RunRecord> find(const std::string& run_id) = 0;
  /// The one id that begins with `prefix`, with or without "run_". kNotFound; kInvalidArgument
  /// where there are several.
  virtual Result<std::string> resolve(const std::string& prefix) = 0;
  /// Newest first.
  virtual Result<std::vector<RunRecord>> list(const RunFilter& filter) = 0;
  /// Events after number `after`, rising, at most `limit`.
  virtual Result<std::vector<EventRow>> events(const std::string& run_id, std::int64_t after,
                                               std::size_t limit) = 0;
  virtual Result<std::optional<Snapshot>> snapshot(const std::string& run_id) = 0;
  /// kNotFound.
  virtual Result<std::string> definition(const std::string& hash) = 0;
  virtual Result<std::string> blob(const std::string& hash) = 0;
  virtual Result<std::optional<std::string>> memo(const std::string& key) = 0;

  /// Takes a concurrency group for a step of an open run ("" for the run itself). Who holds it now:
  /// the caller where it was free or his already. A run that has ended holds nothing.
  virtual Result<GroupHolder> take_group(const std::string& name, const std::string& run_id,
                                         const std::string& step) = 0;

  /// Holds every event against its hash and the last against the run's row.
  virtual Result<ChainReport> verify(const std::string& run_id) = 0;
  /// Removes runs that ended before `before`, and blobs, definitions and memos that nothing uses
  /// (memos: older than that).
  virtual Result<Purged> purge(WallTime before) = 0;

  /// `write` of one.
  Result<TurnDone> create_one(const NewRun& run);
  Result<TurnDone> commit_one(const Turn& turn);
};

/// The chain's arithmetic, for any engine. Pure.
std::string chain_start(const std::string& run_id, const std::string& definition_hash);
std::string chain_next(const std::string& head, const EventRow& event);

}  // namespace oap::store
