#include <algorithm>
#include <cstring>

#include <unistd.h>

#include "audit/index.hpp"
#include "audit/index_format.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kEntryBytes = 16;
constexpr std::size_t kOffsetBytes = 4;
constexpr std::size_t kMostVarint = 5;

std::uint64_t spans_of(std::uint64_t records) {
  return (records + SegmentIndex::kBlockRecords - 1) / SegmentIndex::kBlockRecords;
}

std::uint64_t content_size(const IndexHeader& header) {
  return sizeof(IndexHeader) + spans_of(header.records) * sizeof(Span) +
         header.records * kOffsetBytes + header.tokens * kEntryBytes + header.numbers;
}

bool fits(const IndexHeader& header, std::uint64_t content, int fd, std::uint64_t size) {
  constexpr std::uint64_t kMost = 1U << 31U;
  if (std::string_view(header.magic.data(), header.magic.size()) != kIndexMagic ||
      header.covered > size || header.covered < kLastBytes || header.records == 0 ||
      header.records > kMost || header.tokens > kMost || header.numbers > kMost ||
      content != content_size(header)) {
    return false;
  }
  std::array<char, kLastBytes> last{};
  return pread(fd, last.data(), last.size(), static_cast<off_t>(header.covered - kLastBytes)) ==
             static_cast<ssize_t>(last.size()) &&
         last == header.last;
}

}  // namespace

std::optional<IndexFile> IndexFile::open(SealedPages pages, int segment_fd, std::uint64_t size) {
  IndexHeader header;
  if (!pages.read(0, &header, sizeof(header)) || !fits(header, pages.size(), segment_fd, size)) {
    return std::nullopt;
  }
  IndexFile file(std::move(pages));
  file.covered_ = header.covered;
  file.records_ = static_cast<std::uint32_t>(header.records);
  file.tokens_ = header.tokens;
  file.numbers_ = header.numbers;
  file.span_ = header.span;
  file.last_.assign(header.last.data(), header.last.size());
  file.spans_at_ = sizeof(IndexHeader);
  file.offsets_at_ = file.spans_at_ + spans_of(header.records) * sizeof(Span);
  file.tokens_at_ = file.offsets_at_ + header.records * kOffsetBytes;
  file.numbers_at_ = file.tokens_at_ + header.tokens * kEntryBytes;
  return file;
}

std::optional<std::vector<Span>> IndexFile::spans() {
  std::vector<Span> spans(static_cast<std::size_t>(spans_of(records_)));
  return pages_.read(spans_at_, spans.data(), spans.size() * sizeof(Span))
             ? std::optional(std::move(spans))
             : std::nullopt;
}

std::optional<IndexFile::Entry> IndexFile::entry(std::uint64_t at) {
  static_assert(sizeof(Entry) == kEntryBytes);
  Entry found;
  return pages_.read(tokens_at_ + at * kEntryBytes, &found, sizeof(found)) ? std::optional(found)
                                                                           : std::nullopt;
}

/// Tokens are spread evenly, so the place of one is known to within a page or two.
std::optional<IndexFile::Postings> IndexFile::find(std::uint64_t token) {
  const auto near = static_cast<std::uint64_t>(static_cast<double>(token) * 0x1p-64 *
                                               static_cast<double>(tokens_));
  std::uint64_t low = 0;
  std::uint64_t high = tokens_;
  for (std::uint64_t step = 128; step < tokens_; step *= 4) {
    const std::uint64_t below = near - std::min(near, step);
    const std::uint64_t above = std::min(near + step, tokens_ - 1);
    const auto first = entry(below);
    const auto last = entry(above);
    if (!first || !last) {
      return std::nullopt;
    }
    if (first->token <= token && token <= last->token) {
      low = below;
      high = above + 1;
      break;
    }
  }
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    const auto found = entry(middle);
    if (!found) {
      return std::nullopt;
    }
    if (found->token == token) {
      return Postings{found->start, found->count};
    }
    (found->token < token ? low : high) = found->token < token ? middle + 1 : middle;
  }
  return Postings{};
}

std::optional<std::vector<std::uint32_t>> IndexFile::numbers(const Postings& postings) {
  std::vector<std::uint32_t> found;
  if (postings.count == 1) {
    found.push_back(postings.start);
  }
  if (postings.count > 1) {
    if (postings.count > records_ || postings.start > numbers_) {
      return std::nullopt;
    }
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(
                          numbers_ - postings.start, postings.count * kMostVarint)),
                      '\0');
    std::size_t have = 0;
    std::size_t used = 0;
    std::uint32_t before = 0;
    while (found.size() < postings.count) {
      if (have - used < kMostVarint && have < bytes.size()) {
        const std::size_t more = std::min(bytes.size() - have, kPageBytes);
        if (!pages_.read(numbers_at_ + postings.start + have, bytes.data() + have, more)) {
          return std::nullopt;
        }
        have += more;
      }
      std::string_view rest = std::string_view(bytes).substr(used, have - used);
      const auto step = take_varint(rest);
      if (!step) {
        return std::nullopt;
      }
      used = have - rest.size();
      before += *step;
      found.push_back(before);
    }
  }
  const bool good = found.empty() || found.back() < records_;
  return good ? std::optional(std::move(found)) : std::nullopt;
}

std::optional<std::uint64_t> IndexFile::offset_of(std::uint32_t record) {
  if (record >= records_) {
    return record == records_ ? std::optional(covered_) : std::nullopt;
  }
  std::uint32_t offset = 0;
  return pages_.read(offsets_at_ + std::uint64_t{record} * kOffsetBytes, &offset, sizeof(offset)) &&
                 offset < covered_
             ? std::optional<std::uint64_t>(offset)
             : std::nullopt;
}

bool IndexFile::add_records(const Entry& found, std::string_view numbers,
                            SegmentIndex& index) const {
  std::uint32_t record = found.start;
  if (found.count > 1) {
    if (found.start > numbers.size() || found.count > records_) {
      return false;
    }
    numbers.remove_prefix(found.start);
    record = 0;
  }
  for (std::uint32_t i = 0; i < found.count; ++i) {
    const auto step = found.count > 1 ? take_varint(numbers) : std::optional(0U);
    record += step.value_or(0);
    if (!step || record >= records_) {
      return false;
    }
    index.pairs_.push_back({found.token, record});
  }
  return true;
}

std::optional<SegmentIndex> IndexFile::load() {
  SegmentIndex index;
  auto all = spans();
  index.offsets_.resize(records_);
  if (!all || !pages_.read(offsets_at_, index.offsets_.data(), records_ * kOffsetBytes)) {
    return std::nullopt;
  }
  index.spans_ = *std::move(all);
  index.covered_ = covered_;
  index.last_ = last_;
  std::vector<Entry> entries(static_cast<std::size_t>(tokens_));
  std::string numbers(static_cast<std::size_t>(numbers_), '\0');
  if (!pages_.read(tokens_at_, entries.data(), entries.size() * kEntryBytes) ||
      !pages_.read(numbers_at_, numbers.data(), numbers.size())) {
    return std::nullopt;
  }
  for (const Entry& found : entries) {
    if (!add_records(found, numbers, index)) {
      return std::nullopt;
    }
  }
  index.sorted_ = index.pairs_.size();
  return index;
}

}  // namespace oap::audit
