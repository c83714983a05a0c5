#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "checkpoint/journal.hpp"
#include "os/file.hpp"

namespace oap::checkpoint {
namespace {

using Kind = PathState::Kind;

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

void sort_for(std::vector<Change*>& changes, bool forward) {
  const auto goes = [forward](const Change* change) {
    return (forward ? change->after : change->before).kind == Kind::kAbsent;
  };
  std::sort(changes.begin(), changes.end(), [&goes](const Change* a, const Change* b) {
    if (goes(a) != goes(b)) {
      return goes(a);
    }
    return goes(a) ? a->path > b->path : a->path < b->path;
  });
}

}  // namespace

std::string Journal::revert_one(Change& change, bool forward, Reverted& out) const {
  const PathState& expected = forward ? change.before : change.after;
  const PathState& wanted = forward ? change.after : change.before;
  const std::string path = workspace_ + "/" + change.path;
  const std::optional<std::string> place = inside(path);
  if (os::exists(parent_of(path)) && (!place || *place != change.path)) {
    return change.path + ": its folder is now a link; left as it is";
  }
  const auto now = contents_.look(path);
  if (!now) {
    return change.path + ": " + now.error().message();
  }
  const bool is_folder = expected.kind == Kind::kDirectory && now->kind == Kind::kDirectory;
  if (*now == wanted) {
    change.undone = !forward;
    return "";
  }
  if (!(*now == expected) && !is_folder) {
    return change.path + ": changed since by somebody else; left as it is";
  }
  if (!wanted.known()) {
    return change.path + ": was too large to be kept, or could not be read";
  }
  if (wanted.kind == Kind::kAbsent && is_folder) {
    const auto names = os::list_dir(path);
    if (names && !names->empty()) {
      return change.path + ": the folder holds other files; left as it is";
    }
  }
  if (const auto done = contents_.restore(path, wanted); !done) {
    return change.path + ": " + done.error().message();
  }
  change.undone = !forward;
  out.restored.push_back(change.path);
  return "";
}

/// Whether anything is now as wanted that was not before.
bool Journal::revert(Turn& turn, bool forward, Reverted& out) const {
  std::vector<Change*> order;
  for (Change& change : turn.changes) {
    if (change.undone == forward) {
      order.push_back(&change);
    }
  }
  sort_for(order, forward);
  const std::size_t known = out.conflicts.size();
  for (Change* change : order) {
    if (std::string why = revert_one(*change, forward, out); !why.empty()) {
      out.conflicts.push_back(std::move(why));
    }
  }
  turn.undone = std::all_of(turn.changes.begin(), turn.changes.end(),
                            [](const Change& change) { return change.undone; });
  return out.conflicts.size() - known < order.size();
}

/// Before files are put back.
Result<void> Journal::settle() {
  if (take_over_dead()) {
    return fail(Code::kFailedPrecondition,
                "another oap is changing files in {} at the moment; wait for it or stop it, and "
                "try again",
                workspace_);
  }
  return {};
}

Result<Reverted> Journal::undo(std::size_t count, const std::string& session) {
  const std::lock_guard guard(mutex_);
  OAP_TRY([[maybe_unused]] const os::FileLock locked, lock());
  OAP_CHECK_OK(settle());
  OAP_TRY(std::vector<Turn> all, read_turns());
  Reverted out;
  for (Turn& turn : all) {
    const bool counts =
        !turn.undone && !turn.changes.empty() && (session.empty() || turn.session == session);
    if (counts && out.turns.size() < count) {
      if (revert(turn, false, out)) {
        out.turns.push_back(turn.id);
        OAP_CHECK_OK(save(turn));
      }
    }
  }
  if (out.turns.empty() && out.conflicts.empty()) {
    return fail(Code::kNotFound, "there are no file changes to take back");
  }
  return out;
}

Result<Reverted> Journal::redo(std::size_t count, const std::string& session) {
  const std::lock_guard guard(mutex_);
  OAP_TRY([[maybe_unused]] const os::FileLock locked, lock());
  OAP_CHECK_OK(settle());
  OAP_TRY(std::vector<Turn> all, read_turns());
  std::vector<Turn*> undone;  // the one taken back last is the oldest
  for (Turn& turn : all) {
    const bool counts = !turn.changes.empty() && (session.empty() || turn.session == session);
    const bool any = std::any_of(turn.changes.begin(), turn.changes.end(),
                                 [](const Change& change) { return change.undone; });
    if (counts && !any) {
      break;
    }
    if (counts) {
      undone.push_back(&turn);
    }
  }
  Reverted out;
  for (auto turn = undone.rbegin(); turn != undone.rend() && out.turns.size() < count; ++turn) {
    revert(**turn, true, out);
    out.turns.push_back((*turn)->id);
    OAP_CHECK_OK(save(**turn));
  }
  if (out.turns.empty()) {
    return fail(Code::kNotFound, "there is nothing to make again");
  }
  return out;
}

/// Drops the oldest turns beyond the bounds, then every content that nobody names.
}  // namespace oap::checkpoint
