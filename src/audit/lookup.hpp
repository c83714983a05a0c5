#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/query.hpp"
#include "audit/segment.hpp"
#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::audit {

/// Texts that every matching line holds, and the index tokens that say which records may match.
struct Plan {
  std::vector<std::string> needles;
  std::vector<std::uint64_t> tokens;
};
Plan plan_of(const Query& query);

/// Bytes of a segment that are read at once, with the lines in them that are to be looked at.
struct Piece {
  struct Line {
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
  };
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  std::vector<Line> lines;  ///< empty: all that begin in it
  /// A line that the index named is read whatever it says now.
  bool is_chosen() const { return !lines.empty(); }
};

/// A segment, and what of it a query must look at. Not thread-safe.
class Source {
 public:
  /// `newest`: it may still grow.
  static Result<Source> open(const std::string& dir, const Segment& segment, bool newest);

  /// Ascending.
  std::vector<Piece> pieces(const std::string& dir, const Plan& plan, const Query& query,
                            Keyring* keys) const;
  /// The lines of a piece, without their line breaks, ascending; they lie in `buffer`.
  Result<std::vector<std::string_view>> read(const Piece& piece, std::string& buffer) const;
  /// What stands for one of these lines that is no record.
  Result<json::Object> malformed(const Piece& piece, const std::string& buffer,
                                 std::string_view line, const Error& error) const;
  const Segment& segment() const { return segment_; }

 private:
  Result<void> read_bytes(std::uint64_t from, std::uint64_t to, std::string& buffer) const;
  void add_rest(std::uint64_t from, std::vector<Piece>& pieces) const;

  Segment segment_;
  os::UniqueFd fd_;
  std::uint64_t size_ = 0;
  bool newest_ = false;
};

/// What of a segment a query must look at.
struct Looked {
  Source source;
  std::vector<Piece> pieces;
};
/// Of each of these segments, of which the last may be the newest; several at once where no keys
/// are needed.
Result<std::vector<Looked>> look_up(const std::string& dir, std::span<const Segment> segments,
                                    bool with_newest, const Plan& plan, const Query& query,
                                    Keyring* keys);

}  // namespace oap::audit
