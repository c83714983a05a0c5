#include "config/paths.hpp"

#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::config {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class PathsTest : public ::testing::Test {
 protected:
  PathsTest() {
    variables_["HOME"] = dir_ / "home";
    mkdir("home");
  }
  void mkdir(const std::string& path) { fs::create_directories(dir_ / path); }
  Env env() {
    return [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
  }
  std::string found_from(const std::string& cwd) {
    const auto found = find_workspace(std::nullopt, dir_ / cwd, env());
    EXPECT_TRUE(found) << found.error().message();
    return found ? *found : "";
  }
  Result<Paths> resolved() {
    PathOptions options;
    options.cwd = dir_ / "home";
    options.env = env();
    return resolve_paths(options);
  }

  os::testing::TempDir dir_;
  std::map<std::string, std::string, std::less<>> variables_;
};

TEST_F(PathsTest, NearestFolderWithMarkersUpward) {
  mkdir("home/p/.git");
  mkdir("home/p/sub/.opencode");
  mkdir("home/p/sub/deep/er");
  mkdir("home/p/other");
  EXPECT_EQ(found_from("home/p/sub/deep/er"), dir_ / "home/p/sub");
  EXPECT_EQ(found_from("home/p/other"), dir_ / "home/p");
  EXPECT_EQ(found_from("home/p"), dir_ / "home/p");
}

TEST_F(PathsTest, GitMayBeAFileAndOpencodeMayNot) {
  mkdir("home/p/sub");
  dir_.write("home/p/.git", "gitdir: elsewhere\n");
  dir_.write("home/p/sub/.opencode", "no folder\n");
  EXPECT_EQ(found_from("home/p/sub"), dir_ / "home/p");
}

TEST_F(PathsTest, TheSearchStopsBelowHome) {
  mkdir("home/.git");
  mkdir("home/.opencode");
  mkdir("home/a/b");
  EXPECT_EQ(found_from("home/a/b"), dir_ / "home/a/b");
  EXPECT_EQ(found_from("home"), dir_ / "home");
}

TEST_F(PathsTest, HomeBehindALinkIsStillHome) {
  mkdir("home/.git");
  mkdir("home/a");
  fs::create_directory_symlink(dir_ / "home", dir_ / "link");
  variables_["HOME"] = dir_ / "link";
  EXPECT_EQ(found_from("link/a"), dir_ / "home/a");
}

TEST_F(PathsTest, TheSearchStopsAtMountPoints) {
  const auto found = find_workspace(std::nullopt, "/proc/sys/kernel", env());
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, "/proc/sys/kernel");
}

