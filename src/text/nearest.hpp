#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oap::text {

/// Number of inserted, deleted, replaced or swapped neighbouring bytes between two words, ASCII
/// case ignored (optimal string alignment). Words are cut at 128 bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that a person most likely meant: at most a third of the word's length away (one
/// edit for words up to five bytes), the first of equals; or one that the word abbreviates.
/// Nothing where no candidate is near, or the word is one of them.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

/// " (did you mean 'x'?)", or "" where nothing is near: to be put at the end of an error.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace oap::text
