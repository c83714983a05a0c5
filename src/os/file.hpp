#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "os/fd.hpp"
#include "os/lock.hpp"

struct stat;

namespace oap::os {

// Plain blocking file access. Every error names the path and the system's reason: kNotFound,
// kFailedPrecondition (not allowed by the system: a denial is something else), kAlreadyExists,
// kResourceExhausted (disk full, file too large), otherwise kUnavailable. A path with a NUL byte is
// kInvalidArgument. Thread-safe.

/// The whole file. A file of more than max_bytes is kResourceExhausted, a directory
/// kInvalidArgument; reading never blocks on a FIFO without a writer.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes = 64u << 20);

/// Replaces the file in one step, durably: a temporary file in the same directory, fsync, rename,
/// fsync of the directory. Readers see the old text or the new one. `mode` is exact (no umask).
/// A symbolic link at `path` is replaced, not followed: give a canonical path to write through it.
Result<void> write_file_atomic(const std::string& path, std::string_view text, int mode = 0644);

/// Creates the directory and its missing parents; one that exists already is fine and keeps its
/// mode.
Result<void> make_dirs(const std::string& path, int mode = 0755);

/// The absolute path with every symbolic link of its existing part resolved and the rest, which
/// need not exist, normalised: `..` after a link goes to the parent of the link's target. A
/// dangling link resolves to what it points at. Link loops are kInvalidArgument. No trailing slash.
Result<std::string> canonical_path(const std::string& path);

/// What a sandbox puts, while a child runs, where a protected file is missing: a socket without any
/// permission. Readers take it for absent.
bool is_stand_in(const struct ::stat& info);

bool exists(const std::string& path);
bool is_directory(const std::string& path);

/// Names in the directory without "." and "..", sorted by bytes.
Result<std::vector<std::string>> list_dir(const std::string& path);

/// The Error for a failed system call: `fail(errno_error("opening", path, errno))`.
Error errno_error(std::string_view doing, std::string_view path, int error_number);

}  // namespace oap::os
