#include "orchestration/sendable.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/print.hpp"
#include "orchestration/report.hpp"

namespace oap::orchestration {
namespace {

using ::testing::HasSubstr;

Message calling(std::vector<std::pair<std::string, std::string>> names_and_ids) {
  Message message;
  message.role = MessageRole::kAssistant;
  for (auto& [name, id] : names_and_ids) {
    message.blocks.emplace_back(ToolUseBlock{std::move(id), std::move(name), {}, ""});
  }
  return message;
}

std::vector<ToolSpec> offered() {
  ToolSpec spec;
  spec.server = kBuiltinServer;
  spec.name = "bash";
  return {spec};
}

TEST(Sendable, NamesAndIdsAreMended) {
  Sendable sendable({calling({{"bash", "call_1"}})});
  Message answer = calling({{"bash\n", "call_1"},
                            {"", "call_2"},
                            {"../x y", "a b"},
                            {"日", "call_2"},
                            {std::string(500, 'n'), std::string(500, 'i')},
                            {"bash", "functions.bash:0"}});
  EXPECT_EQ(sendable.mend(answer, offered()), 0U);
  const auto uses = answer.tool_uses();
  EXPECT_EQ(uses[0]->name, "bash");
  EXPECT_NE(uses[0]->id, "call_1") << "of an earlier message";
  EXPECT_EQ(uses[1]->name, "unknown");
  EXPECT_EQ(uses[1]->id, "call_2");
  EXPECT_EQ(uses[2]->name, "___x_y");
  EXPECT_EQ(uses[3]->name, "___");
  EXPECT_NE(uses[3]->id, "call_2");
  EXPECT_EQ(uses[4]->name.size(), 64U);
  EXPECT_LE(uses[4]->id.size(), 128U);
  EXPECT_EQ(uses[5]->id, "functions.bash:0") << "what is fine stays";
}

TEST(Sendable, AnAnswerHasSoManyCallsAndNoMore) {
  Sendable sendable({});
  std::vector<std::pair<std::string, std::string>> many(Sendable::kMostCalls + 7, {"bash", "c"});
  Message answer = calling(std::move(many));
  answer.blocks.emplace_back(TextBlock{"and text"});
  EXPECT_EQ(sendable.mend(answer, offered()), 7U);
  EXPECT_EQ(answer.tool_uses().size(), Sendable::kMostCalls);
  EXPECT_EQ(answer.joined_text(), "and text");
}

TEST(SendableProperty, AnyNamesAndIds) {
  EXPECT_TRUE(rc::check([](const std::vector<std::pair<std::string, std::string>>& calls) {
    Sendable sendable({});
    Message answer = calling(calls);
    sendable.mend(answer, offered());
    std::set<std::string> ids;
    for (const ToolUseBlock* use : answer.tool_uses()) {
      RC_ASSERT(!use->name.empty() && use->name.size() <= 64);
      RC_ASSERT(!use->id.empty() && ids.insert(use->id).second);
    }
  }));
}

TEST(Countable, WhatNobodyToldIsTakenFromTheBytes) {
  Message answer;
  answer.blocks.emplace_back(TextBlock{std::string(400, 'x')});
  Usage none;
  none.requests = 1;
  none.cost_usd = 0;
  Usage counted = countable(none, 4'000, answer);
  EXPECT_EQ(counted.input_tokens, 1'000);
  EXPECT_EQ(counted.output_tokens, 100);
  EXPECT_FALSE(counted.cost_usd);
  Usage absurd = none;
  absurd.input_tokens = -5;
  absurd.output_tokens = std::numeric_limits<std::int64_t>::max();
  counted = countable(absurd, 4'000, answer);
  EXPECT_EQ(counted.input_tokens, 1'000);
  EXPECT_EQ(counted.output_tokens, 1'000'000'000);
  EXPECT_FALSE(counted.cost_usd);
  Usage told = none;
  told.input_tokens = 10;
  told.output_tokens = 2;
  told.cost_usd = 0.5;
  counted = countable(told, 4'000, answer);
  EXPECT_EQ(counted.input_tokens, 10);
  EXPECT_EQ(counted.cost_usd, 0.5);
  none.requests = 0;
  EXPECT_EQ(countable(none, 4'000, answer).input_tokens, 0) << "no model was asked";
}

TEST(Slim, ARecordKeepsWhatItsEvidenceTells) {
  CallRecord record;
  record.call.tool = "bash";
  ToolResult result = ToolResult::text(std::string(900'000, 'x'));
  result.structured = json::Value(json::Object{{"exit_code", 3}, {"stdout", "long"}});
  record.outcome.result = result;
  const std::string before = json::print(json::Value(evidence_of(record)));
  slim(record);
  EXPECT_EQ(json::print(json::Value(evidence_of(record))), before);
  EXPECT_LT(record.outcome.text_for_model().size(), 4'100U);
  EXPECT_THAT(record.outcome.text_for_model(), HasSubstr("[896000 more bytes]"));
}

}  // namespace
}  // namespace oap::orchestration
