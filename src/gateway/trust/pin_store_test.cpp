#include "gateway/trust/pin_store.hpp"

#include <atomic>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::gateway {
namespace {

using config::ServerTrust;
using os::testing::TempDir;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const ServerSource kSource{"d1", "npx server"};

ToolSpec tool(const std::string& name, std::string_view description = "Does it.") {
  ToolSpec spec;
  spec.name = name;
  spec.definition = json::Object{{"name", json::Value(json::String(name))},
                                 {"description", json::Value(json::String(description))}};
  return spec;
}

Result<Judgement> look(const PinStore& store, const std::vector<ToolSpec>& tools,
                       const std::string& server = "s") {
  return store.judge(server, kSource, ServerTrust::kFirstUse, tools);
}

TEST(PinStore, KeepsPinsForTheNextProcess) {
  const TempDir dir;
  const FakeClock clock;
  const std::string state = dir / "state/w";
  const auto first = look(PinStore(state, clock), {tool("a")});
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(first->tools[0].trust, ToolTrust::kPinnedNow);
  struct stat info{};
  ASSERT_EQ(::stat((state + "/pins.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const PinStore later(state, clock);
  const auto second = look(later, {tool("a", "Else."), tool("b")});
  EXPECT_EQ(second->tools[0].trust, ToolTrust::kQuarantinedChanged);
  EXPECT_EQ(second->tools[1].trust, ToolTrust::kQuarantinedNew);
  EXPECT_THAT(*later.approve("s", *all_pending(*later.read(), "s"), "me"), SizeIs(2));
  EXPECT_EQ(look(PinStore(state, clock), {tool("a", "Else.")})->tools[0].trust,
            ToolTrust::kTrusted);
  EXPECT_EQ(later.read()->servers.at("s").tools.at("a").first_seen, "2023-11-14T22:13:20.000Z");
}

TEST(PinStore, WritesNothingWhereNothingIsNew) {
  const TempDir dir;
  const PinStore store(dir.path());
  ASSERT_TRUE(look(store, {}));
  EXPECT_FALSE(os::exists(store.path()));
  ASSERT_TRUE(look(store, {tool("a")}));
  ASSERT_TRUE(look(store, {tool("a", "Else.")}));
  struct stat before{};
  ::stat(store.path().c_str(), &before);
  ASSERT_TRUE(look(store, {tool("a", "Else.")}));
  struct stat after{};
  ::stat(store.path().c_str(), &after);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST(PinStore, AFileThatCannotBeReliedOnBlocksAllAndStaysAsItIs) {
  for (const std::string_view damage : {"", "{", "{\"version\":1,\"servers\":{\"s\":{}}}",
                                        "\x01\x02", "{\"version\":99,\"servers\":{}}"}) {
    const TempDir dir;
    const PinStore store(dir.path());
    dir.write("pins.json", damage);
    const auto judged = look(store, {tool("a")});
    ASSERT_FALSE(judged) << damage;
    EXPECT_THAT(
        judged.error().message(),
        AllOf(HasSubstr(store.path()), HasSubstr("no tool of a configured server is served"),
              HasSubstr("restore the file")));
    EXPECT_FALSE(store.approve("s", {}, "me"));
    EXPECT_FALSE(store.forget("s"));
    EXPECT_FALSE(store.read());
    EXPECT_EQ(*os::read_file(store.path()), damage);
  }
}

TEST(PinStore, AFileThatOthersCanWriteOrALinkBlocksAll) {
  const TempDir dir;
  const PinStore store(dir.path());
  ASSERT_TRUE(look(store, {tool("a")}));
  ASSERT_EQ(::chmod(store.path().c_str(), 0666), 0);
  EXPECT_THAT(look(store, {tool("a")}).error().message(), HasSubstr("written by others"));
  std::filesystem::rename(store.path(), dir / "real.json");
  ::chmod((dir / "real.json").c_str(), 0600);
  std::filesystem::create_symlink(dir / "real.json", store.path());
  EXPECT_THAT(look(store, {tool("a")}).error().message(), HasSubstr("is not a plain file"));
  std::filesystem::remove(store.path());
  std::filesystem::create_directory(store.path());
  EXPECT_FALSE(look(store, {tool("a")}));
}

TEST(PinStore, ForgetMakesTheNextSightTheFirst) {
  const TempDir dir;
  const PinStore store(dir.path());
  ASSERT_TRUE(look(store, {tool("a")}));
  EXPECT_EQ(store.forget("s"), true);
  EXPECT_EQ(store.forget("s"), false);
  EXPECT_EQ(look(store, {tool("b")})->tools[0].trust, ToolTrust::kPinnedNow);
}

TEST(PinStore, ManyAtOnceLoseNothingAndOnlyOneSightIsTheFirst) {
  const TempDir dir;
  std::atomic<int> pinned = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&dir, &pinned, &failed, i] {
      const PinStore store(dir.path());
      const auto shared = look(store, {tool("a", "Version " + std::to_string(i))}, "shared");
      const auto own = look(store, {tool("t")}, "own" + std::to_string(i));
      if (!shared || !own) {
        ++failed;
        return;
      }
      pinned += shared->tools[0].trust == ToolTrust::kPinnedNow ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(pinned, 1);
  EXPECT_THAT(PinStore(dir.path()).read()->servers, SizeIs(9));
}

}  // namespace
}  // namespace oap::gateway
