#pragma once

#include <string>
#include <string_view>

namespace oap::yaml {

/// A text in which the question marks that belong to plain text are written by another character.
struct Masked {
  std::string text;
  std::string stand_in;  ///< what stands for "?"; "" where nothing was replaced
};

/// yaml-cpp takes any '?' inside [] and {} for the sign of a key; YAML 1.2 (sections 7.3.3, 7.4.2)
/// only one at the front of an entry with a blank behind it. All others are replaced, each by one
/// character that the text does not hold, so that no line and no column moves. Pure.
Masked mask_question_marks(std::string_view text);

/// The text with its question marks.
std::string unmask(std::string_view text, std::string_view stand_in);

}  // namespace oap::yaml
