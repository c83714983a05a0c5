#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::text {

/// Plain functions over byte strings; "case-insensitive" means ASCII letters only. All pure; the
/// returned views borrow the argument.

/// Without ASCII white space (space, \t \n \v \f \r) at both ends.
std::string_view trim(std::string_view text);
/// The pieces between separators, empty ones too: "a,,b" → "a", "", "b"; "" → one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);
/// The lines without their "\n" or "\r\n"; a final line break begins no further line.
std::vector<std::string_view> split_lines(std::string_view text);
/// The words between runs of ASCII white space; none of them is empty.
std::vector<std::string_view> split_words(std::string_view text);
std::string join(const std::vector<std::string>& pieces, std::string_view separator);
std::string join(const std::vector<std::string_view>& pieces, std::string_view separator);
std::string lower_ascii(std::string_view text);
bool equals_ci(std::string_view a, std::string_view b);
bool starts_with_ci(std::string_view text, std::string_view prefix);
bool contains(std::string_view text, std::string_view part);
/// Each occurrence of `from`, which must not be empty, replaced by `to`, left to right.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace oap::text
