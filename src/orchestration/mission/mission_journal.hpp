#pragma once

#include <string>
#include <vector>

#include "orchestration/mission/completion.hpp"
#include "orchestration/mission/delegation.hpp"
#include "orchestration/mission/machine.hpp"
#include "store/mission_repository.hpp"

namespace oap::orchestration {

/// What of a mission outlives its process, beside its events. Data.
struct MissionBody {
  MissionStatus status;
  MissionLimits limits;
  Usage usage;
  std::int64_t tool_calls = 0;
  Millis active{0};
  std::string plan_folder;  ///< relative to the workspace
  std::string tree_at_start;
  bool plan_only = false;
  std::string content;
  bool changed_programs = false;            ///< since the start
  std::vector<std::string> dropped;         ///< what left the plan while it was open
  std::vector<std::string> weakened;        ///< checks that were replaced or taken away
  std::vector<std::string> in_doubt;        ///< told of already
  std::vector<std::string> in_doubt_calls;  ///< their ids
};
json::Object to_json(const MissionBody& body);
MissionBody body_from_json(const json::Object& object);

/// What `to_json` of a usage made. Pure.
Usage usage_from_json(const json::Value& value);

/// What is noted between two durable writes (`session::UsageNote`), and taken from there by who
/// goes on after a kill. A note of an earlier state than the body's counts for nothing.
json::Object note_of(const Usage& usage, std::int64_t tool_calls, Millis active);
void take_note(MissionBody& body, const json::Object& note);
std::string note_file(const std::string& folder, const std::string& mission_id);

/// The durable side of one mission that is being driven: every write is fenced by the epoch it was
/// claimed with. Synchronous; on disk when it returns, unless it says otherwise: what was seen (a
/// command's evidence) shares the next sync, as the result that it comes from does. The order
/// stays, so no seal, state or result outlives what it rests on.
class MissionJournal {
 public:
  MissionJournal(store::MissionRepository& missions, std::string id, std::int64_t epoch,
                 const Clock& clock)
      : missions_(missions), id_(std::move(id)), epoch_(epoch), clock_(clock) {}

  /// Kept until the next write: what may be lost with the process without harm.
  void later(std::string kind, json::Value body);
  void taken(std::string order_id) { taken_.push_back(std::move(order_id)); }
  /// An event with the state after it.
  Result<void> write(std::string kind, json::Value event, const MissionBody& body,
                     bool lets_go = false, store::Durability durability = store::Durability::kSync);
  /// An event that changes no state.
  Result<void> append(std::string kind, json::Value event,
                      store::Durability durability = store::Durability::kSync);
  Result<void> renew(Millis lease);

  const std::string& id() const { return id_; }

 private:
  Result<void> put(store::MissionWrite write);

  store::MissionRepository& missions_;
  std::string id_;
  std::int64_t epoch_;
  const Clock& clock_;
  std::vector<store::MissionEventRow> later_;
  std::vector<std::string> taken_;
};

/// What the events of a mission say of its evidence and its delegated tasks.
struct MissionMemory {
  std::vector<Evidence> evidence;
  std::vector<DelegatedTask> tasks;
};
Result<MissionMemory> remember(store::MissionRepository& missions, const std::string& id);
/// Adds a record; of one command only the newest stays. At most 2,000 stay.
void keep_newest(std::vector<Evidence>& list, Evidence evidence);

}  // namespace oap::orchestration
