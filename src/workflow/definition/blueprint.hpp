#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "expr/value.hpp"
#include "json/value.hpp"
#include "workflow/definition/definition.hpp"
#include "workflow/definition/reader.hpp"

namespace oap::workflow {

using StepIndex = std::uint32_t;   ///< of a step in its Blueprint, blocks inside blocks included
using BlockIndex = std::uint32_t;  ///< 0 is the workflow's own steps

/// One name that an expression uses, resolved to what it means.
struct Name {
  enum class Kind : std::uint8_t {
    kInputs,  ///< inputs: an object; with a text, its member of that name
    /// inputs.text, a secret one; without a text: all of them, where some are secret
    kSecretInput,
    kVariables,  ///< vars: an object
    kVariable,   ///< vars.text, also written `text` or `${text}`
    kStep,       ///< steps.<id>: {outputs, status, error, attempts} of `step`
    kItem,       ///< the item of `step`, a foreach or a loop over items; text is its name
    kIndex,      ///< its number, from 0
    kMatrix,     ///< matrix: an object, of `step`
    /// loop of `step`: {index, last}: last maps the ids of the previous iteration's steps to their
    /// outputs, null in the first. In `until` both are those of the iteration that has just ended.
    kLoop,
    kRun,       ///< run: {id, started_at, attempt}
    kWorkflow,  ///< workflow: {id, name, version}
    kSecret,    ///< secrets.text: a string, marked secret
    kResult,    ///< result: what the step gave; in `export`, `outputs` and `compensate` only
    kSuccess,   ///< success(): every need completed (or is tolerated)
    kFailure,   ///< failure(): a need, or one before it, failed
    kCancelled  ///< cancelled(): the run is being cancelled
  };
  Kind kind = Kind::kInputs;
  StepIndex step = 0;
  std::string text;

  bool operator==(const Name&) const = default;
};

/// What a run knows at one place in it. Asked once for each name that the expression uses, before
/// it is evaluated. An error counts where the value is needed: `a || b` may do without.
class Scope {
 public:
  virtual ~Scope() = default;
  virtual Result<expr::Value> value(const Name& name) const = 0;
};

struct Rendered {
  json::Value data;
  bool tainted = false;  ///< something secret went into it
  json::Array secrets;   ///< what of it is secret
};

/// A compiled condition, expression or template (text or whole JSON). Immutable, thread-safe,
/// shares its body; a default one is literal null. Errors are kInvalidArgument (kResourceExhausted
/// beyond the cost limit) with line, column, caret, and hold nothing secret.
class Expression {
 public:
  Expression();
  bool is_literal() const;
  Result<Rendered> render(const Scope& scope) const;
  /// Of conditions. An error is never false.
  Result<bool> holds(const Scope& scope) const;
  /// What it asks of a Scope, each once.
  const std::vector<Name>& names() const;
  bool uses(Name::Kind kind) const;
  /// A secret, or a secret input.
  bool uses_secret() const;
  /// success(), failure(), cancelled() or always() is in it.
  bool asks_status() const;
  struct Body;
  explicit Expression(std::shared_ptr<const Body> body);

