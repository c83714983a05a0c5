#include "store/run_repository.hpp"

#include <thread>

#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"
#include "store/testing/run_repository_suite.hpp"

namespace oap::store::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::vector<std::string> ids(const std::vector<RunRecord>& records) {
  std::vector<std::string> list;
  for (const RunRecord& record : records) {
    list.push_back(record.id);
  }
  return list;
}

std::vector<std::string> ids(const std::vector<Order>& orders) {
  std::vector<std::string> list;
  for (const Order& order : orders) {
    list.push_back(order.id);
  }
  return list;
}

TEST_P(RunRepositorySuite, ARunIsWhatWasWritten) {
  NewRun made = fresh("run_1");
  made.run.task_id = "task_1";
  made.run.session_id = "ses_1";
  made.run.user = "ada";
  made.run.parent_run = "run_0";
  made.run.parent_step = "s";
  made.run.forked_from = "run_00";
  made.run.waits_for = "rain";
  const TurnDone done = create(made);
  EXPECT_EQ(done.seq, 1);
  const RunRecord run = runs().find("run_1").value();
  EXPECT_EQ(run.task_id, "task_1");
  EXPECT_EQ(run.session_id, "ses_1");
  EXPECT_EQ(run.user, "ada");
  EXPECT_EQ(run.parent_run, "run_0");
  EXPECT_EQ(run.parent_step, "s");
  EXPECT_EQ(run.forked_from, "run_00");
  EXPECT_EQ(run.waits_for, "rain");
  EXPECT_EQ(run.epoch, 1);
  EXPECT_EQ(run.owner, "me");
  EXPECT_EQ(run.seq, 1);
  EXPECT_EQ(run.head, done.head);
  EXPECT_EQ(run.created_at, at(0));
  EXPECT_EQ(runs().definition(run.definition_hash).value(), R"({"id":"w"})");
  EXPECT_EQ(runs().events("run_1", 0, 10).value().at(0).body, made.events);
  EXPECT_EQ(runs().find("run_2").error().code(), Code::kNotFound);
  EXPECT_EQ(runs().definition("zz").error().code(), Code::kNotFound);
}

TEST_P(RunRepositorySuite, AnIdIsTakenOnceAndFailsAlone) {
  create(fresh("run_1"));
  const std::vector<NewRun> both = {fresh("run_1"), fresh("run_2")};
  const Written written = runs().write(both, {});
  EXPECT_EQ(written.runs[0].error().code(), Code::kAlreadyExists);
  EXPECT_TRUE(written.runs[1]);
  EXPECT_TRUE(runs().find("run_2"));
}

TEST_P(RunRepositorySuite, TurnsAreAppendedAndChained) {
  TurnDone last = create(fresh("run_1"));
  for (int i = 0; i < 5; ++i) {
    last = commit(turn("run_1", last, fmt::format("[{}]", i)));
  }
  EXPECT_EQ(last.seq, 6);
  const std::vector<EventRow> rows = runs().events("run_1", 0, 100).value();
  ASSERT_THAT(rows, SizeIs(6));
  std::string head = chain_start("run_1", runs().find("run_1").value().definition_hash);
  for (const EventRow& row : rows) {
    head = chain_next(head, row);
    EXPECT_EQ(head, row.hash);
  }
  EXPECT_EQ(head, last.head);
  const ChainReport report = runs().verify("run_1").value();
  EXPECT_TRUE(report.intact) << report.problem;
  EXPECT_EQ(report.events, 6);
}

TEST_P(RunRepositorySuite, ContentThatIsNotWhatItsHashSaysIsNotUsed) {
  const TurnDone first = create(fresh("run_1"));
  Turn forged = turn("run_1", first);
  const std::string hash = crypto::sha256_hex("original");
  forged.blobs = {{hash, "changed"}};
  commit(forged);
  EXPECT_EQ(runs().blob(hash).error().code(), Code::kDataLoss);
  const ChainReport report = runs().verify("run_1").value();
  EXPECT_FALSE(report.intact);
  EXPECT_THAT(report.problem, ::testing::HasSubstr("the blob " + hash));
  NewRun other = fresh("run_2");
  other.definitions = {{crypto::sha256_hex("x"), "changed"}};
  other.run.definition_hash = crypto::sha256_hex("x");
  create(other);
  EXPECT_EQ(runs().definition(crypto::sha256_hex("x")).error().code(), Code::kDataLoss);
  EXPECT_FALSE(runs().verify("run_2").value().intact);
  NewRun good = fresh("run_3");  // who stores the right text again mends it
  good.definitions = {{crypto::sha256_hex("x"), "x"}};
  good.run.definition_hash = crypto::sha256_hex("x");
  create(good);
  EXPECT_TRUE(runs().verify("run_3").value().intact);
}

