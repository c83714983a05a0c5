#include "async/deadline.hpp"
#include "sandbox/testing/process.hpp"
#include "tools/command_tool.hpp"
#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Bash = testing::ServedTools;

TEST_F(Bash, ReturnsTheOutput) {
  EXPECT_EQ(run("bash", {{"command", "echo hello; echo err >&2"}}), "hello\nerr\n");
  EXPECT_EQ(run("bash", {{"command", "pwd"}}),
            std::filesystem::canonical(workspace_).string() + "\n");
  EXPECT_EQ(run("bash", {{"command", "cat"}}), "");
  EXPECT_EQ(run("bash", {{"command", "printf '\\xff'"}}), "\xEF\xBF\xBD");
  EXPECT_EQ(run("bash", {{"command", "tty; true"}}), "not a tty\n");
}

TEST_F(Bash, ValuesComeByEnvironmentAndInput) {
  EXPECT_EQ(
      run("bash", {{"command", "printf %s \"$A\""}, {"env", json::Object{{"A", "$(id) '\n"}}}}),
      "$(id) '\n");
  EXPECT_EQ(run("bash", {{"command", "cat"}, {"stdin", "in\n"}}), "in\n");
  EXPECT_EQ(run("python", {{"code", "import os,sys;print(os.environ['A']+sys.stdin.read())"},
                           {"env", json::Object{{"A", "x"}}},
                           {"stdin", "y"}}),
            "xy\n");
}

TEST_F(Bash, VariablesThatChangeWhatRunsAreRefused) {
  for (const char* name : {"BASH_ENV", "LD_PRELOAD", "BASH_FUNC_x%%", "IFS", "A B", "", "1A"}) {
    json::Object env;
    env[name] = "x";
    const auto result = client().call(
        "bash", json::print(json::Object{{"command", "echo ran"}, {"env", std::move(env)}}));
    ASSERT_TRUE(result) << name;
    EXPECT_TRUE(result->is_error) << name;
    EXPECT_THAT(result->joined_text(), HasSubstr("may not be set")) << name;
  }
}

TEST_F(Bash, AnExitCodeIsAnErrorWithTheOutput) {
  const auto result = client().call("bash", R"({"command":"echo out; exit 3"})");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_error);
  EXPECT_EQ(result->joined_text(), "out\nexit code 3");
  EXPECT_EQ(json::get_int(*result->structured, "exit_code"), 3);
  EXPECT_EQ(json::get_string(*result->structured, "output"), "out\n");
  EXPECT_FALSE(json::get_bool(*result->structured, "timed_out", true));
  EXPECT_FALSE(json::get_bool(*result->structured, "truncated", true));
  EXPECT_NE(json::find_object(*result->structured, "isolation"), nullptr);
  EXPECT_THAT(run("bash", {{"command", "printf x; kill -9 $$"}}), HasSubstr("exit code 137"));
  EXPECT_THAT(run("bash", {{"command", "no-such-command-here"}}), HasSubstr("exit code 127"));
}

TEST_F(Bash, EndsWhatTakesTooLong) {
  const auto result = client().call("bash", R"({"command":"echo begun; sleep 1000","timeout":1})");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_error);
  EXPECT_THAT(result->joined_text(), StartsWith("begun\n"));
  EXPECT_THAT(result->joined_text(), HasSubstr("its time of 1 s was up"));
  EXPECT_TRUE(json::get_bool(*result->structured, "timed_out"));
}

