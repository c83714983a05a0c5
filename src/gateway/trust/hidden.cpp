#include "gateway/trust/hidden.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <optional>

#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

struct Range {
  char32_t first;
  char32_t last;
  HiddenKind kind;
};

constexpr Range kRanges[] = {
    {0x00, 0x08, HiddenKind::kControl},       {0x0B, 0x0C, HiddenKind::kControl},
    {0x0E, 0x1F, HiddenKind::kControl},       {0x7F, 0x9F, HiddenKind::kControl},
    {0xAD, 0xAD, HiddenKind::kFormat},        {0x34F, 0x34F, HiddenKind::kFormat},
    {0x61C, 0x61C, HiddenKind::kBidi},        {0x115F, 0x1160, HiddenKind::kFormat},
    {0x17B4, 0x17B5, HiddenKind::kFormat},    {0x180B, 0x180D, HiddenKind::kVariation},
    {0x180E, 0x180E, HiddenKind::kFormat},    {0x180F, 0x180F, HiddenKind::kVariation},
    {0x200B, 0x200D, HiddenKind::kZeroWidth}, {0x200E, 0x200F, HiddenKind::kBidi},
    {0x202A, 0x202E, HiddenKind::kBidi},      {0x2060, 0x2060, HiddenKind::kZeroWidth},
    {0x2061, 0x2065, HiddenKind::kFormat},    {0x2066, 0x2069, HiddenKind::kBidi},
    {0x206A, 0x206F, HiddenKind::kFormat},    {0x3164, 0x3164, HiddenKind::kFormat},
    {0xE000, 0xF8FF, HiddenKind::kPrivate},   {0xFE00, 0xFE0F, HiddenKind::kVariation},
    {0xFEFF, 0xFEFF, HiddenKind::kZeroWidth}, {0xFFA0, 0xFFA0, HiddenKind::kFormat},
    {0xFFF0, 0xFFFB, HiddenKind::kFormat},    {0x13430, 0x1345F, HiddenKind::kFormat},
    {0x1BCA0, 0x1BCA3, HiddenKind::kFormat},  {0x1D173, 0x1D17A, HiddenKind::kFormat},
    {0xE0000, 0xE00FF, HiddenKind::kTag},     {0xE0100, 0xE01EF, HiddenKind::kVariation},
    {0xE01F0, 0xE0FFF, HiddenKind::kFormat},  {0xF0000, 0x10FFFF, HiddenKind::kPrivate},
};

std::optional<HiddenKind> kind_of(char32_t c) {
  const auto* const range =
      std::lower_bound(std::begin(kRanges), std::end(kRanges), c,
                       [](const Range& each, char32_t value) { return each.last < value; });
  if (range == std::end(kRanges) || c < range->first) {
    return std::nullopt;
  }
  return range->kind;
}

constexpr bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// Scripts in which a joiner or non-joiner between letters changes what is seen.
bool needs_joiners(char32_t c) {
  return within(c, 0x600, 0x109F) || within(c, 0x1780, 0x18AF) || within(c, 0x1900, 0x1CFF) ||
         within(c, 0xA840, 0xAAFF) || within(c, 0xFB50, 0xFDFF) || within(c, 0xFE70, 0xFEFE) ||
         within(c, 0x10A00, 0x11FFF);
}

bool is_pictograph(char32_t c) {
  return within(c, 0x2190, 0x2BFF) || within(c, 0x3030, 0x303D) || within(c, 0x3297, 0x3299) ||
         within(c, 0x1F000, 0x1FAFF) || c == 0xA9 || c == 0xAE || c == 0x203C || c == 0x2049 ||
         c == 0x2122 || c == 0x2139;
}

bool is_ideograph(char32_t c) {
  return within(c, 0x3400, 0x9FFF) || within(c, 0xF900, 0xFAFF) || within(c, 0x20000, 0x3FFFF);
}

bool is_keycap_base(char32_t c) { return within(c, '0', '9') || c == '#' || c == '*'; }

/// A selector that has something to select: an emoji's or text's style, a keycap, an ideograph's
/// form, a mathematical symbol's, a Mongolian letter's.
bool selects(char32_t base, char32_t selector) {
  if (within(selector, 0x180B, 0x180F)) {
    return within(base, 0x1820, 0x18AA);
  }
  if (within(selector, 0xE0100, 0xE01EF)) {
    return is_ideograph(base);
  }
  if (selector >= 0xFE0E) {
    return is_pictograph(base) || is_keycap_base(base);
  }
  return within(base, 0x2190, 0x2BFF) || is_ideograph(base) || within(base, 0x1000, 0x109F);
}

