#include "platform/host_workspaces.hpp"

#include <algorithm>

#include <sys/stat.h>

#include "base/log.hpp"
#include "platform/live_policy.hpp"

namespace oap::platform {
namespace {

std::vector<std::string> files_of(const config::Paths& paths) {
  std::vector<std::string> out = policy_files(paths);
  for (const std::string* folder : {&paths.managed_dir, &paths.user_dir, &paths.project_dir}) {
    for (const std::string_view name : {"/mcp-servers.yaml", "/plugins.yaml"}) {
      if (!folder->empty()) {
        out.push_back(*folder + std::string(name));
      }
    }
  }
  return out;
}

}  // namespace

HostWorkspaces::HostWorkspaces(Executor executor, SettingsOptions options, std::size_t most)
    : executor_(std::move(executor)), options_(std::move(options)), most_(most) {}

SettingsOptions HostWorkspaces::options_for(const std::string& directory) const {
  SettingsOptions options = options_;
  options.folder = directory;
  options.sets_log_level = false;
  return options;
}

HostWorkspaces::Mark HostWorkspaces::mark_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return {};
  }
  if (S_ISDIR(info.st_mode)) {
    return {static_cast<std::int64_t>(info.st_ino), -1, 0, 0, 0, 0};
  }
  return {static_cast<std::int64_t>(info.st_ino),
          info.st_size,
          info.st_mtim.tv_sec,
          info.st_mtim.tv_nsec,
          info.st_ctim.tv_sec,
          info.st_ctim.tv_nsec};
}

std::vector<HostWorkspaces::Mark> HostWorkspaces::look(const std::vector<std::string>& files) {
  std::vector<Mark> out;
  out.reserve(files.size());
  for (const std::string& file : files) {
    out.push_back(mark_of(file));
  }
  return out;
}

Result<std::shared_ptr<HostWorkspace>> HostWorkspaces::opened(const std::string& directory) const {
  OAP_TRY(Settings settings, load_settings(options_for(directory)));
  auto workspace = std::make_shared<HostWorkspace>();
  workspace->path = settings.paths.workspace;
  OAP_TRY(workspace->guard, HostGuard::open(std::move(settings), executor_));
  return workspace;
}

bool HostWorkspaces::refresh(Place& place, const std::vector<Mark>& marks) const {
  place.marks = marks;
  auto fresh = opened(place.directory);
  if (fresh) {
    place.workspace = *std::move(fresh);
    log::info("serve", "a workspace was read again", {{"workspace", place.workspace->path}});
    return true;
  }
  place.workspace->problem = fresh.error().to_string();
  log::error("serve", "a workspace could not be read again; its old rules stay in force",
             {{"workspace", place.workspace->path}, {"error", place.workspace->problem}});
  return false;
}

Result<std::shared_ptr<HostWorkspace>> HostWorkspaces::find(const std::string& directory) {
  config::PathOptions where;
  if (!options_.workspace.empty()) {
    where.workspace = options_.workspace;
  }
  where.cwd = directory;
  where.env = options_.env;
  where.managed_dir = options_.managed_dir;
  OAP_TRY(const config::Paths paths, config::resolve_paths(where));
  const std::string key = paths.workspace + '\0' + paths.project_dir;
  const auto found = std::find_if(places_.begin(), places_.end(),
                                  [&](const Place& place) { return place.key == key; });
  if (found != places_.end()) {
    places_.splice(places_.begin(), places_, found);
    Place& place = places_.front();
    if (const std::vector<Mark> now = look(place.files); now != place.marks) {
      refresh(place, now);
    }
    return place.workspace;
  }
  Place place;
  place.key = key;
  place.directory = directory;
  place.files = files_of(paths);
  place.marks = look(place.files);
  OAP_TRY(place.workspace, opened(directory));
  place.files.push_back(paths.state_dir + "/audit");
  place.marks.push_back(mark_of(place.files.back()));
  places_.push_front(std::move(place));
  if (places_.size() > most_) {
    places_.pop_back();
  }
  return places_.front().workspace;
}

std::size_t HostWorkspaces::reload() {
  std::size_t failed = 0;
  for (Place& place : places_) {
    const std::vector<Mark> now = look(place.files);
    failed += refresh(place, now) ? 0 : 1;
  }
  return failed;
}

}  // namespace oap::platform
