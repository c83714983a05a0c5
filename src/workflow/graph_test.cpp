#include "workflow/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::workflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

StepDefinition step(std::string id, std::vector<std::string> dependencies = {}) {
  StepDefinition made;
  made.id = std::move(id);
  made.dependencies = std::move(dependencies);
  return made;
}

std::vector<StepDefinition> parse(std::string_view text) {
  std::vector<StepDefinition> steps;
  for (const std::string_view part : text::split(text, ';')) {
    const std::size_t colon = part.find(':');
    StepDefinition made = step(std::string(text::trim(part.substr(0, colon))));
    if (colon != std::string_view::npos) {
      for (const std::string_view word : text::split_words(part.substr(colon + 1))) {
        made.dependencies.emplace_back(word);
      }
    }
    steps.push_back(std::move(made));
  }
  return steps;
}

TEST(GraphTest, ErrorsArePrecise) {
  const std::string cases =
      os::read_file(std::string(OAP_SOURCE_DIR) + "/src/workflow/cases/graph_errors.case").value();
  int count = 0;
  for (const std::string_view line : text::split_lines(cases)) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    ++count;
    const std::size_t arrow = line.find("=>");
    const std::string expected(text::trim(line.substr(arrow + 2)));
    const auto graph = Graph::build(parse(line.substr(0, arrow)));
    if (expected == "ok") {
      EXPECT_TRUE(graph) << line;
      continue;
    }
    ASSERT_FALSE(graph) << line;
    EXPECT_EQ(graph.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(graph.error().message(), HasSubstr(expected));
  }
  EXPECT_GE(count, 10);
}

TEST(GraphTest, EveryProblemIsNamedUpToALimit) {
  const auto two = Graph::build({step("a", {"x"}), step("b", {"y"})});
  EXPECT_THAT(two.error().message(), HasSubstr("'x'"));
  EXPECT_THAT(two.error().message(), HasSubstr("'y'"));
  std::vector<StepDefinition> many;
  for (int i = 0; i < 5'000; ++i) {
    many.push_back(step(fmt::format("s{}", i), {"missing"}));
  }
  const auto graph = Graph::build(std::move(many));
  const std::string& message = graph.error().message();
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n') + 1, Graph::kMaxProblems);
}

TEST(GraphTest, RangesAreChecked) {
  StepDefinition timeout = step("a");
  timeout.timeout = Millis(0);
  EXPECT_THAT(Graph::build({timeout}).error().message(), HasSubstr("timeout"));
  StepDefinition retry = step("a");
  retry.retry.count = -1;
  EXPECT_THAT(Graph::build({retry}).error().message(), HasSubstr("retry"));
}

TEST(GraphTest, SuccessorsDependenciesAndOrder) {
  const auto graph = Graph::build(parse("d: b c; b: a; c: a; a")).value();
  EXPECT_EQ(graph.find("a"), 3U);
  EXPECT_EQ(graph.find("x"), std::nullopt);
  EXPECT_THAT(graph.successors(3), ElementsAre(1, 2));
  EXPECT_THAT(graph.dependencies(0), ElementsAre(1, 2));
  EXPECT_THAT(graph.unmet_counts(), ElementsAre(2, 1, 1, 0));
  EXPECT_THAT(graph.order(), ElementsAre(3, 1, 2, 0));
  EXPECT_EQ(Graph::build({}).value().size(), 0U);
}

TEST(GraphTest, ALongCycleIsShortened) {
  std::vector<StepDefinition> ring;
  for (int i = 0; i < 1'000; ++i) {
    ring.push_back(step(fmt::format("s{}", i), {fmt::format("s{}", (i + 1) % 1'000)}));
  }
  const auto graph = Graph::build(std::move(ring));
  EXPECT_LT(graph.error().message().size(), 400U);
  EXPECT_THAT(graph.error().message(), HasSubstr("s0 → s1 → "));
  EXPECT_THAT(graph.error().message(), HasSubstr("more … → s991"));
}

TEST(GraphTest, TheDefinitionHoldsEverything) {
  StepDefinition full = step("a");
  full.kind = "tool";
  full.payload = json::Value{{"x", 1}};
  full.timeout = Millis(5'000);
  full.effect = Effect::kOnce;
  full.on_failure = FailurePolicy::kFailFast;
  const json::Value definition = Graph::build({full}).value().definition();
  const json::Value& printed = definition.at("steps").at(0);
  EXPECT_EQ(printed.at("payload").at("x"), 1);
  EXPECT_EQ(printed.at("timeout_ms"), 5'000);
  EXPECT_EQ(printed.at("effect"), "once");
  EXPECT_EQ(printed.at("on_failure"), "fail_fast");
}

}  // namespace
}  // namespace oap::workflow
