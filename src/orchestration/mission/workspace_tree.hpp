#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

namespace oap::orchestration {

/// The workspace's files at one moment.
struct TreeSnapshot {
  std::string hash;                          ///< sha256 hex over sorted modes, paths and contents
  std::map<std::string, std::string> files;  ///< path relative to the workspace → content's hash
};
/// Paths that differ between two snapshots, sorted, at most `limit`.
std::vector<std::string> changed_files(const TreeSnapshot& before, const TreeSnapshot& after,
                                       std::size_t limit);

/// Whether a file holds a program by its name: source code, scripts, build files. Pure.
bool is_program_text(std::string_view path);

/// Takes hashes of a workspace, again and again: a file is read anew only where its size, times or
/// inode changed. Left out: `.git`, `.opencode`, caches that programs make (`__pycache__`,
/// `node_modules`, `.pytest_cache` …) and what `.gitignore` files leave out. What they say later
/// than at the first look hides no program, but in folders that builds make, and nothing that has
/// counted before. Links count by their target's text; other special files do not count. Blocks;
/// not thread-safe.
class WorkspaceTree {
 public:
  static constexpr std::size_t kMaxFiles = 200'000;
  static constexpr std::uint64_t kMaxFileBytes = 64U
                                                 << 20U;  ///< larger ones count by size and time

  explicit WorkspaceTree(std::string workspace) : workspace_(std::move(workspace)) {}

  /// kResourceExhausted: more than kMaxFiles; kUnavailable: the workspace cannot be read.
  Result<TreeSnapshot> take();

 private:
  struct Known {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0;
    std::int64_t changed = 0;
    std::string hash;
    std::uint64_t round = 0;
  };
  class Walk;

  std::string workspace_;
  std::unordered_map<std::string, Known> known_;
  std::map<std::string, std::string> first_rules_;  ///< folder → its .gitignore at the first look
  std::uint64_t round_ = 0;
};

}  // namespace oap::orchestration
