#include <algorithm>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/testing/well_formed.hpp"
#include "workflow/view/critical_path.hpp"
#include "workflow/view/layout.hpp"
#include "workflow/view/picture.hpp"

namespace oap::workflow {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::xml_problem;

std::shared_ptr<const Blueprint> read(std::string_view text) {
  Checked checked = check_workflow(text, "w.yaml", nullptr);
  EXPECT_NE(checked.blueprint, nullptr) << to_text(checked.problems);
  return checked.blueprint;
}

constexpr std::string_view kRelease = R"(
id: release
name: Release notes & <publish>
steps:
  - {id: changes, name: Collect changes, run: git log}
  - {id: tests, run: make test}
  - {id: lint, run: make lint}
  - id: notes
    name: Write the notes
    needs: [changes]
    prompt: Write release notes
  - id: review
    needs: [notes]
    type: loop
    until: loop.last.check.ok
    max_iterations: 3
    steps:
      - {id: draft, prompt: Improve it}
      - {id: check, needs: [draft], run: check, output: json}
  - {id: files, needs: [tests], foreach: [a, b, c], tool: upload, with: {path: x}}
  - id: big
    needs: [review, files, lint]
    type: condition
    test: size(steps.files.status) > 1
    then: [{id: ask, approval: Publish}]
    else: [{id: skip, run: echo no}]
  - id: publish
    needs: [big, lint]
    tool: publish
    compensate: {tool: withdraw}
finally:
  - {id: tidy, run: rm -rf tmp}
)";

WallTime at(int seconds) { return FakeClock().wall() + std::chrono::seconds(seconds); }

RunView release_run() {
  RunView run;
  run.id = "r-1";
  run.status = "running";
  run.now = at(300);
  const auto done = [&](std::string path, int from, int to, StepLook look = StepLook::kCompleted) {
    run.steps[std::move(path)] = {look, at(from), at(to), 1};
  };
  done("changes", 0, 12);
  done("tests", 0, 95);
  done("lint", 0, 8, StepLook::kFailed);
  done("notes", 12, 80);
  run.steps["review"] = {StepLook::kRunning, at(80), std::nullopt, 1};
  done("review[0].draft", 80, 120);
  done("review[0].check", 120, 125);
  run.steps["review[1].draft"] = {StepLook::kRunning, at(125), std::nullopt, 2};
  done("files", 95, 140);
  done("files[0]", 95, 120);
  done("files[1]", 95, 140);
  run.steps["big"] = {};
  return run;
}

TEST(ViewTest, APictureOfARunIsWellFormedAndSaysWhatItShows) {
  const auto blueprint = read(kRelease);
  ASSERT_NE(blueprint, nullptr);
  const RunView run = release_run();
  const std::string picture = svg(*blueprint, &run);
  if (const char* path = std::getenv("OAP_PICTURE"); path != nullptr) {
    std::ofstream(path) << picture;
    std::ofstream(std::string(path) + ".mmd") << mermaid(*blueprint, &run);
  }
  EXPECT_EQ(xml_problem(picture), "");
  EXPECT_THAT(picture, AllOf(HasSubstr("Release notes &amp; &lt;publish&gt;"),
                             HasSubstr("prefers-color-scheme: dark"), HasSubstr("1m08s"),
                             HasSubstr("critical path"), HasSubstr("finally"), HasSubstr("then"),
                             HasSubstr("role=\"img\""), HasSubstr("<desc id=\"desc\">")));
  EXPECT_THAT(picture, Not(HasSubstr("script>")));
}

TEST(ViewTest, NamesAreEscapedEverywhere) {
  Definition definition;
  definition.id = "w";
  definition.name = "a\x01<script>alert('&')</script>\xff";
  StepDefinition step;
  step.id = "a";
  step.name = "]]></text>\"\n#quot;<b>";
  step.body = ToolStep{"sandbox", "t\"<", {}};
  definition.steps.push_back(std::move(step));
  std::vector<Problem> problems;
  const auto blueprint = Blueprint::compile(std::move(definition), "", nullptr, problems);
  ASSERT_NE(blueprint, nullptr) << to_text(problems);
  const std::string picture = svg(*blueprint, nullptr);
  EXPECT_EQ(xml_problem(picture), "");
  EXPECT_THAT(picture, Not(HasSubstr("<script")));
  const std::string chart = mermaid(*blueprint, nullptr);
  EXPECT_THAT(chart, Not(HasSubstr("<b>")));
  EXPECT_EQ(std::count(chart.begin(), chart.end(), '"') % 2, 0);
}

