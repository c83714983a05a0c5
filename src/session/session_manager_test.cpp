#include "session/session_manager.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

#include "session/system_messages.hpp"
#include "store/store.hpp"

namespace oap::session {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class Sessions : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "oap-session-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    reopen();
  }
  void TearDown() override {
    manager_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  /// What a new process does.
  void reopen() {
    manager_.reset();
    store_.reset();
    auto store = store::Store::open(folder_ + "/oap.db");
    ASSERT_TRUE(store) << store.error().to_string();
    store_ = *std::move(store);
    manager_ = std::make_unique<SessionManager>(store_->sessions(), store_->messages(), clock_);
  }
  SessionState start(SessionStart::Mode mode, std::string workspace = "/w", std::string id = "") {
    clock_.advance(Millis{1000});
    SessionStart how;
    how.mode = mode;
    how.workspace = std::move(workspace);
    how.id = std::move(id);
    how.title = "a title";
    how.model = "openai/mock-1";
    auto state = manager_->ensure_session(how);
    if (!state) {
      ADD_FAILURE() << state.error().to_string();
      return {};
    }
    return *state;
  }

  std::string folder_;
  FakeClock clock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<SessionManager> manager_;
};

using Mode = SessionStart::Mode;

TEST_F(Sessions, ContinuesTheNewestOfTheWorkspace) {
  const std::string first = start(Mode::kNew).id;
  const std::string second = start(Mode::kNew).id;
  start(Mode::kNew, "/other");
  EXPECT_THAT(first, StartsWith("ses_"));
  reopen();
  EXPECT_EQ(start(Mode::kContinueNewest).id, second);
  EXPECT_EQ(start(Mode::kContinueId, "/w", first).id, first);
}

TEST_F(Sessions, NothingToContinueIsSaid) {
  SessionStart how;
  how.mode = Mode::kContinueNewest;
  how.workspace = "/empty";
  const auto none = manager_->ensure_session(how);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Code::kNotFound);
  EXPECT_THAT(none.error().message(), HasSubstr("no session to continue in /empty"));
  EXPECT_EQ(manager_->history("ses_x").error().code(), Code::kNotFound);
  EXPECT_EQ(manager_->append_message("ses_x", Message::user("x")).error().code(), Code::kNotFound);
  EXPECT_EQ(manager_->record_anomaly("ses_x").error().code(), Code::kNotFound);
}

TEST_F(Sessions, TheHistoryOutlivesTheProcess) {
  const std::string id = start(Mode::kNew).id;
  ASSERT_TRUE(manager_->append_message(id, Message::user("one")));
  ASSERT_TRUE(manager_->append_message(id, Message::user("two")));
  reopen();
  const auto history = manager_->history(id);
  ASSERT_TRUE(history) << history.error().to_string();
  ASSERT_THAT(*history, SizeIs(2));
  EXPECT_EQ(history->at(1).joined_text(), "two");
}

TEST_F(Sessions, ACallUnderWayAtACrashIsClosedOnce) {
  const std::string id = start(Mode::kNew).id;
  Message call;
  call.role = MessageRole::kAssistant;
  call.blocks.push_back(ToolUseBlock{"c1", "bash", {}, ""});
  ASSERT_TRUE(manager_->append_message(id, Message::user("go")));
  ASSERT_TRUE(manager_->append_message(id, call));
  for (int i = 0; i < 2; ++i) {
    reopen();
    start(Mode::kContinueNewest);
    const auto history = manager_->history(id);
    ASSERT_TRUE(history);
    ASSERT_THAT(*history, SizeIs(3));
    const auto& result = std::get<ToolResultBlock>(history->at(2).blocks.at(0));
    EXPECT_THAT(result.text, StartsWith("in doubt: may have run"));
    EXPECT_TRUE(result.is_error);
  }
  EXPECT_EQ(*store_->messages().next_seq(id), 4);
}

TEST_F(Sessions, TwoProcessesMayWriteOneSession) {
  const std::string id = start(Mode::kNew).id;
  auto other = store::Store::open(folder_ + "/oap.db");
  ASSERT_TRUE(other);
  SessionManager second((*other)->sessions(), (*other)->messages(), clock_);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(manager_->append_message(id, Message::user("a")));
    ASSERT_TRUE(second.append_message(id, Message::user("b")));
  }
  EXPECT_THAT(*manager_->history(id), SizeIs(10));
}