TEST_F(Bash, KeepsBothEndsOfALongOutput) {
  const auto result = client().call("bash", R"({"command":"seq 1 200000"})");
  ASSERT_TRUE(result);
  EXPECT_TRUE(json::get_bool(*result->structured, "truncated"));
  EXPECT_LT(result->joined_text().size(), 400'000U);
  EXPECT_THAT(result->joined_text(), StartsWith("1\n2\n"));
  EXPECT_TRUE(result->joined_text().ends_with("200000\n"));
}

TEST_F(Bash, RefusesBadArguments) {
  EXPECT_THAT(run("bash", json::Object{}), HasSubstr("nothing was run"));
  EXPECT_THAT(run("bash", {{"command", ""}}), HasSubstr("nothing was run"));
  EXPECT_THAT(run("bash", {{"command", "x"}, {"timeout", 0}}), HasSubstr("nothing was run"));
  EXPECT_THAT(run("bash", {{"command", "x"}, {"cwd", "/"}}), HasSubstr("nothing was run"));
  EXPECT_THAT(run("bash", {{"command", std::string("a\0b", 3)}}), HasSubstr("tool error"));
}

Task<Result<ToolResult>> call_bash(mcp::Client* client, std::string command) {
  ToolCall call = mcp::testing::tool_call("bash");
  call.arguments["command"] = command;
  auto answer = co_await client->call_tool(std::move(call), mcp::RequestOptions());
  co_return answer ? Result<ToolResult>(*std::move(answer)) : fail(answer.error().error);
}

Task<Result<ToolResult>> cancelled(mcp::Client* client, std::string command) {
  const Deadline soon = Deadline::after(Millis(500));
  co_return co_await async::with_deadline(soon, call_bash(client, std::move(command)), "the call");
}

TEST_F(Bash, ACancelledCallLeavesNoProcess) {
  const std::string pid_file = in("pid");
  const auto result = client().runtime().run(
      cancelled(client().operator->(),
                "export OAP_MARK=$PWD; (sleep 1000 & echo $! > pid; wait) & sleep 1000; true"));
  EXPECT_FALSE(result);
  ASSERT_GT(std::stoi("0" + get(pid_file)), 0);
  EXPECT_TRUE(sandbox::testing::marked_gone_within(std::filesystem::canonical(workspace_).string(),
                                                   Millis(5000)));
  EXPECT_EQ(run("bash", {{"command", "echo still here"}}), "still here\n");
}

TEST_F(Bash, TheEndOfTheServerEndsItsChildren) {
  const auto result = client().runtime().run(
      cancelled(client().operator->(),
                "export OAP_MARK=$PWD; echo $$ > pid; trap '' TERM HUP; sleep 1000; sleep 1000"));
  EXPECT_FALSE(result);
  client().runtime().run(client()->close());
  ASSERT_GT(std::stoi("0" + get(in("pid"))), 0);
  EXPECT_TRUE(sandbox::testing::marked_gone_within(std::filesystem::canonical(workspace_).string(),
                                                   Millis(5000)));
}

TEST(CommandResult, SaysWhyAProgramEnded) {
  sandbox::Output output;
  output.exit_code = 137;
  output.out = "half a line";
  output.note = "it used more than 512 MB of memory";
  const ToolResult result = result_of(output, Millis(1000));
  EXPECT_TRUE(result.is_error);
  EXPECT_EQ(result.joined_text(), "half a line\nit used more than 512 MB of memory\nexit code 137");
}

TEST(CommandResult, SaysWhatBecameOfTheChangesOfWhoOnlyLooks) {
  sandbox::Output output;
  output.changes = sandbox::Changes::kDropped;
  EXPECT_EQ(result_of(output, Millis(1000)).joined_text(), "");
  output.dropped = "1 change: a.o";
  const ToolResult dropped = result_of(output, Millis(1000));
  EXPECT_EQ(dropped.joined_text(),
            "thrown away, as your commands may change no files: 1 change: a.o");
  EXPECT_EQ(json::get_string(*dropped.structured, "dropped"), "1 change: a.o");
  output.dropped.clear();
  output.changes = sandbox::Changes::kRefused;
  EXPECT_EQ(result_of(output, Millis(1000)).joined_text(), "");
  output.exit_code = 1;
  EXPECT_THAT(result_of(output, Millis(1000)).joined_text(),
              ::testing::StartsWith("your commands can only read the workspace"));
  output.changes = sandbox::Changes::kOpen;
  EXPECT_THAT(result_of(output, Millis(1000)).joined_text(),
              ::testing::StartsWith("warning: this machine keeps no command"));
}

}  // namespace
}  // namespace oap::tools
