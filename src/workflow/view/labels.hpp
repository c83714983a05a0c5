#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {

/// The step's name, or its id.
std::string title_of(const StepDefinition& step);
/// What it does in a few words: "tool · read_file", "agent · reviewer", "loop · until".
std::string subtitle_of(const StepDefinition& step);
/// At most so many code points, with … where something is missing; what cannot be seen is escaped.
std::string fit(std::string_view text, std::size_t code_points);

}  // namespace oap::workflow
