#include "workflow/definition/ranges.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "json/format_time.hpp"
#include "json/schema.hpp"
#include "text/nearest.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/definition/error_names.hpp"
#include "workflow/definition/names.hpp"
#include "workflow/definition/outline.hpp"

namespace oap::workflow {
namespace {

constexpr int kMaxAttempts = 1'000;
constexpr std::int64_t kMaxIterations = 1'000'000;
constexpr int kMaxCombinations = 10'000;
constexpr std::size_t kMaxRun = 100'000;

/// Says what is wrong with one step.
class StepRanges {
 public:
  StepRanges(const StepDefinition& step, std::string_view id, ProblemList& problems)
      : step_(step), id_(id), problems_(problems) {}

  void run() {
    timeouts();
    retry();
    only_of_attempts();
    effect();
    each();
    std::visit([this](const auto& body) { this->body(body); }, step_.body);
    names();
    schema("output_schema", step_.output_schema);
    if (step_.budget.tokens && *step_.budget.tokens <= 0) {
      error("budget.tokens must be above 0", {"budget/tokens", "budget"});
    }
    if (step_.budget.cost_usd && !(*step_.budget.cost_usd > 0)) {
      error("budget.cost_usd must be above 0", {"budget/cost_usd", "budget"});
    }
  }

 private:
  using Keys = std::initializer_list<std::string_view>;

  void error(std::string_view message, Keys keys) {
    problems_.error(problems_.line(step_.place, keys),
                    fmt::format("step '{}': {}", shown(id_), message));
  }
  void warning(std::string_view message, Keys keys) {
    problems_.warning(problems_.line(step_.place, keys),
                      fmt::format("step '{}': {}", shown(id_), message));
  }

  void schema(std::string_view what, const json::Value& schema) {
    if (schema.is_null()) {
      return;
    }
    if (const auto compiled = json::Schema::compile(schema); !compiled) {
      error(fmt::format("{} is no JSON Schema: {}", what, compiled.error().to_string()), {what});
    }
  }

  void timeouts() {
    const auto positive = [this](const std::optional<Millis>& time, std::string_view what,
                                 Keys keys) {
      if (time && time->count() <= 0) {
        error(fmt::format("{} must be above 0", what), keys);
      }
    };
    const Timeouts& times = step_.timeouts;
    positive(times.attempt, "timeout", {"timeout", "timeouts/attempt"});
    positive(times.total, "timeouts.total", {"timeouts/total"});
    positive(times.heartbeat, "timeouts.heartbeat", {"timeouts/heartbeat"});
    positive(times.queue, "timeouts.queue", {"timeouts/queue"});
    if (times.total && times.attempt && *times.total < *times.attempt) {
      warning("timeouts.total is shorter than one attempt may take", {"timeouts/total"});
    }
  }

  void retry() {
    const RetryPolicy& policy = step_.retry;
    if (policy.max_attempts < 1 || policy.max_attempts > kMaxAttempts) {
      error(fmt::format("max_attempts must be from 1 to {}", kMaxAttempts),
            {"retry/max_attempts", "retry_count", "retry"});
    }
    if (policy.initial.count() < 0 || policy.max.count() < 0 || policy.max < policy.initial) {
      error("retry.initial must not be above retry.max", {"retry/initial", "retry/max", "retry"});
    }
    if (!(policy.backoff >= 1.0 && policy.backoff <= 100.0)) {
      error("retry.backoff must be from 1 to 100", {"retry/backoff", "retry"});
    }
    if (step_.effect == Effect::kOnce && policy.max_attempts > 1) {
      warning("'effect: once' is never tried again once it may have begun, whatever 'retry' says",
              {"retry", "retry_count"});
    }
    const bool asks = std::holds_alternative<WaitStep>(step_.body) ||
                      std::holds_alternative<ApprovalStep>(step_.body);
    if (asks && policy.max_attempts > 1 && is_of_file()) {
      error(fmt::format("'retry' is not of a step of type '{}': there is nothing to try again; put "
                        "it into a group that has one",
                        type_name(step_.body)),
            {"retry", "retry_count", "retry/max_attempts"});
    }
    if (is_of_file()) {
      retry_on();
    }
  }

