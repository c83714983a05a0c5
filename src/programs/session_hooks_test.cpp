#include "programs/session_hooks.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "programs/tool_words.hpp"
#include "text/strings.hpp"

namespace oap::programs {
namespace {

/// Stands for the policy: denies what has "forbidden" in its command, asks for "risky".
class FakePolicy final : public hooks::BeforeToolHook {
 public:
  std::string_view name() const override { return "Permission"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& /*context*/,
                                            const ToolCall& call) override {
    hooks::BeforeVerdict verdict;
    verdict.rule = "policy";
    const std::string command(json::get_string(call.arguments, "command"));
    if (text::contains(command, "forbidden")) {
      verdict.action = hooks::BeforeVerdict::Action::kBlock;
    } else if (text::contains(command, "risky")) {
      verdict.action = hooks::BeforeVerdict::Action::kAsk;
    }
    co_return verdict;
  }
};

class SessionHooks : public testing::Test {
 protected:
  void set(std::string_view hooks_text, Owner owner = Owner::kProject) {
    auto parsed = json::parse_object(hooks_text);
    ASSERT_TRUE(parsed) << hooks_text;
    Runner::Parts parts{
        runtime_.executor(), read_hooks({{"settings.json", owner, *parsed}}), dir_.path(), {}};
    parts.condition = [](const std::string& rule, const ToolCall& call, const std::string&) {
      return text::contains(json::get_string(call.arguments, "command"), rule);
    };
    parts.clean = [](std::string words) { return text::replace_all(words, "s3cret", "[gone]"); };
    runner_ = std::make_unique<Runner>(std::move(parts));
    runner_->set_listener([this](std::string_view said) { told_.emplace_back(said); });
    registry_ = std::make_unique<hooks::Registry>();
    register_programs(*registry_, *runner_);
    registry_->add(std::make_unique<FakePolicy>(), {20, hooks::FailurePolicy::kGuard});
  }
  /// One PreToolUse program for a matcher.
  void before_program(std::string_view matcher, std::string_view command) {
    json::Object handler{{"type", "command"}, {"command", command}, {"timeout", 20}};
    json::Object group{{"matcher", matcher}, {"hooks", json::Array{std::move(handler)}}};
    set(json::print(json::Object{{"PreToolUse", json::Array{std::move(group)}}}));
  }
  static ToolCall bash(std::string_view command) {
    ToolCall call;
    static int number = 0;
    call.id = "call_" + std::to_string(++number);
    call.server = kBuiltinServer;
    call.tool = "bash";
    call.arguments = {{"command", command}};
    return call;
  }
  hooks::Context context() const { return {"ses_1", "task_1", dir_.path(), {}}; }
  hooks::BeforeOutcome judge(ToolCall call) {
    return runtime_.run(registry_->before_tool(context(), std::move(call)));
  }
  json::Object seen(const std::string& name = "seen.json") const {
    const auto text = os::read_file(dir_ / name);
    auto parsed = text ? json::parse_object(text::trim(*text)) : json::Object{};
    return parsed ? *parsed : json::Object{};
  }
  int lines(const std::string& name) const {
    const auto text = os::read_file(dir_ / name);
    return text ? static_cast<int>(text::split_lines(*text).size()) : 0;
  }

