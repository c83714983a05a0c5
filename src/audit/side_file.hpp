#pragma once

#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::audit {

/// Opens a file for appending, making it (0600) and its folders. A relative path starts at
/// `workspace`, stays below it and passes no symbolic link, since what lies in a workspace may be
/// anybody's. Anything but a regular file is refused.
Result<os::UniqueFd> open_side_file(const std::string& workspace, const std::string& path);

/// Appends with one write; the Error where not all of it was written.
Result<void> append_all(int fd, std::string_view text, const std::string& path);

}  // namespace oap::audit
