#include <algorithm>
#include <array>
#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "security/secret_decode.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kLeast = 24;
/// A run goes on in the next line where the line was as long.
constexpr std::size_t kLongLine = 56;
constexpr std::size_t kLongestLine = 160;
/// Longer runs are taken in parts that overlap.
constexpr std::size_t kPart = 32U << 10U;
constexpr std::size_t kOverlap = 8U << 10U;

constexpr std::array<bool, 256> kInRun = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    table[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == '+' || c == '/' || c == '-' || c == '_';
  }
  return table;
}();

bool in_run(char c) { return kInRun[static_cast<unsigned char>(c)]; }

#if defined(__SSE2__)
/// One bit for each of 16 bytes that may stand in a run; also for a few that may not.
unsigned mask_of(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i high = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('*'));
  const __m128i point = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'));
  // ':' to '@': shifted so that a signed compare tells them
  const __m128i marks =
      _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(0x80 - ':'))),
                     _mm_set1_epi8(static_cast<char>(0x80 + 7)));
  return static_cast<unsigned>(
      _mm_movemask_epi8(_mm_andnot_si128(_mm_or_si128(point, marks), high)));
}

/// Where, from `at` on, a run of kLeast may begin; the end where there is none.
std::size_t next_candidate(std::string_view text, std::size_t at) {
  unsigned before = 0;  // how many bytes of a run end where the block begins
  for (; at + 16 <= text.size(); at += 16) {
    const unsigned mask = mask_of(text.data() + at);
    if (mask == 0xFFFFU) {
      if (before + 16 >= kLeast) {
        return at - before;
      }
      before += 16;
      continue;
    }
    const auto front = static_cast<unsigned>(std::countr_one(mask));
    if (before + front >= kLeast) {
      return at - before;
    }
    before = static_cast<unsigned>(std::countl_one(mask << 16U));
  }
  return at - before;
}
#else
std::size_t next_candidate(std::string_view /*text*/, std::size_t at) { return at; }
#endif

/// The beginning of the next run of kLeast bytes, or of what may become one at the end of the text.
std::size_t next_run(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    std::size_t start = next_candidate(text, at);
    std::size_t gaps = 0;
    for (at = start; at < text.size(); ++at) {
      if (!in_run(text[at])) {
        start = at + 1;
        if (++gaps == 4 || text[at] <= '*') {
          break;  // the quick way again
        }
      } else if (at + 1 - start >= kLeast) {
        return start;
      }
    }
    if (at == text.size()) {
      return start;
    }
    ++at;
  }
  return at;
}

enum class Continued : std::uint8_t { kNo, kYes, kUnknown };

/// Whether the line that begins at `at` is more of a wrapped run: nothing but the run, and no
/// longer than such lines are. "EOF", "RUN make", "PORT=80" are none.
Continued continues(std::string_view text, std::size_t at, bool last) {
  std::size_t end = at;
  while (end < text.size() && end - at <= kLongestLine && in_run(text[end])) {
    ++end;
  }
  if (end - at > kLongestLine || text.substr(at).starts_with("--")) {
    return Continued::kNo;
  }
  const std::size_t run = end - at;
  while (end < text.size() && text[end] == '=' && end - at - run < 2) {
    ++end;
  }
  if (end == text.size() && !last) {
    return Continued::kUnknown;
  }
  const bool closed = end == text.size() ||
                      std::string_view("\r\n\"'`\\,;<)").find(text[end]) != std::string_view::npos;
  return run >= 4 && closed ? Continued::kYes : Continued::kNo;
}

}  // namespace

void RunFinder::look(std::string_view text, std::size_t base, bool last,
                     std::vector<EncodedRun>& runs) {
  std::size_t at = held_ - base;
  while (at < text.size()) {
    const std::size_t start = next_run(text, at);
    if (start != at || seen_ < base + start) {
      seen_ = line_ = base + start;
    }
    std::size_t end = seen_ - base;
    std::size_t line = line_ - base;
    bool waits = false;
    for (;;) {
      while (end < text.size() && end - start < kPart && in_run(text[end])) {
        ++end;
      }
      if (end - start >= kPart || end == text.size()) {
        waits = end == text.size() && end - start < kPart;
        break;
      }
      std::size_t next = end;
      while (next < text.size() && next - end < 20 &&
             std::string_view("\r\n \t").find(text[next]) != std::string_view::npos) {
        ++next;
      }
      const bool breaks = text[end] == '\n' || text[end] == '\r';
      if (end - line < kLongLine || !breaks) {
        break;
      }
      if (next == text.size()) {
        waits = true;
        break;
      }
      const Continued after = continues(text, next, last);
      if (after == Continued::kUnknown) {
        waits = true;
        break;
      }
      if (end - line > kLongestLine || after == Continued::kNo) {
        break;
      }
      line = end = next;
    }
    if (waits && !last) {
      held_ = base + start;
      seen_ = base + end;
      line_ = base + line;
      return;
    }
    const bool part = end - start >= kPart;
    if (end - start >= kLeast) {
      std::size_t padded = end;
      while (!part && padded < text.size() && padded - end < 2 && text[padded] == '=') {
        ++padded;
      }
      if (padded == text.size() && !part && !last) {
        held_ = base + start;  // its padding may still come
        seen_ = base + end;
        line_ = base + line;
        return;
      }
      runs.push_back({base + start, base + padded});
    }
    at = part ? end - kOverlap : std::max(end, start + 1);
    seen_ = line_ = base + at;
  }
  held_ = base + text.size();
  seen_ = line_ = held_;
}

}  // namespace oap::security
