#include "orchestration/mission/plan_files.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "os/testing/temp_dir.hpp"

namespace oap::orchestration {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Plan : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(work_ / ".opencode");
    put("- [ ] T1: one\n- [ ] T2: two\n");
  }
  void put(std::string_view text) { std::ofstream(work_ / ".opencode/todo.md") << text; }
  std::string text() {
    std::ifstream file(work_ / ".opencode/todo.md");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// What the tool says to a write by one of the agents.
  std::string write(std::string role, std::string content) {
    const auto done = files_.use(role, {{"action", "write"}, {"content", std::move(content)}}, {});
    return done ? done->joined_text() : "refused: " + done.error().message();
  }
  std::optional<Result<json::Object>> as_use(std::string tool, json::Object arguments,
                                             std::string server = std::string(kBuiltinServer)) {
    ToolCall call;
    call.server = std::move(server);
    call.tool = std::move(tool);
    call.arguments = std::move(arguments);
    return files_.as_use(call, work_.path());
  }
  os::testing::TempDir work_;
  os::testing::TempDir state_;
  PlanFiles files_{work_.path(), ".opencode", state_ / "lock"};
};

TEST_F(Plan, AWriteIsTakenItemByItemAndForgesNothing) {
  EXPECT_THAT(write("commander", "# Mission: go\n- [ ] T1: one, well\n- [ ] T2: two\n"),
              HasSubstr("written"));
  EXPECT_EQ(text(), "# Mission: go\n- [ ] T1: one, well\n- [ ] T2: two\n");
  const std::string before = text();
  EXPECT_THAT(write("commander", "- [x] T1: one\n- [ ] T2: two\n"), HasSubstr("only the reviewer"));
  EXPECT_THAT(write("planner", "- [ ] T1: one | evidence: call_1\n- [ ] T2: two\n"),
              HasSubstr("would get evidence"));
  EXPECT_THAT(write("planner", "- [ ] T1: one\n"), HasSubstr("not dropped"));
  EXPECT_THAT(write("planner", "- [ ] T1: one\n- [ ] T2: two\n- [?] T3: odd\n"),
              HasSubstr("line 3"));
  EXPECT_EQ(text(), before);
}

TEST_F(Plan, EvidenceOfATickStaysAndIsNotMoved) {
  put("- [x] T1: one | evidence: call_1\n- [ ] T2: two\n");
  EXPECT_THAT(write("commander", "- [x] T1: one | evidence: call_1\n- [ ] T2: two, well\n"),
              HasSubstr("written"));
  EXPECT_THAT(
      write("commander", "- [x] T1: one | evidence: call_1\n- [ ] T2: two | evidence: call_1\n"),
      HasSubstr("T2 would get evidence"));
  const auto check = files_.use(
      "commander", {{"action", "update"}, {"id", "T2"}, {"check", "true | evidence: call_1"}}, {});
  EXPECT_THAT(text(), ::testing::Not(HasSubstr("two | check: true | evidence: call_1")));
}

TEST_F(Plan, AWriteToTheFileIsAUseOfTheTool) {
  const auto use = as_use(
      "write_file", {{"path", "./.opencode/../.opencode/todo.md"}, {"content", "- [ ] T1: one\n"}});
  ASSERT_TRUE(use && *use);
  EXPECT_EQ(json::get_string(**use, "action"), "write");
  EXPECT_EQ(json::get_string(**use, "content"), "- [ ] T1: one\n");
  const auto absolute =
      as_use("write_file", {{"path", work_ / ".opencode/todo.md"}, {"content", ""}});
  EXPECT_TRUE(absolute && *absolute);
  const auto list =
      as_use("write_file", {{"path", ".opencode/verification-checklist.md"}, {"content", "x"}});
  ASSERT_TRUE(list && *list);
  EXPECT_EQ(json::get_string(**list, "list"), "checklist");
  fs::create_symlink(".opencode/todo.md", work_ / "link.md");
  fs::create_symlink(".opencode", work_ / "folder");
  for (const char* path : {"link.md", "folder/todo.md"}) {
    const auto linked = as_use("write_file", {{"path", path}, {"content", "x"}});
    EXPECT_TRUE(linked && *linked) << path;
  }
  EXPECT_FALSE(as_use("write_file", {{"path", "todo.md"}, {"content", "x"}}));
  EXPECT_FALSE(as_use("write_file", {{"content", "x"}}));
  EXPECT_FALSE(as_use("read_file", {{"path", ".opencode/todo.md"}}));
  EXPECT_FALSE(as_use("write_file", {{"path", ".opencode/todo.md"}}, "docs"));
}

TEST_F(Plan, AnEditIsAppliedToWhatIsThereNow) {
  const auto edit = [this](const char* old, const char* fresh, bool all = false) {
    const auto use = as_use("edit_file", {{"path", ".opencode/todo.md"},
                                          {"old_string", old},
                                          {"new_string", fresh},
                                          {"replace_all", all}});
    return *use ? std::string(json::get_string(**use, "content")) : use->error().message();
  };
  EXPECT_EQ(edit("T1: one", "T1: first"), "- [ ] T1: first\n- [ ] T2: two\n");
  EXPECT_THAT(edit("[ ]", "[/]"), HasSubstr("more than once"));
  EXPECT_EQ(edit("[ ]", "[/]", true), "- [/] T1: one\n- [/] T2: two\n");
  EXPECT_THAT(edit("T9", "x"), HasSubstr("not in the plan"));
  EXPECT_THAT(edit("", "x"), HasSubstr("not in the plan"));
  const auto issues =
      as_use("edit_file",
             {{"path", ".opencode/sync-issues.md"}, {"old_string", "a"}, {"new_string", "b"}});
  ASSERT_TRUE(issues && !*issues);
  EXPECT_THAT(issues->error().message(), HasSubstr("resolve"));
}

}  // namespace
}  // namespace oap::orchestration
