#include "router/router.hpp"

#include <chrono>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "text/strings.hpp"

namespace oap::router {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Case {
  std::string path;
  std::string tools;
  std::string rule;
  std::string task;
};

std::vector<Case> read_cases() {
  std::ifstream file(OAP_SOURCE_DIR "/src/router/cases/routes.case");
  std::vector<Case> cases;
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t bar = line.find('|');
    if (line.empty() || line[0] == '#' || bar == std::string::npos) {
      continue;
    }
    const auto words = text::split_words(std::string_view(line).substr(0, bar));
    if (words.size() != 3) {
      ADD_FAILURE() << "bad row: " << line;
      continue;
    }
    cases.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2]),
                     text::replace_all(line.substr(bar + 2), "\\n", "\n")});
  }
  return cases;
}

bool count_fits(const std::string& expected, int count) {
  if (expected == "-") {
    return true;
  }
  return expected.starts_with(">=") ? count >= std::stoi(expected.substr(2))
                                    : count == std::stoi(expected);
}

std::string describe(const RouteDecision& decision) {
  return fmt::format("{} tools={} [{}] rule={} score={} planning={}", to_string(decision.path),
                     decision.analysis.tool_count, fmt::join(decision.analysis.tools, ","),
                     decision.rule, decision.analysis.complexity_score,
                     decision.analysis.requires_planning);
}

TEST(Route, DecidesEveryCaseOfTheTable) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GT(cases.size(), 200U);
  for (const Case& each : cases) {
    const RouteDecision decision = route(each.task, {});
    EXPECT_TRUE(to_string(decision.path) == each.path &&
                (each.rule == "-" || each.rule == decision.rule) &&
                count_fits(each.tools, decision.analysis.tool_count))
        << each.path << ' ' << each.tools << ' ' << each.rule << " | " << each.task << "\n  found "
        << describe(decision);
  }
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

TEST(Route, CountsTokensAsWordsAndCjkCharactersOneByOne) {
  EXPECT_EQ(analyze("Read the README file").token_count, 4);
  EXPECT_EQ(analyze("  a\tb\n c\xC2\xA0"
                    "d ")
                .token_count,
            4);
  EXPECT_EQ(analyze("").token_count, 0);
  EXPECT_EQ(analyze("读取 README.md 文件").token_count, 5);
  EXPECT_EQ(analyze(std::string(4000, 'x')).token_count, 1000);
}

TEST(Route, SendsALongLogWithAShortQuestionToTheAgentPath) {
  const std::string task = "What went wrong?\n" + repeat("error at line seven\n", 300);
  const RouteDecision decision = route(task, {});
  EXPECT_EQ(decision.path, ExecutionPath::kAgent);
  EXPECT_EQ(decision.rule, "fast_path_threshold");
  RouterConfig wide;
  wide.fast_path_threshold = 5000;
  EXPECT_EQ(route(task, wide).rule, "max_tokens");
  wide.max_tokens = 5000;
  EXPECT_EQ(route(task, wide).path, ExecutionPath::kFast) << route(task, wide).reason;
}

TEST(Route, TheThresholdItselfIsStillFast) {
  EXPECT_EQ(route("What is this? " + repeat("word ", 997), {}).path, ExecutionPath::kFast);
  EXPECT_EQ(route("What is this? " + repeat("word ", 998), {}).path, ExecutionPath::kAgent);
}

TEST(Route, EachLimitIsConfigurable) {
  RouterConfig config;
  config.max_tools = 3;
  config.complexity_threshold = 0.9;
  EXPECT_EQ(route("Edit the file, run tests, and commit changes", config).path,
            ExecutionPath::kFast);
  config.max_files = 4;
  EXPECT_EQ(route("Update a.py, b.py, c.py and d.py", config).path, ExecutionPath::kFast);
  config.no_external_deps = false;
  EXPECT_EQ(route("Read https://example.com/data.json", config).path, ExecutionPath::kFast);
  config.complexity_threshold = 0.05;
  EXPECT_EQ(route("Read the README file", config).rule, "complexity_threshold");
}

TEST(Route, NamesFilesHostsAndTools) {
  const TaskAnalysis found =
      analyze("Edit src/a.ts and docs/b.md with node.js, then fetch https://u:p@example.com:8/x");
  EXPECT_EQ(found.file_count, 2);
  EXPECT_THAT(found.tools, ElementsAre("edit", "bash"));
  EXPECT_THAT(found.external_dependencies, ElementsAre("example.com"));
  EXPECT_EQ(analyze("Compare README.md and README.md").file_count, 1);
  EXPECT_EQ(analyze("read/write and CI/CD, TCP/IP, 3.14, v1.2, e.g. this").file_count, 0);
}

TEST(Route, TellsAQuestionFromAnOrder) {
  EXPECT_TRUE(analyze("What does main.py do?").is_question);
  EXPECT_FALSE(analyze("Can you read main.py?").is_question);
  EXPECT_FALSE(analyze("Read main.py").is_question);
  EXPECT_FALSE(analyze("").is_question);
}

TEST(Route, ExplainsItselfAsJson) {
  const json::Value out = to_json(route("Refactor the parser", {}));
  EXPECT_EQ(json::get_string(out, "execution_path"), "agent");
  EXPECT_EQ(json::get_string(out, "rule"), "requires_planning");
  EXPECT_FALSE(json::get_string(out, "reason").empty());
  EXPECT_EQ(json::find_array(out, "checks")->size(), 7U);
  const json::Value analysis = *json::find(out, "analysis");
  EXPECT_EQ(json::get_int(analysis, "token_count"), 3);
  EXPECT_TRUE(json::get_bool(analysis, "requires_planning"));
}

TEST(Route, TakesAMegabyteOfAnythingInLinearTime) {
  const std::vector<std::string> inputs = {
      repeat("Read a.txt and then edit b.txt, or run it without tests. ", 18000),
      repeat("and ", 250000),
      repeat("do not ", 140000),
      repeat("'a ", 340000),
      repeat("`", 1000000),
      repeat("a,", 500000),
      repeat("\n", 1000000),
      repeat("\n \t", 340000),
      repeat("1. ", 330000),
      repeat("读取文件", 80000),
      repeat("l'", 500000),
      repeat("\xFF", 1000000),
      repeat("create a ", 110000),
      std::string(1000000, '\0'),
  };
  for (const std::string& input : inputs) {
    const auto start = std::chrono::steady_clock::now();
    const RouteDecision decision = route(input, {});
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_LT(took, std::chrono::seconds(8)) << input.substr(0, 30);
    EXPECT_GE(decision.analysis.complexity_score, 0.0);
    EXPECT_LE(decision.analysis.complexity_score, 1.0);
  }
}

}  // namespace
}  // namespace oap::router
