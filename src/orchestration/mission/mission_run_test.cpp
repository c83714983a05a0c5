// A mission with a model and tools that are functions: the course without wire and processes.
#include "orchestration/mission/mission_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "orchestration/hooks/mission_control.hpp"
#include "orchestration/mission/seal.hpp"
#include "orchestration/testing/fakes.hpp"
#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"

namespace oap::orchestration {
namespace {

using ::testing::Contains;
using testing::FakeInvoker;
using testing::FakeProvider;
using ::testing::HasSubstr;
using testing::says;

class SessionConversation final : public Conversation {
 public:
  SessionConversation(session::SessionManager& sessions, std::string id)
      : sessions_(sessions), id_(std::move(id)) {}
  Task<Result<void>> append(Message message, store::Durability durability) override {
    co_return sessions_.append_message(id_, message, durability);
  }

 private:
  session::SessionManager& sessions_;
  std::string id_;
};

class MissionHouse : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = store::Store::open(state_ / "oap.db").value();
    sessions_ = std::make_unique<session::SessionManager>(store_->sessions(), store_->messages(),
                                                          system_clock());
    catalog_ = std::make_unique<gateway::Catalog>(
        runtime_.executor(), upstreams_, testing::two_tools(), gateway::CatalogOptions{}, nullptr);
    hooks_.add(std::make_unique<MissionControlHook>(desk_), {20});
  }
  store::MissionRecord begin(MissionLimits limits = {}) {
    session::SessionStart start;
    start.workspace = work_.path();
    MissionBody body;
    body.limits = limits;
    body.plan_folder = ".opencode";
    store::MissionRecord record;
    record.id = "mis_1";
    record.session_id = sessions_->ensure_session(start)->id;
    record.workspace = work_.path();
    record.objective = "make it";
    record.state = "planning";
    record.owner = "me";
    record.epoch = 1;
    record.body = to_json(body);
    EXPECT_TRUE(store_->missions().create(record, {{0, {}, "started", json::Object{}}}));
    return record;
  }
  Result<MissionReport> drive(const store::MissionRecord& record, FakeProvider& provider,
                              std::optional<ResumeAsked> resume = std::nullopt,
                              std::string answer = {}) {
    AgentProfile profile{"commander", &provider, "m", "", {}, {}};
    AgentSet agents{profile, profile, profile, profile};
    agents.worker.name = "worker";
    agents.planner.name = "planner";
    agents.reviewer.name = "reviewer";
    MissionParts parts{store_->missions(),
                       *sessions_,
                       desk_,
                       invoker_,
                       *catalog_,
                       hooks_,
                       agents,
                       [this](const std::string& id) -> std::unique_ptr<Conversation> {
                         return std::make_unique<SessionConversation>(*sessions_, id);
                       },
                       [](std::string_view text) { return std::string(text); },
                       {},
                       nobody_,
                       nullptr,
                       runtime_.executor(),
                       runtime_.blocking(),
                       system_clock(),
                       work_.path(),
                       state_.path(),
                       {}};
    MissionRun run(std::move(parts), {}, store_->missions().find(record.id).value(),
                   remember(store_->missions(), record.id).value());
    return runtime_.run(run.drive(std::move(resume), std::move(answer)));
  }
  std::vector<std::string> kinds() {
    std::vector<std::string> names;
    const auto events = store_->missions().events("mis_1", 0, 1'000);
    for (const store::MissionEventRow& row : *events) {
      names.push_back(row.kind);
    }
    return names;
  }

  os::testing::TempDir state_;
  os::testing::TempDir work_;
  async::Runtime runtime_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<session::SessionManager> sessions_;
  gateway::UpstreamSet upstreams_;
  std::unique_ptr<gateway::Catalog> catalog_;
  hooks::Registry hooks_;
  MissionDesk desk_;
  FakeInvoker invoker_;
  MissionPerson nobody_;
};

TEST_F(MissionHouse, EndsSealedWhereThePlanAndARecordAgree) {
  const store::MissionRecord record = begin();
  FakeProvider provider([this](const llm::Request& request) -> Result<llm::Response> {
    if (testing::results_in(request) == 0) {
      work_.write(".opencode/todo.md", "- [x] T1: look\n");
      return testing::calls("read_file", {{"path", "x"}});
    }
    return says("done\n" + std::string(kSealTag));
  });
  const auto report = drive(record, provider);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->status.state, MissionState::kDone) << report->verdict.open.front();
  EXPECT_EQ(report->exit_code(), 0);
  EXPECT_TRUE(store_->missions().find("mis_1")->ended_at);
  EXPECT_FALSE(desk_.find(record.session_id));
}

