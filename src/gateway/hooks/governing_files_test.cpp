#include "gateway/hooks/governing_files.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"

namespace oap::gateway {
namespace {

TEST(GoverningFiles, ByName) {
  for (const char* yes :
       {".opencode/permissions.yaml", ".opencode/agents/worker.md", ".opencode/config.yaml",
        ".opencode", ".git/hooks/pre-commit", ".git/config", ".mcp.json", ".claude/settings.json",
        ".vscode/tasks.json", ".envrc", "x.code-workspace", ".opencode/skills/a/SKILL.md",
        ".opencode/worktrees/task_1/.opencode/config.yaml"}) {
    EXPECT_NE(governing_name(yes, {}), "") << yes;
  }
  for (const char* no :
       {"src/a.py", ".opencode/todo.md", ".opencode/missions/mis_1/todo.md", ".github/a.yml",
        ".opencode/sync-issues.md", "opencode.json.bak", "docs/.opencode-notes", ".gitignore",
        ".opencode/worktrees/task_1/src/a.py", ".opencode/docs/a.md", "", ".git/COMMIT_EDITMSG"}) {
    EXPECT_EQ(governing_name(no, {}), "") << no;
  }
}

TEST(GoverningFiles, TheOperatorSaysMoreOrLess) {
  const GoverningNames names{{"deploy"}, {".vscode"}};
  EXPECT_EQ(governing_name("deploy/run.sh", names), "deploy");
  EXPECT_EQ(governing_name(".vscode/settings.json", names), "");
  EXPECT_EQ(governing_name(".idea/a.xml", names), ".idea");
}

TEST(GoverningFiles, LinksAreFollowed) {
  const os::testing::TempDir folder;
  folder.write(".opencode/config.yaml", "");
  std::filesystem::create_symlink(".opencode", folder / "harmless");
  EXPECT_EQ(governing_name(real_place("harmless/config.yaml", folder.path(), ""), {}), ".opencode");
  EXPECT_EQ(governing_name(real_place("x/../.opencode/new.yaml", folder.path(), ""), {}),
            ".opencode");
}

}  // namespace
}  // namespace oap::gateway
