#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
    kInputs,     ///< inputs: an object
    kVariables,  ///< vars: an object
    kVariable,   ///< vars.text, also written `text` or `${text}`
    kStep,       ///< steps.<id>: {outputs, status, error, attempts} of `step`
    kItem,       ///< the foreach's or loop's item, under its name
    kIndex,      ///< its number, from 0
    kMatrix,     ///< matrix: an object
    kLoop,       ///< loop: {index, last}: last is the outputs of the previous iteration's steps
    kRun,        ///< run: {id, started_at, attempt}
    kWorkflow,   ///< workflow: {id, name, version}
    kSecret,     ///< secrets.text: a string, marked secret
    kResult,     ///< result: what the step gave; in `export` and `outputs` only
    kSuccess,    ///< success(): every need completed (or is tolerated)
    kFailure,    ///< failure(): a need, or one before it, failed
    kCancelled   ///< cancelled(): the run is being cancelled
  };
  Kind kind = Kind::kInputs;
  StepIndex step = 0;
  std::string text;
};

/// What a run knows at one place in it. Asked only for names that the expression uses.
class Scope {
 public:
  virtual ~Scope() = default;
  virtual Result<expr::Value> value(const Name& name) const = 0;
};

struct Rendered {
  json::Value data;
  bool tainted = false;  ///< something secret went into it
};

/// A compiled condition, expression or template (text or whole JSON). Immutable, thread-safe, shares
/// its body; a default one is literal null. Errors are kInvalidArgument with line, column, caret.
class Expression {
 public:
  Expression();
  bool is_literal() const;
  Result<Rendered> render(const Scope& scope) const;
  /// Of conditions. An error is never false.
  Result<bool> holds(const Scope& scope) const;
  const std::vector<Name>& names() const;
  struct Body;
  explicit Expression(std::shared_ptr<const Body> body);

 private:
  std::shared_ptr<const Body> body_;
};

struct BlueprintBlock {
  std::optional<StepIndex> owner;  ///< the loop, group or condition that it belongs to
  std::vector<StepIndex> steps;    ///< in the author's order
  bool is_finally = false;
};

/// A step with everything compiled. What a field does not need is a literal null.
struct BlueprintStep {
  const StepDefinition* definition = nullptr;
  BlockIndex block = 0;
  std::vector<StepIndex> needs;       ///< each once
  std::vector<StepIndex> successors;  ///< of the same block
  std::optional<BlockIndex> body;     ///< loop, group, `then`
  std::optional<BlockIndex> else_body;
  std::optional<StepIndex> compensate;  ///< a step of no block
  std::optional<Expression> condition;  ///< none: success()
  bool decides_itself = false;          ///< `if` uses a status function: a failed need does not skip
  Expression input;     ///< arguments, prompt + options, inputs, env: an object; see `input_of`
  Expression test;      ///< condition; while
  Expression until;
  Expression items;     ///< foreach or loop
  std::vector<std::pair<std::string, Expression>> axes;  ///< matrix
  Expression group;     ///< concurrency
  Expression wait_for;  ///< duration or until
  std::vector<std::pair<std::string, Expression>> exports;
  std::vector<std::pair<std::string, Expression>> outputs;
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
class Blueprint {
 public:
  /// Problems are added with the places that the definition has; null where any is an error.
  /// Checked: every expression (names, types against inputs' and outputs' schemas), that a step
  /// names only steps before it, literal arguments against the tools' schemas, templates in scripts.
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
  /// By dotted author path, e.g. "loop.body".
  std::optional<StepIndex> find(std::string_view path) const;

 private:
  Blueprint() = default;
  friend class BlueprintCompiler;
  Definition definition_;
  std::string hash_;
  std::vector<BlueprintStep> steps_;
  std::vector<BlueprintBlock> blocks_;
  std::optional<BlockIndex> finally_;
  std::vector<std::pair<std::string, Expression>> outputs_;
  Expression group_;
};

/// Holds the inputs against their schemas and fills in defaults. kInvalidArgument names each that is
/// missing, unknown (with the nearest name) or wrong. Pure.
Result<json::Object> accept_inputs(const Definition& definition, const json::Object& given);

}  // namespace oap::workflow
