#include "audit/index.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/members.hpp"

namespace oap::audit {
namespace {

constexpr std::string_view kMagic = "oap audit index1";
constexpr std::size_t kLastBytes = 80;
constexpr std::size_t kChunk = 1U << 20U;

struct Header {
  std::array<char, 16> magic{};
  std::uint64_t covered = 0;
  std::uint64_t blocks = 0;
  std::uint64_t tokens = 0;
  std::uint64_t postings = 0;
  std::uint64_t in_block = 0;
  std::array<char, kLastBytes> last{};
};

struct TokenEntry {
  std::uint64_t token = 0;
  std::uint32_t start = 0;
  std::uint32_t count = 0;
};

bool read_exactly(int fd, void* to, std::size_t count, std::uint64_t from) {
  return pread(fd, to, count, static_cast<off_t>(from)) == static_cast<ssize_t>(count);
}

template <class T>
void append_raw(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

std::uint64_t file_size_of(const Header& header) {
  return sizeof(Header) + header.blocks * sizeof(Block) + header.tokens * sizeof(TokenEntry) +
         header.postings * sizeof(std::uint32_t);
}

/// Whether the header is one, and of a segment that holds its last record where it says.
bool fits(const Header& header, int fd, std::uint64_t size, std::uint64_t file_size) {
  constexpr std::uint64_t kMost = 1U << 30U;
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic ||
      header.covered > size || header.covered < kLastBytes || header.blocks == 0 ||
      header.blocks > kMost || header.tokens > kMost || header.postings > kMost ||
      file_size != file_size_of(header)) {
    return false;
  }
  std::array<char, kLastBytes> last{};
  return read_exactly(fd, last.data(), last.size(), header.covered - kLastBytes) &&
         last == header.last;
}

std::string_view clipped(std::string_view text) { return text.substr(0, 24); }

}  // namespace

bool is_indexed(std::string_view key) {
  constexpr std::array<std::string_view, 13> kKeys{
      "action", "call_id", "event_id",   "event_type", "permission_decision",
      "role",   "server",  "session_id", "success",    "task_id",
      "tenant", "tool",    "user_id"};
  return std::binary_search(kKeys.begin(), kKeys.end(), key);
}

std::uint64_t token_of(std::string_view key, std::string_view value) {
  constexpr std::uint64_t kPrime = 0x100000001B3U;
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const std::string_view part : {key, std::string_view("\0", 1), value}) {
    for (const char c : part) {
      hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
    }
  }
  hash ^= hash >> 32U;
  return hash * 0x9E3779B97F4A7C15U;
}

std::string index_path(const std::string& dir, const Segment& segment) {
  return dir + "/index/" + segment.name.substr(0, 20) + ".idx";
}

void SegmentIndex::add(std::string_view line, std::uint64_t offset) {
  if (blocks_.empty() || in_block_ == kBlockRecords) {
    Block block;
    block.offset = offset;
    block.earliest.fill('\x7f');
    blocks_.push_back(block);
    in_block_ = 0;
  }
  ++in_block_;
  Block& block = blocks_.back();
  block.bytes += line.size() + 1;
  const auto number = static_cast<std::uint32_t>(blocks_.size() - 1);
  RawMembers members(line);
  while (members.next()) {
    if (members.key() == "timestamp") {
      std::array<char, 24> at{};
      const std::string_view text = clipped(members.text());
      text.copy(at.data(), text.size());
      block.earliest = std::min(block.earliest, at);
      block.latest = std::max(block.latest, at);
    } else if (members.key() == "risk_score") {
      double risk = 0;
      const std::string_view value = members.value();
      std::from_chars(value.data(), value.data() + value.size(), risk);
      block.max_risk = std::max(block.max_risk, risk);
    } else if (is_indexed(members.key()) && members.value() != "\"\"") {
      const std::string_view text =
          members.value().front() == '"' ? members.text() : members.value();
      std::vector<std::uint32_t>& places = tokens_[token_of(members.key(), text)];
      if (places.empty() || places.back() != number) {
        places.push_back(number);
      }
    }
  }
}

Result<void> SegmentIndex::extend(int fd, std::uint64_t size) {
  std::string buffer;
  std::uint64_t offset = covered_;
  while (offset < size) {
    const std::size_t kept = buffer.size();
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, size - offset));
    buffer.resize(kept + want);
    const ssize_t got = pread(fd, buffer.data() + kept, want, static_cast<off_t>(offset));
    if (got < 0 && errno != EINTR) {
      return fail(Code::kUnavailable, "reading the audit log: {}", std::strerror(errno));
    }
    buffer.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) {
      break;
    }
    offset += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
    std::size_t done = 0;
    std::size_t stop = 0;
    while ((stop = buffer.find('\n', done)) != std::string::npos) {
      const std::string_view line = std::string_view(buffer).substr(done, stop - done);
      add(line, covered_);
      covered_ += line.size() + 1;
      last_.append(line.substr(line.size() - std::min(line.size(), kLastBytes))).push_back('\n');
      last_.erase(0, last_.size() - std::min(last_.size(), kLastBytes));
      done = stop + 1;
    }
    buffer.erase(0, done);
  }
  return {};
}

