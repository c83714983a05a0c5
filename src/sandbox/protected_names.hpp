#pragma once

#include <string>
#include <vector>

#include "sandbox/plan.hpp"

namespace oap::sandbox {

/// A name in a workspace whose content other programs run or trust without being asked to run the
/// project: when its folder is opened, a shell is started in it, git or an agent looks at it.
struct ProtectedName {
  /// kHeld: nothing lies there, for `ls` and `*.json` would find it; what comes is set aside.
  enum class Missing { kMayBeMade, kSocket, kDirectory, kLink, kEmpty, kSelf, kHeld };
  std::string name;  ///< relative
  /// Whether it must stay missing, and what lies in its place while children run.
  Missing missing = Missing::kSocket;
  bool open = false;  ///< it stays what it is, but its content is the program's
};

/// Git's hooks and configuration, settings of agents and editors, of package managers and git
/// hooks' runners, files that shells read. Parents before children.
const std::vector<ProtectedName>& protected_names();

/// The same for a home directory: what starts with the session, programs on the PATH, this
/// program's own folders.
const std::vector<ProtectedName>& protected_at_home();

/// Endings of names that are protected at the top of a workspace where they exist.
const std::vector<std::string>& protected_endings();

/// `at_home`: the workspace is a home directory, whose start files shells read meanwhile.
Placeholder stand_in(ProtectedName::Missing missing, bool at_home);

}  // namespace oap::sandbox
