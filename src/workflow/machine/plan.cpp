#include "workflow/machine/plan.hpp"

#include "json/print.hpp"

namespace oap::workflow {

std::shared_ptr<const Plan> Plan::of(std::shared_ptr<const Blueprint> blueprint) {
  auto plan = std::make_shared<Plan>();
  plan->text_ = json::canonical(to_json(blueprint->definition()));
  plan->positions_.resize(blueprint->size());
  plan->ids_.resize(blueprint->block_count());
  for (BlockIndex block = 0; block < blueprint->block_count(); ++block) {
    const std::vector<StepIndex>& steps = blueprint->block(block).steps;
    plan->ids_[block].reserve(steps.size());
    for (std::uint32_t at = 0; at < steps.size(); ++at) {
      plan->positions_[steps[at]] = at;
      plan->ids_[block].emplace(blueprint->step(steps[at]).definition->id, at);
    }
  }
  plan->blueprint_ = std::move(blueprint);
  return plan;
}

std::optional<std::uint32_t> Plan::find(BlockIndex block, std::string_view id) const {
  const auto found = ids_[block].find(id);
  return found == ids_[block].end() ? std::nullopt : std::optional(found->second);
}

}  // namespace oap::workflow
