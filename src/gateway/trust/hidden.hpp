#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oap::gateway {

/// Why a character that a model reads cannot be seen by a person.
enum class HiddenKind : std::uint8_t {
  kTag,        ///< U+E0000–E007F: text that nothing shows, also in flag emoji
  kZeroWidth,  ///< zero-width space, joiners out of place, word joiner, byte order mark
  kBidi,       ///< direction marks, overrides and isolates
  kVariation,  ///< variation selectors that select nothing: runs, or after a plain character
  kFormat,     ///< other invisible format characters and fillers
  kPrivate,    ///< private use
  kControl,    ///< C0 but tab and line ends, DEL, C1
};
/// "tag", "zero_width", "bidi", "variation", "format", "private", "control".
std::string_view to_string(HiddenKind kind);

/// Hidden characters of one kind that follow each other.
struct HiddenRun {
  HiddenKind kind;
  std::size_t offset = 0;  ///< bytes
  std::size_t length = 0;  ///< bytes
  std::size_t count = 0;   ///< characters
  bool operator==(const HiddenRun&) const = default;
};

/// All hidden characters of a text, in order, at most `limit` runs. Joiners between letters of
/// scripts that need them (Arabic, Indic, Khmer, Mongolian …) or between emoji, one variation
/// selector after an emoji, a symbol or an ideograph, and no-break and other wide spaces are not
/// hidden. Bytes that are not UTF-8 are skipped. Source: Unicode 15 (categories Cf, Co, Cc;
/// Default_Ignorable_Code_Point), UTS #51. Pure.
std::vector<HiddenRun> find_hidden(std::string_view text, std::size_t limit = 1000);

/// True where `find_hidden` could find something in it: false for plain ASCII text, at more than a
/// gigabyte a second. Controls are not looked at. Pure.
bool may_hide(std::string_view text);

}  // namespace oap::gateway
