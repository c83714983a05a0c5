#include "store/store.hpp"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "json/parse.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WallTime at(int seconds) { return WallTime(std::chrono::seconds(1'700'000'000 + seconds)); }

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(dir_ / "oap.db");
    ASSERT_TRUE(store) << store.error().to_string();
    store_ = std::move(*store);
  }
  void add_session(const std::string& id, int seconds = 0, const std::string& workspace = "/w") {
    SessionRecord session;
    session.id = id;
    session.workspace = workspace;
    session.created_at = at(seconds);
    const auto made = store_->sessions().create(session);
    ASSERT_TRUE(made) << made.error().to_string();
  }
  void add_task(const std::string& id, const std::string& session = "ses_1") {
    TaskRecord task;
    task.id = id;
    task.session_id = session;
    task.description = "do it";
    const auto made = store_->tasks().create(task);
    ASSERT_TRUE(made) << made.error().to_string();
  }

  os::testing::TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, ASessionComesBackAsItWasGiven) {
  SessionRecord session;
  session.id = "ses_1";
  session.workspace = "/home/me/it's \"here\"";
  session.user_id = "me";
  session.title = "Grüße";
  session.model = "openai/x";
  session.usage = {.input_tokens = 1, .output_tokens = 2, .requests = 3, .cost_usd = 0.25};
  session.metadata = {{"k", 1.5}};
  session.created_at = at(1);
  ASSERT_TRUE(store_->sessions().create(session));
  const SessionRecord found = store_->sessions().find("ses_1").value();
  EXPECT_EQ(found.workspace, session.workspace);
  EXPECT_EQ(found.user_id, "me");
  EXPECT_EQ(found.title, "Grüße");
  EXPECT_EQ(found.model, "openai/x");
  EXPECT_EQ(found.status, "active");
  EXPECT_EQ(found.usage.output_tokens, 2);
  EXPECT_EQ(found.usage.cost_usd, 0.25);
  EXPECT_EQ(found.metadata, session.metadata);
  EXPECT_EQ(found.created_at, at(1));
  EXPECT_EQ(found.updated_at, at(1));
  EXPECT_EQ(store_->sessions().create(session).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(store_->sessions().find("ses_2").error().code(), Code::kNotFound);
}

TEST_F(StoreTest, AnUpdateChangesOnlyWhatItNames) {
  add_session("ses_1");
  ASSERT_TRUE(store_->sessions().update("ses_1", {.title = "t", .updated_at = at(5)}));
  const Usage unpriced{.input_tokens = 7, .cost_usd = std::nullopt};
  ASSERT_TRUE(store_->sessions().update("ses_1", {.status = "ended", .usage = unpriced}));
  const SessionRecord found = store_->sessions().find("ses_1").value();
  EXPECT_EQ(found.title, "t");
  EXPECT_EQ(found.status, "ended");
  EXPECT_EQ(found.usage.input_tokens, 7);
  EXPECT_FALSE(found.usage.cost_usd);
  EXPECT_EQ(store_->sessions().update("ses_9", {}).error().code(), Code::kNotFound);
}

TEST_F(StoreTest, TheNewestSessionIsTheOneOfThisWorkspaceThatChangedLast) {
  EXPECT_FALSE(store_->sessions().newest("/w").value());
  add_session("ses_a", 1);
  add_session("ses_b", 2);
  add_session("ses_c", 9, "/other");
  EXPECT_EQ(store_->sessions().newest("/w").value()->id, "ses_b");
  ASSERT_TRUE(store_->sessions().update("ses_a", {.updated_at = at(3)}));
  EXPECT_EQ(store_->sessions().newest("/w").value()->id, "ses_a");
  std::vector<std::string> ids;
  const auto all = store_->sessions().list({}).value();
  for (const SessionRecord& session : all) {
    ids.push_back(session.id);
  }
  EXPECT_THAT(ids, ElementsAre("ses_c", "ses_a", "ses_b"));
}

TEST_F(StoreTest, AWrittenMessageIsThereForEveryoneAndOnDiskWhenAskedFor) {
  add_session("ses_1");
  MessageRepository& messages = store_->messages();
  for (int seq = 1; seq <= 3; ++seq) {
    ASSERT_TRUE(messages.append("ses_1", seq, json::Value(seq), at(seq), Durability::kWritten));
  }
  const auto other = Store::open(dir_ / "oap.db").value();
  EXPECT_EQ(other->messages().list("ses_1").value().size(), 3U);
  std::promise<bool> told;
  messages.when_durable([&told](Result<void> done) { told.set_value(done.has_value()); });
  EXPECT_TRUE(told.get_future().get());
  EXPECT_EQ(messages.append("ses_1", 3, json::Value(0), at(3), Durability::kWritten).error().code(),
            Code::kAlreadyExists);
  EXPECT_EQ(messages.append("ses_2", 1, json::Value(0), at(3), Durability::kWritten).error().code(),
            Code::kNotFound);
}

TEST_F(StoreTest, MessagesAreListedInOrderAndASeqIsUsedOnce) {
  add_session("ses_1");
  MessageRepository& messages = store_->messages();
  EXPECT_EQ(messages.next_seq("ses_1").value(), 1);
  ASSERT_TRUE(messages.append("ses_1", 1, json::Value("a"), at(1)));
  ASSERT_TRUE(messages.append("ses_1", 2, json::parse(R"({"x":[1,2.5,null]})").value(), at(2)));
  const auto again = messages.append("ses_1", 2, json::Value("b"), at(3));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(messages.next_seq("ses_1").value(), 3);
  const auto all = messages.list("ses_1").value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].body, json::Value("a"));
  EXPECT_EQ(all[1].body.at("x").as_array().size(), 3U);
  EXPECT_EQ(all[1].created_at, at(2));
  EXPECT_EQ(messages.list("ses_1", 2).value().size(), 1U);
  EXPECT_EQ(messages.append("ses_9", 1, json::Value("a"), at(1)).error().code(), Code::kNotFound);
}

