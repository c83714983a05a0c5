#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/keyring.hpp"
#include "audit/sealed_pages.hpp"
#include "audit/segment.hpp"
#include "base/result.hpp"

namespace oap::audit {

/// What stands for a member with a value (a text as it is printed in JSON, without its quotes).
std::uint64_t token_of(std::string_view key, std::string_view value);
/// What stands for a tenth of the scale of risk: 0 below 0.1, 10 from 1 on.
std::uint64_t risk_token(unsigned tenth);
unsigned risk_tenth(double risk);
/// What stands for lines that are no intact records, or could not be decrypted.
std::uint64_t odd_token();

/// From when to when the records of a run of kBlockRecords are, whatever their order.
struct Span {
  std::array<char, 24> earliest{};  ///< as printed
  std::array<char, 24> latest{};
  bool overlaps(std::string_view since, std::string_view until) const;
};

/// Where in a segment to look for what: which records hold each value of the indexed members. Only
/// a hint: whoever reads a record checks it. A value.
class SegmentIndex {
 public:
  static constexpr std::uint32_t kBlockRecords = 256;

  /// Takes in the segment's records from `covered()` up to `size`, but not beyond 4 GiB. Borrows
  /// the descriptor. `keys` for encrypted records; where a user's are gone, so is what they said.
  /// kCancelled soon after `stop` says so.
  Result<void> extend(int fd, std::uint64_t size, Keyring* keys, std::uint64_t first,
                      const std::atomic<bool>& stop);
  /// Up to where in the segment it speaks.
  std::uint64_t covered() const { return covered_; }

  /// Its bytes for a file, before they are sealed.
  std::string print();

 private:
  friend class IndexFile;
  struct Pair {
    std::uint64_t token;
    std::uint32_t record;
    auto operator<=>(const Pair&) const = default;
  };
  void add(std::string_view line, Keyring* keys, std::uint64_t first);
  void add_time(std::string_view text);
  void add_sealed(std::string_view line, Keyring* keys, std::uint64_t first);
  void note(std::uint64_t token);
  void sort_new();

  std::uint64_t covered_ = 0;
  std::string last_;                    ///< the end of the last line covered
  std::vector<std::uint32_t> offsets_;  ///< of each line
  std::vector<Span> spans_;             ///< of each run
  std::vector<Pair> pairs_;
  std::size_t sorted_ = 0;  ///< so many of them are
};

/// An index as it lies in its file: looks up a value with a few pages, none of the rest. Not
/// thread-safe. Whatever returns nothing, or false, says that the file cannot be believed.
class IndexFile {
 public:
  /// Nothing where there is none that fits the segment: `segment_fd` must hold the same record at
  /// the end of what is covered.
  static std::optional<IndexFile> open(SealedPages pages, int segment_fd, std::uint64_t size);

  std::uint64_t covered() const { return covered_; }
  std::uint32_t records() const { return records_; }
  const Span& span() const { return span_; }
  std::optional<std::vector<Span>> spans();

  /// The records that hold a value: where their numbers are, and how many.
  struct Postings {
    std::uint32_t start = 0;
    std::uint32_t count = 0;
  };
  std::optional<Postings> find(std::uint64_t token);
  /// Their numbers from 0 on, ascending.
  std::optional<std::vector<std::uint32_t>> numbers(const Postings& postings);
  /// Where a record begins; the end of the last for `records()`.
  std::optional<std::uint64_t> offset_of(std::uint32_t record);

  /// The whole, to be extended.
  std::optional<SegmentIndex> load();

 private:
  struct Entry {
    std::uint64_t token = 0;
    std::uint32_t start = 0;  ///< of the numbers; the number itself where it is one
    std::uint32_t count = 0;
  };
  explicit IndexFile(SealedPages pages) : pages_(std::move(pages)) {}
  std::optional<Entry> entry(std::uint64_t at);
  bool add_records(const Entry& found, std::string_view numbers, SegmentIndex& index) const;

  SealedPages pages_;
  std::uint64_t covered_ = 0;
  std::uint32_t records_ = 0;
  std::uint64_t tokens_ = 0;
  std::uint64_t numbers_ = 0;
  Span span_;
  std::string last_;
  std::uint64_t spans_at_ = 0;
  std::uint64_t offsets_at_ = 0;
  std::uint64_t tokens_at_ = 0;
  std::uint64_t numbers_at_ = 0;
};

}  // namespace oap::audit
