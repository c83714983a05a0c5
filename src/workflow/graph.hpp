#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::workflow {

/// What running a step's attempt twice would mean.
enum class Effect {
  kPure,        ///< nothing outside changes; may run again at will
  kIdempotent,  ///< a second run with the same key changes nothing more
  kOnce         ///< must never run twice; never retried once it may have begun
};
std::string_view to_string(Effect effect);

/// What a step's failure means for the rest of the run.
enum class FailurePolicy {
  kFailFast,  ///< nothing new starts; what runs may end; the run fails
  kContinue,  ///< steps that do not need it go on; the run fails
  kTolerate   ///< as kContinue, but the run does not fail because of it
};
std::string_view to_string(FailurePolicy policy);

/// How often and how late an attempt is repeated: the n-th wait is a random part of
/// min(cap, base * 2^(n-1)).
struct RetryPolicy {
  int count = 0;  ///< further attempts after the first
  Millis base{1'000};
  Millis cap{30'000};
};

/// One step as its author gave it. Immutable once in a Graph. `kind` and `payload` mean something
/// to the StepRunner only.
struct StepDefinition {
  std::string id;
  std::string name;
  std::string kind;
  json::Value payload;
  std::vector<std::string> dependencies;
  std::optional<Millis> timeout;  ///< of one attempt
  RetryPolicy retry;
  Effect effect = Effect::kIdempotent;
  FailurePolicy on_failure = FailurePolicy::kContinue;
};

/// A checked, immutable graph of steps. Steps are known by their index in the author's order.
class Graph {
 public:
  static constexpr std::size_t kMaxProblems = 20;

  /// kInvalidArgument names each problem on a line of its own (at most kMaxProblems): an empty or
  /// repeated id, an unknown dependency with the nearest id, a cycle as a path `a → b → a` in which
  /// each step needs the next, a timeout or retry out of range. A dependency named twice counts
  /// once. O(steps + dependencies).
  static Result<Graph> build(std::vector<StepDefinition> steps);

  std::size_t size() const { return steps_.size(); }
  const std::vector<StepDefinition>& steps() const { return steps_; }
  const StepDefinition& step(std::size_t index) const { return steps_[index]; }
  std::optional<std::size_t> find(std::string_view id) const;
  /// The steps that wait for this one.
  std::span<const std::uint32_t> successors(std::size_t index) const;
  /// The steps that this one waits for, each once.
  std::span<const std::uint32_t> dependencies(std::size_t index) const;
  /// Number of dependencies of each step.
  std::vector<std::uint32_t> unmet_counts() const;
  /// All indices, each after its dependencies; among free ones the author's order.
  const std::vector<std::uint32_t>& order() const { return order_; }
  /// The whole definition as data: what a run pins by its hash.
  json::Value definition() const;

 private:
  using Edges = std::vector<std::uint32_t>;
  Graph() = default;
  std::vector<std::string> intern_ids();
  std::vector<std::string> link();
  std::vector<std::string> sort();
  std::string cycle_among(const std::vector<std::uint32_t>& unmet) const;

  std::vector<StepDefinition> steps_;
  std::unordered_map<std::string, std::uint32_t> index_;
  Edges dependency_start_;
  Edges dependency_;
  Edges successor_start_;
  Edges successor_;
  Edges order_;
};

json::Value to_json(const StepDefinition& step);

}  // namespace oap::workflow
