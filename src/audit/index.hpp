#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/segment.hpp"
#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::audit {

/// A run of records of one segment: what is read at once.
struct Block {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::array<char, 24> earliest{};  ///< timestamp, as printed
  std::array<char, 24> latest{};
  double max_risk = 0;
};

/// Whether a member is one whose values are indexed.
bool is_indexed(std::string_view key);
/// What stands for a member with a value (a text as it is printed in JSON, without its quotes).
std::uint64_t token_of(std::string_view key, std::string_view value);

/// Where in a segment to look for what: for each value of the indexed members the blocks that hold
/// it. Sparse and only a hint: whoever reads a block checks its records. A value.
class SegmentIndex {
 public:
  static constexpr std::size_t kBlockRecords = 256;

  /// Takes in the segment's records from `covered()` up to `size`. Lines that are no records belong
  /// to their block and to no value. Borrows the descriptor.
  Result<void> extend(int fd, std::uint64_t size);
  /// Up to where in the segment it speaks.
  std::uint64_t covered() const { return covered_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  /// Numbers of the blocks with the value, ascending.
  std::vector<std::uint32_t> find(std::uint64_t token) const;

  /// Its bytes for a file, and back; nothing where they are none, or of another segment: `fd` must
  /// hold the same record at the end of what is covered.
  std::string print() const;
  static std::optional<SegmentIndex> read(std::string_view bytes, int fd, std::uint64_t size);

 private:
  void add(std::string_view line, std::uint64_t offset);

  std::uint64_t covered_ = 0;
  std::string last_;  ///< the end of the last line covered
  std::size_t in_block_ = 0;
  std::vector<Block> blocks_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> tokens_;
};

/// An index as it lies in its file: looks up a value with a few small reads, none of the rest.
class IndexFile {
 public:
  /// Nothing where there is none that fits the segment.
  static std::optional<IndexFile> open(const std::string& path, int segment_fd, std::uint64_t size);

  std::uint64_t covered() const { return covered_; }
  /// Nothing where the file cannot be believed.
  std::optional<std::vector<Block>> blocks() const;
  std::optional<std::vector<std::uint32_t>> find(std::uint64_t token) const;

 private:
  os::UniqueFd fd_;
  std::uint64_t covered_ = 0;
  std::uint64_t blocks_ = 0;
  std::uint64_t tokens_ = 0;
  std::uint64_t postings_ = 0;
};

std::string index_path(const std::string& dir, const Segment& segment);

}  // namespace oap::audit