TEST_F(PathsTest, ExplicitWorkspace) {
  mkdir("home/p/.git");
  mkdir("home/p/sub");
  fs::create_directory_symlink(dir_ / "home/p/sub", dir_ / "link");
  dir_.write("home/file", "");
  const auto find = [this](const std::string& name) {
    return find_workspace(name, dir_ / "home/p", env());
  };
  EXPECT_EQ(find("sub").value(), dir_ / "home/p/sub");
  EXPECT_EQ(find(".").value(), dir_ / "home/p");
  EXPECT_EQ(find("../p/sub/..").value(), dir_ / "home/p");
  EXPECT_EQ(find(dir_ / "link").value(), dir_ / "home/p/sub");
  EXPECT_EQ(find("nowhere").error().code(), Code::kNotFound);
  EXPECT_THAT(find("nowhere").error().message(), HasSubstr("nowhere"));
  EXPECT_EQ(find(dir_ / "home/file").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(find("").error().code(), Code::kUsage);
}

TEST_F(PathsTest, Defaults) {
  const auto paths = resolved();
  ASSERT_TRUE(paths) << paths.error().message();
  EXPECT_EQ(paths->workspace, dir_ / "home");
  EXPECT_EQ(paths->project_dir, dir_ / "home/.opencode");
  EXPECT_EQ(paths->user_dir, dir_ / "home/.config/oap");
  EXPECT_EQ(paths->managed_dir, "/etc/oap");
  EXPECT_EQ(paths->state_root, dir_ / "home/.local/state/oap");
  EXPECT_EQ(paths->state_dir,
            dir_ / "home/.local/state/oap/workspaces/" + state_name(dir_ / "home"));
}

TEST_F(PathsTest, VariablesOfTheEnvironment) {
  mkdir("cfg");
  variables_["XDG_CONFIG_HOME"] = dir_ / "xc";
  variables_["XDG_STATE_HOME"] = dir_ / "xs";
  variables_["OPENCODE_CONFIG_PATH"] = "../cfg";
  auto paths = resolved();
  ASSERT_TRUE(paths) << paths.error().message();
  EXPECT_EQ(paths->user_dir, dir_ / "xc/oap");
  EXPECT_EQ(paths->state_root, dir_ / "xs/oap");
  EXPECT_EQ(paths->project_dir, dir_ / "cfg");
  variables_["OPENCODE_DATA_PATH"] = dir_ / "data";
  variables_["XDG_CONFIG_HOME"] = "relative/is/ignored";
  paths = resolved();
  ASSERT_TRUE(paths);
  EXPECT_EQ(paths->state_root, dir_ / "data");
  EXPECT_EQ(paths->user_dir, dir_ / "home/.config/oap");
  variables_["OPENCODE_CONFIG_PATH"] = dir_ / "nowhere";
  paths = resolved();
  ASSERT_FALSE(paths);
  EXPECT_THAT(paths.error().message(), HasSubstr("OPENCODE_CONFIG_PATH"));
  variables_["OPENCODE_CONFIG_PATH"] = "";
  EXPECT_EQ(resolved().value().project_dir, dir_ / "home/.opencode");
}

TEST_F(PathsTest, ARelativePlaceOfTheStateIsRefused) {
  for (const char* place : {"data", "./data", "..", "~/data"}) {
    variables_["OPENCODE_DATA_PATH"] = place;
    const auto paths = resolved();
    ASSERT_FALSE(paths) << place;
    EXPECT_EQ(paths.error().code(), Code::kUsage);
    EXPECT_THAT(paths.error().message(),
                HasSubstr("OPENCODE_DATA_PATH is '" + std::string(place) + "'"));
    EXPECT_THAT(paths.error().message(), HasSubstr("absolute path"));
  }
  variables_["OPENCODE_DATA_PATH"] = "";
  EXPECT_EQ(resolved().value().state_root, dir_ / "home/.local/state/oap");
}

TEST_F(PathsTest, StateNames) {
  const std::string digest = crypto::sha256_hex("/home/me/my project").substr(0, 16);
  EXPECT_EQ(state_name("/home/me/my project"), "my_project-" + digest);
  EXPECT_EQ(state_name("/").substr(0, 5), "root-");
  EXPECT_EQ(state_name("/" + std::string(300, 'x')).size(), 64U + 1 + 16);
  EXPECT_NE(state_name("/a/p"), state_name("/b/p"));
}

TEST_F(PathsTest, StateFolderIsClosedToOthers) {
  const Paths paths = resolved().value();
  const mode_t old = ::umask(0);
  ASSERT_TRUE(create_state_dir(paths));
  ::umask(old);
  struct stat info{};
  for (const std::string& dir : {paths.state_root, paths.state_dir}) {
    ASSERT_EQ(::stat(dir.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0700U) << dir;
  }
  ASSERT_TRUE(create_state_dir(paths));
  ::chmod(paths.state_dir.c_str(), 0755);
  const auto open = create_state_dir(paths);
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message(), HasSubstr("chmod 700"));
  ::chmod(paths.state_dir.c_str(), 0700);
  ::chmod(paths.state_root.c_str(), 0777);
  EXPECT_FALSE(create_state_dir(paths));
}

}  // namespace
}  // namespace oap::config