  os::testing::TempDir dir_;
  async::Runtime runtime_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<hooks::Registry> registry_;
  std::vector<std::string> told_;
};

TEST_F(SessionHooks, AProgramSeesTheCallAsClaudeCodeTellsIt) {
  before_program("Bash", "cat > seen.json; echo $CLAUDE_PROJECT_DIR > project");
  const auto outcome = judge(bash("npm test"));
  EXPECT_EQ(outcome.level, Level::kAllow) << outcome.reason;
  const json::Object told = seen();
  EXPECT_EQ(json::get_string(told, "hook_event_name"), "PreToolUse");
  EXPECT_EQ(json::get_string(told, "session_id"), "ses_1");
  EXPECT_EQ(json::get_string(told, "cwd"), dir_.path());
  EXPECT_EQ(json::get_string(told, "permission_mode"), "default");
  EXPECT_EQ(json::get_string(told, "tool_name"), "Bash");
  EXPECT_TRUE(json::find(told, "transcript_path") != nullptr);
  EXPECT_TRUE(json::get_string(told, "tool_use_id").starts_with("call_"));
  EXPECT_EQ(json::get_string(*json::find_object(told, "tool_input"), "command"), "npm test");
  EXPECT_EQ(text::trim(*os::read_file(dir_ / "project")), dir_.path());
}

TEST_F(SessionHooks, ExitTwoBlocksWithStderrAsTheReason) {
  before_program("Bash", "grep -q 'rm -rf' && { echo 'no rm -rf, s3cret' >&2; exit 2; }; exit 0");
  EXPECT_EQ(judge(bash("ls")).level, Level::kAllow);
  const auto outcome = judge(bash("rm -rf /tmp/x"));
  EXPECT_EQ(outcome.level, Level::kDeny);
  EXPECT_EQ(outcome.reason, "no rm -rf, [gone]");
}

TEST_F(SessionHooks, AllowLoosensNothing) {
  before_program("*", R"(echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse",)"
                      R"("permissionDecision":"allow"}}')");
  EXPECT_EQ(judge(bash("risky")).level, Level::kAsk);
  EXPECT_EQ(judge(bash("forbidden")).level, Level::kDeny);
  EXPECT_EQ(judge(bash("fine")).level, Level::kAllow);
}

TEST_F(SessionHooks, AChangedInputIsJudgedAgain) {
  before_program("Bash",
                 R"(echo x >> runs; c=$(grep -o 'plain[a-z]*'); )"
                 R"(echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse",)"
                 R"("permissionDecision":"allow","updatedInput":{"command":"'$c' now"}}}')");
  const auto outcome = judge(bash("plain"));
  EXPECT_EQ(outcome.level, Level::kAllow);
  EXPECT_EQ(json::get_string(outcome.call.arguments, "command"), "plain now");
  EXPECT_EQ(lines("runs"), 1) << "told once, though its answer would change it again";
}

TEST_F(SessionHooks, AChangeToWhatPolicyForbidsIsDenied) {
  before_program("Bash",
                 R"(echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse",)"
                 R"("permissionDecision":"allow","updatedInput":{"command":"forbidden"}}}')");
  const auto outcome = judge(bash("fine"));
  EXPECT_EQ(outcome.level, Level::kDeny);
  EXPECT_EQ(outcome.hook, "Permission");
}

TEST_F(SessionHooks, AskWithAChangeIsAskedAboutTheChange) {
  before_program("Bash", R"(echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse",)"
                         R"("permissionDecision":"ask","updatedInput":{"command":"ls -a"}}}')");
  const auto outcome = judge(bash("ls"));
  EXPECT_EQ(outcome.level, Level::kAsk);
  EXPECT_EQ(json::get_string(outcome.call.arguments, "command"), "ls -a");
}

TEST_F(SessionHooks, WhatFailsDeniesAndIsTold) {
  before_program("Bash", "echo broken >&2; exit 1");
  const auto outcome = judge(bash("ls"));
  EXPECT_EQ(outcome.level, Level::kDeny);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_TRUE(text::contains(told_[0], "code 1: broken")) << told_[0];
  set(R"({"PreToolUse":[{"hooks":[{"command":"sleep 60","timeout":0.2}]}]})");
  EXPECT_EQ(judge(bash("ls")).level, Level::kDeny);
  set(R"({"PreToolUse":[{"hooks":[{"command":"./no/such/program","args":[]}]}]})");
  EXPECT_EQ(judge(bash("ls")).level, Level::kDeny);
  set(R"({"PreToolUse":[{"hooks":[{"command":"exit 1","onFailure":"allow"}]}]})");
  EXPECT_EQ(judge(bash("ls")).level, Level::kAllow);
}

TEST_F(SessionHooks, OthersGoOnWhenTheyFail) {
  set(R"({"PostToolUse":[{"hooks":[{"command":"exit 1"}]}],
          "UserPromptSubmit":[{"hooks":[{"command":"exit 3"}]}],
          "Stop":[{"hooks":[{"command":"exit 9"}]}]})");
  EXPECT_FALSE(runtime_.run(registry_->chat_message(context(), "hello")).intercepted);
  const ToolCall call = bash("ls");
  const auto after = runtime_.run(registry_->after_tool(context(), call, ToolResult::text("fine")));
  EXPECT_EQ(after.result.joined_text(), "fine");
  const auto done = runtime_.run(registry_->assistant_done(context(), "done"));
  EXPECT_EQ(done.verdict.action, hooks::DoneVerdict::Action::kContinue);
  EXPECT_EQ(told_.size(), 3U);
}

