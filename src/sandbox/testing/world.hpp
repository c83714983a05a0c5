#pragma once

#include <functional>
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

/// What `work` gives in that world, and as the ordinary user where wanted, in a process of its own
/// that `prepare` readies while it still is this user; "no such world" where it could not be made.
std::string in_world(World world, bool ordinary, const std::function<void()>& prepare,
                     const std::function<std::string()>& work);

}  // namespace oap::sandbox::testing
