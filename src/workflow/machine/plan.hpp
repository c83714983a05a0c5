#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {

/// A Blueprint with what instances of its steps are found by. Immutable, shared by all runs of a
/// definition. O(steps + edges) to make.
class Plan {
 public:
  static std::shared_ptr<const Plan> of(std::shared_ptr<const Blueprint> blueprint);

  const Blueprint& blueprint() const { return *blueprint_; }
  const std::shared_ptr<const Blueprint>& shared_blueprint() const { return blueprint_; }
  /// The definition's canonical JSON: what a run pins.
  const std::string& definition_text() const { return text_; }
  /// Where the step stands in its block.
  std::uint32_t position(StepIndex step) const { return positions_[step]; }
  /// Position in the block of the step with this id.
  std::optional<std::uint32_t> find(BlockIndex block, std::string_view id) const;

 private:
  std::shared_ptr<const Blueprint> blueprint_;
  std::string text_;
  std::vector<std::uint32_t> positions_;
  std::vector<std::unordered_map<std::string_view, std::uint32_t>> ids_;
};

}  // namespace oap::workflow