 private:
  std::shared_ptr<const Body> body_;
};

constexpr BlockIndex kNoBlock = UINT32_MAX;

struct BlueprintBlock {
  std::optional<StepIndex> owner;  ///< the loop, group or condition that it belongs to
  std::vector<StepIndex> steps;    ///< in the author's order
  bool is_finally = false;
};

/// A step with everything compiled. What a field does not need is a literal null. `input` renders
/// to an object: of a tool its arguments; of an agent {prompt} and {model} where one is given; of a
/// script {env} and {stdin} (where given); of a subworkflow its inputs; of an approval {message};
/// of a wait for a signal {signal}; else null.
struct BlueprintStep {
  const StepDefinition* definition = nullptr;
  BlockIndex block = 0;               ///< kNoBlock: a compensation
  std::vector<StepIndex> needs;       ///< each once
  std::vector<StepIndex> successors;  ///< of the same block
  std::optional<BlockIndex> body;     ///< loop, group, `then`
  std::optional<BlockIndex> else_body;
  std::optional<StepIndex> compensate;  ///< a step of no block, with `compensates`
  std::optional<StepIndex> compensates;
  std::optional<Expression> condition;  ///< none: success()
  bool decides_itself = false;  ///< `if` uses a status function: a failed need does not skip
  Expression input;
  std::optional<Expression> test;  ///< condition; while
  std::optional<Expression> until;
  Expression items;  ///< foreach or loop; its value must be a list
  std::vector<std::pair<std::string, Expression>> axes;  ///< matrix; each must be a list
  Expression group;                                      ///< concurrency: a string
  Expression wait_for;  ///< duration (a number of seconds or a text) or until (a text)
  std::vector<std::pair<std::string, Expression>> exports;
  std::vector<std::pair<std::string, Expression>> outputs;
  std::vector<std::string> secret_inputs;  ///< of a subworkflow: those that a secret goes into
};

/// What is known of tools when a workflow is checked; may be empty.
class ToolSchemas {
 public:
  virtual ~ToolSchemas() = default;
  /// Input schema of the tool; null where it is not known, an error where there is no such tool.
  virtual Result<const json::Value*> input_schema(std::string_view server,
                                                  std::string_view tool) const = 0;
};

/// A checked, compiled, immutable workflow; shared by all its runs. O(steps + edges) to compile.
/// Steps of block 0 have the indexes 0 … n-1 in the author's order, those of other blocks follow.
class Blueprint {
 public:
  /// Problems are added with the places that the definition has; null where any is an error.
  /// Checked: every expression (names, types against inputs' and outputs' schemas), that a step
  /// names only steps before it, literal arguments against the tools' schemas, templates in
  /// scripts.
  static std::shared_ptr<const Blueprint> compile(Definition definition, std::string_view file,
                                                  const ToolSchemas* tools,
                                                  std::vector<Problem>& problems);

  const Definition& definition() const { return definition_; }
  const std::string& hash() const { return hash_; }
  std::size_t size() const { return steps_.size(); }
  const BlueprintStep& step(StepIndex index) const { return steps_[index]; }
  const BlueprintBlock& block(BlockIndex index) const { return blocks_[index]; }
  std::size_t block_count() const { return blocks_.size(); }
  std::optional<BlockIndex> finally_block() const { return finally_; }
  const std::vector<std::pair<std::string, Expression>>& outputs() const { return outputs_; }
  const Expression& concurrency_group() const { return group_; }
  /// By dotted author path: "loop.body", "finally.notify", "book.compensate".
  std::optional<StepIndex> find(std::string_view path) const;
  /// The reverse.
  std::string path(StepIndex index) const;

 private:
  Blueprint() = default;
  friend class BlueprintCompiler;
  Definition definition_;
  std::string hash_;
  std::vector<BlueprintStep> steps_;
  std::vector<BlueprintBlock> blocks_;
  std::vector<std::unordered_map<std::string_view, StepIndex>> ids_;  // of each block
  std::optional<BlockIndex> finally_;
  std::vector<std::pair<std::string, Expression>> outputs_;
  Expression group_;
};

/// A workflow file with all that is wrong with it, in the order of its lines; a blueprint where
/// nothing but warnings is.
struct Checked {
  std::shared_ptr<const Blueprint> blueprint;
  std::vector<Problem> problems;
};
/// read_workflow and Blueprint::compile in one.
Checked check_workflow(std::string_view text, const std::string& file, const ToolSchemas* tools);

/// A duration as authors write it: a number of seconds, or "500ms", "90s", "5m", "2h30m", "1d".
/// kInvalidArgument where it is none, below 0, or beyond 366 days. Pure.
Result<Millis> read_duration(const json::Value& value);

/// Holds the inputs against their schemas and fills in defaults; where a schema says `number` an
/// integer becomes a double, as expressions expect. kInvalidArgument names each that is missing,
/// unknown (with the nearest name) or wrong, without the values of secret ones. Pure.
Result<json::Object> accept_inputs(const Definition& definition, const json::Object& given);

/// Whether the schema of an input says that its value is a secret, at any depth: `secret: true`,
/// `writeOnly: true` or `format: password`.
bool is_secret_input(const json::Value& schema);

}  // namespace oap::workflow
