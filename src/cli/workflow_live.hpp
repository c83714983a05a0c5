#pragma once

#include <memory>

#include "cli/workflow_view.hpp"

namespace oap::cli {

/// The text view: a live list where stderr is a terminal that can move its cursor, else lines.
/// NO_COLOR and TERM=dumb are honoured.
std::unique_ptr<WorkflowView> make_live_view();

/// At most `lines` of a run's steps as they should be shown now: what runs and waits first, then
/// what failed, then the rest in the author's order; what is left out is counted. Pure.
std::vector<std::string> list_lines(const std::vector<workflow::StepReport>& steps,
                                    std::size_t lines, std::size_t columns, WallTime now,
                                    std::string_view spinner);

}  // namespace oap::cli
