#pragma once

#include <string>
#include <vector>

#include "audit/merkle.hpp"
#include "audit/segment.hpp"

namespace oap::audit {

/// A segment's records as the leaves of its tree.
struct Leaves {
  std::vector<Digest> hashes;
  std::uint64_t first = 0;  ///< the segment's
  Link last;
  std::string since;  ///< timestamps of the first and the last record
  std::string until;
};

/// Reads a segment up to its last whole record. Each record is checked: kDataLoss where one is not
/// intact or does not follow.
Result<Leaves> read_leaves(const std::string& dir, const Segment& segment);

/// The leaf of a record with this hash (64 hex digits); nothing where it is none.
std::optional<Digest> leaf_of(std::string_view hash);

}  // namespace oap::audit