TEST_F(MissionHouse, NoProgressPausesAndNothingIsInjectedAfterwards) {
  const store::MissionRecord record = begin();
  FakeProvider provider([](const llm::Request&) -> Result<llm::Response> { return says("hm"); });
  const auto report = drive(record, provider);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status.reason_code, "no_progress");
  EXPECT_EQ(report->exit_code(), 4);
  EXPECT_EQ(provider.requests.size(), 4U);
  EXPECT_EQ(store_->missions().find("mis_1")->owner, "");
  const auto again = drive(record, provider, ResumeAsked{"me", 0, false, 0});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status.reason_code, "no_progress");
  EXPECT_EQ(provider.requests.size(), 8U);
  EXPECT_THAT(provider.requests[4].messages.back().joined_text(),
              HasSubstr("goes on where it was"));
}

TEST_F(MissionHouse, AModelThatIsAwayPausesAndTellsTheProvider) {
  const store::MissionRecord record = begin();
  FakeProvider provider([](const llm::Request&) -> Result<llm::Response> {
    return fail(Code::kUnauthenticated, "no key");
  });
  const auto report = drive(record, provider);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status.reason_code, "provider");
  EXPECT_EQ(report->exit_code(), 5);
}

TEST_F(MissionHouse, AnotherOwnerEndsThisOneWithoutAnyWrite) {
  const store::MissionRecord record = begin();
  FakeProvider provider([this](const llm::Request&) -> Result<llm::Response> {
    store::MissionClaim claim;
    claim.owner = "other";
    claim.now = WallTime::max() - Millis(1);
    claim.lease_until = claim.now;
    claim.dead = {"me"};
    EXPECT_TRUE(store_->missions().claim("mis_1", claim));
    return says("hm");
  });
  const auto report = drive(record, provider);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(kinds(), (std::vector<std::string>{"started", "at_work"}));
  EXPECT_EQ(provider.requests.size(), 1U);
}

TEST_F(MissionHouse, WhatWasUnderWayIsToldOnceAndNotRunAgain) {
  const store::MissionRecord record = begin();
  Message open;
  open.role = MessageRole::kAssistant;
  open.blocks.emplace_back(ToolUseBlock{"u1", "bash", {{"command", "deploy"}}, ""});
  ASSERT_TRUE(sessions_->append_message(record.session_id, Message::user("go")));
  ASSERT_TRUE(sessions_->append_message(record.session_id, open));
  FakeProvider provider([](const llm::Request&) -> Result<llm::Response> { return says("hm"); });
  const auto report = drive(record, provider, ResumeAsked{"me", 0, false, 0});
  ASSERT_TRUE(report);
  EXPECT_THAT(report->in_doubt, Contains(HasSubstr("deploy")));
  EXPECT_EQ(report->in_doubt.size(), 1U);
  EXPECT_TRUE(invoker_.made.empty());
  const auto again = drive(record, provider, ResumeAsked{"me", 0, false, 0});
  EXPECT_EQ(again->in_doubt.size(), 1U);
}

TEST_F(MissionHouse, BudgetsEndATurnInItsMiddle) {
  MissionLimits limits;
  limits.turns = 5;
  const store::MissionRecord record = begin(limits);
  FakeProvider provider([](const llm::Request&) -> Result<llm::Response> {
    return testing::calls("bash", {{"command", "true"}});
  });
  const auto report = drive(record, provider);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status.reason_code, "turns");
  EXPECT_EQ(provider.requests.size(), 5U);
  EXPECT_EQ(report->tool_calls, 5);
}

}  // namespace
}  // namespace oap::orchestration