TEST_F(StoreTest, ATaskGoesThroughItsStatusesAndItsEndIsFinal) {
  add_session("ses_1");
  add_task("task_1");
  TaskRepository& tasks = store_->tasks();
  ASSERT_TRUE(tasks.update("task_1", {.status = TaskStatus::kExecuting,
                                      .path = ExecutionPath::kAgent,
                                      .plan = json::Value{{"steps", 2}}}));
  ASSERT_TRUE(
      tasks.update("task_1", {.status = TaskStatus::kFailed, .error = "no", .updated_at = at(9)}));
  const TaskRecord found = tasks.find("task_1").value();
  EXPECT_EQ(found.status, TaskStatus::kFailed);
  EXPECT_EQ(found.path, ExecutionPath::kAgent);
  EXPECT_EQ(found.plan.at("steps"), 2);
  EXPECT_TRUE(found.result.is_null());
  EXPECT_EQ(found.error, "no");
  EXPECT_EQ(found.ended_at, at(9));
  const auto revived = tasks.update("task_1", {.status = TaskStatus::kExecuting});
  ASSERT_FALSE(revived);
  EXPECT_EQ(revived.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(revived.error().message(), HasSubstr("has ended as failed"));
  EXPECT_EQ(tasks.update("task_9", {}).error().code(), Code::kNotFound);
  TaskRecord lost;
  lost.id = "task_2";
  lost.session_id = "ses_none";
  EXPECT_EQ(tasks.create(lost).error().code(), Code::kNotFound);
}

TEST_F(StoreTest, EveryTaskStatusSurvivesTheStore) {
  add_session("ses_1");
  for (const char* name :
       {"pending", "planning", "executing", "reviewing", "completed", "failed"}) {
    const auto status = task_status_from(name);
    ASSERT_TRUE(status) << name;
    const std::string id = std::string("task_") + name;
    add_task(id);
    ASSERT_TRUE(store_->tasks().update(id, {.status = *status}));
    EXPECT_EQ(store_->tasks().find(id).value().status, *status);
    EXPECT_EQ(store_->tasks().list({.status = *status}).value().size(), 1U);
  }
  EXPECT_FALSE(task_status_from("done"));
  EXPECT_EQ(store_->tasks().list({.session_id = "ses_1"}).value().size(), 6U);
  EXPECT_EQ(store_->tasks().list({.limit = 2}).value().size(), 2U);
}

TEST_F(StoreTest, AUniquePrefixFindsTheId) {
  add_session("ses_1");
  add_task("task_01abc");
  add_task("task_01abd");
  TaskRepository& tasks = store_->tasks();
  EXPECT_EQ(tasks.resolve("task_01abc").value(), "task_01abc");
  EXPECT_EQ(tasks.resolve("01ABD").value(), "task_01abd");
  EXPECT_EQ(tasks.resolve("01abx").error().code(), Code::kNotFound);
  EXPECT_EQ(tasks.resolve("'; --").error().code(), Code::kNotFound);
  EXPECT_EQ(tasks.resolve("%").error().code(), Code::kNotFound);
  EXPECT_EQ(tasks.resolve("").error().code(), Code::kInvalidArgument);
  const auto many = tasks.resolve("task_01");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(many.error().message(), HasSubstr("task_01abc, task_01abd"));
  EXPECT_EQ(store_->sessions().resolve("ses").value(), "ses_1");
}

TEST_F(StoreTest, TenantsDoNotSeeEachOther) {
  add_session("ses_1");
  const auto other = store_->for_tenant("other");
  EXPECT_EQ(other->sessions().find("ses_1").error().code(), Code::kNotFound);
  EXPECT_EQ(other->messages().append("ses_1", 1, json::Value(1), at(1)).error().code(),
            Code::kNotFound);
  SessionRecord same;
  same.id = "ses_1";
  EXPECT_TRUE(other->sessions().create(same));
  store_.reset();
  EXPECT_EQ(other->sessions().list({}).value().size(), 1U);
}

TEST_F(StoreTest, ThreadsAndASecondConnectionShareTheFile) {
  add_session("ses_1");
  const auto second = Store::open(dir_ / "oap.db").value();
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Store& store = t % 2 == 0 ? *store_ : *second;
      for (int i = 0; i < 25; ++i) {
        if (!store.messages().append("ses_1", t * 100 + i, json::Value(i), at(i))) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(second->messages().list("ses_1").value().size(), 100U);
}

}  // namespace
}  // namespace oap::store
