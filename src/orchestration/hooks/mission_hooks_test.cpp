#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "hooks/registry.hpp"
#include "orchestration/hooks/mission_control.hpp"
#include "orchestration/hooks/slash_command.hpp"
#include "orchestration/hooks/user_activity.hpp"
#include "orchestration/mission/mission_tools.hpp"
#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"

namespace oap::orchestration {
namespace {

using ::testing::HasSubstr;

TEST(SlashCommand, IsReadOverAnyNumberOfLines) {
  const auto call = parse_slash("  /Task Write it\n\nwith tests\n- [ ] one\n");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->name, "task");
  EXPECT_EQ(call->arguments, "Write it\n\nwith tests\n- [ ] one");
  EXPECT_EQ(parse_slash("/task\nfrom the next line")->arguments, "from the next line");
  EXPECT_EQ(parse_slash("/stop")->arguments, "");
  EXPECT_EQ(parse_slash("/my-own_command2 x")->name, "my-own_command2");
}

TEST(SlashCommand, WhatOnlyLooksLikeOneIsNone) {
  for (const char* text :
       {"", "/", "//", "/etc/passwd is broken", "a /task", "/ task", "/täsk x", "http://x"}) {
    EXPECT_FALSE(parse_slash(text)) << text;
  }
}

class FakeMission final : public LiveMission {
 public:
  Task<hooks::DoneVerdict> turn_ended(std::string final_text) override {
    texts.push_back(std::move(final_text));
    co_return verdict;
  }
  void user_spoke() override { ++spoken; }
  Task<ToolResult> todo(MissionSeat, ToolCall) override { co_return ToolResult::text(""); }
  Task<ToolResult> delegate(MissionSeat, ToolCall) override { co_return ToolResult::text(""); }
  hooks::DoneVerdict verdict;
  std::vector<std::string> texts;
  int spoken = 0;
};

class Book final : public CommandBook {
 public:
  session::CommandListing commands() const override { return listing; }
  session::CommandListing withheld() const override { return hidden; }
  session::CommandListing listing;
  session::CommandListing hidden;
};

class MissionHooks : public testing::Test {
 protected:
  void SetUp() override {
    store_ = store::Store::open(dir_ / "oap.db").value();
    registry_.add(std::make_unique<UserActivityHook>(desk_), {10});
    registry_.add(std::make_unique<SlashCommandHook>(
                      desk_, &store_->missions(),
                      [this](const std::string& id) -> Result<std::string> {
                        stopped_.push_back(id);
                        return id + " is told to stop";
                      },
                      &book_),
                  {20});
    registry_.add(std::make_unique<MissionStartHook>(desk_), {30});
    registry_.add(std::make_unique<MissionControlHook>(desk_), {20});
  }
  hooks::ChatOutcome say(std::string text) {
    return runtime_.run(registry_.chat_message({"ses_1", "", "/w", {}}, std::move(text)));
  }
  hooks::DoneOutcome done(std::string session) {
    return runtime_.run(registry_.assistant_done({std::move(session), "", "/w", {}}, "text"));
  }
  void add_mission(const std::string& id, const std::string& session, bool ended = false) {
    store::SessionRecord record;
    record.id = session;
    record.workspace = "/w";
    ASSERT_TRUE(store_->sessions().create(record));
    store::MissionRecord mission;
    mission.id = id;
    mission.session_id = session;
    mission.workspace = "/w";
    mission.objective = "make it\nso";
    mission.state = ended ? "done" : "paused";
    if (ended) {
      mission.ended_at = system_clock().wall();
    }
    ASSERT_TRUE(store_->missions().create(mission, {}));
  }

