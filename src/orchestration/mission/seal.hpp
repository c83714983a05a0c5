#pragma once

#include <string>
#include <string_view>

namespace oap::orchestration {

inline constexpr std::string_view kSealTag = "<mission_seal>SEALED</mission_seal>";

/// Whether an agent's final text gives the seal: the tag on a line of its own, outside of fenced
/// and indented code, comments and quotes. Spaces inside and letter case do not matter. Text that
/// speaks of the tag is no seal. Pure.
bool has_seal(std::string_view final_text);

/// The question that a final text ends with, or "": its last line of prose where that is one
/// ("…?"), outside of code and quotes. Pure.
std::string closing_question(std::string_view final_text);

}  // namespace oap::orchestration
