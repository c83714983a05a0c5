#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/message.hpp"
#include "model/task.hpp"
#include "model/tool.hpp"

namespace oap {
namespace {

TEST(Message, SurvivesItsJsonForm) {
  Message message;
  message.role = MessageRole::kAssistant;
  message.blocks.emplace_back(TextBlock{"hello"});
  message.blocks.emplace_back(ThinkingBlock{"hm", "anthropic", json::Object{{"signature", "abc"}}});
  message.blocks.emplace_back(ToolUseBlock{"id1", "bash", json::Object{{"command", "ls"}}, ""});
  message.blocks.emplace_back(ToolUseBlock{"id2", "bash", {}, "{broken"});
  message.blocks.emplace_back(ToolResultBlock{"id1", "out", true});
  const json::Value form = to_json(message);
  const auto back = message_from_json(form);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), form);
  EXPECT_EQ(back->tool_uses().size(), 2U);
  EXPECT_EQ(back->joined_text(), "hello");
}

TEST(Message, WhatIsNoMessageIsNothing) {
  EXPECT_FALSE(message_from_json(json::Value(nullptr)));
  EXPECT_FALSE(message_from_json(json::Object{{"role", "system"}, {"blocks", json::Array{}}}));
  EXPECT_FALSE(message_from_json(
      json::Object{{"role", "user"}, {"blocks", json::Array{json::Object{{"type", "odd"}}}}}));
}

TEST(Usage, AnUnknownPriceMakesTheSumUnknown) {
  Usage total;
  Usage known;
  known.input_tokens = 5;
  known.cost_usd = 0.25;
  total += known;
  EXPECT_DOUBLE_EQ(total.cost_usd.value(), 0.25);
  Usage unknown;
  unknown.cost_usd.reset();
  total += unknown;
  total += known;
  EXPECT_FALSE(total.cost_usd);
  EXPECT_EQ(total.input_tokens, 10);
  EXPECT_TRUE(to_json(total).at("cost_usd").is_null());
}

TEST(ToolResult, JoinsItsTextBlocks) {
  ToolResult result = ToolResult::text("one");
  result.content.push_back(json::Object{{"type", "image"}, {"data", "…"}});
  result.content.push_back(json::Object{{"type", "text"}, {"text", "two"}});
  EXPECT_EQ(result.joined_text(), "one\ntwo");
}

TEST(ToolOutcome, ADenialTellsTheModelItsRule) {
  ToolOutcome outcome;
  outcome.denial = Denial{};
  outcome.denial->rule = "permissions.yaml:3";
  outcome.denial->reason = "no";
  EXPECT_EQ(outcome.text_for_model(), "permission denied: no (rule: permissions.yaml:3)");
  EXPECT_FALSE(outcome.ok());
}

TEST(ToolSpec, BuiltinToolsHaveBareNames) {
  ToolSpec spec;
  spec.server = kBuiltinServer;
  spec.name = "bash";
  EXPECT_EQ(spec.public_name(), "bash");
  spec.server = "jira";
  EXPECT_EQ(spec.public_name(), "jira__bash");
}

TEST(Plan, JsonHasTheSeedsMembers) {
  ExecutionPlan plan;
  plan.task_id = "task_1";
  plan.steps.push_back({"a", "read", "read_file", {}, {"b"}, 3, {"done"}});
  const json::Object form = to_json(plan);
  for (const char* key :
       {"task_id", "steps", "estimated_total_time", "risk_assessment", "success_criteria"}) {
    EXPECT_TRUE(form.contains(key)) << key;
  }
  const json::Object& step = form.at("steps").as_array().at(0).as_object();
  for (const char* key : {"id", "description", "tool", "arguments", "dependencies",
                          "estimated_time", "validation_criteria"}) {
    EXPECT_TRUE(step.contains(key)) << key;
  }
}

}  // namespace
}  // namespace oap
