#include "checkpoint/journal.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::checkpoint {
namespace {

using Kind = PathState::Kind;
constexpr Millis kLockWait{10'000};

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

json::Object to_json(const Turn& turn) {
  json::Array changes;
  for (const Change& change : turn.changes) {
    changes.push_back(json::Object{{"path", change.path},
                                   {"before", checkpoint::to_json(change.before)},
                                   {"after", checkpoint::to_json(change.after)},
                                   {"undone", change.undone}});
  }
  json::Array gaps;
  for (const std::string& gap : turn.gaps) {
    gaps.emplace_back(gap);
  }
  const auto at = std::chrono::duration_cast<Millis>(turn.at.time_since_epoch()).count();
  return {{"id", turn.id},
          {"session", turn.session},
          {"title", turn.title},
          {"at", at},
          {"order", turn.order},
          {"undone", turn.undone},
          {"changes", std::move(changes)},
          {"gaps", std::move(gaps)}};
}

std::optional<Turn> turn_from_json(const json::Value& value) {
  Turn turn;
  turn.id = json::get_string(value, "id");
  turn.session = json::get_string(value, "session");
  turn.title = json::get_string(value, "title");
  turn.at = WallTime(Millis(json::get_int(value, "at")));
  turn.order = static_cast<std::uint64_t>(json::get_int(value, "order"));
  turn.undone = json::get_bool(value, "undone");
  if (const json::Array* gaps = json::find_array(value, "gaps")) {
    for (const json::Value& gap : *gaps) {
      turn.gaps.emplace_back(gap.is_string() ? json::view(gap.get_string()) : "");
    }
  }
  if (const json::Array* changes = json::find_array(value, "changes")) {
    for (const json::Value& item : *changes) {
      const json::Value* before = json::find(item, "before");
      const json::Value* after = json::find(item, "after");
      const auto from = before != nullptr ? state_from_json(*before) : std::nullopt;
      const auto to = after != nullptr ? state_from_json(*after) : std::nullopt;
      if (!from || !to) {
        return std::nullopt;
      }
      turn.changes.push_back({std::string(json::get_string(item, "path")), *from, *to,
                              json::get_bool(item, "undone")});
    }
  }
  return turn.id.empty() ? std::nullopt : std::optional(std::move(turn));
}

/// Nothing where the file is damaged.
std::optional<Turn> read_turn(const std::string& file) {
  const auto text = os::read_file(file);
  const auto value = text ? json::parse(*text) : fail(text.error());
  return value ? turn_from_json(*value) : std::nullopt;
}

/// Files before the folders they lie in when they go, after them when they come.
}  // namespace

void merge(std::vector<Change>& changes, Change change) {
  const auto found = std::find_if(changes.begin(), changes.end(), [&change](const Change& other) {
    return other.path == change.path;
  });
  if (found == changes.end()) {
    changes.push_back(std::move(change));
    return;
  }
  if (found->after == change.before) {
    change.before = found->before;
  }
  if (change.before == change.after) {
    changes.erase(found);
  } else {
    *found = std::move(change);
  }
}

Journal::Journal(std::string folder, std::string workspace, const Clock& clock, Bounds bounds)
    : folder_(std::move(folder)),
      workspace_(std::move(workspace)),
      clock_(clock),
      bounds_(bounds),
      contents_(folder_ + "/contents", bounds.max_file),
      picture_(workspace_, parent_of(folder_), contents_, bounds) {}

Result<std::unique_ptr<Journal>> Journal::open(std::string folder, std::string workspace,
                                               const Clock& clock, Bounds bounds) {
  OAP_CHECK_OK(os::make_dirs(folder + "/contents", 0700));
  OAP_CHECK_OK(os::make_dirs(folder + "/turns", 0700));
  OAP_CHECK_OK(os::make_dirs(folder + "/pending", 0700));
  OAP_TRY(folder, os::canonical_path(folder));
  return std::unique_ptr<Journal>(
      new Journal(std::move(folder), std::move(workspace), clock, bounds));
}

Result<os::FileLock> Journal::lock() const {
  return os::FileLock::acquire(folder_ + "/lock", Deadline::after(kLockWait));
}

/// The path relative to the workspace, where it lies inside after all links of its folder.
std::optional<std::string> Journal::inside(const std::string& path) const {
  const auto folder = os::canonical_path(parent_of(path));
  if (!folder || (*folder != workspace_ && !folder->starts_with(workspace_ + "/"))) {
    return std::nullopt;
  }
  const std::string whole = *folder + path.substr(path.rfind('/'));
  return whole.substr(workspace_.size() + 1);
}

void Journal::note_gap(const TurnInfo& info, const std::string& gap) {
  auto turn = turn_of(info);
  if (turn && std::find(turn->gaps.begin(), turn->gaps.end(), gap) == turn->gaps.end()) {
    turn->gaps.push_back(gap);
    [[maybe_unused]] const auto saved = save(*turn);
  }
}

Journal::Effect Journal::before(TurnInfo turn, const std::vector<std::string>& paths) {
  const std::lock_guard guard(mutex_);
  Effect effect;
  effect.turn = std::move(turn);
  const auto locked = lock();
  if (!locked) {
    return effect;
  }
  take_over_dead();
  for (const std::string& path : paths) {
    const std::optional<std::string> relative = inside(path);
    if (!relative) {
      continue;
    }
    const auto state = contents_.keep(workspace_ + "/" + *relative);
    if (state) {
      effect.paths.push_back(*relative);
      effect.before[*relative] = *state;
      effect.watched = true;
    }
  }
  if (paths.empty() && beyond_.empty()) {
    look_at_all(effect);
  }
  if (const auto written = write_down(effect); !written) {
    note_gap(effect.turn, written.error().message());
  }
  return effect;
}

/// What is different from the last picture somebody else has changed, or an effect that is still
/// under way.
void Journal::look_at_all(Effect& effect) {
  if (!std::exchange(loaded_, true)) {
    picture_.load(folder_ + "/picture");
  }
  auto changes = picture_.take();
  if (!changes) {
    beyond_ = changes.error().message();
    note_gap(effect.turn, beyond_);
    return;
  }
  if (!changes->empty()) {
    [[maybe_unused]] const auto saved = picture_.save(folder_ + "/picture");
    if (!under_way_.empty()) {
      const auto recorded = record(under_way_.back(), *std::move(changes));
      if (!recorded) {
        note_gap(under_way_.back(), recorded.error().message());
      }
    }
  }
  under_way_.push_back(effect.turn);
  effect.watched = true;
}

Result<void> Journal::after(Effect effect) {
  if (!effect.watched) {
    return {};
  }
  const std::lock_guard guard(mutex_);
  OAP_TRY([[maybe_unused]] const os::FileLock locked, lock());
  const auto kept = compare(effect);
  if (!effect.record.empty()) {
    ::remove(effect.record.c_str());
  }
  return kept;
}

Result<void> Journal::compare(Effect& effect) {
  std::vector<Change> changes;
  if (effect.paths.empty()) {
    const auto own =
        std::find_if(under_way_.begin(), under_way_.end(),
                     [&effect](const TurnInfo& turn) { return turn.id == effect.turn.id; });
    if (own != under_way_.end()) {
      under_way_.erase(own);
    }
    OAP_TRY(changes, picture_.take());
    if (!changes.empty()) {
      OAP_CHECK_OK(picture_.save(folder_ + "/picture"));
    }
  }
  for (const std::string& path : effect.paths) {
    OAP_TRY(PathState state, contents_.keep(workspace_ + "/" + path));
    if (!(state == effect.before[path])) {
      changes.push_back({path, effect.before[path], std::move(state)});
    }
  }
  return record(effect.turn, std::move(changes));
}

Result<void> Journal::record(const TurnInfo& info, std::vector<Change> changes) {
  if (changes.empty()) {
    return {};
  }
  OAP_TRY(Turn turn, turn_of(info));
  for (Change& change : changes) {
    kept_since_prune_ += change.after.size;
    merge(turn.changes, std::move(change));
  }
  OAP_CHECK_OK(save(turn));
  if (kept_since_prune_ > bounds_.max_kept / 8 || turn.order % 32 == 0) {
    OAP_TRY(std::vector<Turn> all, read_turns());
    prune(std::move(all));
  }
  return {};
}

Result<Turn> Journal::turn_of(const TurnInfo& info) {
  OAP_TRY(const std::vector<std::string> names, os::list_dir(folder_ + "/turns"));
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (name->ends_with("-" + info.id + ".json")) {
      if (std::optional<Turn> turn = read_turn(folder_ + "/turns/" + *name)) {
        return *std::move(turn);
      }
    }
  }
  Turn turn;
  turn.id = info.id;
  turn.session = info.session;
  turn.title = info.title;
  turn.at = clock_.wall();
  if (!names.empty()) {
    std::from_chars(names.back().data(), names.back().data() + names.back().size(), turn.order);
  }
  ++turn.order;
  return turn;
}