  os::testing::TempDir dir_;
  async::Runtime runtime_;
  std::unique_ptr<store::Store> store_;
  MissionDesk desk_;
  std::vector<std::string> stopped_;
  Book book_;
  hooks::Registry registry_;
};

TEST_F(MissionHooks, ATaskIsAWishAtTheDesk) {
  const hooks::ChatOutcome outcome = say("/task Write it\nall");
  EXPECT_FALSE(outcome.intercepted);
  EXPECT_EQ(outcome.text, "Write it\nall");
  ASSERT_TRUE(desk_.wished("ses_1"));
  const auto wish = desk_.take_wish("ses_1");
  EXPECT_EQ(wish->objective, "Write it\nall");
  EXPECT_FALSE(wish->plan_only);
  EXPECT_FALSE(desk_.wished("ses_1"));
  say("/plan it");
  EXPECT_TRUE(desk_.take_wish("ses_1")->plan_only);
  EXPECT_TRUE(say("/plan").intercepted);
  EXPECT_FALSE(desk_.wished("ses_1"));
}

TEST_F(MissionHooks, PlainTextAndUnknownCommandsPass) {
  for (const char* text : {"hello", "/my-command x", "/etc/passwd", "/tasks x"}) {
    const hooks::ChatOutcome outcome = say(text);
    EXPECT_FALSE(outcome.intercepted) << text;
    EXPECT_EQ(outcome.text, text);
    EXPECT_FALSE(desk_.wished("ses_1")) << text;
  }
}

TEST_F(MissionHooks, StatusAndStopAreAboutTheWorkspacesMissions) {
  EXPECT_THAT(say("/stop").text, HasSubstr("no open mission"));
  add_mission("mis_1", "ses_a");
  add_mission("mis_0", "ses_b", true);
  EXPECT_THAT(say("/status").text, HasSubstr("mis_1 paused: make it\n"));
  EXPECT_THAT(say("/stop").text, HasSubstr("mis_1 is told to stop"));
  EXPECT_EQ(stopped_, std::vector<std::string>{"mis_1"});
  add_mission("mis_2", "ses_c");
  EXPECT_THAT(say("/cancel").text, HasSubstr("more than one"));
  EXPECT_THAT(say("/cancel mis_2").text, HasSubstr("mis_2 is told to stop"));
  EXPECT_THAT(say("/help").text, HasSubstr("/task"));
  EXPECT_THAT(say("/agents").text, HasSubstr("reviewer"));
}

TEST_F(MissionHooks, TheMissionDecidesAboutItsCommandersTurnsOnly) {
  FakeMission mission;
  mission.verdict.action = hooks::DoneVerdict::Action::kInject;
  mission.verdict.prompts = {"go on"};
  desk_.enter({"ses_1", "commander", "", 0}, mission);
  desk_.enter({"ses_2", "worker", "task_1", 1}, mission);
  EXPECT_EQ(done("ses_1").verdict.prompts, mission.verdict.prompts);
  EXPECT_EQ(done("ses_2").verdict.action, hooks::DoneVerdict::Action::kContinue);
  EXPECT_EQ(done("ses_3").verdict.action, hooks::DoneVerdict::Action::kContinue);
  EXPECT_EQ(mission.texts.size(), 1U);
  say("wait");
  EXPECT_EQ(mission.spoken, 1);
  desk_.leave("ses_1");
  EXPECT_EQ(done("ses_1").verdict.action, hooks::DoneVerdict::Action::kContinue);
}

TEST(MissionTools, EachRoleIsOfferedWhatItMayUse) {
  std::vector<ToolSpec> all = mission_tool_specs();
  for (const char* name : {"read_file", "write_file", "edit_file", "bash", "python"}) {
    ToolSpec spec;
    spec.server = kBuiltinServer;
    spec.name = name;
    all.push_back(spec);
  }
  ToolSpec foreign;
  foreign.server = "docs";
  foreign.name = "todo";
  all.push_back(foreign);
  const auto names = [&](const char* role, bool in_mission) {
    std::string text;
    for (const ToolSpec& tool : tools_for_role(all, role, in_mission)) {
      text += tool.public_name() + " ";
    }
    return text;
  };
  EXPECT_EQ(names("worker", false), "read_file write_file edit_file bash python docs__todo ");
  EXPECT_EQ(names("worker", true), "read_file write_file edit_file bash python docs__todo ");
  EXPECT_EQ(names("commander", true),
            "todo delegate_task read_file write_file edit_file bash docs__todo ");
  EXPECT_EQ(names("planner", true), "todo read_file write_file edit_file docs__todo ");
  EXPECT_EQ(names("reviewer", true), "todo read_file bash docs__todo ");
}

TEST(MissionTools, RightsOfAChildAreItsParentsAndItsOwn) {
  RightsChain chain;
  EXPECT_TRUE(chain.allows("bash"));
  chain.add(Rights{std::vector<std::string>{"read_*", "docs__*"}});
  chain.add(Rights{std::vector<std::string>{"read_file", "bash"}});
  EXPECT_TRUE(chain.allows("read_file"));
  EXPECT_FALSE(chain.allows("bash"));
  EXPECT_FALSE(chain.allows("docs__search"));
  chain.add(Rights{std::vector<std::string>{}});
  EXPECT_FALSE(chain.allows("read_file")) << "an agent without tools has none";
}

TEST(MissionTools, WhatWasTakenFromTheCommanderIsTakenFromWhoItDelegatesTo) {
  const Rights commander{std::nullopt, {"read_file", "bash", "*__*"}, {"read_file", "github__*"}};
  EXPECT_TRUE(commander.allows("read_file"));
  EXPECT_TRUE(commander.allows("python")) << "no duty of the commander, and yet no right it lacks";
  EXPECT_FALSE(commander.allows("bash"));
  EXPECT_TRUE(commander.allows("github__search"));
  EXPECT_FALSE(commander.allows("mail__send"));
}

TEST_F(MissionHooks, ACommandOfAFileIsPutToTheDesk) {
  session::CommandDefinition review;
  review.name = "Review";
  review.description = "Looks at it";
  review.argument_hint = "[file]";
  review.body = "Review $1";
  book_.listing.commands = {review};
  EXPECT_FALSE(say("/review a.c").intercepted);
  const auto wish = desk_.take_command("ses_1");
  ASSERT_TRUE(wish && wish->command);
  EXPECT_EQ(wish->command->body, "Review $1");
  EXPECT_EQ(wish->arguments, "a.c");
  EXPECT_FALSE(desk_.take_command("ses_1"));
  EXPECT_THAT(say("/help").text, HasSubstr("/Review [file]    Looks at it"));
}

TEST_F(MissionHooks, ACommandThatThereIsNotIsRefusedWithTheNearest) {
  session::CommandDefinition review;
  review.name = "review";
  book_.listing.commands = {review};
  say("/reviw a.c");
  const auto wish = desk_.take_command("ses_1");
  ASSERT_TRUE(wish && wish->refusal);
  EXPECT_EQ(wish->refusal->code(), Code::kUsage);
  EXPECT_THAT(wish->refusal->message(), HasSubstr("did you mean '/review'"));
  book_.hidden = std::exchange(book_.listing, {});
  say("/review a.c");
  EXPECT_THAT(desk_.take_command("ses_1")->refusal->message(), HasSubstr("oap trust"));
}

TEST_F(MissionHooks, AFileDoesNotTakeACommandOfOurs) {
  session::CommandDefinition stop;
  stop.name = "stop";
  stop.body = "evil";
  book_.listing.commands = {stop};
  EXPECT_TRUE(say("/stop").intercepted);
  EXPECT_FALSE(desk_.take_command("ses_1"));
  EXPECT_FALSE(say("/compact keep the names").intercepted);
  const auto wish = desk_.take_command("ses_1");
  ASSERT_TRUE(wish);
  EXPECT_TRUE(wish->compacts);
  EXPECT_EQ(wish->arguments, "keep the names");
}

}  // namespace
}  // namespace oap::orchestration
