#include "audit/index.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <numeric>
#include <span>

#include <unistd.h>

#include "audit/chain.hpp"
#include "audit/cipher.hpp"
#include "audit/index_format.hpp"
#include "audit/members.hpp"
#include "json/print.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kChunk = 1U << 20U;
constexpr std::uint64_t kMostCovered = std::uint64_t{1} << 32U;
constexpr unsigned kTenths = 10;

constexpr std::array<std::string_view, 13> kIndexed{
    "action", "call_id", "event_id",   "event_type", "permission_decision",
    "role",   "server",  "session_id", "success",    "task_id",
    "tenant", "tool",    "user_id"};

/// About one indexed value is in so many bytes of records; room is made for so many at most.
constexpr std::uint64_t kBytesPerPair = 64;
constexpr std::uint64_t kMostAhead = 1U << 20U;

bool is_indexed(std::string_view key) {
  return std::binary_search(kIndexed.begin(), kIndexed.end(), key);
}

/// Parts them by the next byte of their tokens, which are spread evenly, until few are left. Those
/// of a frequent token come in order and stay so.
template <class Pair>
void sort_pairs(std::span<Pair> pairs, std::span<Pair> scratch, unsigned bits_left) {
  constexpr std::size_t kFewPairs = 64;
  if (std::is_sorted(pairs.begin(), pairs.end())) {
    return;
  }
  if (pairs.size() <= kFewPairs || bits_left == 0) {
    std::sort(pairs.begin(), pairs.end());
    return;
  }
  bits_left -= 8;
  const auto byte_of = [bits_left](const Pair& pair) {
    return static_cast<std::size_t>(pair.token >> bits_left & 0xFFU);
  };
  std::array<std::size_t, 257> ends{};
  for (const Pair& pair : pairs) {
    ++ends[byte_of(pair) + 1];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  for (const Pair& pair : pairs) {
    scratch[ends[byte_of(pair)]++] = pair;
  }
  std::copy_n(scratch.begin(), pairs.size(), pairs.begin());
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    sort_pairs(pairs.subspan(begin, end - begin), scratch, bits_left);
    begin = end;
  }
}

template <class T>
void append_raw(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace

std::uint64_t token_of(std::string_view key, std::string_view value) {
  constexpr std::uint64_t kPrime = 0x100000001B3U;
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const std::string_view part : {key, std::string_view("\0", 1), value}) {
    for (const char c : part) {
      hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
    }
  }
  hash ^= hash >> 32U;
  hash *= 0x9E3779B97F4A7C15U;
  return hash ^ hash >> 29U;
}

unsigned risk_tenth(double risk) {
  return risk > 0 ? static_cast<unsigned>(std::floor(std::min(risk, 1.0) * kTenths)) : 0;
}
std::uint64_t risk_token(unsigned tenth) { return token_of("risk_score", fmt::to_string(tenth)); }
std::uint64_t odd_token() { return token_of("", "odd"); }

bool Span::overlaps(std::string_view since, std::string_view until) const {
  return (since.empty() || std::string_view(latest.data(), latest.size()) >= since) &&
         (until.empty() || std::string_view(earliest.data(), earliest.size()) < until);
}

void SegmentIndex::note(std::uint64_t token) {
  pairs_.push_back({token, static_cast<std::uint32_t>(offsets_.size() - 1)});
}

void SegmentIndex::add_time(std::string_view text) {
  std::array<char, 24> at{};
  text.substr(0, at.size()).copy(at.data(), at.size());
  Span& span = spans_.back();
  span.earliest = std::min(span.earliest, at);
  span.latest = std::max(span.latest, at);
}

/// What an encrypted record says.
void SegmentIndex::add_sealed(std::string_view line, Keyring* keys, std::uint64_t first) {
  const auto parsed = read_record(line, keys, first);
  if (!parsed) {
    note(odd_token());
    return;
  }
  for (const std::string_view key : kIndexed) {
    const json::Value* const value = json::find(parsed->record, key);
    if (value != nullptr && value->is_string() && !value->get_string().empty()) {
      const std::string quoted = json::quote(json::view(value->get_string()));
      note(token_of(key, std::string_view(quoted).substr(1, quoted.size() - 2)));
    } else if (value != nullptr && value->is_bool()) {
      note(token_of(key, value->get_bool() ? "true" : "false"));
    }
  }
  note(risk_token(risk_tenth(json::get_double(parsed->record, "risk_score"))));
}

