#include "tools/workspace.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/files.hpp"
#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class WorkspaceTest : public testing::ServedTools {
 protected:
  void SetUp() override {
    put(in("a.txt"), "inside\n");
    put(in("sub/b.txt"), "deep\n");
    fs::create_symlink("a.txt", in("link"));
    fs::create_symlink(in("a.txt"), in("absolute_link"));
    fs::create_symlink("sub", in("sub_link"));
    fs::create_symlink("../secret.txt", in("out"));
    fs::create_symlink("/etc/passwd", in("passwd"));
    fs::create_symlink("..", in("up"));
    fs::create_symlink("/proc/self/root/etc/passwd", in("magic"));
    fs::create_symlink("missing", in("dangling"));
    fs::create_symlink(top_ + "/new.txt", in("dangling_out"));
    fs::create_symlink("loop", in("loop"));
    fs::create_directory_symlink(workspace_, top_ + "/alias");
  }
  Workspace workspace() { return Workspace::open({workspace_}).value(); }
};

struct PathCase {
  std::string path;  ///< @ = the workspace, ^ = the directory above it
  std::string expected;
};

std::string filled(std::string path, const std::string& work, const std::string& top) {
  if (path.starts_with('@')) {
    return work + path.substr(1);
  }
  return path.starts_with('^') ? top + path.substr(1) : path;
}

TEST_F(WorkspaceTest, OpensOnlyWhatIsInside) {
  const std::vector<PathCase> cases = {
      {"a.txt", "inside\n"},
      {"./a.txt", "inside\n"},
      {"sub/../a.txt", "inside\n"},
      {"sub//b.txt", "deep\n"},
      {"@/a.txt", "inside\n"},
      {"@//sub/b.txt", "deep\n"},
      {"@/sub/../a.txt", "inside\n"},
      {"^/alias/a.txt", "inside\n"},
      {"^/work/../work/a.txt", "inside\n"},
      {"link", "inside\n"},
      {"absolute_link", "inside\n"},
      {"sub_link/b.txt", "deep\n"},
      {"up/work/a.txt", "inside\n"},
      {"^/secret.txt", "outside the workspace"},
      {"../secret.txt", "outside the workspace"},
      {"sub/../../secret.txt", "outside the workspace"},
      {"@/../secret.txt", "outside the workspace"},
      {"@x/a.txt", "outside the workspace"},
      {"out", "outside the workspace"},
      {"up/secret.txt", "outside the workspace"},
      {"passwd", "outside the workspace"},
      {"magic", "outside the workspace"},
      {"/etc/passwd", "outside the workspace"},
      {"/", "outside the workspace"},
      {"dangling", "there is no file"},
      {"dangling_out", "outside the workspace"},
      {"loop", "link"},
      {"missing", "there is no file"},
      {"a.txt/b", "there is no file"},
      {"sub", "is a directory"},
      {".", "is a directory"},
      {"", "empty"},
      {std::string("a.txt\0x", 7), "NUL"},
      {std::string(5000, 'x'), "longer than 4096"},
      {std::string(300, 'x'), "too long"},
  };
  const Workspace space = workspace();
  for (const PathCase& each : cases) {
    const auto file = space.open_file(filled(each.path, workspace_, top_));
    const std::string found =
        file ? read_all(*file, 1000, "x").value_or("unreadable") : file.error().message();
    EXPECT_THAT(found, HasSubstr(each.expected)) << each.path;
  }
}

TEST_F(WorkspaceTest, PlacesNewFilesOnlyInside) {
  const std::vector<PathCase> cases = {
      {"new.txt", "new.txt"},
      {"x/y/z.txt", "x/y/z.txt"},
      {"sub_link/n.txt", "sub/n.txt"},
      {"link", "a.txt"},
      {"absolute_link", "a.txt"},
      {"dangling", "missing"},
      {"@/abs.txt", "abs.txt"},
      {"out", ""},
      {"up/n.txt", ""},
      {"passwd", ""},
      {"dangling_out", ""},
      {"loop", ""},
      {"../n.txt", ""},
      {"x/../../n.txt", ""},
      {"^/n.txt", ""},
      {"/tmp", ""},
      {"sub", ""},
      {"sub/", ""},
      {".", ""},
      {"", ""},
      {"a.txt/n.txt", ""},
  };
  const Workspace space = workspace();
  for (const PathCase& each : cases) {
    const auto place = space.place(filled(each.path, workspace_, top_));
    ASSERT_EQ(place.has_value(), !each.expected.empty()) << each.path;
    if (place) {
      ASSERT_TRUE(replace_file(*place, "written")) << each.path;
      EXPECT_EQ(get(in(each.expected)), "written") << each.path;
    }
  }
  EXPECT_FALSE(fs::exists(top_ + "/n.txt"));
  EXPECT_FALSE(fs::exists(top_ + "/new.txt"));
  EXPECT_EQ(get(top_ + "/secret.txt"), "outside\n");
  EXPECT_TRUE(fs::is_symlink(in("link")));
}

TEST_F(WorkspaceTest, ReplacingKeepsTheModeAndLeavesNothingBehind) {
  ::chmod(in("a.txt").c_str(), 0751);
  const auto place = workspace().place("a.txt");
  ASSERT_TRUE(replace_file(*place, "new"));
  struct stat status = {};
  ::stat(in("a.txt").c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777U, 0751U);
  for (const auto& entry : fs::directory_iterator(workspace_)) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::Not(HasSubstr("oap_write")));
  }
}

TEST_F(WorkspaceTest, PipesAndDevicesAreNoFiles) {
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  const auto pipe = workspace().open_file("pipe");
  ASSERT_FALSE(pipe);
  EXPECT_THAT(pipe.error().message(), HasSubstr("not a regular file"));
  EXPECT_FALSE(workspace().place("pipe"));
}

TEST_F(WorkspaceTest, ALinkThatIsSwappedInIsNeverFollowedOut) {
  const Workspace space = workspace();
  const std::string inner = in("race");
  fs::create_directory(inner);
  put(inner + "/f", "inside\n");
  fs::create_directory(top_ + "/race_target");
  put(top_ + "/race_target/f", "outside\n");
  std::jthread swapper([&](const std::stop_token& stop) {
    std::error_code ignored;
    while (!stop.stop_requested()) {
      fs::rename(inner, in("parked"), ignored);
      fs::create_directory_symlink("../race_target", inner, ignored);
      fs::remove(inner, ignored);
      fs::rename(in("parked"), inner, ignored);
    }
  });
  for (int i = 0; i < 400; ++i) {
    if (const auto file = space.open_file("race/f")) {
      ASSERT_EQ(read_all(*file, 100, "f").value(), "inside\n");
    }
    if (const auto place = space.place("race/new")) {
      (void)replace_file(*place, "x");
    }
  }
  swapper.request_stop();
  swapper.join();
  EXPECT_FALSE(fs::exists(top_ + "/race_target/new"));
}

TEST_F(WorkspaceTest, FurtherRootsWidenIt) {
  fs::create_directory(top_ + "/more");
  put(top_ + "/more/x.txt", "more\n");
  const auto space = Workspace::open({workspace_, top_ + "/more"});
  ASSERT_TRUE(space);
  EXPECT_TRUE(space->open_file(top_ + "/more/x.txt"));
  EXPECT_FALSE(space->open_file(top_ + "/secret.txt"));
  EXPECT_FALSE(Workspace::open({top_ + "/absent"}));
  EXPECT_FALSE(Workspace::open({top_ + "/secret.txt"}));
  EXPECT_FALSE(Workspace::open({}));
}

}  // namespace
}  // namespace oap::tools
