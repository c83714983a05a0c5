#include <gmock/gmock.h>

#include "cli/commands/workflow.hpp"
#include "cli/workflow_live.hpp"
#include "cli/workflow_questions.hpp"
#include "json/parse.hpp"

namespace oap::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using workflow::StepReport;
using workflow::StepState;

StepReport step(std::string path, StepState state) {
  StepReport out;
  out.path = out.id = std::move(path);
  out.state = state;
  return out;
}

TEST(WorkflowView, DurationsAreReadable) {
  EXPECT_EQ(duration_text(Millis(0)), "0 ms");
  EXPECT_EQ(duration_text(Millis(999)), "999 ms");
  EXPECT_EQ(duration_text(Millis(12'340)), "12.3 s");
  EXPECT_EQ(duration_text(Millis(200'000)), "3 min 20 s");
  EXPECT_EQ(duration_text(Millis(7'500'000)), "2 h 05 min");
}

TEST(WorkflowView, AStepIsOneLineWithNothingHidden) {
  StepReport report = step("a", StepState::kRunning);
  report.waits_for = "approval";
  report.attempts = 2;
  EXPECT_EQ(step_line(report, WallTime()), "a  waits for approval  attempt 2");
  report = step("a", StepState::kSkipped);
  report.error = "x\n\x1b[31m\u202e";
  EXPECT_EQ(step_line(report, WallTime()), "a  skipped: x \\u{1b}[31m\\u{202e}");
}

TEST(WorkflowView, WhatMattersStaysOnASmallScreen) {
  std::vector<StepReport> steps;
  for (int i = 0; i < 100; ++i) {
    steps.push_back(
        step("s" + std::to_string(i), i < 50 ? StepState::kCompleted : StepState::kPending));
  }
  steps[20].state = StepState::kFailed;
  steps[60].state = StepState::kRunning;
  const auto lines = list_lines(steps, 5, 40, WallTime(), "*");
  ASSERT_THAT(lines, SizeIs(5));
  EXPECT_THAT(lines, ::testing::Contains("✗ s20"));
  EXPECT_THAT(lines, ::testing::Contains("* s60"));
  EXPECT_EQ(lines.back(), "  96 more; 50 of 100 have ended");
}

TEST(WorkflowView, LinesFitTheTerminal) {
  const std::vector<StepReport> steps = {step(std::string(200, 'x'), StepState::kPending)};
  const auto lines = list_lines(steps, 5, 30, WallTime(), "*");
  EXPECT_EQ(lines[0], "· " + std::string(27, 'x') + "…");
}

TEST(WorkflowView, ARunIsNamedOnceItIsDurable) {
  const auto view = make_workflow_view(Format::kText);
  ::testing::internal::CaptureStderr();
  view->begin("run_1", nullptr);
  view->begin("run_2", nullptr);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ::testing::internal::CaptureStderr();
  view->started("run_1");
  view->started("run_1");
  view->step("run_2", step("a", StepState::kCompleted));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::StartsWith("run_1\nrun_2\n✓ a"));
}

TEST(WorkflowQuestions, FieldsAreOfTheirType) {
  const auto field = [](const char* schema, std::string_view typed) {
    const auto value = field_value(*json::parse(schema), typed);
    return value ? json::Value(*value) : json::Value("refused");
  };
  EXPECT_EQ(field(R"({"type":"boolean"})", "Yes"), json::Value(true));
  EXPECT_EQ(field(R"({"type":"boolean"})", "maybe"), json::Value("refused"));
  EXPECT_EQ(field(R"({"type":"integer","minimum":3})", " 5 "), json::Value(5));
  EXPECT_EQ(field(R"({"type":"integer","minimum":3})", "2"), json::Value("refused"));
  EXPECT_EQ(field(R"({"type":"string"})", "5"), json::Value("5"));
  EXPECT_EQ(field(R"({"enum":["a","b"]})", "b"), json::Value("b"));
}

TEST(WorkflowInputs, PairsAreTypedByTheirSchemas) {
  const json::Object schemas =
      *json::parse_object(R"({"s":{"type":"string"},"n":{"type":"integer"},"l":{"type":"array"}})");
  const auto read = typed_pairs(schemas, {"s=5", "n=5", "l=[1]", "x=a=b", "y=7"}, "--input");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(json::Value(*read), *json::parse(R"({"s":"5","n":5,"l":[1],"x":"a=b","y":7})"));
  for (const char* pair : {"n", "=5", "n=x", "l=[1"}) {
    EXPECT_FALSE(typed_pairs(schemas, {pair}, "--input")) << pair;
  }
  EXPECT_FALSE(typed_pairs(schemas, {"n=1", "n=2"}, "--input"));
}

TEST(WorkflowExit, FollowsTheFirstFailure) {
  workflow::RunResult run;
  run.status = workflow::RunState::kCompleted;
  EXPECT_EQ(exit_code_of(run), 0);
  run.status = workflow::RunState::kCancelled;
  EXPECT_EQ(exit_code_of(run), 130);
  run.status = workflow::RunState::kFailed;
  for (const auto& [code, exit] : {std::pair("permission_denied", 3), std::pair("unanswered", 4),
                                   std::pair("unavailable", 5), std::pair("tool_error", 1)}) {
    run.error_code = code;
    EXPECT_EQ(exit_code_of(run), exit) << code;
  }
}

TEST(WorkflowView, AnOpenRunTakesTimeUntilNow) {
  workflow::RunResult run;
  run.status = workflow::RunState::kRunning;
  run.started_at = WallTime(Millis(1'000));
  EXPECT_EQ(time_of(run, WallTime(Millis(3'500))), Millis(2'500));
  run.status = workflow::RunState::kCompleted;
  run.duration = Millis(7);
  EXPECT_EQ(time_of(run, WallTime(Millis(3'500))), Millis(7));
}

TEST(WorkflowAnswers, AreCommandsThatAShellTakes) {
  workflow::RunResult run;
  run.run_id = "run_1";
  StepReport approval = step("a[0].b", StepState::kRunning);
  approval.waits_for = "approval";
  StepReport signal = step("s", StepState::kRunning);
  signal.waits_for = "signal it's on";
  run.status = workflow::RunState::kRunning;
  run.steps = {approval, signal, step("d", StepState::kUnknown), step("e", StepState::kRunning)};
  EXPECT_THAT(answers_to(run), ElementsAre("oap workflow approve run_1 'a[0].b'",
                                           "oap workflow signal run_1 'it'\\''s on'",
                                           HasSubstr("oap workflow resolve run_1 d")));
  run.steps.clear();
  run.status = workflow::RunState::kPaused;
  EXPECT_THAT(answers_to(run), ElementsAre("oap workflow resume run_1"));
  run.waits_for = "a larger budget";
  EXPECT_THAT(answers_to(run), ElementsAre("oap workflow resume run_1 --more-tokens N"));
}

}  // namespace
}  // namespace oap::cli
