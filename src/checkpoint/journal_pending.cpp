#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "checkpoint/journal.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::checkpoint {
namespace {

constexpr Millis kLockWait{10'000};

bool is_record(const std::string& name) { return name.ends_with(".json"); }

}  // namespace

/// What survives the process: in the file system, though not yet on the disk; a power cut takes the
/// effect's own changes with it as well.
Result<void> Journal::write_down(Effect& effect) {
  if (!effect.watched) {
    return {};
  }
  if (!alive_) {
    static std::atomic<int> journals{0};
    pending_ = fmt::format("{}/pending/{}-{}-{}", folder_, getpid(),
                           clock_.wall().time_since_epoch().count(), ++journals);
    OAP_CHECK_OK(os::make_dirs(pending_, 0700));
    OAP_TRY(os::FileLock held,
            os::FileLock::acquire(pending_ + "/lock", Deadline::after(kLockWait)));
    alive_.emplace(std::move(held));
  }
  json::Object before;
  for (const auto& [path, state] : effect.before) {
    before[path] = checkpoint::to_json(state);
  }
  const json::Value record = json::Object{{"id", effect.turn.id},
                                          {"session", effect.turn.session},
                                          {"title", effect.turn.title},
                                          {"anything", effect.paths.empty()},
                                          {"before", std::move(before)}};
  const std::string file = fmt::format("{}/{}.json", pending_, ++records_);
  std::ofstream out(file, std::ios::binary);
  out << json::print(record);
  out.close();
  if (!out) {
    return fail(Code::kUnavailable, "{} cannot be written", file);
  }
  effect.record = file;
  return {};
}

/// Takes over the effects of processes that have ended in the middle of them; whether a living one
/// has an effect under way.
bool Journal::take_over_dead() {
  bool others = false;
  const auto folders = os::list_dir(folder_ + "/pending");
  for (const std::string& name : folders ? *folders : std::vector<std::string>()) {
    const std::string folder = folder_ + "/pending/" + name;
    if (folder == pending_ || !os::is_directory(folder)) {
      continue;
    }
    const auto dead = os::FileLock::acquire(folder + "/lock", Deadline::after(Millis(0)));
    const auto files = os::list_dir(folder);
    if (!dead || !files) {
      others = others || (files && std::any_of(files->begin(), files->end(), is_record));
      continue;
    }
    for (const std::string& file : *files) {
      if (is_record(file)) {
        take_over(folder + "/" + file);
      }
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  return others;
}

void Journal::take_over(const std::string& file) {
  const auto text = os::read_file(file);
  const auto value = text ? json::parse(*text) : fail(text.error());
  if (!value) {
    return;  // it was not begun
  }
  const TurnInfo turn{std::string(json::get_string(*value, "id")),
                      std::string(json::get_string(*value, "session")),
                      std::string(json::get_string(*value, "title"))};
  std::vector<Change> changes;
  const json::Object* const before = json::find_object(*value, "before");
  for (const auto& pair : before != nullptr ? *before : json::Object()) {
    const std::string path(pair.key());
    auto was = state_from_json(pair.value());
    auto now = contents_.keep(workspace_ + "/" + path);
    if (was && now && inside(workspace_ + "/" + path) == path && !(*was == *now)) {
      changes.push_back({path, *std::move(was), *std::move(now)});
    }
  }
  if (json::get_bool(*value, "anything")) {
    Picture picture(workspace_, folder_.substr(0, folder_.rfind('/')), contents_, bounds_);
    picture.load(folder_ + "/picture");
    auto found = picture.take();
    if (!found || !picture.save(folder_ + "/picture")) {
      return note_gap(turn, found ? "its changes could not be kept" : found.error().message());
    }
    changes = *std::move(found);
  }
  const bool any = !changes.empty();
  if (const auto recorded = record(turn, std::move(changes)); !recorded) {
    return note_gap(turn, recorded.error().message());
  }
  if (any) {
    note_gap(
        turn,
        "the program was ended while a call was under way: what was changed from its beginning "
        "to the next start is taken for its doing");
  }
}

}  // namespace oap::checkpoint
