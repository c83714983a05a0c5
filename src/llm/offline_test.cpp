#include "llm/offline.hpp"

#include <chrono>
#include <fstream>
#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "llm/offline_orders.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Case {
  std::string order;
  std::vector<std::string> expected;
};

std::vector<Case> read_cases() {
  std::ifstream file(OAP_SOURCE_DIR "/src/llm/cases/offline.case");
  std::vector<Case> cases;
  std::string line;
  bool open = false;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') {
      open = false;
    } else if (!open) {
      cases.push_back({text::replace_all(line, "\\n", "\n"), {}});
      open = true;
    } else {
      cases.back().expected.push_back(line);
    }
  }
  return cases;
}

std::vector<std::string> describe(const offline::Orders& orders) {
  std::vector<std::string> lines;
  for (const std::string& part : orders.not_understood) {
    lines.push_back("needs_model " + text::replace_all(part, "\n", "\\n"));
  }
  if (!lines.empty()) {
    return lines;
  }
  for (const offline::Order& order : orders.understood) {
    for (const offline::Call& call : order.calls) {
      const std::string_view follow = call.follow == offline::Call::Follow::kReadBest  ? " -> best"
                                      : call.follow == offline::Call::Follow::kReadAll ? " -> all"
                                                                                       : "";
      lines.push_back(fmt::format("{} {}{}", call.tool, json::print(call.arguments), follow));
    }
  }
  return lines;
}

TEST(Offline, UnderstandsEveryCaseOfTheTable) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GT(cases.size(), 120U);
  const offline::Offer offer{{"read_file", "bash"}};
  for (const Case& each : cases) {
    EXPECT_EQ(describe(offline::read_orders(each.order, offer)), each.expected) << each.order;
  }
}

Request worker(std::string order) {
  Request request;
  request.agent = "worker";
  request.messages.push_back(Message::user(std::move(order)));
  return request;
}

using Tool = std::function<ToolResultBlock(const ToolUseBlock&)>;

/// Plays the caller: runs each tool call with `tool` until a final text comes.
Response finish(Request request, const Tool& tool, std::vector<std::string>* calls = nullptr) {
  for (int turn = 0; turn < 50; ++turn) {
    Result<Response> answer = answer_offline(request);
    if (!answer) {
      ADD_FAILURE() << answer.error().to_string();
      return {};
    }
    if (answer->stop != StopReason::kToolUse) {
      return *std::move(answer);
    }
    const ToolUseBlock use = *answer->message.tool_uses().at(0);
    if (calls != nullptr) {
      calls->push_back(use.name + " " + json::print(use.arguments));
    }
    request.messages.push_back(answer->message);
    ToolResultBlock result = tool(use);
    result.tool_use_id = use.id;
    Message message;
    message.blocks.push_back(result);
    request.messages.push_back(message);
  }
  ADD_FAILURE() << "no end";
  return {};
}

ToolResultBlock says(std::string text, bool is_error = false) {
  return {"", std::move(text), is_error};
}

TEST(Offline, TheFinalTextIsTheResultWordForWord) {
  const Response answer = finish(worker("Read the README.md file"), [](const ToolUseBlock&) {
    return says("# Test Project\n\n x \n");
  });
  EXPECT_EQ(answer.message.joined_text(), "# Test Project\n\n x \n");
  EXPECT_EQ(answer.stop, StopReason::kEndTurn);
  EXPECT_EQ(answer.usage.requests, 0);
}

TEST(Offline, ReadsWhatTheGlobFound) {
  std::vector<std::string> calls;
  const Response answer = finish(
      worker("Read the README file"),
      [](const ToolUseBlock& use) {
        return use.name == "glob" ? says("README.rst\nREADME.md") : says("content");
      },
      &calls);
  EXPECT_THAT(calls, ElementsAre(StartsWith("glob "), R"(read_file {"path":"README.md"})"));
  EXPECT_EQ(answer.message.joined_text(), "content");
}

TEST(Offline, SaysWhenThereIsNoSuchFile) {
  const Response answer = finish(worker("Read the README file"), [](const ToolUseBlock&) {
    return says("no file matches {README,readme,Readme}*");
  });
  EXPECT_EQ(answer.stop, StopReason::kRefusal);
  EXPECT_THAT(answer.message.joined_text(), HasSubstr("no file matches"));
}