TEST_F(Sessions, UsageAddsUp) {
  const std::string id = start(Mode::kNew).id;
  Usage one;
  one.input_tokens = 10;
  one.output_tokens = 2;
  one.requests = 1;
  one.cost_usd = 0.5;
  ASSERT_TRUE(manager_->update_session_tokens(id, one));
  reopen();
  const auto total = manager_->update_session_tokens(id, one);
  ASSERT_TRUE(total);
  EXPECT_EQ(total->input_tokens, 20);
  EXPECT_EQ(total->requests, 2);
  EXPECT_DOUBLE_EQ(*total->cost_usd, 1.0);
  EXPECT_EQ(manager_->state(id)->usage.output_tokens, 4);
}

TEST_F(Sessions, AnomaliesCountInARowAndMissionsEnd) {
  const std::string id = start(Mode::kNew).id;
  EXPECT_EQ(*manager_->record_anomaly(id), 1);
  EXPECT_EQ(*manager_->record_anomaly(id), 2);
  reopen();
  EXPECT_EQ(*manager_->record_anomaly(id), 3);
  ASSERT_TRUE(manager_->reset_anomaly(id));
  EXPECT_EQ(*manager_->record_anomaly(id), 1);
  EXPECT_FALSE(*manager_->is_mission_active(id));
  ASSERT_TRUE(manager_->activate_mission_state(id, "make it work"));
  EXPECT_EQ(manager_->state(id)->anomaly_count, 0);
  reopen();
  EXPECT_TRUE(*manager_->is_mission_active(id));
  EXPECT_EQ(manager_->state(id)->mission, "make it work");
  ASSERT_TRUE(manager_->deactivate_mission_state(id));
  reopen();
  EXPECT_FALSE(*manager_->is_mission_active(id));
}

TEST_F(Sessions, AStoredMessageThatCannotBeReadIsNamed) {
  const std::string id = start(Mode::kNew).id;
  ASSERT_TRUE(store_->messages().append(id, 1, json::Object{{"role", "alien"}}, clock_.wall()));
  const auto history = manager_->history(id);
  ASSERT_FALSE(history);
  EXPECT_EQ(history.error().code(), Code::kDataLoss);
  EXPECT_THAT(history.error().message(), HasSubstr("message 1 of session " + id));
}

TEST(SystemMessages, WordsInBracesAreFilledInOnce) {
  EXPECT_EQ(filled_in("a {x} {y} {x} {other} { {", {{"x", "{y}"}, {"y", "2"}}),
            "a {y} 2 {y} {other} { {");
  EXPECT_EQ(filled_in("", {}), "");
  EXPECT_EQ(filled_in("{}", {{"", "x"}}), "{}");
}

TEST(SystemMessages, TheSecondAnomalyEscalates) {
  EXPECT_THAT(SystemMessages::anomaly(1, "empty"), StartsWith("ANOMALY #1: empty\n"));
  EXPECT_NE(SystemMessages::anomaly(1, "x").find("simpler"), std::string::npos);
  EXPECT_NE(SystemMessages::anomaly(2, "x").find("Stop"), std::string::npos);
}

Message answer(std::string text, std::vector<std::string> calls = {}) {
  Message message;
  message.role = MessageRole::kAssistant;
  message.blocks.emplace_back(TextBlock{std::move(text)});
  for (std::string& id : calls) {
    message.blocks.emplace_back(ToolUseBlock{std::move(id), "bash", {}, ""});
  }
  return message;
}

Message done(std::string id) {
  Message message;
  message.blocks.emplace_back(ToolResultBlock{std::move(id), "ok", false});
  return message;
}

std::vector<std::string> texts(const std::vector<Message>& history) {
  std::vector<std::string> all;
  for (const Message& message : history) {
    all.push_back(message.joined_text());
  }
  return all;
}

