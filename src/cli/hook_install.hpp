#pragma once

#include <string>
#include <vector>

#include "cli/args.hpp"

namespace oap::cli {

struct FileChange {
  std::string path;
  std::string what;  ///< written, restored, removed, unchanged
};

/// Puts our hook into a host's configuration, or takes it out again (args.action), file by file.
/// What was there before is kept beside each changed file until it is put back. kUsage where a file
/// is a link or leads out of the folder; nothing of that file was changed then.
Result<std::vector<FileChange>> change_host_files(const Common& common, const HookArgs& args);

/// What to change, in one sentence, where the host's own configuration switches its hooks off; ""
/// where it does not. Blocking.
Result<std::string> why_not_governed(const Common& common, const HookArgs& args);

}  // namespace oap::cli
