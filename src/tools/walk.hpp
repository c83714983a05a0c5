#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "tools/workspace.hpp"

namespace oap::tools {

struct WalkEntry {
  std::string path;  ///< relative to where the walk began
  std::string name;
  int directory;  ///< descriptor of the directory that holds it, open during the visit only
  bool is_directory;
  bool is_link;
};

struct WalkOptions {
  /// Directories of these names are not entered.
  std::vector<std::string> skip = {".git", "node_modules"};
  /// Entries for which it is true are neither visited nor entered; may be empty.
  std::function<bool(const WalkEntry&)> leave_out;
  std::size_t max_entries = 200'000;
  std::size_t max_depth = 64;
};

enum class WalkEnd { kComplete, kEnough, kTooMany, kStopped };

/// Visits everything below a directory, names sorted by bytes, a directory before what it holds.
/// Links are reported, never followed, so the walk cannot leave the directory. `visit` returns
/// false when it has enough. Directories that cannot be read are passed over.
WalkEnd walk(const OpenFile& start, const WalkOptions& options, const std::stop_token& stop,
             const std::function<bool(const WalkEntry&)>& visit);

struct DirectoryEntry {
  std::string name;
  bool is_directory;
  bool is_link;
};
/// The entries of one directory sorted by name; reading ends after `limit` of them.
std::vector<DirectoryEntry> entries_of(const OpenFile& directory, std::size_t limit);

/// The walk's own remark for the model where it is not complete, else "".
std::string remark(WalkEnd end, const WalkOptions& options);

}  // namespace oap::tools