TEST_P(RunRepositorySuite, ARowThatTellsAnotherEndThanItsJournalIsFound) {
  const std::string events =
      R"([{"e":"run_ended","text":"bad","code":"tool_error","data":{"a":1},"more":{"state":"failed"}}])";
  const json::Value outputs = json::Object{{"a", 1}};
  const std::vector<RunChange> wrong = {
      {RunState::kCompleted, "", outputs, "bad", "tool_error"},
      {RunState::kFailed, "", json::Object{{"a", 2}}, "bad", "tool_error"},
      {RunState::kFailed, "", outputs, "", ""}};
  int count = 0;
  for (const RunChange& change : wrong) {
    const std::string id = fmt::format("run_{}", ++count);
    Turn end = turn(id, create(fresh(id)), events);
    end.change = change;
    commit(end);
    EXPECT_FALSE(runs().verify(id).value().intact) << count;
  }
  Turn right = turn("run_9", create(fresh("run_9")), events);
  right.change = RunChange{RunState::kFailed, "", outputs, "bad", "tool_error"};
  commit(right);
  EXPECT_TRUE(runs().verify("run_9").value().intact);
  Turn silent = turn("run_8", create(fresh("run_8")));
  silent.change = RunChange{RunState::kCompleted, "", nullptr, "", ""};
  commit(silent);
  EXPECT_FALSE(runs().verify("run_8").value().intact);
}

TEST_P(RunRepositorySuite, HistoryComesInPages) {
  TurnDone last = create(fresh("run_1"));
  for (int i = 0; i < 9; ++i) {
    last = commit(turn("run_1", last));
  }
  EXPECT_THAT(runs().events("run_1", 0, 4).value(), SizeIs(4));
  EXPECT_EQ(runs().events("run_1", 4, 4).value().front().seq, 5);
  EXPECT_THAT(runs().events("run_1", 8, 4).value(), SizeIs(2));
  EXPECT_THAT(runs().events("run_1", 10, 4).value(), IsEmpty());
}

TEST_P(RunRepositorySuite, ALateOwnerChangesNothing) {
  const TurnDone last = create(fresh("run_1", "old"));
  Claim taker = claim("new");
  taker.dead = {"old"};
  const RunRecord taken = runs().claim("run_1", taker).value();
  EXPECT_EQ(taken.epoch, 2);
  Turn late = turn("run_1", last, "[\"late\"]");
  late.blobs.push_back({"h", "late"});
  late.taken = {"evt_1"};
  const auto refused = runs().commit_one(late);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.error().message(), HasSubstr("'new'"));
  EXPECT_THAT(runs().events("run_1", 0, 10).value(), SizeIs(1));
  EXPECT_FALSE(runs().blob("h"));
  commit(turn("run_1", last, "[2]", 2));
}