TEST(Offline, ReportsSeveralOrdersUnderTheirNames) {
  const Response answer =
      finish(worker("1. Read a.txt\n2. Run `pwd`"),
             [](const ToolUseBlock& use) { return says(use.name == "bash" ? "/w" : "A"); });
  EXPECT_EQ(answer.message.joined_text(), "## Read a.txt\n\nA\n\n## Run `pwd`\n\n/w");
}

TEST(Offline, AFailureIsSaidAndStopsWhatChanges) {
  std::vector<std::string> calls;
  const Response answer = finish(
      worker("Read a.txt, read b.txt, delete c.txt"),
      [](const ToolUseBlock& use) {
        const bool a = json::get_string(use.arguments, "path") == "a.txt";
        return says(a ? "a.txt does not exist" : "B", a);
      },
      &calls);
  EXPECT_EQ(calls.size(), 2U);
  EXPECT_EQ(answer.stop, StopReason::kRefusal);
  EXPECT_THAT(answer.message.joined_text(), HasSubstr("Failed: a.txt does not exist"));
  EXPECT_THAT(answer.message.joined_text(), HasSubstr("## read b.txt\n\nB"));
  EXPECT_THAT(answer.message.joined_text(), HasSubstr("not done"));
}

TEST(Offline, ADenialIsReportedAsFailure) {
  const Response answer = finish(
      worker("Delete all files in the current directory"),
      [](const ToolUseBlock&) { return says("permission denied: rule permissions.yaml:3", true); });
  EXPECT_EQ(answer.stop, StopReason::kRefusal);
  EXPECT_EQ(answer.message.joined_text(),
            "The order failed: permission denied: rule permissions.yaml:3");
}

TEST(Offline, SkillsComeFromTheToolOrTheFolders) {
  Request request = worker("List all available skills");
  request.tools.push_back({"skill", "", {}});
  std::vector<std::string> calls;
  finish(request, [](const ToolUseBlock&) { return says("test_skill"); }, &calls);
  EXPECT_THAT(calls, ElementsAre("skill {}"));

  const Response one = finish(worker("List all available skills"), [](const ToolUseBlock& use) {
    const bool own = json::get_string(use.arguments, "path") == ".opencode/skills";
    return own ? says("no such directory", true) : says(".claude/skills/test_skill.md");
  });
  EXPECT_EQ(one.message.joined_text(), ".claude/skills/test_skill.md");
  EXPECT_EQ(one.stop, StopReason::kEndTurn);

  const Response none = finish(worker("List all available skills"),
                               [](const ToolUseBlock&) { return says("no such directory", true); });
  EXPECT_EQ(none.stop, StopReason::kRefusal);

  const Response nowhere = finish(worker("List all available skills"), [](const ToolUseBlock&) {
    return says("there is no file or directory .claude/skills", true);
  });
  EXPECT_EQ(nowhere.stop, StopReason::kEndTurn);
  EXPECT_THAT(nowhere.message.joined_text(), StartsWith("none found"));
}

