#include "store/sqlite/database.hpp"

#include <csignal>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "store/check.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/store.hpp"

namespace oap::store::sqlite {
namespace {

using testing::HasSubstr;

class DatabaseTest : public testing::Test {
 protected:
  os::testing::TempDir dir_;
  std::string path_ = dir_ / "oap.db";

  std::unique_ptr<Database> open() {
    auto database = Database::open(path_);
    EXPECT_TRUE(database) << database.error().to_string();
    return database ? std::move(*database) : nullptr;
  }
  Error open_error() {
    auto database = Database::open(path_);
    EXPECT_FALSE(database);
    return database ? Error(Code::kInternal, "opened") : database.error();
  }
};

TEST_F(DatabaseTest, MakesAPrivateFileWithTheNewestSchemaInWalMode) {
  const auto database = open();
  struct stat info{};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(database->query_integer("PRAGMA user_version").value(), newest_schema());
  EXPECT_EQ(database->query_integer("PRAGMA synchronous").value(), 2);
  EXPECT_EQ(database->query_integer("PRAGMA foreign_keys").value(), 1);
  EXPECT_EQ(database->query_text("PRAGMA journal_mode").value(), "wal");
}

TEST_F(DatabaseTest, EveryTableIsStrictAndItsKeyIsLedByTheTenant) {
  const auto database = open();
  auto tables = database->prepare(
      "SELECT name, strict, (SELECT name FROM pragma_table_info(t.name) WHERE pk=1)"
      " FROM pragma_table_list t WHERE schema='main' AND name NOT LIKE 'sqlite_%'");
  ASSERT_TRUE(tables);
  int count = 0;
  while (tables->step().value()) {
    ++count;
    EXPECT_EQ(tables->integer(1), 1) << tables->text(0);
    EXPECT_EQ(tables->text(2), "tenant_id") << tables->text(0);
  }
  EXPECT_EQ(count, 17);
}

TEST_F(DatabaseTest, ASecondOpenKeepsWhatIsThere) {
  ASSERT_TRUE(open()->exec("INSERT INTO definition VALUES ('t','h','{}')"));
  EXPECT_EQ(open()->query_integer("SELECT count(*) FROM definition").value(), 1);
}

TEST_F(DatabaseTest, ANewerSchemaIsRefusedAndNamesBothVersions) {
  ASSERT_TRUE(open()->exec("PRAGMA user_version=99"));
  const Error error = open_error();
  EXPECT_EQ(error.code(), Code::kFailedPrecondition);
  EXPECT_THAT(error.message(), HasSubstr("schema version 99"));
  EXPECT_THAT(error.message(), HasSubstr("up to " + std::to_string(newest_schema())));
}

TEST_F(DatabaseTest, AnotherProgramsDatabaseIsRefusedAndLeftAlone) {
  ASSERT_TRUE(open()->exec("PRAGMA application_id=77; PRAGMA user_version=1"));
  EXPECT_EQ(open_error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(open_error().message(), HasSubstr("another program"));
}

TEST_F(DatabaseTest, DamageIsDataLossAndSaysWhatToDo) {
  dir_.write("oap.db", std::string(8192, 'x'));
  const Error garbage = open_error();
  EXPECT_EQ(garbage.code(), Code::kDataLoss);
  EXPECT_THAT(garbage.message(), HasSubstr("Move it away"));
}

TEST_F(DatabaseTest, ADamagedPageIsFoundWhenItIsRead) {
  ASSERT_TRUE(open()->exec("INSERT INTO definition VALUES ('t','h','{}')"));
  std::string bytes = os::read_file(path_).value();
  ASSERT_GT(bytes.size(), 8192U);
  std::fill(bytes.begin() + 4096, bytes.end(), '\xee');
  dir_.write("oap.db", bytes);
  auto database = Database::open(path_);
  const auto count = database ? (*database)->query_integer("SELECT count(*) FROM definition")
                              : Result<std::int64_t>(tl::unexpected<Error>(database.error()));
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code(), Code::kDataLoss);
}

TEST_F(DatabaseTest, ACheckFindsDamageAndChangesNothing) {
  open();
  EXPECT_TRUE(check(path_));
  const std::string intact = os::read_file(path_).value();
  std::string bytes = intact;
  std::fill(bytes.begin() + 4096, bytes.end(), '\xee');
  for (const std::string& damaged : {bytes, std::string(8192, 'x'), intact.substr(0, 4096)}) {
    dir_.write("oap.db", damaged);
    const auto checked = check(path_);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), Code::kDataLoss);
    EXPECT_THAT(checked.error().message(), HasSubstr("Move it away"));
    EXPECT_EQ(os::read_file(path_).value(), damaged);
  }
  EXPECT_FALSE(check(dir_ / "missing.db"));
  EXPECT_FALSE(os::exists(dir_ / "missing.db"));
}

