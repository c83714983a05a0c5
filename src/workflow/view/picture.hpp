#pragma once

#include <cstddef>
#include <string>

#include "workflow/definition/blueprint.hpp"
#include "workflow/view/run_view.hpp"

namespace oap::workflow {

/// A workflow drawn as an SVG document (XML, UTF-8) that stands alone: columns by the longest way
/// of needs, loops, groups and branches as boxes around their steps; of a run also states,
/// durations, attempts, and the critical path emphasised. It follows the reader's light or dark
/// setting, has a title and a description, and no scripts or references. Names are escaped. Beyond
/// `kMaxDrawn` steps the rest is a note. Pure; `run` may be null.
std::string svg(const Blueprint& blueprint, const RunView* run);

/// The same as a Mermaid flowchart.
std::string mermaid(const Blueprint& blueprint, const RunView* run);

constexpr std::size_t kMaxDrawn = 400;

}  // namespace oap::workflow