  void retry_on() {
    static constexpr std::array<std::string_view, 10> kFinal = {
        "permission_denied", "permission", "validation", "invalid_argument", "unanswered",
        "unauthenticated",   "cancelled",  "denied",     "unknown_outcome",  "usage"};
    for (const std::string& code : step_.retry.retry_on) {
      if (std::find(kFinal.begin(), kFinal.end(), code) != kFinal.end()) {
        error(fmt::format(
                  "retry_on: '{}' would fail again in the same way; it is never tried again", code),
              {"retry/retry_on", "retry"});
        continue;
      }
      const std::vector<std::string>& known = error_names();
      if (std::find(known.begin(), known.end(), code) != known.end()) {
        continue;
      }
      const std::string near = text::did_you_mean(code, known);
      error(
          fmt::format("retry_on: '{}' is no error code{}", shown(code),
                      near.empty() ? fmt::format("; there are {}", fmt::join(known, ", ")) : near),
          {"retry/retry_on", "retry"});
    }
  }

  /// What a run has pinned is run as it is, also where an earlier version took more.
  bool is_of_file() const { return step_.place.line > 0; }

  bool is_done_by_runner() const {
    return std::holds_alternative<ToolStep>(step_.body) ||
           std::holds_alternative<AgentStep>(step_.body) ||
           std::holds_alternative<ScriptStep>(step_.body);
  }

  /// Keys that mean nothing where no runner does the step.
  void only_of_attempts() {
    if (!is_of_file() || is_done_by_runner()) {
      return;
    }
    const auto refuse = [this](bool given, std::string_view key, std::string_view of, Keys keys) {
      if (given) {
        error(fmt::format("'{}' is of {} steps only; a step of type '{}' has no use for it", key,
                          of, type_name(step_.body)),
              keys);
      }
    };
    refuse(step_.timeouts.heartbeat.has_value(), "timeouts.heartbeat", "tool, script and agent",
           {"timeouts/heartbeat"});
    refuse(step_.timeouts.queue.has_value(), "timeouts.queue", "tool, script and agent",
           {"timeouts/queue"});
    refuse(!step_.concurrency.empty(), "concurrency", "tool, script and agent", {"concurrency"});
    refuse(step_.memoize, "memoize", "tool, script and agent", {"memoize"});
  }

  void effect() {
    if (step_.memoize && step_.effect != Effect::kPure) {
      error("memoize wants 'effect: pure': only then may an earlier result stand for a new one",
            {"memoize"});
    }
    if (step_.on_unknown == OnUnknown::kRetry && step_.effect == Effect::kOnce) {
      warning("'on_unknown: retry' may run a step twice that says 'effect: once'", {"on_unknown"});
    }
  }

  void each() {
    if (step_.foreach && step_.matrix) {
      error(
          "foreach and matrix cannot both be given; a matrix has axes, one of them may be the "
          "list",
          {"matrix", "foreach"});
    }
    if ((step_.foreach || step_.matrix) && !step_.exports.empty()) {
      error(
          "export in a step that runs many times would keep whichever ends last; use the list "
          "steps.ID.outputs instead",
          {"export"});
    }
    if (step_.foreach) {
      const Foreach& each = *step_.foreach;
      parallel(each.max_parallel, {"foreach/max_parallel", "max_parallel"});
      if (!is_step_id(each.as) || is_reserved_name(each.as) || each.as == "index" ||
          each.as == "result") {
        error(fmt::format("foreach.as: '{}' cannot be the name of the items", shown(each.as)),
              {"foreach/as", "foreach"});
      }
      const double whole = std::floor(each.tolerate);
      if (!(each.tolerate >= 0) || (each.tolerate >= 1 && whole != each.tolerate) ||
          each.tolerate > 1e9) {
        error("foreach.tolerate is a number of failures (1, 2, …) or a part below 1 (0.1: a tenth)",
              {"foreach/tolerate", "foreach"});
      }
    }
    if (step_.matrix) {
      matrix(*step_.matrix);
    }
  }

