#include "gateway/hooks/guards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"

namespace oap::gateway {
namespace {

using Action = hooks::BeforeVerdict::Action;

const security::SecretScanner& secrets() {
  static const security::SecretScanner kScanner({}, "key");
  return kScanner;
}

constexpr std::string_view kCalmIsAllowed =
    "permissions:\n"
    "  - {tool: bash, level: allow, condition: 'risk_score < 0.3'}\n"
    "  - {tool: write_file, level: allow, condition: 'risk_score < 0.3'}\n"
    "  - {pattern: '**/*', action: write, level: allow, condition: 'risk_score < 0.3'}\n"
    "  - {tool: bash, action: execute, pattern: '*', level: allow, condition: 'risk_score < "
    "0.3'}\n";

struct House {
  std::shared_ptr<const permission::Policy> rules;
  permission::Engine engine;
  security::SecurityPolicy security;
  std::shared_ptr<SharedVerdicts> verdicts = std::make_shared<SharedVerdicts>(security);
  async::Runtime runtime;

  explicit House(security::PolicyOptions options)
      : rules(*permission::Policy::compile(
            {{permission::Tier::kUser, "p.yaml", std::string(kCalmIsAllowed)}},
            {.workspace = "/tmp"})),
        engine(rules),
        security(std::move(options), secrets()) {}

  Action judge(const ToolCall& call) {
    PermissionHook hook(engine, verdicts);
    hooks::Context context;
    context.workspace = "/tmp";
    return runtime.run(hook.before(context, call))->action;
  }
};

ToolCall call_of(std::string tool, json::Object arguments) {
  ToolCall call;
  call.id = "call_1";
  call.server = std::string(kBuiltinServer);
  call.tool = std::move(tool);
  call.arguments = std::move(arguments);
  return call;
}

ToolCall bash(std::string_view command) { return call_of("bash", {{"command", command}}); }
ToolCall write(std::string_view path, std::string_view content) {
  return call_of("write_file", {{"path", path}, {"content", content}});
}

TEST(Guards, ConditionsKnowTheRiskOfWhatWasLookedAt) {
  House house({});
  EXPECT_EQ(house.judge(bash("ls")), Action::kAllow);
  EXPECT_EQ(house.judge(bash("eval \"$x\"")), Action::kAsk);
  EXPECT_EQ(house.judge(write("a.py", "print(1)\n")), Action::kAllow);
  EXPECT_EQ(house.judge(write("a.md", "eval(x)\n")), Action::kAllow);
}

/// What nobody looked at is not harmless.
TEST(Guards, AnUnknownRiskHoldsNoCondition) {
  security::PolicyOptions off;
  off.enabled = false;
  House house(off);
  EXPECT_EQ(house.judge(bash("ls")), Action::kAsk);
  House looking({});
  EXPECT_EQ(looking.judge(write("a.rb", "system(x)\n")), Action::kAsk);
  EXPECT_EQ(looking.judge(write("Makefile", "all:\n\trm -rf /\n")), Action::kAsk);
  EXPECT_EQ(looking.judge(write("package.json", "{}")), Action::kAsk);
  EXPECT_EQ(looking.judge(bash(std::string(70'000, ';'))), Action::kBlock);
}

TEST(Guards, WithoutAScannerNoRiskIsKnown) {
  House house({});
  PermissionHook hook(house.engine);
  const hooks::Context context;
  EXPECT_EQ(house.runtime.run(hook.before(context, bash("ls")))->action, Action::kAsk);
}

TEST(SharedVerdicts, OneCallIsJudgedOnce) {
  House house({});
  const auto first = house.verdicts->of(bash("eval \"$x\""));
  EXPECT_EQ(house.verdicts->of(bash("eval \"$x\"")), first);
  EXPECT_EQ(first->level, Level::kAsk);
}

TEST(SharedVerdicts, AnyOtherCallIsJudgedForItself) {
  House house({});
  const auto first = house.verdicts->of(bash("eval \"$x\""));
  EXPECT_NE(house.verdicts->of(bash("ls")), first);
  ToolCall other = bash("eval \"$x\"");
  other.origin = Origin::kHost;
  EXPECT_NE(house.verdicts->of(other), first);
  other = bash("eval \"$x\"");
  other.tool = "run_command";
  EXPECT_NE(house.verdicts->of(other), first);
  other = bash("eval \"$x\"");
  other.id = "call_2";
  EXPECT_NE(house.verdicts->of(other), first);
}

TEST(SharedVerdicts, OldCallsAreForgotten) {
  House house({});
  const std::weak_ptr<const security::PolicyVerdict> first = house.verdicts->of(bash("ls"));
  for (int i = 0; i < 20; ++i) {
    house.verdicts->of(bash("ls " + std::to_string(i)));
  }
  EXPECT_TRUE(first.expired());
}

}  // namespace
}  // namespace oap::gateway
