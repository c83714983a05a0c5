#include "security/role_guard.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "text/strings.hpp"

namespace oap::security {
namespace {

std::vector<std::pair<int, std::string>> rows_of(const std::string& name) {
  std::ifstream file(OAP_SOURCE_DIR "/src/security/cases/" + name);
  EXPECT_TRUE(file.is_open());
  std::vector<std::pair<int, std::string>> rows;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && !line.starts_with("# ")) {
      rows.emplace_back(number, line);
    }
  }
  return rows;
}

TEST(NeverRules, Table) {
  const auto rows = rows_of("never.case");
  for (const auto& [number, row] : rows) {
    const std::size_t arrow = row.rfind(" => ");
    ASSERT_NE(arrow, std::string::npos) << "never.case:" << number;
    const std::string command = text::replace_all(row.substr(0, arrow), "␤", "\n");
    const std::string expected = row.substr(arrow + 4);
    const RoleVerdict verdict = never_rules(command);
    EXPECT_EQ(verdict.allowed ? "ok" : verdict.rule, expected == "ok" ? "ok" : "never:" + expected)
        << "never.case:" << number << ": " << command;
    EXPECT_EQ(verdict.reason.empty(), verdict.allowed);
  }
  EXPECT_GE(rows.size(), 90U);
}

TEST(RoleGuard, Table) {
  const auto rows = rows_of("roles.case");
  for (const auto& [number, row] : rows) {
    const std::size_t arrow = row.rfind(" => ");
    const std::vector<std::string_view> words =
        text::split_words(std::string_view(row).substr(0, arrow));
    ASSERT_GE(words.size(), 2U) << "roles.case:" << number;
    ToolCall call;
    call.server = kBuiltinServer;
    call.tool = words[1];
    const std::string rest =
        words.size() > 2
            ? row.substr(static_cast<std::size_t>(words[2].data() - row.data()),
                         arrow - static_cast<std::size_t>(words[2].data() - row.data()))
            : "";
    const bool shell = call.tool == "bash" || call.tool == "run_command";
    call.arguments[shell ? "command" : (call.tool == "todo" ? "action" : "path")] = rest;
    Principal principal;
    principal.role = words[0];
    const RoleVerdict verdict = role_guard(call, principal, RoleMatrix::builtin());
    EXPECT_EQ(verdict.allowed ? "yes" : "no", row.substr(arrow + 4))
        << "roles.case:" << number << ": " << row << " (" << verdict.reason << ")";
  }
  EXPECT_GE(rows.size(), 60U);
}

TEST(RoleGuard, AFileIsJudgedByWhereItLies) {
  const RealPlace place = [](std::string_view path) {
    return path == "plan"           ? std::string(".opencode/todo.md")
           : path == "docs/link.md" ? std::string("src/a.py")
                                    : std::string(path);
  };
  const auto may = [&place](const char* role, const char* path) {
    ToolCall call;
    call.server = kBuiltinServer;
    call.tool = "write_file";
    call.arguments["path"] = path;
    Principal principal;
    principal.role = role;
    return role_guard(call, principal, RoleMatrix::builtin(), place).allowed;
  };
  EXPECT_FALSE(may("worker", "plan"));
  EXPECT_TRUE(may("worker", "docs/link.md"));
  EXPECT_FALSE(may("planner", "docs/link.md"));
  EXPECT_TRUE(may("planner", "docs/a.md"));
}

TEST(RoleGuard, NeverRulesCountForEveryone) {
  ToolCall call;
  call.server = kBuiltinServer;
  call.tool = "bash";
  call.arguments["command"] = "ls && rm -rf /";
  for (const char* role : {"user", "admin", "worker", "commander", ""}) {
    Principal principal;
    principal.role = role;
    EXPECT_EQ(role_guard(call, principal, RoleMatrix::builtin()).rule, "never:root-deletion")
        << role;
  }
}

TEST(RoleGuard, HostileCommandsEndQuickly) {
  std::string bombs;
  for (int i = 0; i < 3000; ++i) {
    bombs += "a(){ a;";
  }
  EXPECT_TRUE(never_rules(bombs).allowed);
  never_rules(std::string(60000, ':'));
}

TEST(NeverRules, ACommandBeyondTheLimitsIsDenied) {
  std::string many;
  for (int i = 0; i < 5000; ++i) {
    many += "a;";
  }
  for (const std::string& padding :
       {": " + std::string(70000, 'a') + "; ", many, std::string(5000, '(')}) {
    EXPECT_EQ(never_rules(padding + "rm -rf /").rule, "never:over-limit") << padding.substr(0, 20);
  }
  EXPECT_TRUE(never_rules(": " + std::string(60000, 'a') + "; ls").allowed);
}

TEST(RoleGuard, ARowOfTheConfigurationTakesTheBuiltInOnesPlace) {
  RoleMatrix matrix = RoleMatrix::builtin();
  RoleRow scribe;
  scribe.role = "scribe";
  scribe.tools = {"read_file", "write_file", "notes__*"};
  scribe.write = {"notes/**"};
  ASSERT_TRUE(matrix.set(scribe));
  scribe.write = {"[broken"};
  EXPECT_FALSE(matrix.set(scribe));
  const auto may = [&](std::string server, std::string tool, std::string path) {
    ToolCall call;
    call.server = std::move(server);
    call.tool = std::move(tool);
    call.arguments["path"] = path;
    Principal principal;
    principal.role = "scribe";
    return role_guard(call, principal, matrix).allowed;
  };
  EXPECT_TRUE(may("sandbox", "write_file", "notes/a.md"));
  EXPECT_FALSE(may("sandbox", "write_file", "notes/../src/a.py"));
  EXPECT_FALSE(may("sandbox", "write_file", "src/a.py"));
  EXPECT_FALSE(may("sandbox", "edit_file", "notes/a.md")) << "not among its tools";
  EXPECT_FALSE(may("sandbox", "bash", ""));
  EXPECT_FALSE(may("sandbox", "some_new_tool", "")) << "what is not named is denied";
  EXPECT_TRUE(may("notes", "add", ""));
  EXPECT_FALSE(may("files", "add", ""));
}

}  // namespace
}  // namespace oap::security
