#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "hosts/event.hpp"
#include "json/value.hpp"

namespace oap::hosts {

/// A file of a host's configuration. Data.
struct HookFile {
  std::string path;        ///< relative to the project, or with `user` to the home folder
  bool json_hooks = true;  ///< false: a fixed text of ours
  std::string text = {};   ///< of a fixed one
};

/// The files to change, for one project or for all of a user's, in the order in which they are
/// written: what starts the others is last. Pure.
std::vector<HookFile> hook_files(Host host, bool user);

/// Whether a file that is there is the fixed text of ours, of this version or of another.
bool is_our_text(const HookFile& file, std::string_view present);
/// Whether an entry of a list of hooks is ours, whatever program it names.
bool is_our_handler(Host host, const json::Value& entry);

/// The hook's command line for a host's configuration: the program's path, quoted, and the host.
/// kInvalidArgument for a path with a single quote or line break.
Result<std::string> hook_command(Host host, std::string_view program);

/// The configuration with our hook in each event that it is for, everything else as it was; the
/// same text where it is there already. `text` empty: a new file. kInvalidArgument, naming `file`,
/// where it is no JSON object or its `hooks` have another form. Pure.
Result<std::string> with_hook(Host host, std::string_view text, const std::string& file,
                              const std::string& command);
/// The configuration without our hooks, whatever program they name; empty where nothing else is
/// left. The same text where there are none. Pure.
Result<std::string> without_hook(Host host, std::string_view text, const std::string& file);

}  // namespace oap::hosts