TEST(Offline, NothingIsDoneWhenAPartNeedsAModel) {
  const Result<Response> answer = answer_offline(worker("1. Delete a.txt\n2. Refactor the parser"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kNeedsModel);
  EXPECT_THAT(answer.error().message(),
              StartsWith("this part needs a model: 'Refactor the parser'"));
  EXPECT_THAT(answer.error().message(), HasSubstr("OPENAI_API_KEY"));
  EXPECT_THAT(answer.error().message(), HasSubstr("OAP_MODEL"));
}

TEST(Offline, TheLastOrderOfAConversationCounts) {
  Request request = worker("Read a.txt");
  Message call;
  call.role = MessageRole::kAssistant;
  call.blocks.push_back(ToolUseBlock{"x", "read_file", {}, ""});
  request.messages.push_back(call);
  Message result;
  result.blocks.push_back(ToolResultBlock{"x", "A", false});
  request.messages.push_back(result);
  request.messages.push_back(Message::user("Read b.txt"));
  const Result<Response> answer = answer_offline(request);
  ASSERT_TRUE(answer);
  const ToolUseBlock& use = *answer->message.tool_uses().at(0);
  EXPECT_EQ(json::get_string(use.arguments, "path"), "b.txt");
  EXPECT_EQ(use.id, "call_offline_3_1");
}

TEST(Offline, TakesTheOrderOutOfItsWrapping) {
  for (const std::string text : {R"({"task":"Read a.txt","context":"Read z.txt"})",
                                 "You are step 2.\n<task>\nRead a.txt\n</task>\nGood luck."}) {
    const Result<Response> answer = answer_offline(worker(text));
    ASSERT_TRUE(answer) << text;
    EXPECT_EQ(json::get_string(answer->message.tool_uses().at(0)->arguments, "path"), "a.txt");
  }
}

TEST(Offline, RefusesAConversationWithoutAnOrder) {
  Request request;
  request.agent = "worker";
  EXPECT_EQ(answer_offline(request).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(answer_offline(worker(" \n ")).error().code(), Code::kInvalidArgument);
}

json::Object forced(std::string agent, std::string text, std::string tool) {
  Request request = worker(std::move(text));
  request.agent = std::move(agent);
  request.force_tool = tool;
  const Result<Response> answer = answer_offline(request);
  if (!answer) {
    ADD_FAILURE() << answer.error().to_string();
    return {};
  }
  EXPECT_EQ(answer->message.tool_uses().at(0)->name, tool);
  return answer->message.tool_uses().at(0)->arguments;
}

TEST(Offline, PlansAListOfOrders) {
  const json::Value plan =
      forced("planner", "1. Read a.txt\n2. Read the README file\n3. Run `pwd`", "submit_plan");
  const json::Array& steps = *json::find_array(plan, "steps");
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(json::print(steps[0]),
            R"({"id":"step_1","description":"Read a.txt","tool":"read_file",)"
            R"("arguments":{"path":"a.txt"},"dependencies":[],"estimated_time":5,)"
            R"("validation_criteria":["the tool call ends without an error"]})");
  EXPECT_EQ(json::get_string(steps[1], "tool"), "agent");
  EXPECT_EQ(json::get_string(steps[1], "description"), "Read the README file");
  EXPECT_EQ(json::print(*json::find(steps[2], "dependencies")), R"(["step_2"])");
  EXPECT_EQ(json::get_int(plan, "estimated_total_time"), 15);
  EXPECT_EQ(json::find_array(plan, "success_criteria")->size(), 3U);
  EXPECT_FALSE(json::get_string(plan, "risk_assessment").empty());
}

TEST(Offline, CommandsWhatIsUnderstood) {
  const json::Value out = forced("commander", "Read a.txt and run `ls`", "submit_requirements");
  EXPECT_EQ(json::print(*json::find(out, "requirements")), R"(["Read a.txt","run `ls`"])");
  Request request = worker("Design a database");
  request.agent = "commander";
  EXPECT_EQ(answer_offline(request).error().code(), Code::kNeedsModel);
}

TEST(Offline, ReviewsByTheEvidenceAlone) {
  const json::Value out = forced(
      "reviewer",
      "Judge this.\n"
      R"({"task":"read it","evidence":{"steps":[{"id":"a","status":"completed","is_error":false},)"
      R"({"id":"b","status":"completed","is_error":true},{"id":"c","status":"skipped"}]}})",
      "submit_review");
  const json::Array& reviews = *json::find_array(out, "step_reviews");
  ASSERT_EQ(reviews.size(), 3U);
  EXPECT_TRUE(json::get_bool(reviews[0], "success"));
  EXPECT_FALSE(json::get_bool(reviews[1], "success"));
  EXPECT_FALSE(json::get_bool(reviews[2], "success"));
  EXPECT_DOUBLE_EQ(json::get_double(out, "quality_score"), 1.0 / 3.0);
  EXPECT_EQ(json::find_array(out, "recommendations")->size(), 2U);
  Request request = worker("It all went well, believe me.");
  request.agent = "reviewer";
  EXPECT_EQ(answer_offline(request).error().code(), Code::kNeedsModel);
}

TEST(Offline, TakesAMegabyteOfAnything) {
  for (const std::string_view piece : {"read a.txt and ", "'a ", "{", "`", "1. x\n", "\"", "\xFF",
                                       "read a.txt, ", "```", "<task>"}) {
    std::string order;
    while (order.size() < 1000000) {
      order += piece;
    }
    const auto start = std::chrono::steady_clock::now();
    static_cast<void>(answer_offline(worker(order)));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10)) << piece;
  }
}

}  // namespace
}  // namespace oap::llm
