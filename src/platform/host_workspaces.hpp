#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "platform/host_guard.hpp"

namespace oap::platform {

/// A workspace as the daemon has it open. Shared with the calls that are under way in it.
struct HostWorkspace {
  std::string path;
  std::unique_ptr<HostGuard> guard;
  std::string problem;  ///< why what is in its files now is not in force; "" where it is
};

/// The workspaces of the folders that a daemon is asked about, each under its own policy and trust;
/// the least used are closed where there are many. Before each call it looks whether a file that
/// counts has changed, and then opens the workspace anew; where that cannot be, the old one stays
/// in force and says why. Belongs to the executor's thread.
class HostWorkspaces {
 public:
  HostWorkspaces(Executor executor, SettingsOptions options, std::size_t most = 32);

  /// The workspace around the folder. An Error where it has never been opened and cannot be.
  Result<std::shared_ptr<HostWorkspace>> find(const std::string& directory);
  /// The settings with which the folder's workspace is opened.
  SettingsOptions options_for(const std::string& directory) const;
  /// Opens each anew; how many could not be.
  std::size_t reload();
  std::size_t open() const { return places_.size(); }

 private:
  /// What tells one state of a file from another. All zero where there is none.
  using Mark = std::array<std::int64_t, 6>;
  struct Place {
    std::string key;
    std::string directory;
    std::shared_ptr<HostWorkspace> workspace;
    std::vector<std::string> files;
    std::vector<Mark> marks;
  };

  static Mark mark_of(const std::string& path);
  static std::vector<Mark> look(const std::vector<std::string>& files);
  Result<std::shared_ptr<HostWorkspace>> opened(const std::string& directory) const;
  bool refresh(Place& place, const std::vector<Mark>& marks) const;

  Executor executor_;
  SettingsOptions options_;
  std::size_t most_;
  std::list<Place> places_;  // the one used last is the first
};

}  // namespace oap::platform
