#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/head.hpp"
#include "audit/segment.hpp"
#include "base/result.hpp"

namespace oap::audit {

/// The folder as it stood at one moment between two appends.
struct Snapshot {
  std::vector<Segment> segments;
  std::vector<std::string> strangers;  ///< *.jsonl files that are no segments
  bool has_head = false;
  bool head_open = false;
  std::optional<HeadState> head;
  std::optional<std::string> anchor;
  bool seen = false;  ///< a chain was begun here once
};
/// Reads it under the folder's shared lock; kUnavailable after 10 s. Changes nothing.
Result<Snapshot> take_snapshot(const std::string& dir);

}  // namespace oap::audit
