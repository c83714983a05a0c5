#pragma once

#include <string_view>

#include "workflow/definition/definition.hpp"
#include "workflow/definition/problem_list.hpp"

namespace oap::workflow {

/// The most steps, items or combinations that may run at the same time.
constexpr int kMaxParallel = 10'000;

/// Numbers out of range, names that cannot be, settings that contradict each other. Steps are
/// checked one by one by the second; `id` is what they are called. Pure but for the list.
void check_ranges(const Definition& definition, ProblemList& problems);
void check_ranges(const StepDefinition& step, std::string_view id, ProblemList& problems);

}  // namespace oap::workflow