TEST_F(SessionHooks, AllThatFitRunAtOnceAndEachOnce) {
  set(R"({"PreToolUse":[
    {"matcher":"Bash","hooks":[{"command":"echo x >> a; while [ ! -e b ]; do sleep 0.05; done"},
                               {"command":"echo y > b"}]},
    {"matcher":"*","hooks":[{"command":"echo y > b"},
                            {"command":"echo x >> a; while [ ! -e b ]; do sleep 0.05; done"}]},
    {"matcher":"Write","hooks":[{"command":"touch never"}]}]})");
  EXPECT_EQ(judge(bash("ls")).level, Level::kAllow);
  EXPECT_EQ(lines("a"), 1);
  EXPECT_FALSE(os::exists(dir_ / "never"));
}

TEST_F(SessionHooks, IfIsARuleForTheCall) {
  set(R"({"PreToolUse":[{"hooks":[{"command":"exit 2","if":"git push"}]}]})");
  EXPECT_EQ(judge(bash("git push")).level, Level::kDeny);
  EXPECT_EQ(judge(bash("git pull")).level, Level::kAllow);
}

TEST_F(SessionHooks, PromptsAreBlockedOrGetContext) {
  set(R"({"UserPromptSubmit":[{"hooks":[{"command":"grep -q password && { echo 'no s3cret' >&2; exit 2; }; echo Friday"}]}]})");
  const auto refused = runtime_.run(registry_->chat_message(context(), "my password is x"));
  EXPECT_TRUE(refused.intercepted && refused.refused);
  EXPECT_EQ(refused.text, "no [gone]");
  const auto passed = runtime_.run(registry_->chat_message(context(), "hello"));
  EXPECT_FALSE(passed.intercepted);
  ASSERT_EQ(passed.context.size(), 1U);
  EXPECT_EQ(passed.context[0], "Friday");
  EXPECT_EQ(passed.text, "hello");
}

TEST_F(SessionHooks, AStopHookLetsItGoOnAndKnowsThatItDid) {
  set(R"({"Stop":[{"hooks":[{"command":"grep -q '\"stop_hook_active\":true' && exit 0; echo 'run the tests' >&2; exit 2"}]}]})");
  const auto first = runtime_.run(registry_->assistant_done(context(), "done"));
  EXPECT_EQ(first.verdict.action, hooks::DoneVerdict::Action::kInject);
  ASSERT_EQ(first.verdict.prompts.size(), 1U);
  EXPECT_EQ(first.verdict.prompts[0], "run the tests");
  const auto second = runtime_.run(registry_->assistant_done(context(), "done"));
  EXPECT_EQ(second.verdict.action, hooks::DoneVerdict::Action::kContinue);
  hooks::Context side = context();
  side.delegated = true;
  const auto other = runtime_.run(registry_->assistant_done(side, "done"));
  EXPECT_EQ(other.verdict.action, hooks::DoneVerdict::Action::kContinue) << "SubagentStop";
}

TEST_F(SessionHooks, ResultsAreCommentedOrReplaced) {
  set(R"({"PostToolUse":[{"matcher":"Bash","hooks":[
    {"command":"cat > seen.json; echo '{\"decision\":\"block\",\"reason\":\"lint fails s3cret\"}'"}]},
    {"matcher":"Read","hooks":[{"command":"echo '{\"hookSpecificOutput\":{\"hookEventName\":\"PostToolUse\",\"updatedToolOutput\":\"s3cret but new\"}}'"}]}],
    "PostToolUseFailure":[{"hooks":[{"command":"cat > failed.json"}]}]})");
  ToolCall call = bash("ls");
  auto after = runtime_.run(registry_->after_tool(context(), call, ToolResult::text("a\nb")));
  EXPECT_EQ(after.result.joined_text(), "a\nb");
  ASSERT_EQ(after.inject.size(), 1U);
  EXPECT_EQ(after.inject[0], "lint fails [gone]");
  const json::Value told(seen());
  EXPECT_EQ(json::get_string(*json::find(told, "tool_response"), "stdout"), "a\nb");
  runtime_.run(registry_->after_tool(context(), call, ToolResult::text("exit 1", true)));
  EXPECT_EQ(json::get_string(seen("failed.json"), "error"), "exit 1");
  call.tool = "read_file";
  call.arguments = {{"path", "a.txt"}};
  after = runtime_.run(registry_->after_tool(context(), call, ToolResult::text("old")));
  EXPECT_EQ(after.result.joined_text(), "[gone] but new");
}