TEST_F(Sessions, ACompactionShortensWhatIsSentAndNothingElse) {
  const std::string id = start(Mode::kNew).id;
  for (int i = 1; i <= 6; ++i) {
    const std::string text = std::to_string(i);
    ASSERT_TRUE(manager_->append_message(id, i % 2 == 1 ? Message::user(text) : answer(text)));
  }
  Compaction compaction;
  compaction.summary = Message::user("summary");
  ASSERT_TRUE(manager_->compact(id, compaction, 2));
  EXPECT_THAT(texts(*manager_->history(id)), ElementsAre("summary", "5", "6"));
  ASSERT_TRUE(manager_->append_message(id, Message::user("7")));
  reopen();
  EXPECT_THAT(texts(*manager_->history(id)), ElementsAre("summary", "5", "6", "7"));
  EXPECT_THAT(*manager_->records(id), SizeIs(8));
  compaction.summary = Message::user("second");
  ASSERT_TRUE(manager_->compact(id, compaction, 0));
  EXPECT_THAT(texts(*manager_->history(id)), ElementsAre("second"));
  ASSERT_TRUE(manager_->append_message(id, answer("8")));
  ASSERT_TRUE(manager_->compact(id, compaction, 3)) << "counts messages across records";
  EXPECT_THAT(texts(*manager_->history(id)), ElementsAre("second", "6", "7", "8"));
  EXPECT_FALSE(manager_->compact(id, compaction, 100));
}

TEST_F(Sessions, AForkIsACopyUpToAMessage) {
  const std::string id = start(Mode::kNew).id;
  ASSERT_TRUE(manager_->append_message(id, Message::user("go")));
  ASSERT_TRUE(manager_->append_message(id, answer("calling", {"c1"})));
  ASSERT_TRUE(manager_->append_message(id, done("c1")));
  ASSERT_TRUE(manager_->append_message(id, answer("end")));
  const auto fork = manager_->fork(id, 2);
  ASSERT_TRUE(fork) << fork.error().to_string();
  EXPECT_EQ(fork->forked_from, id);
  EXPECT_EQ(fork->forked_at, 3) << "a call goes with its result";
  EXPECT_THAT(*manager_->history(fork->id), SizeIs(3));
  EXPECT_EQ(manager_->state(fork->id)->usage.requests, 0);
  ASSERT_TRUE(manager_->append_message(fork->id, answer("other")));
  EXPECT_THAT(*manager_->history(id), SizeIs(4));
  EXPECT_THAT(*manager_->history(manager_->fork(id, 0)->id), SizeIs(4));
  EXPECT_FALSE(manager_->fork(id, 9));
  EXPECT_FALSE(manager_->fork("ses_none", 0));
}

TEST_F(Sessions, AForkBeforeACompactionSendsEverything) {
  const std::string id = start(Mode::kNew).id;
  ASSERT_TRUE(manager_->append_message(id, Message::user("a")));
  ASSERT_TRUE(manager_->append_message(id, answer("b")));
  Compaction compaction;
  compaction.summary = Message::user("summary");
  ASSERT_TRUE(manager_->compact(id, compaction, 1));
  ASSERT_TRUE(manager_->append_message(id, Message::user("c")));
  EXPECT_THAT(texts(*manager_->history(manager_->fork(id, 2)->id)), ElementsAre("a", "b"));
  const std::string later = manager_->fork(id, 0)->id;
  reopen();
  EXPECT_THAT(texts(*manager_->history(later)), ElementsAre("summary", "b", "c"));
}

TEST_F(Sessions, RemovingTakesEverythingOfIt) {
  const std::string id = start(Mode::kNew).id;
  const std::string other = start(Mode::kNew).id;
  ASSERT_TRUE(manager_->append_message(id, Message::user("a")));
  ASSERT_TRUE(manager_->append_message(other, Message::user("b")));
  ASSERT_TRUE(manager_->activate_mission_state(id, "m"));
  EXPECT_EQ(manager_->remove(id).error().code(), Code::kFailedPrecondition);
  ASSERT_TRUE(manager_->deactivate_mission_state(id));
  EXPECT_EQ(*manager_->remove(id), 1);
  EXPECT_EQ(manager_->history(id).error().code(), Code::kNotFound);
  EXPECT_THAT(*manager_->history(other), SizeIs(1));
}

TEST_F(Sessions, MetadataOfOthersStays) {
  const std::string id = start(Mode::kNew).id;
  store::SessionUpdate update;
  update.metadata = json::Object{{"of_a_mission", 7}};
  ASSERT_TRUE(store_->sessions().update(id, update));
  reopen();
  ASSERT_TRUE(manager_->update_current_task(id, "TASK-2"));
  ASSERT_TRUE(manager_->record_anomaly(id));
  EXPECT_EQ(json::get_int(store_->sessions().find(id)->metadata, "of_a_mission"), 7);
  EXPECT_EQ(manager_->state(id)->current_task, "TASK-2");
}

}  // namespace
}  // namespace oap::session
