#pragma once

#include <string>

namespace oap::sandbox::testing {

/// What the kernel has to offer, as a filter around the calling process makes it.
enum class World {
  kFull,
  kNoUserNamespaces,
  kBare,     ///< no namespaces at all
  kNothing,  ///< nor Landlock and seccomp
};

/// Puts the calling process and all its children in that world for good. False: it could not.
bool enter_world(World world);

/// Gives up root for good: an ordinary user without groups and capabilities.
bool become_ordinary();
inline constexpr unsigned kOrdinaryUid = 64'321;

}  // namespace oap::sandbox::testing
