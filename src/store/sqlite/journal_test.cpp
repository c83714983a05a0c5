#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "os/testing/temp_dir.hpp"
#include "store/embedded.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/store.hpp"

namespace oap::store::sqlite {
namespace {

using testing::HasSubstr;

class JournalTest : public testing::Test {
 protected:
  std::string path() const { return dir_ / file_; }
  void tamper(const std::string& sql) {
    auto database = Database::open(path()).value();
    const auto done = database->exec(sql);
    ASSERT_TRUE(done) << done.error().to_string();
  }
  std::unique_ptr<Store> with_a_run() {
    auto store = Store::open(path()).value();
    NewRun made;
    made.run.id = "run_1";
    made.run.definition_hash = crypto::sha256_hex("{}");
    made.run.owner = "me";
    made.definitions.push_back({made.run.definition_hash, "{}"});
    made.events = "[0]";
    TurnDone last = store->runs().create_one(made).value();
    for (int i = 1; i < 4; ++i) {
      Turn turn;
      turn.run_id = "run_1";
      turn.epoch = 1;
      turn.seq = last.seq;
      turn.head = last.head;
      turn.events = fmt::format("[{}]", i);
      last = store->runs().commit_one(turn).value();
    }
    return store;
  }
  os::testing::TempDir dir_;
  std::string file_ = "oap.db";
};

TEST_F(JournalTest, VerifyFindsWhatWasChangedBehindItsBack) {
  struct Case {
    std::string sql;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"UPDATE run_event SET body='[9]' WHERE seq=2", "event 2 does not match"},
      {"UPDATE run_event SET at=at+1 WHERE seq=3", "event 3 does not match"},
      {"UPDATE run_event SET epoch=2 WHERE seq=3", "event 3 does not match"},
      {"UPDATE run_event SET hash=x'00' WHERE seq=1", "event 1 does not match"},
      {"DELETE FROM run_event WHERE seq=2", "event 2 is missing"},
      {"DELETE FROM run_event WHERE seq=4", "the last 1 events are missing"},
      {"UPDATE run SET head=x'00'", "the run's row does not match"},
      {"UPDATE run SET seq=9", "the last 5 events are missing"},
      {"UPDATE run SET seq=3", "stands at event 3, its journal at event 4"},
      {"UPDATE run SET seq=3, head=(SELECT hash FROM run_event WHERE seq=3)", "stands at event 3"},
      {"UPDATE run SET state='completed'", "says 'completed', but its journal tells of no end"},
      {"UPDATE run SET ended_at=1", "its journal tells of no end"},
      {"UPDATE definition SET body='{} '", "is not what was stored"},
  };
  int number = 0;
  for (const Case& each : cases) {
    SCOPED_TRACE(each.sql);
    file_ = fmt::format("oap{}.db", ++number);
    auto store = with_a_run();
    EXPECT_TRUE(store->runs().verify("run_1").value().intact);
    tamper(each.sql);
    const ChainReport report = store->runs().verify("run_1").value();
    EXPECT_FALSE(report.intact);
    EXPECT_THAT(report.problem, HasSubstr(each.says));
  }
}

TEST_F(JournalTest, RunsOfTheFirstFormStayReadableAndOpenOnesAreClosedWithANote) {
  {
    auto database = Database::open(path()).value();  // the newest form; rebuilt as the second one
    for (const std::string& table :
         {"mission_order", "mission_event", "mission", "run_event", "run", "run_owner", "run_inbox",
          "run_snapshot", "run_blob", "blob", "run_group", "memo", "approval", "message", "task",
          "session", "definition"}) {
      ASSERT_TRUE(database->exec("DROP TABLE " + table));
    }
    ASSERT_TRUE(database->exec(std::string(embedded("0001_initial.sql"))));
    ASSERT_TRUE(database->exec(std::string(embedded("0002_approvals.sql"))));
    ASSERT_TRUE(database->exec(
        "PRAGMA user_version=2;"
        "INSERT INTO definition VALUES ('default','h','{}');"
        "INSERT INTO run VALUES ('default','run_1','task_1','ses_1','plan','h','running',1,'me',"
        "NULL,NULL,NULL,'',1000,1000,NULL);"
        "INSERT INTO run VALUES ('default','run_2','','','plan','h','completed',1,'',"
        "NULL,NULL,'{\"a\":1}','',1000,1000,2000);"
        "INSERT INTO step VALUES ('default','run_2','a',0,'A','tool','once','completed',0,1,1,'k',"
        "NULL,'\"out\"','','',NULL,1000,2000);"));
  }
  const auto store = Store::open(path()).value();
  const RunRecord open = store->runs().find("run_1").value();
  EXPECT_EQ(open.state, RunState::kFailed);
  EXPECT_THAT(open.error, HasSubstr("start it again"));
  EXPECT_TRUE(open.ended_at);
  const RunRecord done = store->runs().find("run_2").value();
  EXPECT_EQ(done.state, RunState::kCompleted);
  EXPECT_EQ(done.outputs.at("a"), 1);
  EXPECT_THAT(store->runs().events("run_2", 0, 9).value().at(0).body,
              HasSubstr("\"output\":\"out\""));
  const ChainReport report = store->runs().verify("run_2").value();
  EXPECT_TRUE(report.intact);
  EXPECT_THAT(report.problem, HasSubstr("not chained"));
}

}  // namespace
}  // namespace oap::store::sqlite
