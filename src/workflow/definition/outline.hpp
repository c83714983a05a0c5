#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "workflow/definition/blueprint.hpp"
#include "workflow/definition/problem_list.hpp"

namespace oap::workflow {

/// True where the text may be the id of a step: [A-Za-z_][A-Za-z0-9_-]*, at most 64 bytes. Pure.
bool is_step_id(std::string_view text);

/// True where the text may be the id of a workflow: [A-Za-z0-9][A-Za-z0-9._-]*, at most 128 bytes.
/// Pure.
bool is_workflow_id(std::string_view text);

/// Steps, blocks and edges of a definition, without expressions; borrows the definition. Built in
/// O(steps + edges).
class Outline {
 public:
  static constexpr std::size_t kMaxSteps = 4'000'000;
  static constexpr std::size_t kMaxDepth = 32;  ///< of blocks inside one another

  /// Problems: ids that are wrong or used twice, needs that are no steps of the same block (with
  /// the nearest), cycles as a path, blocks without steps or too deep.
  static Outline of(const Definition& definition, ProblemList& problems);

  std::vector<BlueprintStep> steps;
  std::vector<BlueprintBlock> blocks;
  std::vector<std::unordered_map<std::string_view, StepIndex>> ids;
  std::optional<BlockIndex> finally;

  /// The step of this id in the block or one around it.
  std::optional<StepIndex> find(BlockIndex block, std::string_view id) const;
  /// Ids of the block that the word may have been meant for: bounded, however many steps there are.
  std::vector<std::string> ids_like(BlockIndex block, std::string_view word) const;
  /// True where `first` has always ended when `then` starts; both of one block.
  bool before(StepIndex first, StepIndex then) const;
  /// Length of the longest way of needs to this step.
  std::uint32_t level(StepIndex index) const { return levels_[index]; }
  /// Block of the step, or of what it compensates.
  BlockIndex block_of(StepIndex index) const;

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  BlockIndex add_block(const Steps* of, std::optional<StepIndex> owner, bool is_finally,
                       ProblemList& problems);
  void add_children(StepIndex index, ProblemList& problems);
  void name(StepIndex index, ProblemList& problems);
  void link(StepIndex index, ProblemList& problems);
  std::string unknown_need(StepIndex index, std::string_view id) const;
  void sort(ProblemList& problems);
  void report_cycles(const std::vector<std::uint32_t>& unmet, ProblemList& problems) const;
  std::string cycle_text(std::vector<StepIndex> path) const;
  void grow_tree(const std::vector<StepIndex>& order);
  bool search(StepIndex first, StepIndex then) const;

  std::vector<std::size_t> depths_;    // of blocks
  std::vector<std::uint32_t> levels_;  // of steps
  std::vector<Span> spans_;            // of steps, in the spanning tree
  mutable std::vector<std::uint32_t> seen_;
  mutable std::uint32_t search_ = 0;
  mutable std::uint64_t visits_ = 0;
};

}  // namespace oap::workflow
