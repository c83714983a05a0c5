#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {
namespace {

using testing::HasSubstr;

/// Files that somebody made to break the reader: none may crash it, keep it busy, or fill the
/// screen.
class Hostile : public testing::Test {
 protected:
  static Checked check(const std::string& text) {
    Checked checked = check_workflow(text, "w.yaml", nullptr);
    EXPECT_LE(checked.problems.size(), 100U);
    for (const Problem& each : checked.problems) {
      EXPECT_LT(each.message.size(), 4'000U);
    }
    return checked;
  }
  static std::string said(const std::string& text) { return to_text(check(text).problems); }
};

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

TEST_F(Hostile, ManyStepsWithManyProblems) {
  std::string text = "id: w\nsteps:\n";
  for (int i = 0; i < 5'000; ++i) {
    text += fmt::format("- {{id: s{}, run: x, needs: [nothing{}], if: unknown{} > 1, foo: 1}}\n", i,
                        i, i);
  }
  EXPECT_EQ(check(text).problems.size(), 100U);
}

TEST_F(Hostile, ManyStepsWithLongNamesThatAreAllAlike) {
  const std::string stem(55, 'x');
  std::string text = "id: w\nsteps:\n";
  for (int i = 0; i < 3'000; ++i) {
    text += fmt::format("- {{id: {}{}, run: x, needs: [y{}{}]}}\n", stem, i, stem, i);
  }
  EXPECT_EQ(check(text).problems.size(), 100U);
}

TEST_F(Hostile, ManySteps) {
  std::string text = "id: w\nsteps:\n";
  for (int i = 0; i < 20'000; ++i) {
    text += fmt::format("- {{id: s{}, run: x}}\n", i);
  }
  EXPECT_NE(check(text).blueprint, nullptr);
}

TEST_F(Hostile, AliasBombs) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += fmt::format("a{}: &a{} [{}]\n", i, i, repeat(fmt::format("*a{}, ", i - 1), 10));
  }
  EXPECT_EQ(check(text + "id: w\nsteps: *a11\n").blueprint, nullptr);
}

