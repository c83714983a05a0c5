#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oap::terminal {

/// Columns that a code point takes in a terminal's cell grid (Unicode EastAsianWidth): 0, 1 or 2.
/// Controls count 0; they are never shown.
int width_of(char32_t code_point);

/// What a person sees as one character: a base and what is combined with it, a joined or
/// two-letter emoji.
struct Cluster {
  std::size_t length = 0;  ///< bytes, at least 1
  int width = 0;           ///< columns
};
/// The cluster at byte `at`, which must be inside `text`. Pure.
Cluster cluster_at(std::string_view text, std::size_t at);
/// Where the cluster that ends at byte `at` begins; `at` > 0.
std::size_t cluster_before(std::string_view text, std::size_t at);

/// Columns of the whole text.
std::size_t columns_of(std::string_view text);
/// The longest start that fits into `columns`.
std::string_view fitting(std::string_view text, std::size_t columns);
/// The text where it fits, else its start and "…".
std::string clipped(std::string_view text, std::size_t columns);

/// The text as it may go to a terminal: no control, no invalid byte and nothing that turns the
/// direction of writing stays as it is, each is shown by its number. What only joins letters or
/// emoji stays, a no-break space becomes a space, a tab becomes spaces. "\n" stays, "\r\n" is "\n".
/// What a person must judge (an approval) takes text::escape_visible, which hides less.
std::string shown(std::string_view text);

}  // namespace oap::terminal
