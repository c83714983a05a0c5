#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "checkpoint/contents.hpp"
#include "checkpoint/picture.hpp"
#include "checkpoint/state.hpp"
#include "os/lock.hpp"

namespace oap::checkpoint {

/// What the tools of one task changed. Data.
struct Turn {
  std::string id;  ///< of the task
  std::string session;
  std::string title;
  WallTime at;
  std::uint64_t order = 0;  ///< of turns, ascending
  bool undone = false;
  std::vector<Change> changes;
  std::vector<std::string> gaps;  ///< what could not be watched: sentences
};

/// Whose effect is about to happen.
struct TurnInfo {
  std::string id;
  std::string session;
  std::string title;
};

/// What was put back, and what was not and why: one sentence a path.
struct Reverted {
  std::vector<std::string> turns;  ///< ids, in the order they were handled
  std::vector<std::string> restored;
  std::vector<std::string> conflicts;
};

/// Which files of a workspace the tools have changed, turn by turn, and how they were before. Lives
/// in a folder of the state directory (mode 0700): contents by their hash, one JSON file a turn,
/// the last picture. Needs no git and writes nothing into the workspace but what it puts back.
/// Blocking. Thread-safe; several processes may use one folder at a time (a file lock, held for
/// one operation each).
class Journal {
 public:
  static Result<std::unique_ptr<Journal>> open(std::string folder, std::string workspace,
                                               const Clock& clock, Bounds bounds = {});

  /// What holds between before() and after() of one effect.
  struct Effect {
    TurnInfo turn;
    std::vector<std::string> paths;           ///< relative; empty: anything may change
    std::map<std::string, PathState> before;  ///< of `paths`
    bool watched = false;
    std::string record;  ///< the file that says that it is under way
  };
  /// Before an effect that may change these absolute paths, or anything (none given). Never fails:
  /// what cannot be watched becomes a gap of the turn. From here on the effect survives its
  /// process: where that is killed, the next one finds what was changed (whoever changed it until
  /// then) and puts it down to the turn, with a gap that says so.
  Effect before(TurnInfo turn, const std::vector<std::string>& paths);
  /// After it, whatever came of it.
  Result<void> after(Effect effect);

  /// Newest first; damaged ones are left out.
  Result<std::vector<Turn>> turns();

  /// Takes back the newest `count` turns that are not taken back whole; `session` empty: of any. A
  /// path that has been changed since is left as it is and named; it can be taken back later, and a
  /// turn of such paths only does not count. kNotFound where there is none; kFailedPrecondition
  /// while another process changes files here.
  Result<Reverted> undo(std::size_t count, const std::string& session = {});
  /// Makes them again, the last taken back first; none where something was changed by tools since.
  /// Errors as undo().
  Result<Reverted> redo(std::size_t count, const std::string& session = {});

 private:
  Journal(std::string folder, std::string workspace, const Clock& clock, Bounds bounds);
  Result<os::FileLock> lock() const;
  Result<Turn> turn_of(const TurnInfo& info);
  Result<void> save(const Turn& turn) const;
  Result<std::vector<Turn>> read_turns() const;
  std::optional<std::string> inside(const std::string& path) const;
  bool revert(Turn& turn, bool forward, Reverted& out) const;
  std::string revert_one(Change& change, bool forward, Reverted& out) const;
  Result<void> record(const TurnInfo& info, std::vector<Change> changes);
  void look_at_all(Effect& effect);
  Result<void> compare(Effect& effect);
  void note_gap(const TurnInfo& info, const std::string& gap);
  void prune(std::vector<Turn> turns);
  Result<void> write_down(Effect& effect);
  bool take_over_dead();
  Result<void> settle();
  void take_over(const std::string& file);

  std::string folder_;
  std::string workspace_;
  const Clock& clock_;
  Bounds bounds_;
  Contents contents_;
  std::mutex mutex_;
  Picture picture_;
  std::string pending_;                // the folder of this journal's effects that are under way
  std::optional<os::FileLock> alive_;  // held on it as long as this journal lives
  std::uint64_t records_ = 0;
  std::vector<TurnInfo> under_way_;  // effects that may change anything, by their beginning
  bool loaded_ = false;
  std::string beyond_;  // why no picture can be taken; asked again in the next process
  std::uint64_t kept_since_prune_ = 0;
};

/// Puts a change into a list: a path that is there already keeps its older `before`, unless
/// somebody else changed it in between. Changes that come to nothing are dropped. Pure.
void merge(std::vector<Change>& changes, Change change);

}  // namespace oap::checkpoint