TEST_F(Hostile, DeepNesting) {
  EXPECT_EQ(check("id: w\nsteps: " + repeat("[", 100'000)).blueprint, nullptr);
  EXPECT_EQ(
      check("id: w\nsteps: " + repeat("[{id: a, steps: ", 25) + "[]" + repeat("}]", 25)).blueprint,
      nullptr);
  EXPECT_EQ(check("id: w\nsteps: [" + repeat("{id: a, run: x, compensate: ", 40) + "1" +
                  repeat("}", 40) + "]")
                .blueprint,
            nullptr);
  EXPECT_EQ(check("id: w\nsteps: [{id: a, run: x, if: '" + repeat("(", 5'000) + "'}]").blueprint,
            nullptr);
  EXPECT_EQ(check("id: w\nsteps: [{id: a, run: x, if: '" + repeat("1+", 60'000) + "1'}]").blueprint,
            nullptr);
}

TEST_F(Hostile, DeepBlocksOfADefinitionMadeInCode) {
  Definition definition;
  definition.id = "w";
  Steps inner;
  for (int depth = 0; depth < 200; ++depth) {
    StepDefinition step;
    step.id = fmt::format("s{}", depth);
    step.body = GroupStep{std::make_unique<Steps>(std::move(inner))};
    inner = Steps();
    inner.push_back(std::move(step));
  }
  definition.steps = std::move(inner);
  std::vector<Problem> problems;
  EXPECT_EQ(Blueprint::compile(std::move(definition), "", nullptr, problems), nullptr);
  EXPECT_THAT(to_text(problems), HasSubstr("deep"));
}

TEST_F(Hostile, LongNamesAndBytesThatAreNoText) {
  const std::string longest(100'000, 'a');
  EXPECT_EQ(check("id: " + longest + "\nsteps: [{id: " + longest + ", run: x}]\n").blueprint,
            nullptr);
  EXPECT_EQ(check(longest + ": 1\nid: w\nsteps: [{id: a, run: x, " + longest + ": 1}]\n").blueprint,
            nullptr);
  EXPECT_EQ(check("id: w\xff\xfe\nsteps: [{id: a\x80, run: x}]\n").blueprint, nullptr);
  EXPECT_EQ(check(std::string("id: w\0\nsteps: []", 16)).blueprint, nullptr);
  EXPECT_EQ(check("id: w\nsteps: [{id: a, run: x, needs: [\"\\u202Eb\"]}]\n").blueprint, nullptr);
  EXPECT_THAT(said("id: w\nsteps: [{id: a, run: x, needs: [\"\\u202Eb\"]}]\n"),
              HasSubstr("\\u{202e}b"));
}

TEST_F(Hostile, NumbersBeyondEverything) {
  for (const std::string number :
       {"9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308", "-1e308",
        "1e-308", ".inf", ".nan", "0x7fffffffffffffff", "2147483648", "-0.0"}) {
    for (const std::string key :
         {"timeout", "retry_count", "wait", "max_turns", "max_iterations", "quorum"}) {
      check("id: w\nsteps: [{id: a, run: x, " + key + ": " + number + "}]\n");
      check("id: w\nsteps: [{id: a, type: approval, " + key + ": " + number + "}]\n");
      check("id: w\nsteps: [{id: a, type: loop, steps: [], " + key + ": " + number + "}]\n");
    }
    check("id: w\nmax_parallel: " + number + "\ntimeout: " + number +
          "\nbudget: {tokens: " + number + ", cost_usd: " + number +
          "}\nsteps: [{id: a, run: x, retry: {max_attempts: " + number + ", initial: " + number +
          ", backoff: " + number + "}, foreach: {items: [], " + "tolerate: " + number +
          ", max_parallel: " + number + "}}]\n");
  }
}

TEST_F(Hostile, AMatrixThatMultipliesItself) {
  std::string axes;
  for (int i = 0; i < 8; ++i) {
    axes += fmt::format("a{}: [{}], ", i, repeat("1, ", 10));
  }
  EXPECT_THAT(said("id: w\nsteps: [{id: a, run: x, matrix: {" + axes + "}}]\n"),
              HasSubstr("combinations"));
}

TEST_F(Hostile, EveryStepNeedsEveryOtherBefore) {
  std::string text = "id: w\nsteps:\n";
  std::string needs;
  for (int i = 0; i < 400; ++i) {
    text += fmt::format(
        "- {{id: s{}, tool: t, needs: [{}], with: {{x: '${{{{ steps.s{}.outputs }}}}'}}}}\n", i,
        needs, i == 0 ? 0 : i / 2);
    needs += fmt::format("{}s{}", i == 0 ? "" : ", ", i);
  }
  const Checked checked = check(text);
  EXPECT_EQ(checked.problems.size(), 1U) << to_text(checked.problems);
}

TEST_F(Hostile, TypesInPlacesWhereTheyDoNotBelong) {
  const std::vector<std::string> values = {"null", "true", "5",      "1.5",  "text", "[]",
                                           "[1]",  "{}",   "{a: 1}", "[[]]", "[{}]"};
  const std::vector<std::string> keys = {
      "id",      "name",        "type",   "needs",   "dependencies", "if",      "condition",
      "timeout", "timeouts",    "retry",  "effect",  "on_unknown",   "foreach", "compensate",
      "matrix",  "concurrency", "budget", "memoize", "export",       "outputs", "output_schema",
      "config",  "with",        "tool",   "server",  "run",          "env",     "shell",
      "prompt",  "agent",       "tools",  "uses",    "test",         "then",    "else",
      "while",   "until",       "items",  "steps",   "approval",     "wait",    "on_failure"};
  for (const std::string& key : keys) {
    for (const std::string& value : values) {
      check("id: w\nsteps: [{id: a, run: x, " + key + ": " + value + "}]\n");
      check("id: w\nsteps: [{id: a, " + key + ": " + value + "}]\n");
      check("id: w\n" + key + ": " + value + "\n");
      check(key + ": " + value + "\nsteps: [{id: a, run: x}]\n");
    }
  }
}

}  // namespace
}  // namespace oap::workflow