TEST_P(RunRepositorySuite, ATurnThatIsNotTheNextIsRefused) {
  const TurnDone first = create(fresh("run_1"));
  commit(turn("run_1", first));
  EXPECT_EQ(runs().commit_one(turn("run_1", first)).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(runs().commit_one(turn("run_9", first)).error().code(), Code::kNotFound);
  EXPECT_THAT(runs().events("run_1", 0, 10).value(), SizeIs(2));
}

TEST_P(RunRepositorySuite, AGroupCommitRefusesOnlyTheFencedOne) {
  const TurnDone a = create(fresh("run_1"));
  const TurnDone b = create(fresh("run_2"));
  Turn wrong = turn("run_1", a);
  wrong.epoch = 7;
  const std::vector<Turn> turns = {wrong, turn("run_2", b)};
  const std::vector<NewRun> more = {fresh("run_3")};
  const Written written = runs().write(more, turns);
  EXPECT_TRUE(written.runs[0]);
  EXPECT_FALSE(written.turns[0]);
  EXPECT_TRUE(written.turns[1]);
  EXPECT_EQ(runs().find("run_1").value().seq, 1);
  EXPECT_EQ(runs().find("run_2").value().seq, 2);
}

TEST_P(RunRepositorySuite, AnEndLetsTheOwnershipGo) {
  const TurnDone first = create(fresh("run_1"));
  ASSERT_TRUE(runs().post(order("evt_1", "run_1")));
  Turn end = turn("run_1", first);
  end.change =
      RunChange{RunState::kFailed, "", json::Value(json::Object{{"x", 1}}), "broke", "upstream"};
  end.snapshot = "{}";
  const TurnDone last = commit(end);
  const RunRecord run = runs().find("run_1").value();
  EXPECT_EQ(run.state, RunState::kFailed);
  EXPECT_EQ(run.owner, "");
  EXPECT_TRUE(run.ended_at);
  EXPECT_EQ(run.error, "broke");
  EXPECT_EQ(run.error_code, "upstream");
  EXPECT_EQ(run.outputs.at("x"), 1);
  EXPECT_THAT(runs().orders_of("run_1").value(), IsEmpty());
  EXPECT_FALSE(runs().snapshot("run_1").value());
  EXPECT_FALSE(runs().commit_one(turn("run_1", last)));
  EXPECT_EQ(runs().claim("run_1", claim("x")).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(runs().post(order("evt_2", "run_1")).error().code(), Code::kFailedPrecondition);
}

TEST_P(RunRepositorySuite, AChangeShowsInTheRow) {
  const TurnDone first = create(fresh("run_1"));
  Turn change = turn("run_1", first);
  change.change = RunChange{RunState::kPaused, "an approval", nullptr, "", ""};
  const TurnDone second = commit(change);
  EXPECT_EQ(runs().find("run_1").value().state, RunState::kPaused);
  EXPECT_EQ(runs().find("run_1").value().waits_for, "an approval");
  EXPECT_EQ(runs().find("run_1").value().owner, "me");
  commit(turn("run_1", second));
  EXPECT_EQ(runs().find("run_1").value().waits_for, "an approval");
}

TEST_P(RunRepositorySuite, LeasesHoldUntilTheyRunOut) {
  ASSERT_TRUE(runs().renew("me", at(10)));
  create(fresh("run_1"));
  EXPECT_EQ(runs().claim("run_1", claim("you", 5)).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(runs().claim("run_1", claim("me", 5)).value().epoch, 2);
  ASSERT_TRUE(runs().renew("me", at(20)));
  EXPECT_THAT(runs().claim_all(claim("you", 15)).value(), IsEmpty());
  EXPECT_THAT(ids(runs().claim_all(claim("you", 25)).value()), ElementsAre("run_1"));
  EXPECT_EQ(runs().find("run_1").value().owner, "you");
}

TEST_P(RunRepositorySuite, DeadAndForgottenOwnersAreTakenFromAtOnce) {
  ASSERT_TRUE(runs().renew("a", at(100)));
  ASSERT_TRUE(runs().renew("b", at(100)));
  create(fresh("run_1", "a"));
  create(fresh("run_2", "b"));
  create(fresh("run_3", "a"));
  EXPECT_THAT(runs().owners().value(), SizeIs(2));
  Claim taker = claim("c", 1);
  taker.dead = {"a"};
  EXPECT_THAT(ids(runs().claim_all(taker).value()), ElementsAre("run_1", "run_3"));
  ASSERT_TRUE(runs().forget("b"));
  EXPECT_THAT(ids(runs().claim_all(claim("d", 1)).value()),
              UnorderedElementsAre("run_1", "run_2", "run_3"));
}

TEST_P(RunRepositorySuite, ASleepingRunIsDueAtItsTime) {
  const TurnDone first = create(fresh("run_1"));
  Turn park = turn("run_1", first, "");
  park.lets_go = true;
  park.wake_at = at(50);
  EXPECT_EQ(commit(park).seq, 1);
  EXPECT_EQ(runs().find("run_1").value().owner, "");
  EXPECT_EQ(runs().find("run_1").value().state, RunState::kRunning);
  EXPECT_THAT(runs().claim_all(claim("you", 49)).value(), IsEmpty());
  EXPECT_THAT(runs().due(at(49)).value(), IsEmpty());
  EXPECT_THAT(runs().due(at(50)).value(), ElementsAre("run_1"));
  Claim only_abandoned = claim("you", 60);
  only_abandoned.due = false;
  EXPECT_THAT(runs().claim_all(only_abandoned).value(), IsEmpty());
  EXPECT_THAT(ids(runs().claim_all(claim("you", 60)).value()), ElementsAre("run_1"));
}

TEST_P(RunRepositorySuite, AnOrderWakesASleeperAndIsTakenOnce) {
  const TurnDone first = create(fresh("run_1"));
  Turn park = turn("run_1", first, "");
  park.lets_go = true;
  commit(park);
  EXPECT_THAT(runs().due(at(1'000)).value(), IsEmpty());
  ASSERT_TRUE(runs().post(order("evt_1", "run_1")));
  EXPECT_THAT(runs().due(at(0)).value(), ElementsAre("run_1"));
  EXPECT_EQ(runs().post(order("evt_2", "run_9")).error().code(), Code::kNotFound);
  EXPECT_EQ(runs().post(order("evt_1", "run_1")).error().code(), Code::kAlreadyExists);
  const RunRecord run = runs().claim("run_1", claim("me")).value();
  EXPECT_THAT(ids(runs().orders("me").value()), ElementsAre("evt_1"));
  Turn take = turn("run_1", {run.seq, run.head}, "[3]", run.epoch);
  take.taken = {"evt_1"};
  commit(take);
  EXPECT_THAT(runs().orders_of("run_1").value(), IsEmpty());
}

TEST_P(RunRepositorySuite, AnOrderThatCameBeforeTheParkingWakesToo) {
  const TurnDone first = create(fresh("run_1"));
  ASSERT_TRUE(runs().post(order("evt_1", "run_1")));
  ASSERT_TRUE(runs().post(order("evt_2", "run_1")));
  Turn park = turn("run_1", first, "");
  park.lets_go = true;
  park.wake_at = at(500);
  park.taken = {"evt_1"};
  commit(park);
  EXPECT_THAT(runs().due(at(0)).value(), ElementsAre("run_1"));
}

TEST_P(RunRepositorySuite, ATurnCanTellOtherRuns) {
  const TurnDone child = create(fresh("run_2"));
  const TurnDone parent = create(fresh("run_1"));
  Turn park = turn("run_1", parent, "");
  park.lets_go = true;
  commit(park);
  Turn end = turn("run_2", child);
  end.change = RunChange{RunState::kCompleted, "", nullptr, "", ""};
  end.orders.push_back(order("evt_1", "run_1"));
  commit(end);
  EXPECT_THAT(ids(runs().orders_of("run_1").value()), ElementsAre("evt_1"));
  EXPECT_THAT(runs().due(at(0)).value(), ElementsAre("run_1"));
}

TEST_P(RunRepositorySuite, BlobsSnapshotsAndMemosAreKept) {
  const TurnDone first = create(fresh("run_1"));
  Turn made = turn("run_1", first);
  const std::string h1 = crypto::sha256_hex("big");
  made.blobs = {{h1, "big"}, {h1, "big"}};
  made.snapshot = "{\"v\":1}";
  made.memos = {{"key", "[1]"}};
  commit(made);
  EXPECT_EQ(runs().blob(h1).value(), "big");
  EXPECT_EQ(runs().blob("h2").error().code(), Code::kNotFound);
  EXPECT_EQ(runs().snapshot("run_1").value()->seq, 2);
  EXPECT_EQ(runs().snapshot("run_1").value()->body, "{\"v\":1}");
  EXPECT_EQ(runs().memo("key").value(), "[1]");
  EXPECT_FALSE(runs().memo("none").value());
}

TEST_P(RunRepositorySuite, AGroupHasOneHolder) {
  const TurnDone a = create(fresh("run_1"));
  create(fresh("run_2"));
  EXPECT_EQ(runs().take_group("g", "run_1", "s").value().run_id, "run_1");
  EXPECT_EQ(runs().take_group("g", "run_2", "s").value().run_id, "run_1");
  EXPECT_EQ(runs().take_group("g", "run_1", "t").value().step, "s");
  Turn release = turn("run_1", a);
  release.released_groups = {"t"};
  const TurnDone held = commit(release);
  EXPECT_EQ(runs().take_group("g", "run_2", "s").value().run_id, "run_1");
  release = turn("run_1", held);
  release.released_groups = {"s"};
  const TurnDone b = commit(release);
  EXPECT_EQ(runs().take_group("g", "run_1", "t").value().step, "t");
  Turn end = turn("run_1", b);
  end.change = RunChange{RunState::kCompleted, "", nullptr, "", ""};
  commit(end);
  EXPECT_EQ(runs().take_group("g", "run_2", "").value().run_id, "run_2");
}

TEST_P(RunRepositorySuite, ListsAreFilteredAndPaged) {
  for (const std::string id : {"run_a1", "run_a2", "run_b1"}) {
    NewRun made = fresh(id);
    made.run.task_id = id == "run_b1" ? "task_2" : "task_1";
    made.run.workflow_id = id == "run_a1" ? "x" : "y";
    made.run.parent_run = id == "run_a2" ? "run_b1" : "";
    create(made);
  }
  Turn end = turn("run_a1", {1, runs().find("run_a1").value().head});
  end.change = RunChange{RunState::kCompleted, "", nullptr, "", ""};
  commit(end);
  const auto list = [&](const RunFilter& filter) { return ids(runs().list(filter).value()); };
  EXPECT_THAT(list({}), ElementsAre("run_b1", "run_a2", "run_a1"));
  EXPECT_THAT(list({.id_prefix = "run_a"}), ElementsAre("run_a2", "run_a1"));
  EXPECT_THAT(list({.task_id = "task_2"}), ElementsAre("run_b1"));
  EXPECT_THAT(list({.workflow_id = "x"}), ElementsAre("run_a1"));
  EXPECT_THAT(list({.parent_run = "run_b1"}), ElementsAre("run_a2"));
  EXPECT_THAT(list({.state = RunState::kCompleted}), ElementsAre("run_a1"));
  EXPECT_THAT(list({.open_only = true}), ElementsAre("run_b1", "run_a2"));
  EXPECT_THAT(list({.limit = 1}), ElementsAre("run_b1"));
  EXPECT_THAT(list({.before = "run_b1", .limit = 1}), ElementsAre("run_a2"));
  EXPECT_EQ(runs().resolve("b").value(), "run_b1");
  EXPECT_EQ(runs().resolve("run_a").error().code(), Code::kInvalidArgument);
}

TEST_P(RunRepositorySuite, PurgeRemovesWhatNothingUses) {
  const TurnDone a = create(fresh("run_1"));
  const TurnDone b = create(fresh("run_2"));
  Turn end = turn("run_1", a);
  const std::string only = crypto::sha256_hex("1");
  const std::string both = crypto::sha256_hex("2");
  end.blobs = {{only, "1"}, {both, "2"}};
  end.change = RunChange{RunState::kCompleted, "", nullptr, "", ""};
  commit(end);
  Turn more = turn("run_2", b);
  more.blobs = {{both, "2"}};
  commit(more);
  EXPECT_EQ(runs().purge(at(0)).value().runs, 0);
  const Purged purged = runs().purge(at(10)).value();
  EXPECT_EQ(purged.runs, 1);
  EXPECT_EQ(purged.blobs, 1);
  EXPECT_FALSE(runs().find("run_1"));
  EXPECT_FALSE(runs().blob(only));
  EXPECT_TRUE(runs().blob(both));
  EXPECT_THAT(runs().events("run_1", 0, 9).value(), IsEmpty());
  EXPECT_TRUE(runs().find("run_2"));
}

TEST_P(RunRepositorySuite, TenantsDoNotSeeEachOther) {
  create(fresh("run_1"));
  RunRepository& other = house_->other_tenant();
  EXPECT_FALSE(other.find("run_1"));
  EXPECT_THAT(other.list({}).value(), IsEmpty());
  EXPECT_THAT(other.claim_all(claim("you", 1'000)).value(), IsEmpty());
  EXPECT_TRUE(other.create_one(fresh("run_1")));
  EXPECT_EQ(other.take_group("g", "run_1", "").value().run_id, "run_1");
}

TEST_P(RunRepositorySuite, ChangesOfOthersAreSeen) {
  RunRepository& other = house_->other_process();
  const std::int64_t before = runs().changes().value();
  EXPECT_EQ(runs().changes().value(), before);
  ASSERT_TRUE(other.create_one(fresh("run_1")));
  EXPECT_NE(runs().changes().value(), before);
}

TEST_P(RunRepositorySuite, OneOfManyClaimersWins) {
  create(fresh("run_1", "dead"));
  std::atomic<int> won{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      RunRepository& runs = i % 2 == 0 ? house_->runs() : house_->other_process();
      const std::string me = fmt::format("claimer {}", i);
      (void)runs.renew(me, at(1'000));
      Claim taker = claim(me, 1);
      taker.dead = {"dead"};
      won += runs.claim("run_1", taker) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(runs().find("run_1").value().epoch, 2);
}

class SqliteHouse final : public RunHouse {
 public:
  SqliteHouse()
      : store_(Store::open(dir_ / "oap.db").value()),
        process_(Store::open(dir_ / "oap.db").value()),
        tenant_(store_->for_tenant("t2")) {}
  RunRepository& runs() override { return store_->runs(); }
  RunRepository& other_process() override { return process_->runs(); }
  RunRepository& other_tenant() override { return tenant_->runs(); }

 private:
  os::testing::TempDir dir_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Store> process_;
  std::unique_ptr<Store> tenant_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, RunRepositorySuite,
                         ::testing::Values([]() -> std::unique_ptr<RunHouse> {
                           return std::make_unique<SqliteHouse>();
                         }));

}  // namespace
}  // namespace oap::store::testing