Result<void> Journal::save(const Turn& turn) const {
  const std::string file = fmt::format("{}/turns/{:010}-{}.json", folder_, turn.order, turn.id);
  return os::write_file_atomic(file, json::print(json::Value(to_json(turn))), 0600);
}

Result<std::vector<Turn>> Journal::read_turns() const {
  OAP_TRY(const std::vector<std::string> names, os::list_dir(folder_ + "/turns"));
  std::vector<Turn> turns;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    std::optional<Turn> turn = read_turn(folder_ + "/turns/" + *name);
    if (turn) {
      turns.push_back(*std::move(turn));
    }
  }
  return turns;
}

Result<std::vector<Turn>> Journal::turns() {
  const std::lock_guard guard(mutex_);
  OAP_TRY([[maybe_unused]] const os::FileLock locked, lock());
  take_over_dead();
  return read_turns();
}

/// Why this path cannot be put back; "" where it was, or needed nothing.
void Journal::prune(std::vector<Turn> turns) {
  kept_since_prune_ = 0;
  std::uint64_t bytes = contents_.bytes();
  while (!turns.empty() && (turns.size() > bounds_.max_turns || bytes > bounds_.max_kept)) {
    const Turn& oldest = turns.back();
    for (const Change& change : oldest.changes) {
      bytes -= std::min(bytes, change.before.size);
    }
    const std::string file =
        fmt::format("{}/turns/{:010}-{}.json", folder_, oldest.order, oldest.id);
    ::remove(file.c_str());
    turns.pop_back();
  }
  std::set<std::string> used;
  for (const Turn& turn : turns) {
    for (const Change& change : turn.changes) {
      used.insert(change.before.content);
      used.insert(change.after.content);
    }
  }
  picture_.for_each_content([&used](const std::string& hash) { used.insert(hash); });
  contents_.sweep([&used](const std::string& hash) { return used.contains(hash); });
}

}  // namespace oap::checkpoint