TEST_F(DatabaseTest, AFaultOfTheDiskIsNeverOneOfAPeer) {
  for (const rlim_t most : {rlim_t{0}, rlim_t{20'000}, rlim_t{60'000}}) {
    const std::string path = dir_ / fmt::format("{}.db", most);
    const pid_t pid = fork();
    if (pid == 0) {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{most, most};
      setrlimit(RLIMIT_FSIZE, &limit);
      auto database = Database::open(path);
      Result<void> done;
      if (database) {
        done =
            (*database)->exec("INSERT INTO definition VALUES ('t','h',hex(randomblob(4000000)))");
      }
      const Error error = !database ? database.error()
                          : done    ? Error(Code::kInternal, "")
                                    : done.error();
      _exit(exit_code(error.code()) == 1 && error.message().find(path) != std::string::npos ? 0
                                                                                            : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 0) << most;
  }
  for (const int code : {SQLITE_IOERR, SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_FULL}) {
    EXPECT_EQ(exit_code(open()->error(code).code()), 1) << code;
  }
  EXPECT_THAT(open()->error(SQLITE_FULL).message(), HasSubstr("no space left on the device of"));
}

TEST_F(DatabaseTest, ATruncatedFileIsDataLoss) {
  open();
  ASSERT_EQ(truncate(path_.c_str(), 4096), 0);
  auto store = Store::open(path_);
  const auto list = store
                        ? (*store)->sessions().list({})
                        : Result<std::vector<SessionRecord>>(tl::unexpected<Error>(store.error()));
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code(), Code::kDataLoss);
}

TEST_F(DatabaseTest, AMissingFolderOrADirectoryIsAPrecondition) {
  path_ = dir_ / "missing/oap.db";
  EXPECT_EQ(open_error().code(), Code::kFailedPrecondition);
  path_ = dir_.path();
  EXPECT_EQ(open_error().code(), Code::kFailedPrecondition);
}

TEST_F(DatabaseTest, ATransactionThatIsNotCommittedLeavesNothing) {
  const auto database = open();
  {
    auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->exec("INSERT INTO definition VALUES ('t','h','{}')"));
  }
  EXPECT_EQ(database->query_integer("SELECT count(*) FROM definition").value(), 0);
}

TEST_F(DatabaseTest, TextsMayHoldAnyBytesAndAStatementMayBeInUseTwice) {
  const auto database = open();
  const std::string odd("a\0b'\xff", 5);
  auto insert = database->prepare("INSERT INTO definition VALUES (?,?,?)");
  ASSERT_TRUE(insert);
  ASSERT_TRUE(insert->bind("t", odd, std::string()).run());
  auto one = database->prepare("SELECT hash, body FROM definition");
  auto two = database->prepare("SELECT hash, body FROM definition");
  ASSERT_TRUE(one->step().value() && two->step().value());
  EXPECT_EQ(one->text(0), odd);
  EXPECT_EQ(two->text(1), "");
  EXPECT_FALSE(two->is_null(1));
}

TEST_F(DatabaseTest, ManyProcessesMayMakeTheSameFileAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      auto database = Database::open(path_);
      const bool ok = database && (*database)->exec(fmt::format(
                                      "INSERT INTO definition VALUES ('t','{}','')", i));
      _exit(ok ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(open()->query_integer("SELECT count(*) FROM definition").value(), 6);
}

TEST_F(DatabaseTest, OnlyWritesThatSaySoAreNotSyncedAndOnlyWhileTheySaySo) {
  const auto database = open();
  const MutexLock lock(database->mutex());
  const auto level = [&database] { return database->query_integer("PRAGMA synchronous").value(); };
  {
    const auto strict = Unsynced::begin(*database, Durability::kSync);
    EXPECT_EQ(level(), 2);
    const auto eased = Unsynced::begin(*database, Durability::kWritten);
    EXPECT_EQ(level(), 1);
  }
  EXPECT_EQ(level(), 2);
}

TEST_F(DatabaseTest, AfterAFailedSyncOnlyReadingGoesOn) {
  const auto database = open();
  ASSERT_TRUE(database->exec("INSERT INTO definition VALUES ('t','h','{}')"));
  ASSERT_EQ(unlink((path_ + "-wal").c_str()), 0);
  std::promise<Result<void>> told;
  database->when_synced([&told](Result<void> done) { told.set_value(std::move(done)); });
  const Result<void> synced = told.get_future().get();
  ASSERT_FALSE(synced);
  EXPECT_THAT(synced.error().message(), HasSubstr("oap.db-wal"));
  EXPECT_EQ(database->query_integer("SELECT count(*) FROM definition").value(), 1);
  EXPECT_FALSE(Transaction::begin(*database));
  const auto insert = database->prepare("INSERT INTO definition VALUES ('t','i','{}')");
  ASSERT_FALSE(insert);
  EXPECT_EQ(insert.error().message(), synced.error().message());
}

}  // namespace
}  // namespace oap::store::sqlite