std::vector<std::uint32_t> SegmentIndex::find(std::uint64_t token) const {
  const auto found = tokens_.find(token);
  return found == tokens_.end() ? std::vector<std::uint32_t>() : found->second;
}

std::string SegmentIndex::print() const {
  std::vector<std::uint64_t> sorted;
  sorted.reserve(tokens_.size());
  std::uint64_t postings = 0;
  for (const auto& [token, places] : tokens_) {
    sorted.push_back(token);
    postings += places.size();
  }
  std::sort(sorted.begin(), sorted.end());
  Header header{{}, covered_, blocks_.size(), sorted.size(), postings, in_block_, {}};
  kMagic.copy(header.magic.data(), kMagic.size());
  last_.copy(header.last.data(), kLastBytes);
  std::string out;
  out.reserve(static_cast<std::size_t>(file_size_of(header)));
  append_raw(out, header);
  for (const Block& block : blocks_) {
    append_raw(out, block);
  }
  std::uint32_t start = 0;
  for (const std::uint64_t token : sorted) {
    const auto count = static_cast<std::uint32_t>(tokens_.at(token).size());
    append_raw(out, TokenEntry{token, start, count});
    start += count;
  }
  for (const std::uint64_t token : sorted) {
    for (const std::uint32_t place : tokens_.at(token)) {
      append_raw(out, place);
    }
  }
  return out;
}

std::optional<SegmentIndex> SegmentIndex::read(std::string_view bytes, int fd, std::uint64_t size) {
  Header header;
  if (bytes.size() < sizeof(Header)) {
    return std::nullopt;
  }
  std::memcpy(&header, bytes.data(), sizeof(Header));
  if (!fits(header, fd, size, bytes.size())) {
    return std::nullopt;
  }
  SegmentIndex index;
  index.covered_ = header.covered;
  index.in_block_ = static_cast<std::size_t>(header.in_block);
  index.last_.assign(header.last.data(), kLastBytes);
  index.blocks_.resize(static_cast<std::size_t>(header.blocks));
  const char* at = bytes.data() + sizeof(Header);
  std::memcpy(index.blocks_.data(), at, index.blocks_.size() * sizeof(Block));
  at += index.blocks_.size() * sizeof(Block);
  const char* const postings = at + header.tokens * sizeof(TokenEntry);
  for (std::uint64_t i = 0; i < header.tokens; ++i, at += sizeof(TokenEntry)) {
    TokenEntry entry;
    std::memcpy(&entry, at, sizeof(entry));
    if (std::uint64_t{entry.start} + entry.count > header.postings) {
      return std::nullopt;
    }
    std::vector<std::uint32_t> places(entry.count);
    std::memcpy(places.data(), postings + entry.start * sizeof(std::uint32_t),
                places.size() * sizeof(std::uint32_t));
    index.tokens_.emplace(entry.token, std::move(places));
  }
  return index;
}

std::optional<IndexFile> IndexFile::open(const std::string& path, int segment_fd,
                                         std::uint64_t size) {
  IndexFile file;
  file.fd_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  Header header;
  struct stat info{};
  if (!file.fd_ || fstat(file.fd_.get(), &info) != 0 ||
      !read_exactly(file.fd_.get(), &header, sizeof(header), 0) ||
      !fits(header, segment_fd, size, static_cast<std::uint64_t>(info.st_size))) {
    return std::nullopt;
  }
  file.covered_ = header.covered;
  file.blocks_ = header.blocks;
  file.tokens_ = header.tokens;
  file.postings_ = header.postings;
  return file;
}

std::optional<std::vector<Block>> IndexFile::blocks() const {
  std::vector<Block> blocks(static_cast<std::size_t>(blocks_));
  if (!read_exactly(fd_.get(), blocks.data(), blocks.size() * sizeof(Block), sizeof(Header))) {
    return std::nullopt;
  }
  return blocks;
}

std::optional<std::vector<std::uint32_t>> IndexFile::find(std::uint64_t token) const {
  const std::uint64_t base = sizeof(Header) + blocks_ * sizeof(Block);
  std::uint64_t low = 0;
  std::uint64_t high = tokens_;
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    TokenEntry entry;
    if (!read_exactly(fd_.get(), &entry, sizeof(entry), base + middle * sizeof(entry))) {
      return std::nullopt;
    }
    if (entry.token == token) {
      if (std::uint64_t{entry.start} + entry.count > postings_) {
        return std::nullopt;
      }
      std::vector<std::uint32_t> places(entry.count);
      const std::uint64_t from = base + tokens_ * sizeof(entry) + entry.start * sizeof(places[0]);
      return read_exactly(fd_.get(), places.data(), places.size() * sizeof(places[0]), from)
                 ? std::optional(std::move(places))
                 : std::nullopt;
    }
    (entry.token < token ? low : high) = entry.token < token ? middle + 1 : middle;
  }
  return std::vector<std::uint32_t>();
}

}  // namespace oap::audit
