#include "acp/turn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::acp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class FakeSession final : public HostSession {
 public:
  const std::string& id() const override { return id_; }
  const std::string& cwd() const override { return cwd_; }
  Task<Result<orchestration::TaskReport>> prompt(TurnRequest, TurnEvents) override {
    co_return orchestration::TaskReport{};
  }
  Result<void> settle() override { return {}; }
  Result<store::SessionRecord> record() override { return store::SessionRecord{}; }
  Result<std::vector<session::StoredMessage>> records() override {
    return std::vector<session::StoredMessage>{};
  }
  std::vector<CommandView> commands() override { return {}; }
  std::vector<std::string> models() override { return {"m"}; }
  std::int64_t window(const std::string&) override { return 1000; }
  std::optional<std::string> file_text(const std::string& path) override {
    looked_at.push_back(path);
    return "before\n";
  }
  std::vector<PlanEntry> plan() override { return {{"M1: build", "in_progress"}}; }
  std::vector<std::string> notices() override { return {}; }
  Task<void> close(bool) override { co_return; }

  std::vector<std::string> looked_at;

 private:
  std::string id_ = "ses_1";
  std::string cwd_ = "/w";
};

class TurnTest : public testing::Test {
 protected:
  std::vector<std::string> kinds() const {
    std::vector<std::string> out;
    for (const json::Object& update : updates_) {
      out.emplace_back(json::get_string(update, "sessionUpdate"));
    }
    return out;
  }
  std::string last() const { return json::print(json::Value(updates_.back())); }
  ToolCall call(const std::string& tool, std::string_view arguments) const {
    ToolCall out;
    out.id = "call_" + tool;
    out.server = kBuiltinServer;
    out.tool = tool;
    out.arguments = *json::parse_object(arguments);
    return out;
  }
  void begin(const ToolCall& call) { events_.on_call({gateway::Progress::Kind::kStarted, call}); }
  void end(const ToolCall& call, const ToolOutcome& outcome) {
    gateway::Progress done{gateway::Progress::Kind::kFinished, call};
    done.outcome = &outcome;
    events_.on_call(done);
  }
  static ToolOutcome text(std::string_view said) {
    ToolOutcome out;
    out.result = ToolResult::text(said);
    return out;
  }

  FakeSession session_;
  std::vector<json::Object> updates_;
  Turn turn_{
      {session_, "m", 0.5, [this](json::Object update) { updates_.push_back(std::move(update)); }}};
  TurnEvents events_ = turn_.events();
};

TEST_F(TurnTest, ThoughtsTextAndUsageComeInOrder) {
  events_.events.on_thought("worker", "hm");
  events_.events.on_text("worker", "Hel");
  events_.events.on_text("worker", "lo");
  Usage usage;
  usage.input_tokens = 10;
  usage.output_tokens = 5;
  usage.cost_usd = 0.25;
  events_.events.on_usage(usage);
  events_.events.on_text("worker", "Next");
  EXPECT_THAT(kinds(), ElementsAre("agent_thought_chunk", "agent_message_chunk",
                                   "agent_message_chunk", "usage_update", "agent_message_chunk"));
  EXPECT_EQ(json::get_string(updates_[1], "messageId"), json::get_string(updates_[2], "messageId"));
  EXPECT_NE(json::get_string(updates_[1], "messageId"), json::get_string(updates_[4], "messageId"));
  EXPECT_EQ(json::get_int(updates_[3], "used"), 15);
  EXPECT_EQ(json::get_int(updates_[3], "size"), 1000);
  EXPECT_EQ(turn_.cost(), 0.75);
  usage.cost_usd.reset();
  events_.events.on_usage(usage);
  EXPECT_EQ(turn_.cost(), std::nullopt) << "one unknown price makes the sum unknown";
  EXPECT_EQ(json::find(updates_.back(), "cost"), nullptr);
}

TEST_F(TurnTest, ACallIsToldFromBeginToEnd) {
  const ToolCall write = call("write_file", R"({"path":"a.txt","content":"after\n"})");
  begin(write);
  EXPECT_THAT(session_.looked_at, ElementsAre("/w/a.txt"));
  approval::Request request;
  gateway::Progress asking{gateway::Progress::Kind::kApproval, write};
  asking.approval = &request;
  events_.on_call(asking);
  EXPECT_THAT(last(), HasSubstr("pending"));
  approval::Answer yes;
  yes.approved = true;
  asking.answer = &yes;
  events_.on_call(asking);
  EXPECT_THAT(last(), HasSubstr("in_progress"));
  end(write, text("Overwrote"));
  EXPECT_THAT(last(), HasSubstr("completed"));
  EXPECT_THAT(last(), HasSubstr(R"("oldText":"before\n")"));
  EXPECT_THAT(last(), HasSubstr(R"("newText":"after\n")"));
}

TEST_F(TurnTest, AFailedChangeShowsWhyAndNoChange) {
  const ToolCall edit = call("edit_file", R"({"path":"a","old_string":"before","new_string":"x"})");
  begin(edit);
  ToolOutcome denied;
  denied.denial.emplace();
  denied.denial->reason = "not today";
  end(edit, denied);
  EXPECT_THAT(last(), HasSubstr("failed"));
  EXPECT_THAT(last(), HasSubstr("not today"));
  EXPECT_THAT(last(), Not(HasSubstr("diff")));
}

TEST_F(TurnTest, OnlyChangesMakeItLookAtFiles) {
  begin(call("read_file", R"({"path":"a"})"));
  begin(call("bash", R"({"command":"x"})"));
  EXPECT_THAT(session_.looked_at, IsEmpty());
}

TEST_F(TurnTest, PlansOfStepsAndOfTheTodoFile) {
  ExecutionPlan made;
  made.steps = {{"s1", "Look", "agent", {}, {}, 0, {}}, {"s2", "Do", "agent", {}, {}, 0, {}}};
  events_.events.on_plan(made);
  events_.events.on_step(made.steps[0], "completed");
  EXPECT_THAT(last(), HasSubstr(R"({"content":"Look","priority":"medium","status":"completed"})"));
  EXPECT_THAT(last(), HasSubstr(R"({"content":"Do","priority":"medium","status":"pending"})"));
  events_.events.on_text("worker", "inner talk of a step");
  EXPECT_EQ(kinds().back(), "agent_thought_chunk");
  const ToolCall todo = call("todo", "{}");
  begin(todo);
  end(todo, text("ok"));
  EXPECT_THAT(last(), HasSubstr("M1: build"));
}

TEST_F(TurnTest, WhatIsStillOpenIsEndedAndTheAnswerSaidOnce) {
  begin(call("bash", R"({"command":"x"})"));
  turn_.abandon();
  EXPECT_THAT(last(), HasSubstr("failed"));
  orchestration::TaskReport report;
  report.content = "Answer";
  turn_.finish(report);
  EXPECT_THAT(last(), HasSubstr("Answer"));
  const std::size_t count = updates_.size();
  turn_.finish(report);
  EXPECT_EQ(updates_.size(), count) << "it was said";
  report.error = Error(Code::kPermissionDenied, "permission denied: x");
  turn_.finish(report);
  EXPECT_EQ(updates_.size(), count) << "the model was told and has answered";
  report.content.clear();
  turn_.finish(report);
  EXPECT_THAT(last(), HasSubstr("permission denied: x"));
  report.error = Error(Code::kUnavailable, "provider down");
  turn_.finish(report);
  EXPECT_THAT(last(), Not(HasSubstr("provider down"))) << "that is the failure of the prompt";
}

}  // namespace
}  // namespace oap::acp