TEST_F(SessionHooks, AStopHookThatNeverLetsItEndIsOverruled) {
  set(R"({"Stop":[{"hooks":[{"command":"echo more >&2; exit 2"}]}]})");
  for (int i = 0; i < 8; ++i) {
    const auto one = runtime_.run(registry_->assistant_done(context(), "done"));
    ASSERT_EQ(one.verdict.action, hooks::DoneVerdict::Action::kInject) << i;
  }
  const auto last = runtime_.run(registry_->assistant_done(context(), "done"));
  EXPECT_EQ(last.verdict.action, hooks::DoneVerdict::Action::kContinue);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_TRUE(text::contains(told_[0], "8 times in a row")) << told_[0];
}

TEST_F(SessionHooks, WhatIsNoProgramIsAskedElsewhere) {
  set(R"({"PreToolUse":[{"hooks":[{"type":"prompt","prompt":"fine?","continueOnBlock":true}]}]})");
  EXPECT_EQ(judge(bash("ls")).level, Level::kDeny) << "nobody to ask";
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_TRUE(text::contains(told_[0], "cannot be asked here")) << told_[0];
}

TEST_F(SessionHooks, ContinueFalseStopsTheRun) {
  before_program("Bash", R"(echo '{"continue":false,"stopReason":"build is broken"}')");
  const auto outcome = judge(bash("ls"));
  EXPECT_EQ(outcome.level, Level::kDeny);
  EXPECT_EQ(registry_->stop_wanted("ses_1"), "build is broken");
  EXPECT_FALSE(registry_->stop_wanted("ses_2"));
  runtime_.run(registry_->chat_message(context(), "again"));
  EXPECT_FALSE(registry_->stop_wanted("ses_1"));
}

TEST_F(SessionHooks, EventsAroundASession) {
  set(R"({"SessionStart":[{"matcher":"startup","hooks":[{"command":"echo branch main"}]}],
          "PreCompact":[{"matcher":"auto","hooks":[{"command":"exit 2"}]}],
          "PermissionRequest":[{"matcher":"Bash","hooks":[{"command":"echo '{\"hookSpecificOutput\":{\"hookEventName\":\"PermissionRequest\",\"decision\":{\"behavior\":\"deny\",\"message\":\"never\"}}}'"}]}],
          "Notification":[{"hooks":[{"command":"cat > seen.json"}]}]})");
  using Kind = hooks::SessionEvent::Kind;
  const auto send = [&](hooks::SessionEvent event) {
    return runtime_.run(registry_->session_event(context(), std::move(event)));
  };
  EXPECT_EQ(send({Kind::kStart, "startup"}).context, std::vector<std::string>{"branch main"});
  EXPECT_TRUE(send({Kind::kStart, "resume"}).context.empty());
  EXPECT_TRUE(send({Kind::kBeforeCompact, "auto"}).block);
  EXPECT_FALSE(send({Kind::kBeforeCompact, "manual"}).block);
  const ToolCall call = bash("ls");
  hooks::SessionEvent request{Kind::kPermissionRequest};
  request.call = &call;
  EXPECT_EQ(send(request).reason, "never");
  EXPECT_FALSE(send({Kind::kNotification, "permission_prompt", "may I?"}).block);
  EXPECT_EQ(json::get_string(seen(), "message"), "may I?");
  EXPECT_EQ(json::get_string(seen(), "notification_type"), "permission_prompt");
}

TEST_F(SessionHooks, BackgroundProgramsHoldNothingUp) {
  set(R"({"PreToolUse":[{"hooks":[{"command":"echo x > started; sleep 30; exit 2","async":true}]}]})");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(judge(bash("ls")).level, Level::kAllow);
  runtime_.run(runner_->close());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(25));
}

TEST_F(SessionHooks, AProjectsProgramCannotChangeWhatIsProtected) {
  std::filesystem::create_directory(dir_ / ".claude");
  before_program("Bash", "echo x > .claude/settings.json; echo y > free; exit 0");
  EXPECT_EQ(judge(bash("ls")).level, Level::kAllow);
  EXPECT_FALSE(os::exists(dir_ / ".claude/settings.json"));
  EXPECT_TRUE(os::exists(dir_ / "free"));
}

TEST_F(SessionHooks, AProgramThatWasChangedMeanwhileIsNotRun) {
  dir_.write("check.sh", "exit 0");
  before_program("Bash", "bash ./check.sh");
  EXPECT_EQ(judge(bash("ls")).level, Level::kAllow);
  dir_.write("check.sh", "touch ran; exit 0");
  const auto outcome = judge(bash("ls"));
  EXPECT_EQ(outcome.level, Level::kDeny);
  EXPECT_TRUE(text::contains(outcome.reason, "oap trust")) << outcome.reason;
  EXPECT_FALSE(os::exists(dir_ / "ran"));
  dir_.write("check.sh", "exit 0");
  EXPECT_EQ(judge(bash("ls")).level, Level::kAllow);
}