void SegmentIndex::add(std::string_view line, Keyring* keys, std::uint64_t first) {
  if (offsets_.size() % kBlockRecords == 0) {
    spans_.emplace_back();
    spans_.back().earliest.fill('\x7f');
  }
  offsets_.push_back(static_cast<std::uint32_t>(covered_));
  const bool sealed = is_encrypted(line);
  bool timed = false;
  double risk = 0;
  RawMembers members(line);
  while (members.next()) {
    if (members.key() == "timestamp") {
      add_time(members.text());
      timed = true;
    } else if (members.key() == "risk_score") {
      const std::string_view value = members.value();
      std::from_chars(value.data(), value.data() + value.size(), risk);
    } else if (is_indexed(members.key()) && members.value() != "\"\"" && !sealed) {
      note(token_of(members.key(),
                    members.value().front() == '"' ? members.text() : members.value()));
    }
  }
  if (sealed) {
    add_sealed(line, keys, first);
  } else {
    note(timed ? risk_token(risk_tenth(risk)) : odd_token());
    if (!is_hash_right(line)) {
      note(odd_token());
    }
  }
}

Result<void> SegmentIndex::extend(int fd, std::uint64_t size, Keyring* keys, std::uint64_t first,
                                  const std::atomic<bool>& stop) {
  size = std::min(size, kMostCovered);
  pairs_.reserve(pairs_.size() +
                 static_cast<std::size_t>(
                     std::min((size - std::min(size, covered_)) / kBytesPerPair, kMostAhead)));
  std::string buffer;
  std::uint64_t offset = covered_;
  while (offset < size) {
    if (stop) {
      return fail(Code::kCancelled, "stopped while indexing");
    }
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
    std::size_t end = 0;
    while ((end = buffer.find('\n', done)) != std::string::npos) {
      const std::string_view line = std::string_view(buffer).substr(done, end - done);
      add(line, keys, first);
      covered_ += line.size() + 1;
      done = end + 1;
    }
    last_.append(std::string_view(buffer).substr(done - std::min(done, kLastBytes),
                                                 std::min(done, kLastBytes)));
    last_.erase(0, last_.size() - std::min(last_.size(), kLastBytes));
    buffer.erase(0, done);
  }
  return {};
}

void SegmentIndex::sort_new() {
  std::vector<Pair> scratch(pairs_.size() - sorted_);
  sort_pairs(std::span(pairs_).subspan(sorted_), std::span(scratch), 64);
}

std::string SegmentIndex::print() {
  sort_new();
  const auto middle = pairs_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  if (sorted_ > 0) {
    std::vector<Pair> merged;
    merged.reserve(pairs_.size());
    std::merge(pairs_.begin(), middle, middle, pairs_.end(), std::back_inserter(merged));
    pairs_ = std::move(merged);
  }
  pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
  sorted_ = pairs_.size();
  std::string entries;
  std::string numbers;
  std::uint64_t tokens = 0;
  for (std::size_t at = 0; at < pairs_.size();) {
    std::size_t end = at + 1;
    while (end < pairs_.size() && pairs_[end].token == pairs_[at].token) {
      ++end;
    }
    const auto count = static_cast<std::uint32_t>(end - at);
    append_raw(entries, pairs_[at].token);
    append_raw(entries,
               count == 1 ? pairs_[at].record : static_cast<std::uint32_t>(numbers.size()));
    append_raw(entries, count);
    for (std::uint32_t before = 0; count > 1 && at < end; ++at) {
      append_varint(numbers, pairs_[at].record - before);
      before = pairs_[at].record;
    }
    at = end;
    ++tokens;
  }
  IndexHeader header;
  kIndexMagic.copy(header.magic.data(), kIndexMagic.size());
  header.covered = covered_;
  header.records = offsets_.size();
  header.tokens = tokens;
  header.numbers = numbers.size();
  header.span.earliest.fill('\x7f');
  for (const Span& span : spans_) {
    header.span.earliest = std::min(header.span.earliest, span.earliest);
    header.span.latest = std::max(header.span.latest, span.latest);
  }
  last_.copy(header.last.data(), kLastBytes);
  std::string out;
  out.reserve(sizeof(header) + spans_.size() * sizeof(Span) +
              offsets_.size() * sizeof(offsets_[0]) + entries.size() + numbers.size());
  append_raw(out, header);
  out.append(reinterpret_cast<const char*>(spans_.data()), spans_.size() * sizeof(Span));
  out.append(reinterpret_cast<const char*>(offsets_.data()), offsets_.size() * sizeof(offsets_[0]));
  return out.append(entries).append(numbers);
}

}  // namespace oap::audit
