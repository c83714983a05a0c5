#pragma once

namespace oap::terminal {

/// What stands in an editor's text for a long paste: private-use characters; what a person types of
/// them becomes U+FFFD.
inline constexpr char32_t kFirstMark = 0xF0000;
inline constexpr char32_t kLastMark = 0xFFFFD;

constexpr bool is_mark(char32_t value) { return value >= kFirstMark && value <= kLastMark; }

}  // namespace oap::terminal
