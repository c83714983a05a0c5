#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace oap::skills {

/// One file of a skill, as it was read.
struct FolderFile {
  std::string path;  ///< relative, with slashes
  bool executable = false;
  std::string text;  ///< the bytes
};

/// All of a skill: what was read is what the digest is of.
struct Folder {
  std::vector<FolderFile> files;  ///< by path
  std::uint64_t bytes = 0;
  std::string digest;  ///< "sha256:" and 64 hex digits over paths, executable bits and bytes

  const FolderFile* find(std::string_view path) const;
};

struct FolderLimits {
  std::size_t files = 1'000;
  std::uint64_t file_bytes = 8U << 20U;
  std::uint64_t bytes = 32U << 20U;
  int depth = 8;
};

/// Reads a skill's folder whole; `.git` is left out. Every entry must be a regular file or a
/// directory: a symbolic link, a device, a name with control characters, or more than the limits
/// is kFailedPrecondition, the sentence names it. Never follows a link below `path`. Blocking.
Result<Folder> read_folder(const std::string& path, const FolderLimits& limits = {});
/// The same of a flat skill: one file, under its own name.
Result<Folder> read_flat(const std::string& path);

/// Writes it as a new folder in one step: beside `path`, then renamed into place. kAlreadyExists.
Result<void> write_folder(const Folder& folder, const std::string& path);

}  // namespace oap::skills
