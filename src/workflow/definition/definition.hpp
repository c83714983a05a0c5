#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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

/// What becomes of a `once` step whose outcome is not known after a crash.
enum class OnUnknown { kAsk, kFail, kRetry };
std::string_view to_string(OnUnknown choice);

/// What a step's failure means for the rest of the run.
enum class FailurePolicy {
  kFailFast,  ///< nothing new starts; what runs may end; the run fails
  kContinue,  ///< steps that do not need it go on; the run fails
  kTolerate   ///< as kContinue, but the run does not fail because of it
};
std::string_view to_string(FailurePolicy policy);

/// How often and how late an attempt is repeated: the n-th wait (from 1) is a random part of
/// min(max, initial * backoff^(n-1)), or all of it without jitter.
struct RetryPolicy {
  int max_attempts = 1;  ///< the first one included
  Millis initial{1'000};
  Millis max{30'000};
  double backoff = 2.0;
  bool jitter = true;
  /// Error codes ("timeout", "unavailable", "upstream", "tool_error", …) that are worth another
  /// attempt; empty: those that may help by themselves. Never permission or validation.
  std::vector<std::string> retry_on;
};

struct Timeouts {
  std::optional<Millis> attempt;    ///< of one attempt
  std::optional<Millis> total;      ///< from the first start to the end, waits included
  std::optional<Millis> heartbeat;  ///< longest silence of a running attempt
  std::optional<Millis> queue;      ///< from ready to the first start
};

struct Budget {
  std::optional<std::int64_t> tokens;
  std::optional<double> cost_usd;
};

struct StepDefinition;
using Steps = std::vector<StepDefinition>;

/// JSON Pointer → 1-based line of the author's file.
using Lines = std::map<std::string, int, std::less<>>;

/// Where something stood in the author's file; nothing of it is part of the pinned definition.
struct Place {
  int line = 0;         ///< 0: not known
  std::string pointer;  ///< of the step in the file, for Definition::lines
};

// What a step does. JSON values and texts may hold templates (`${{ }}`, `${name}`), conditions are
// CEL; all as written.
struct ToolStep {
  std::string server = "sandbox";  ///< "default" is the same
  std::string tool;
  json::Object arguments;
};
struct AgentStep {
  std::string agent = "worker";
  std::string prompt;
  std::string model;
  std::vector<std::string> tools;
  json::Value output_schema;  ///< null: the step's
  int max_turns = 0;          ///< 0: the agent's own
};
struct ScriptStep {
  std::string shell = "bash";  ///< or python
  std::string run;             ///< taken as it is; holds no template
  json::Object env;            ///< the way for values into the script
  std::string stdin_text;
  bool json_output = false;  ///< stdout is one JSON value
};
struct SubworkflowStep {
  std::string workflow;  ///< id, or path beside the file; resolved before the run starts
  json::Object inputs;
};
/// Completes with `{"result": bool}`; the block of the other branch is skipped. Null blocks are
/// empty ones.
struct ConditionStep {
  std::string condition;
  std::unique_ptr<Steps> then_steps;
  std::unique_ptr<Steps> else_steps;
};
/// Runs its block again and again, one iteration after the other; each is a frame `id[n]`.
struct LoopStep {
  std::string while_condition;      ///< decided before each iteration; may use `loop.last`
  std::string until_condition;      ///< decided after each iteration
  json::Value items;                ///< a list, or a template that gives one: once for each
  std::int64_t max_iterations = 0;  ///< reached with `while` still true: the step fails
  std::unique_ptr<Steps> body;      ///< of a list's items: they see `item` and `index`
};
/// A block as one step: what `foreach` and `matrix` over several steps use.
struct GroupStep {
  std::unique_ptr<Steps> body;
};
struct ApprovalStep {
  std::string message;
  std::vector<std::string> approvers;  ///< user names; empty: anybody who may use this state
  int quorum = 1;
  std::optional<Millis> expires;  ///< then it fails, "expired"
  json::Value form;               ///< JSON Schema of what the approver fills in
};
struct WaitStep {
  std::string duration;  ///< seconds or "5m", or a template
  std::string until;     ///< RFC 3339, or a template
  std::string signal;    ///< name; its payload is the output
};

using StepBody = std::variant<ToolStep, AgentStep, ScriptStep, SubworkflowStep, ConditionStep,
                              LoopStep, GroupStep, ApprovalStep, WaitStep>;
/// "tool", "agent", …
std::string_view type_name(const StepBody& body);

struct Foreach {
  json::Value items;  ///< a list, or a template that gives one
  std::string as = "item";
  int max_parallel = 0;   ///< 0: the run's
  double tolerate = 0.0;  ///< failures up to this many (≥ 1) or this part (< 1) are no failure
};
struct Matrix {
  std::map<std::string, json::Value, std::less<>> axes;  ///< a list, or a template
  std::vector<json::Object> include;
  std::vector<json::Object> exclude;
  int max_parallel = 0;
  bool fail_fast = false;
};

/// One step as its author gave it. Immutable once in a Definition.
struct StepDefinition {
  std::string id;  ///< [A-Za-z_][A-Za-z0-9_-]*, at most 64, unique in its block and those around
  std::string name;
  StepBody body;
  std::vector<std::string> needs;  ///< ids of the same block
  std::string condition;           ///< `if`; empty: success()
  Timeouts timeouts;
  RetryPolicy retry;
  Effect effect = Effect::kIdempotent;
  OnUnknown on_unknown = OnUnknown::kAsk;
  FailurePolicy on_failure = FailurePolicy::kContinue;
  std::unique_ptr<StepDefinition> compensate;
  std::optional<Foreach> foreach;
  std::optional<Matrix> matrix;
  std::string concurrency;  ///< group name, may be a template; one running step of it at a time
  Budget budget;
  bool memoize = false;  ///< pure steps only: a result for the same input is taken again
  /// Variable → expression over `result`: what the step writes to variables when it completes.
  std::map<std::string, std::string, std::less<>> exports;
  /// Output name → expression over `result`; empty: the result is the output.
  std::map<std::string, std::string, std::less<>> outputs;
  json::Value output_schema;  ///< of the output; null: not known
  Place place;
};

struct Concurrency {
  std::string group;  ///< may be a template over inputs
  bool cancel_in_progress = false;
};

/// A workflow or plan as data: what a run pins by the hash of its canonical JSON.
struct Definition {
  std::string id;
  std::string name;
  std::string description;
  std::string version;
  json::Object inputs;     ///< name → JSON Schema, with `default` and `required: false`
  json::Object variables;  ///< start values, literal
  json::Object outputs;    ///< name → template
  Steps steps;
  Steps finally;
  FailurePolicy on_failure = FailurePolicy::kContinue;  ///< of steps that do not say
  int max_parallel = 8;
  std::optional<Millis> timeout;  ///< of the whole run
  std::optional<Concurrency> concurrency;
  Budget budget;
  std::vector<std::string> secrets;  ///< names that `secrets.NAME` may use
  /// The seeds' form: where a tool step without `export` gives an object with an object
  /// `variables`, the members of it that `variables` above declares are written; the run says so in
  /// a warning.
  bool implicit_variables = false;
  std::shared_ptr<const Lines> lines;  ///< of the author's file; not part of the pinned definition

  Definition() = default;
  Definition(Definition&&) = default;
  Definition& operator=(Definition&&) = default;
  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;
};

/// The canonical form (the better form of the YAML, defaults left out). Reading it gives the same
/// Definition again.
json::Value to_json(const Definition& definition);
/// sha256 hex of the canonical JSON.
std::string content_hash(const Definition& definition);

}  // namespace oap::workflow