/// The character at `at`, or U+0000 where the text ends or is no UTF-8 there.
char32_t character_at(std::string_view text, std::size_t at) {
  return at < text.size() && text::decode_at(text, at).valid ? text::decode_at(text, at).value : 0;
}

bool is_in_place(char32_t before, char32_t base, char32_t c, char32_t after) {
  if (c == 0x200C || c == 0x200D) {
    const bool joins_letters = needs_joiners(before) && needs_joiners(after);
    const bool joins_emoji = c == 0x200D && is_pictograph(base) && is_pictograph(after);
    return joins_letters || joins_emoji;
  }
  return selects(before, c);
}

bool has_place(char32_t c) {
  return c == 0x200C || c == 0x200D || within(c, 0x180B, 0x180F) || within(c, 0xFE00, 0xFE0F) ||
         within(c, 0xE0100, 0xE01EF);
}

/// For each lead byte, a bit for each second byte that a hidden character can have after it. C0
/// and DEL have no second byte, C1 is left out.
constexpr std::array<std::uint64_t, 256> make_suspects() {
  std::array<std::uint64_t, 256> table{};
  for (const Range& range : kRanges) {
    for (char32_t c = range.first; c <= range.last && range.kind != HiddenKind::kControl;) {
      const unsigned tail = c < 0x800 ? 0 : c < 0x10000 ? 6 : 12;
      const char32_t lead = c < 0x800 ? 0xC0 : c < 0x10000 ? 0xE0 : 0xF0;
      table[lead | (c >> (tail + 6U))] |= std::uint64_t{1} << ((c >> tail) & 0x3FU);
      c = ((c >> tail) + 1) << tail;
    }
  }
  return table;
}
constexpr std::array<std::uint64_t, 256> kSuspects = make_suspects();

bool is_suspect(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const unsigned second = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
  return (second & 0xC0U) == 0x80 && ((kSuspects[lead] >> (second & 0x3FU)) & 1U) != 0;
}

bool is_plain_ascii(char byte) { return (byte >= 0x20 && byte < 0x7F) || byte == '\n'; }

/// The first byte at or after `at` that is not ASCII.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
  std::size_t i = at;
  for (; i + 32 <= text.size(); i += 32) {
    std::uint64_t words[4];
    std::memcpy(words, text.data() + i, sizeof(words));
    if (((words[0] | words[1] | words[2] | words[3]) & kHighBits) != 0) {
      break;
    }
  }
  while (i < text.size() && (static_cast<unsigned char>(text[i]) & 0x80U) == 0) {
    ++i;
  }
  return i;
}

}  // namespace

std::string_view to_string(HiddenKind kind) {
  constexpr std::array<std::string_view, 7> kNames{"tag",    "zero_width", "bidi",   "variation",
                                                   "format", "private",    "control"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<HiddenRun> find_hidden(std::string_view text, std::size_t limit) {
  std::vector<HiddenRun> runs;
  char32_t before = 0;
  char32_t base = 0;  // as `before`, but a selector in place does not count
  for (std::size_t at = 0; at < text.size();) {
    if (is_plain_ascii(text[at])) {
      before = base = static_cast<char32_t>(text[at]);
      ++at;
      continue;
    }
    const text::CodePoint c = text::decode_at(text, at);
    const auto kind = c.valid ? kind_of(c.value) : std::nullopt;
    const bool placed = kind && has_place(c.value) &&
                        is_in_place(before, base, c.value, character_at(text, at + c.length));
    if (kind && !placed) {
      const bool goes_on = !runs.empty() && runs.back().kind == *kind &&
                           runs.back().offset + runs.back().length == at;
      if (goes_on) {
        runs.back().length += c.length;
        ++runs.back().count;
      } else if (runs.size() == limit) {
        return runs;
      } else {
        runs.push_back({*kind, at, c.length, 1});
      }
    }
    before = c.valid ? c.value : 0;
    base = placed && c.value != 0x200C && c.value != 0x200D ? base : before;
    at += c.length;
  }
  return runs;
}

bool may_hide(std::string_view text) {
  for (std::size_t at = skip_ascii(text, 0); at < text.size();) {
    if (is_suspect(text, at)) {
      const text::CodePoint c = text::decode_at(text, at);
      const auto kind = c.valid ? kind_of(c.value) : std::nullopt;
      if (kind && *kind != HiddenKind::kControl) {
        return true;
      }
      at += c.length;
    } else {
      ++at;
    }
    if (at < text.size() && (static_cast<unsigned char>(text[at]) & 0x80U) == 0) {
      at = skip_ascii(text, at);
    }
  }
  return false;
}

}  // namespace oap::gateway