  void matrix(const Matrix& matrix) {
    parallel(matrix.max_parallel, {"matrix/max_parallel", "matrix"});
    if (matrix.axes.empty() && matrix.include.empty()) {
      error("matrix has no axes", {"matrix"});
    }
    double combinations = 1;
    for (const auto& [name, values] : matrix.axes) {
      combinations *= values.is_array() ? static_cast<double>(values.get_array().size()) : 1;
    }
    if (combinations > kMaxCombinations) {
      error(fmt::format("the matrix has {} combinations; at most {} are possible", combinations,
                        kMaxCombinations),
            {"matrix"});
    }
    for (const auto& [name, values] : matrix.axes) {
      if (values.is_array() && values.get_array().empty()) {
        error(
            fmt::format("matrix axis '{}' has no values, so the step would never run", shown(name)),
            {"matrix"});
      }
    }
    for (const json::Object& row : matrix.exclude) {
      for (const auto& [name, value] : row) {
        if (!matrix.axes.contains(std::string_view(name))) {
          std::vector<std::string> names;
          for (const auto& [axis, values] : matrix.axes) {
            names.push_back(axis);
          }
          error(fmt::format("matrix.exclude: '{}' is no axis{}", shown(name),
                            text::did_you_mean(name, names)),
                {"matrix/exclude", "matrix"});
        }
      }
    }
  }

  void parallel(int count, Keys keys) {
    if (count < 0 || count > kMaxParallel) {
      error(fmt::format("max_parallel must be from 1 to {}", kMaxParallel), keys);
    }
  }

  /// What must be known before the run starts.
  void plain(std::string_view what, std::string_view text, Keys keys) {
    if (text.find("${") != std::string_view::npos) {
      error(fmt::format("{} holds no ${{{{ }}}}: it must be known before the run starts", what),
            keys);
    }
  }

