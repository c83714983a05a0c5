#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/compare.hpp"
#include "json/print.hpp"
#include "json/schema.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/definition/reader.hpp"
#include "yaml/testing/case_file.hpp"
#include "yaml/yaml.hpp"

namespace oap::workflow {
namespace {

int any(int low, int high) { return *rc::gen::inRange(low, high + 1); }
bool maybe() { return any(0, 3) == 0; }

std::string any_text() {
  static const std::vector<std::string> kTexts = {"a",    "x y", "ünï", "${{ 1 + 1 }}", "\"q\"",
                                                  "n\nl", "#",   "- x", "yes",          "5"};
  return kTexts[static_cast<std::size_t>(any(0, static_cast<int>(kTexts.size()) - 1))];
}

json::Object any_object() {
  json::Object out;
  for (int i = any(0, 3); i > 0; --i) {
    const std::string key = fmt::format("k{}", any(0, 9));
    if (maybe()) {
      out[key] = any(-5, 5);
    } else if (maybe()) {
      out[key] = json::Array{any_text(), true, nullptr};
    } else {
      out[key] = any_text();
    }
  }
  return out;
}

std::optional<Millis> any_time() {
  return maybe() ? std::optional<Millis>(any(1, 100'000)) : std::nullopt;
}

Steps any_steps(int depth, const std::string& prefix);

std::unique_ptr<Steps> block(int depth, const std::string& prefix) {
  return std::make_unique<Steps>(any_steps(depth - 1, prefix));
}

StepBody any_body(int depth, const std::string& prefix) {
  switch (any(0, depth > 0 ? 8 : 5)) {
    case 0:
      return ToolStep{maybe() ? "web" : "sandbox", "tool", any_object()};
    case 1: {
      AgentStep agent;
      agent.prompt = any_text();
      agent.agent = maybe() ? "reviewer" : "worker";
      agent.model = maybe() ? "m" : "";
      agent.tools = maybe() ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{};
      agent.output_schema = maybe() ? json::Value(json::Object{{"type", "object"}}) : json::Value();
      agent.max_turns = any(0, 9);
      return agent;
    }
    case 2: {
      ScriptStep script;
      script.run = "echo hi";
      script.shell = maybe() ? "python" : "bash";
      script.env = any_object();
      script.stdin_text = maybe() ? any_text() : "";
      script.json_output = maybe();
      return script;
    }
    case 3:
      return SubworkflowStep{"other", any_object()};
    case 4: {
      ApprovalStep approval;
      approval.message = maybe() ? "" : any_text();
      approval.approvers = {"ann", "bob"};
      approval.quorum = any(1, 2);
      approval.expires = any_time();
      return approval;
    }
    case 5:
      return maybe() ? WaitStep{"5m", "", ""} : WaitStep{"", "", "paid"};
    case 6:
      return ConditionStep{"1 < 2", maybe() ? nullptr : block(depth, prefix + "t"),
                           maybe() ? nullptr : block(depth, prefix + "e")};
    case 7:
      return maybe() ? LoopStep{"loop.index < 3", "", nullptr, 5, block(depth, prefix + "l")}
                     : LoopStep{"", "", json::Array{1, 2}, 0, block(depth, prefix + "l")};
    default:
      return GroupStep{block(depth, prefix + "g")};
  }
}

RetryPolicy any_retry() {
  RetryPolicy out;
  out.max_attempts = any(1, 4);
  out.initial = Millis(any(0, 1'000));
  out.max = Millis(any(1'000, 60'000));
  out.backoff = maybe() ? 1.5 : 2.0;
  out.jitter = !maybe();
  out.retry_on = maybe() ? std::vector<std::string>{"timeout"} : std::vector<std::string>{};
  return out;
}

StepDefinition any_step(int depth, const std::string& id) {
  StepDefinition out;
  out.id = id;
  out.name = maybe() ? any_text() : "";
  out.body = any_body(depth, id);
  out.condition = maybe() ? "always()" : "";
  out.timeouts = {any_time(), any_time(), any_time(), any_time()};
  out.retry = any_retry();
  out.effect = static_cast<Effect>(any(0, 2));
  out.on_unknown = static_cast<OnUnknown>(any(0, 2));
  out.on_failure = static_cast<FailurePolicy>(any(0, 2));
  out.memoize = out.effect == Effect::kPure && maybe();
  out.concurrency = maybe() ? "group" : "";
  if (maybe()) {
    out.budget = {any(1, 1'000), 0.5};
  }
  if (maybe()) {
    out.outputs["o"] = "result.x";
  }
  if (maybe()) {
    out.foreach = Foreach{json::Array{1, 2}, "file", any(0, 3), maybe() ? 0.25 : 2.0};
  } else if (maybe()) {
    Matrix matrix;
    matrix.axes["os"] = json::Array{"a", "b"};
    matrix.include = {{{"os", "c"}, {"x", 1}}};
    matrix.fail_fast = maybe();
    out.matrix = std::move(matrix);
  } else if (maybe()) {
    out.exports["v"] = "result.x";
  }
  if (maybe() && depth > 0) {
    out.compensate = std::make_unique<StepDefinition>();
    out.compensate->id = "undo";
    out.compensate->body = ToolStep{"sandbox", "undo", any_object()};
  }
  return out;
}

Steps any_steps(int depth, const std::string& prefix) {
  Steps out;
  const int count = any(1, 4);
  for (int i = 0; i < count; ++i) {
    out.push_back(any_step(depth, fmt::format("{}_{}", prefix, i)));
    for (int j = 0; j < i; ++j) {
      if (maybe()) {
        out.back().needs.push_back(fmt::format("{}_{}", prefix, j));
      }
    }
  }
  return out;
}

Definition any_definition() {
  Definition out;
  out.id = "w";
  out.name = maybe() ? any_text() : "";
  out.version = maybe() ? "1.0" : "";
  if (maybe()) {
    out.inputs["n"] = {{"type", "integer"}, {"default", 3}};
  }
  out.variables["v"] = any(0, 5);
  out.steps = any_steps(2, "s");
  if (maybe()) {
    out.finally = any_steps(1, "f");
  }
  out.on_failure = maybe() ? FailurePolicy::kFailFast : FailurePolicy::kContinue;
  out.max_parallel = any(1, 20);
  out.timeout = any_time();
  if (maybe()) {
    out.concurrency = Concurrency{"g", maybe()};
  }
  out.outputs = any_object();
  out.secrets = maybe() ? std::vector<std::string>{"TOKEN"} : std::vector<std::string>{};
  out.implicit_variables = maybe();
  return out;
}

TEST(DefinitionProperty, ReadingTheCanonicalFormGivesTheSameDefinition) {
  EXPECT_TRUE(rc::check([] {
    const Definition definition = any_definition();
    const json::Value data = to_json(definition);
    const Result<Definition> again = definition_from_json(data);
    if (!again) {
      RC_FAIL(again.error().message());
    }
    RC_ASSERT(json::canonical(to_json(*again)) == json::canonical(data));
    RC_ASSERT(content_hash(*again) == content_hash(definition));
    const json::Schema schema = *json::Schema::compile(workflow_schema());
    const std::vector<json::Violation> violations = schema.validate(data, 1);
    if (!violations.empty()) {
      RC_FAIL(violations[0].instance_path + ": " + violations[0].message);
    }
  }));
}

TEST(DefinitionProperty, ACycleIsFoundWhereThereIsOne) {
  EXPECT_TRUE(rc::check([] {
    const int count = any(1, 12);
    std::vector<std::vector<bool>> reaches(count, std::vector<bool>(count));
    Definition definition;
    definition.id = "w";
    for (int i = 0; i < count; ++i) {
      StepDefinition step;
      step.id = fmt::format("s{}", i);
      step.body = ToolStep{"sandbox", "tool", {}};
      for (int j = 0; j < count; ++j) {
        if (any(0, count) == 0) {
          step.needs.push_back(fmt::format("s{}", j));
          reaches[i][j] = true;
        }
      }
      definition.steps.push_back(std::move(step));
    }
    for (int k = 0; k < count; ++k) {
      for (int i = 0; i < count; ++i) {
        for (int j = 0; j < count; ++j) {
          reaches[i][j] = reaches[i][j] || (reaches[i][k] && reaches[k][j]);
        }
      }
    }
    bool cyclic = false;
    for (int i = 0; i < count; ++i) {
      cyclic = cyclic || reaches[i][i];
    }
    std::vector<Problem> problems;
    const auto made = Blueprint::compile(std::move(definition), "", nullptr, problems);
    RC_ASSERT((made == nullptr) == cyclic);
    RC_ASSERT((to_text(problems).find("need each other") != std::string::npos) == cyclic);
  }));
}

/// `steps.X` is accepted exactly where X is reachable through needs.
TEST(DefinitionProperty, AStepMayNameWhatIsBeforeItAndNothingElse) {
  EXPECT_TRUE(rc::check([] {
    const int count = any(2, 14);
    std::vector<std::vector<bool>> before(count, std::vector<bool>(count));
    const int from = any(0, count - 1);
    const int to = any(0, count - 1);
    Definition definition;
    definition.id = "w";
    for (int i = 0; i < count; ++i) {
      StepDefinition step;
      step.id = fmt::format("s{}", i);
      for (int j = 0; j < i; ++j) {
        if (any(0, 3) == 0) {
          step.needs.push_back(fmt::format("s{}", j));
          before[i][j] = true;
          for (int k = 0; k < j; ++k) {
            before[i][k] = before[i][k] || before[j][k];
          }
        }
      }
      ToolStep tool{"sandbox", "tool", {}};
      if (i == from) {
        tool.arguments["x"] = fmt::format("${{{{ steps.s{}.outputs }}}}", to);
      }
      step.body = std::move(tool);
      definition.steps.push_back(std::move(step));
    }
    std::vector<Problem> problems;
    const auto made = Blueprint::compile(std::move(definition), "", nullptr, problems);
    RC_ASSERT((made != nullptr) == before[from][to]);
  }));
}

/// What editors mark as wrong is wrong, and what is right they do not mark.
TEST(DefinitionProperty, TheSchemaAgreesWithTheReader) {
  const std::string folder = std::string(OAP_SOURCE_DIR) + "/src/workflow/definition/cases/";
  const json::Schema schema = *json::Schema::compile(workflow_schema());
  int rejected = 0;
  for (const std::string file : {"workflow_lint.case", "workflow_read.case"}) {
    for (const auto& each : yaml::testing::read_cases(folder + file)) {
      SCOPED_TRACE(fmt::format("{}:{} {}", file, each.line, each.name));
      const auto document = yaml::parse(each.text, "w.yaml");
      if (!document) {
        continue;
      }
      const std::vector<json::Violation> violations = schema.validate(document->value, 4);
      const Reading reading = read_workflow(each.text, "w.yaml");
      std::string marks;
      for (const json::Violation& mark : violations) {
        marks += mark.instance_path + ": " + mark.message + "\n";
      }
      if (!violations.empty()) {
        ++rejected;
        EXPECT_FALSE(reading.ok()) << marks;
      }
    }
  }
  EXPECT_GE(rejected, 60);
}

}  // namespace
}  // namespace oap::workflow
