#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "expr/environment.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/definition/outline.hpp"

namespace oap::workflow {

/// What all expressions of a workflow share: types of its inputs, variables and steps. Borrows its
/// arguments. Not thread-safe.
class World {
 public:
  World(const Definition& definition, const Outline& outline);

  const Definition& definition() const { return definition_; }
  const Outline& outline() const { return outline_; }
  const expr::Type& inputs() const { return inputs_; }
  /// Null where there is no such variable.
  const expr::Type* variable(std::string_view name) const;
  std::vector<std::string> variable_names() const;
  /// Of `steps.<id>`.
  const expr::Type& step(StepIndex index);
  /// Of `loop` in the loop.
  const expr::Type& loop(StepIndex index);
  bool is_secret(std::string_view name) const;
  const std::set<std::string, std::less<>>& secret_inputs() const { return secret_inputs_; }

  /// What expressions have named so far. `inputs` or `vars` as a whole counts for all of them.
  struct Used {
    std::set<std::string, std::less<>> inputs;
    std::set<std::string, std::less<>> variables;
    std::set<std::string, std::less<>> secrets;
    bool all_inputs = false;
    bool all_variables = false;
  };
  Used& used() { return used_; }

 private:
  expr::Type outputs(StepIndex index) const;
  expr::Type outputs_of(BlockIndex block) const;

  const Definition& definition_;
  const Outline& outline_;
  expr::Type inputs_;
  std::set<std::string, std::less<>> secret_inputs_;
  std::map<std::string, expr::Type, std::less<>> variables_;
  std::map<StepIndex, expr::Type> steps_;
  std::map<StepIndex, expr::Type> loops_;
  Used used_;
};

/// Where an expression stands: what it may name.
enum class Spot : std::uint8_t {
  kCondition,  ///< a step's `if`: status functions; not yet the items of its own foreach
  kBefore,     ///< items, axes: as kCondition, without status functions
  kInside,     ///< input, group, wait: also the step's own items
  kAfter,      ///< export, outputs: also `result`
  kWhile,      ///< of a loop: also `loop`
  kUntil,      ///< the same
  kRun,        ///< the workflow's own concurrency group: no steps
  kEnd         ///< the workflow's outputs: all steps
};

/// The names that one expression may use; remembers which it did. Used for one expression.
class Names final : public expr::NameSource {
 public:
  Names(World& world, Spot spot, std::optional<StepIndex> step)
      : world_(world), spot_(spot), step_(step) {}

  std::optional<expr::Type> type_of(std::string_view name) override;
  std::vector<std::string> names() const override;
  std::string why_not(std::string_view name) const override;

  /// By slot; `always()` is none, being no name but true.
  std::vector<std::optional<Name>> take() { return std::move(taken_); }

 private:
  using Found = std::optional<expr::Type>;

  Found take(Name::Kind kind, expr::Type type, std::string_view text = {}, StepIndex step = 0);
  Found refuse(std::string message);
  Found status(std::string_view call);
  Found qualified(std::string_view root, std::string_view member);
  Found input(std::string_view name);
  Found step(std::string_view id);
  Found plain(std::string_view name);
  Found framed(std::string_view name);
  std::optional<std::string> why_not_before(StepIndex other) const;
  bool visible(StepIndex other) const;
  std::vector<std::string> step_ids(std::string_view word) const;

  World& world_;
  Spot spot_;
  std::optional<StepIndex> step_;
  std::vector<std::optional<Name>> taken_;
  std::string refused_;
  std::string input_;  // the member of `inputs` that was asked for last
};

/// Names that expressions have already, so that a variable of the same name needs `vars.`.
bool is_reserved_name(std::string_view name);

}  // namespace oap::workflow
