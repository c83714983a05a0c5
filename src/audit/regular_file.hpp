#pragma once

#include <cstddef>
#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::audit {

// The files of an audit folder, which another process may have replaced by anything: none is opened
// through a symbolic link, none is waited for (a FIFO), and none but a regular file is read.
// Every Error names the path and says what can be done about it.

/// Opens `dir`/`name` relative to `dir_fd`, whose path `dir` is. `flags` as of open(2); a file made
/// by O_CREAT gets mode 0600. kNotFound where it is not there, kFailedPrecondition where it is no
/// regular file, or not to be opened by this user.
Result<os::UniqueFd> open_regular(int dir_fd, const std::string& dir, const std::string& name,
                                  int flags);
/// The same of a path.
Result<os::UniqueFd> open_regular(const std::string& path, int flags);

/// All of a file; kResourceExhausted above `max_bytes`.
Result<std::string> read_regular(const std::string& path, std::size_t max_bytes);

/// Whether something is there. Only ENOENT and ENOTDIR say that nothing is: what cannot be looked
/// at is an Error, never absent.
Result<bool> is_there(const std::string& path);

/// What a person can do about a file that this user may not read, behind such an Error of `os`.
Error advised(const Error& error);

}  // namespace oap::audit