TEST(ViewTest, TenThousandStepsAreCutWithANote) {
  Definition definition;
  definition.id = "w";
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    StepDefinition step;
    step.id = fmt::format("s{}", i);
    step.body = ToolStep{"sandbox", "t", {}};
    for (int j = 0; j < 3 && i > 0; ++j) {
      const std::string need = fmt::format("s{}", random() % static_cast<unsigned>(i));
      if (std::find(step.needs.begin(), step.needs.end(), need) == step.needs.end()) {
        step.needs.push_back(need);
      }
    }
    definition.steps.push_back(std::move(step));
  }
  std::vector<Problem> problems;
  const auto blueprint = Blueprint::compile(std::move(definition), "", nullptr, problems);
  ASSERT_NE(blueprint, nullptr);
  const std::string picture = svg(*blueprint, nullptr);
  EXPECT_EQ(xml_problem(picture), "");
  EXPECT_THAT(picture, HasSubstr("9600 more steps"));
  EXPECT_LT(picture.size(), 8U << 20U);
  EXPECT_THAT(mermaid(*blueprint, nullptr), HasSubstr("9600 more steps"));
}

TEST(ViewTest, TheCriticalPathIsTheLongestChain) {
  const auto blueprint = read(R"(
id: w
steps:
  - {id: a, run: x}
  - {id: b, run: x, needs: [a]}
  - {id: c, run: x, needs: [a]}
  - {id: d, run: x, needs: [b, c]}
  - {id: e, run: x}
)");
  const auto path = [&](std::vector<int> costs) {
    return critical_path(*blueprint, 0, [&](StepIndex step) { return Millis(costs[step]); });
  };
  EXPECT_THAT(path({1, 5, 2, 1, 3}), ElementsAre(0, 1, 3));
  EXPECT_THAT(path({1, 2, 5, 1, 3}), ElementsAre(0, 2, 3));
  EXPECT_THAT(path({1, 2, 2, 1, 30}), ElementsAre(4));
  EXPECT_THAT(path({0, 0, 0, 0, 0}), ElementsAre(0));
}

TEST(ViewTest, InstancesOfAStepAreSummedUp) {
  const auto blueprint = read(kRelease);
  const std::vector<StepSummary> all = summarise(*blueprint, release_run());
  const StepSummary& draft = all[*blueprint->find("review.draft")];
  EXPECT_EQ(draft.instances, 2U);
  EXPECT_EQ(draft.done, 1U);
  EXPECT_EQ(draft.look, StepLook::kRunning);
  EXPECT_EQ(draft.duration(at(300)), Millis(220'000));
  EXPECT_EQ(author_path("a[3].b[x.y].c"), "a.b.c");
  EXPECT_EQ(author_path("[[]"), "");
}

TEST(ViewTest, DurationsAreShort) {
  EXPECT_EQ(short_duration(Millis(-5)), "0ms");
  EXPECT_EQ(short_duration(Millis(340)), "340ms");
  EXPECT_EQ(short_duration(Millis(2'560)), "2.5s");
  EXPECT_EQ(short_duration(Millis(192'000)), "3m12s");
  EXPECT_EQ(short_duration(Millis(7'500'000)), "2h05m");
  EXPECT_EQ(short_duration(Millis(273'600'000)), "3d04h");
}

/// Nothing overlaps, edges go to the right, and the drawing is inside its size.
TEST(ViewTest, LayoutsHold) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    LayoutInput input;
    const std::uint32_t count = 1 + random() % 40;
    for (std::uint32_t i = 0; i < count; ++i) {
      input.nodes.push_back({50.0 + random() % 100, 20.0 + random() % 80});
      for (std::uint32_t j = 0; j < i; ++j) {
        if (random() % 8 == 0) {
          input.edges.emplace_back(j, i);
        }
      }
    }
    const Layout layout = lay_out(input);
    ASSERT_EQ(layout.nodes.size(), count);
    ASSERT_EQ(layout.edges.size(), input.edges.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      EXPECT_GE(layout.nodes[i].y, 0);
      EXPECT_LE(layout.nodes[i].x + input.nodes[i].width, layout.width + 1e-6);
      EXPECT_LE(layout.nodes[i].y + input.nodes[i].height, layout.height + 1e-6);
      for (std::uint32_t j = 0; j < i; ++j) {
        const bool apart = layout.nodes[i].x + input.nodes[i].width <= layout.nodes[j].x ||
                           layout.nodes[j].x + input.nodes[j].width <= layout.nodes[i].x ||
                           layout.nodes[i].y + input.nodes[i].height <= layout.nodes[j].y + 1e-6 ||
                           layout.nodes[j].y + input.nodes[j].height <= layout.nodes[i].y + 1e-6;
        EXPECT_TRUE(apart) << i << " " << j;
      }
    }
    for (std::size_t e = 0; e < input.edges.size(); ++e) {
      EXPECT_LT(layout.columns[input.edges[e].first], layout.columns[input.edges[e].second]);
      for (std::size_t p = 1; p < layout.edges[e].size(); ++p) {
        EXPECT_GE(layout.edges[e][p].x, layout.edges[e][p - 1].x);
      }
    }
  }
}

TEST(ViewTest, ALayoutUntanglesWhatItCan) {
  LayoutInput input;
  input.nodes.assign(8, {100, 30});
  input.edges = {{0, 7}, {1, 6}, {2, 5}, {3, 4}};
  EXPECT_EQ(lay_out(input).crossings, 0U);
}

}  // namespace
}  // namespace oap::workflow
