#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json/value.hpp"

namespace oap::checkpoint {

/// What is at a path, as far as it can be put back: a file's content by its hash, a link's target,
/// permissions. A value.
struct PathState {
  enum class Kind { kAbsent, kFile, kLink, kDirectory, kOther } kind = Kind::kAbsent;
  std::string content;     ///< kFile: SHA-256 in hex, "" where it was too large; kLink: its target
  std::uint32_t mode = 0;  ///< permission bits
  std::uint64_t size = 0;  ///< bytes

  /// Whether it can be put back.
  bool known() const;
  bool operator==(const PathState&) const = default;
};

/// What became of one path.
struct Change {
  std::string path;  ///< relative to the workspace
  PathState before;
  PathState after;
  bool undone = false;
};

json::Object to_json(const PathState& state);
std::optional<PathState> state_from_json(const json::Value& value);

}  // namespace oap::checkpoint
