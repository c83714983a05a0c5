#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/chain.hpp"
#include "base/result.hpp"

namespace oap::audit {

/// One file of the chain. Its name is its first record's number in 20 digits and ".jsonl".
struct Segment {
  std::string name;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};
std::string segment_name(std::uint64_t first);
/// Nothing where the name is not a segment's.
std::optional<std::uint64_t> segment_first(std::string_view name);
/// The segments of a folder by number. Other files are left out.
Result<std::vector<Segment>> list_segments(const std::string& dir);

/// The lines of a file from its end. What follows the last line break is no line.
class BackwardLines {
 public:
  /// Borrows the descriptor. Reads below `size` only.
  BackwardLines(int fd, std::uint64_t size) : fd_(fd), start_(size) {}

  /// Bytes after the last line break; all of them where there is none.
  Result<std::uint64_t> torn();
  /// The line before those read so far, without its line break; nothing at the file's start.
  Result<std::optional<std::string>> next();
  /// Where the line that `next` gave out last begins in the file.
  std::uint64_t offset() const { return start_ + buffer_.size(); }

 private:
  Result<bool> load_more();
  Result<std::size_t> find_break();

  int fd_;
  std::uint64_t start_;  ///< file offset of buffer_'s first byte
  std::string buffer_;   ///< what has been read and not been given out
  bool torn_dropped_ = false;
};

/// How a segment ends.
struct SegmentEnd {
  std::optional<Parsed> last;  ///< nothing where no record is complete
  std::uint64_t torn = 0;      ///< bytes of an incomplete record at the end
};
/// Reads and checks the last complete record. kDataLoss where it is malformed.
Result<SegmentEnd> read_end(int fd, const Segment& segment);

/// The time of the first record; empty where there is none. kDataLoss where it is malformed.
Result<std::string> first_timestamp(int fd);

/// The number, from 1, of the line that begins at an offset. Borrows the descriptor.
Result<std::uint64_t> line_number(int fd, std::uint64_t offset);

/// A line that is no intact record, in place of the record:
/// `{"event_type":"malformed", segment, line, error}`.
Result<json::Object> malformed_line(int fd, const Segment& segment, std::uint64_t offset,
                                    const Error& error);

/// Up to where a file's bytes were written: what follows are zeros, room that was made ahead.
/// Borrows the descriptor; `size` is the file's.
Result<std::uint64_t> written_size(int fd, std::uint64_t size);

/// Small files beside the segments, each rewritten as a whole.

/// Where the chain begins after its oldest segments were retired.
inline constexpr std::string_view kAnchorFile = "retired.json";
inline constexpr std::string_view kLockFile = "lock";

/// The marker beside the folder, written once at the first open: shows that the folder was removed.
std::string seen_path(std::string_view dir);
inline constexpr std::string_view kSeenText = "An audit log was begun in the folder beside this.\n";

/// A link as the text of one of these files: a fixed number of bytes. Strict both ways.
std::string print_link(const Link& link);
std::optional<Link> parse_link(std::string_view text);

}  // namespace oap::audit