  void body(const ToolStep& tool) {
    plain("tool", tool.tool, {"tool", "config/tool"});
    plain("server", tool.server, {"server", "config/server"});
    if (tool.tool.empty()) {
      error("a tool step names its tool: 'tool: read_file'", {"tool", "config"});
    }
  }
  void body(const AgentStep& agent) {
    plain("agent", agent.agent, {"agent", "with/agent", "config/agent"});
    if (agent.prompt.empty()) {
      error("an agent step has a prompt", {"prompt", "with", "config"});
    }
    if (agent.max_turns < 0 || agent.max_turns > 10'000) {
      error("max_turns must be from 1 to 10000", {"max_turns", "with/max_turns", "config"});
    }
    schema("output_schema", agent.output_schema);
  }
  void body(const ScriptStep& script) {
    if (script.run.empty()) {
      error("a script step has a text to run: 'run: |'", {"run", "config"});
    }
    if (script.run.size() > kMaxRun) {
      error(fmt::format("run is longer than {} bytes; put it into a file and run that", kMaxRun),
            {"run", "config"});
    }
    if (script.shell != "bash" && script.shell != "python") {
      error(fmt::format("shell is 'bash' or 'python', not '{}'", shown(script.shell)),
            {"shell", "config/shell"});
    }
  }
  void body(const SubworkflowStep& child) {
    plain("uses", child.workflow, {"uses", "workflow", "config"});
    if (child.workflow.empty()) {
      error("a subworkflow step names the workflow: 'uses: other-workflow'", {"uses", "config"});
    }
  }
  void body(const ConditionStep& condition) {
    if (condition.condition.empty()) {
      error("a condition step has a 'test'", {"test", "config"});
    }
  }
  void body(const LoopStep& loop) {
    const bool list = !loop.items.is_null();
    if (!list && loop.while_condition.empty() && loop.until_condition.empty() &&
        loop.max_iterations == 0) {
      error("a loop says how long it goes on: 'while', 'until', 'items' or 'max_iterations'",
            {"type", "config"});
    } else if (!list && loop.max_iterations == 0) {
      error(
          "a loop with 'while' or 'until' needs 'max_iterations', so that it ends whatever happens",
          {"while", "until", "config"});
    }
    if (loop.max_iterations < 0 || loop.max_iterations > kMaxIterations) {
      error(fmt::format("max_iterations must be from 1 to {}", kMaxIterations),
            {"max_iterations", "config/max_iterations"});
    }
  }
  void body(const GroupStep& /*group*/) {}
  void body(const ApprovalStep& approval) {
    for (const std::string& name : approval.approvers) {
      plain("approvers", name, {"approval/approvers", "approvers", "config/approvers"});
    }
    if (approval.quorum < 1 || approval.quorum > 1'000) {
      error("quorum must be from 1 to 1000", {"approval/quorum", "quorum", "config/quorum"});
    } else if (!approval.approvers.empty() &&
               static_cast<std::size_t>(approval.quorum) > approval.approvers.size()) {
      error(fmt::format("quorum is {}, but there are only {} approvers", approval.quorum,
                        approval.approvers.size()),
            {"approval/quorum", "quorum", "config/quorum"});
    }
    if (approval.expires && approval.expires->count() <= 0) {
      error("expires must be above 0", {"approval/expires", "expires", "config/expires"});
    }
    form(approval.form);
  }
  /// Written like `inputs` it would be a schema that allows everything.
  void form(const json::Value& form) {
    static constexpr std::array<std::string_view, 14> kKeywords = {
        "type",  "properties", "required", "enum", "const", "$ref",  "oneOf",
        "anyOf", "allOf",      "not",      "if",   "$defs", "items", "additionalProperties"};
    const json::Object* const members = form.if_object();
    if (members != nullptr && !members->empty() &&
        std::none_of(kKeywords.begin(), kKeywords.end(),
                     [&](std::string_view keyword) { return members->contains(keyword); })) {
      error(
          fmt::format("form is a JSON Schema, and this one allows everything; write form: {{type: "
                      "object, properties: {{{}: {{type: string}}}}}}",
                      shown(std::string_view(members->begin()->key()))),
          {"approval/form", "form", "config/form"});
      return;
    }
    schema("form", form);
  }
  void body(const WaitStep& wait) {
    const int given = (wait.duration.empty() ? 0 : 1) + (wait.until.empty() ? 0 : 1) +
                      (wait.signal.empty() ? 0 : 1);
    if (given == 0) {
      error("a wait step waits for a 'duration', 'until' a time, or for a 'signal'",
            {"wait", "config"});
    }
    if (given > 1) {
      error(
          "a wait step has one of 'duration', 'until' and 'signal'; for a signal with a limit "
          "give the step a 'timeout'",
          {"wait", "config"});
    }
    if (!wait.duration.empty() && wait.duration.find("${") == std::string::npos) {
      if (const auto time = read_duration(json::Value(wait.duration)); !time) {
        error(fmt::format("duration: {}", time.error().message()), {"wait/duration", "wait"});
      }
    }
    if (!wait.until.empty() && wait.until.find("${") == std::string::npos &&
        !json::is_date_time(wait.until)) {
      error("until: a time is written \"2030-01-31T09:00:00Z\" (RFC 3339)", {"wait/until", "wait"});
    }
  }

  void names() {
    for (const auto& [name, source] : step_.exports) {
      if (!is_step_id(name) || is_reserved_name(name)) {
        error(fmt::format("export: '{}' cannot be the name of a variable", shown(name)),
              {"export"});
      }
    }
    for (const auto& [name, source] : step_.outputs) {
      if (!is_step_id(name)) {
        error(fmt::format("outputs: '{}' cannot be the name of an output", shown(name)),
              {"outputs"});
      }
    }
  }

  const StepDefinition& step_;
  std::string_view id_;
  ProblemList& problems_;
};

}  // namespace

void check_ranges(const StepDefinition& step, std::string_view id, ProblemList& problems) {
  StepRanges(step, id, problems).run();
}

}  // namespace oap::workflow
