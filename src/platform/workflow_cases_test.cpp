#include "platform/workflow_cases.hpp"

#include <gmock/gmock.h>

namespace oap::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string refused(std::string_view text) {
  const auto read = read_workflow_tests(text, "w.test.yaml");
  return read ? "" : read.error().message();
}

TEST(WorkflowCases, ReadsEveryKey) {
  const auto read = read_workflow_tests(R"(workflow: other.yaml
cases:
  - name: all
    inputs: {n: 5}
    secrets: {T: s}
    stubs:
      a: {output: 5, tokens: 7, cost_usd: 0.5}
      b: [{error: e, code: timeout, retryable: false}, {output: {x: 1}}]
      c: {sequence: [{output: 1}, {output: 2}]}
    tools: {bash: {output: ""}}
    approvals: {ship: {by: ann, approve: false, comment: no, form: {x: 1}}, go: true, q: [{by: a}, {by: b}]}
    expires: [late]
    signals: {go: {v: 1}}
    expect:
      status: failed
      error: part
      steps: {a: completed, b: {status: failed, attempts: 2, error: e, output: {x: 1}}}
      outputs: {o: 1}
      calls: {a: {path: x}}
      not_called: [d]
  - stubs: {}
)",
                                        "w.test.yaml");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->workflow, "other.yaml");
  ASSERT_THAT(read->cases, SizeIs(2));
  const WorkflowTestCase& one = read->cases[0];
  EXPECT_EQ(one.where, "w.test.yaml:3");
  EXPECT_EQ(one.secrets.at("T"), "s");
  EXPECT_EQ(one.stubs.at("a")[0].tokens, 7);
  EXPECT_EQ(one.stubs.at("b")[0].code, "timeout");
  EXPECT_EQ(one.stubs.at("b")[0].retryable, false);
  EXPECT_THAT(one.stubs.at("b"), SizeIs(2));
  EXPECT_THAT(one.stubs.at("c"), SizeIs(2));
  EXPECT_EQ(one.approvals.at("ship")[0].comment, "no");
  EXPECT_TRUE(one.approvals.at("go")[0].approve);
  EXPECT_THAT(one.approvals.at("q"), SizeIs(2));
  EXPECT_THAT(one.expires, ElementsAre("late"));
  EXPECT_EQ(one.signals[0].first, "go");
  EXPECT_EQ(one.status, "failed");
  EXPECT_EQ(one.steps.at("a").status, "completed");
  EXPECT_EQ(one.steps.at("b").attempts, 2);
  EXPECT_THAT(one.not_called, ElementsAre("d"));
  EXPECT_EQ(read->cases[1].name, "case 2");
  EXPECT_EQ(read->cases[1].status, "completed");
}

TEST(WorkflowCases, EveryFaultIsToldWithItsLine) {
  EXPECT_THAT(
      refused("cases:\n  - name: a\n    stub: {}\n  - name: a\n    expires: 5\n"),
      AllOf(HasSubstr("w.test.yaml:3: 'stub' is no key here (did you mean 'stubs'?)"),
            HasSubstr("there are two cases 'a'"), HasSubstr("w.test.yaml:5: 'expires' is a list")));
  for (const char* text :
       {"", "[]", "cases: []", "cases: 5", "cases: [5]", "cases: [{stubs: {a: 5}}]",
        "cases: [{stubs: {a: []}}]", "cases: [{stubs: {a: {outputs: 1}}}]",
        "cases: [{approvals: {a: 5}}]", "cases: [{expect: 5}]",
        "cases: [{expect: {steps: {a: 5}}}]", "cases: [{name: 5}]", "cases: [", "a: &a [*a]"}) {
    EXPECT_THAT(refused(text), HasSubstr("w.test.yaml")) << text;
  }
}

}  // namespace
}  // namespace oap::platform