TEST_F(SessionHooks, WithoutHandlersNothingIsRegistered) {
  set(R"({"Setup":[{"hooks":[{"command":"x"}]}]})");
  EXPECT_EQ(registry_->list().size(), 1U);
}

// ---------------------------------------------------------------------------------------------

ToolCall call_of(std::string tool, json::Object arguments) {
  ToolCall call;
  call.server = kBuiltinServer;
  call.tool = std::move(tool);
  call.arguments = std::move(arguments);
  return call;
}

std::string shown_text(const ToolCall& call) {
  const ShownCall shown = shown_call(call, "/w");
  return shown.tool + " " + json::print(json::Value(shown.input));
}

TEST(ToolWords, CallsInClaudeCodesShape) {
  EXPECT_EQ(shown_text(call_of("bash", {{"command", "ls"}, {"timeout", 5}})),
            R"(Bash {"command":"ls","timeout":5000})");
  EXPECT_EQ(shown_text(call_of("run_command", {{"command", "ls"}})), R"(Bash {"command":"ls"})");
  EXPECT_EQ(shown_text(call_of("python", {{"code", "print('x')"}})),
            R"(Bash {"command":"python3 -c 'print('\\''x'\\'')'"})");
  EXPECT_EQ(shown_text(call_of("read_file", {{"path", "a/b"}, {"offset", 2}})),
            R"(Read {"file_path":"/w/a/b","offset":2})");
  EXPECT_EQ(shown_text(call_of("write_file", {{"path", "/w/a"}, {"content", "x"}})),
            R"(Write {"file_path":"/w/a","content":"x"})");
  EXPECT_EQ(shown_text(call_of(
                "edit_file",
                {{"path", "a"}, {"old_string", "x"}, {"new_string", "y"}, {"replace_all", true}})),
            R"(Edit {"file_path":"/w/a","old_string":"x","new_string":"y","replace_all":true})");
  EXPECT_EQ(shown_text(call_of("glob", {{"pattern", "*.c"}})), R"(Glob {"pattern":"*.c"})");
  EXPECT_EQ(shown_text(call_of("grep", {{"pattern", "x"}, {"path", "."}, {"ignore_case", true}})),
            R"(Grep {"pattern":"x","path":"/w","-i":true})");
  EXPECT_EQ(shown_text(call_of("skill", {{"name", "pdf"}, {"arguments", "x"}})),
            R"(Skill {"skill":"pdf","args":"x"})");
  EXPECT_EQ(shown_text(call_of("delegate_task", {{"prompt", "x"}})), R"(Agent {"prompt":"x"})");
  ToolCall remote = call_of("get_issue", {{"n", 1}});
  remote.server = "github";
  EXPECT_EQ(shown_text(remote), R"(mcp__github__get_issue {"n":1})");
}

TEST(ToolWords, ChangesComeBackInOurs) {
  const auto changed = [](const ToolCall& call, json::Object updated) {
    const auto made = changed_arguments(call, shown_call(call, "/w"), updated);
    return made ? json::print(json::Value(*made)) : "error";
  };
  const ToolCall bash = call_of("bash", {{"command", "ls"}, {"timeout", 5}});
  EXPECT_EQ(changed(bash, {{"command", "ls"}, {"timeout", 5000}}),
            R"({"command":"ls","timeout":5})");
  EXPECT_EQ(changed(bash, {{"command", "ls -a"}, {"timeout", 1500}, {"description", "x"}}),
            R"({"command":"ls -a","timeout":2})");
  EXPECT_EQ(changed(bash, {{"command", "ls"}, {"evil", 1}}), "error");
  const ToolCall read = call_of("read_file", {{"path", "a"}});
  EXPECT_EQ(changed(read, {{"file_path", "/w/a"}}), R"({"path":"a"})");
  EXPECT_EQ(changed(read, {{"file_path", "/w/b"}, {"limit", 3}}), R"({"path":"/w/b","limit":3})");
  const ToolCall python = call_of("python", {{"code", "1"}});
  EXPECT_EQ(changed(python, {{"command", "python3 -c '1'"}}), R"({"code":"1"})");
  EXPECT_EQ(changed(python, {{"command", "rm x"}}), "error");
  EXPECT_EQ(changed(python, {}), "error");
  ToolCall remote = call_of("t", {{"a", 1}});
  remote.server = "s";
  EXPECT_EQ(changed(remote, {{"b", 2}}), R"({"b":2})");
}

}  // namespace
}  // namespace oap::programs
