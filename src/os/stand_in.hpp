#pragma once

struct stat;

namespace oap::os {

// What a sandbox puts, while a child runs, where a protected name is missing (see os::is_stand_in
// in file.hpp for the form that a file's reader meets). Whoever looks at a workspace as a whole
// leaves it out: it is nobody's work and goes when the last child ends.

/// Where a link of that kind leads: nowhere.
inline constexpr char kStandInLink[] = "/proc/self/oap-placeholder";
/// The mode of a folder of that kind. It may hold what somebody has put there since.
inline constexpr unsigned kStandInFolder = 01755;

/// Whether a name in an open directory is one: the socket, the link or the folder.
bool is_stand_in(int directory, const char* name, const struct ::stat& info);

}  // namespace oap::os
