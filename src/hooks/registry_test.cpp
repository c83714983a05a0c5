#include "hooks/registry.hpp"

#include <functional>
#include <stdexcept>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"

namespace oap::hooks {
namespace {

using Action = BeforeVerdict::Action;
using testing::ElementsAre;

BeforeVerdict verdict(Action action, std::string reason = "") {
  BeforeVerdict out;
  out.action = action;
  out.rule = "rule";
  out.reason = std::move(reason);
  return out;
}

class FakeBefore final : public BeforeToolHook {
 public:
  using Body = std::function<Result<BeforeVerdict>(const ToolCall&)>;
  FakeBefore(std::string name, std::vector<std::string>& order, Body body)
      : name_(std::move(name)), order_(order), body_(std::move(body)) {}
  std::string_view name() const override { return name_; }
  Task<Result<BeforeVerdict>> before(const Context& /*context*/, const ToolCall& call) override {
    order_.push_back(name_);
    co_return body_(call);
  }

 private:
  std::string name_;
  std::vector<std::string>& order_;
  Body body_;
};

class RegistryTest : public testing::Test {
 protected:
  void guard(std::string name, int priority, FakeBefore::Body body,
             FailurePolicy policy = FailurePolicy::kGuard) {
    registry_.add(std::make_unique<FakeBefore>(std::move(name), order_, std::move(body)),
                  {priority, policy, Millis(2'000)});
  }
  BeforeOutcome judge(json::Object arguments = {}) {
    ToolCall call;
    call.tool = "bash";
    call.arguments = std::move(arguments);
    return runtime_.run(registry_.before_tool(Context{}, std::move(call)));
  }

  async::Runtime runtime_;
  Registry registry_;
  std::vector<std::string> order_;
};

TEST_F(RegistryTest, RunsByPriorityThenName) {
  const auto allow = [](const ToolCall&) { return BeforeVerdict::allow(); };
  guard("c", 20, allow);
  guard("b", 10, allow);
  guard("a", 20, allow);
  EXPECT_EQ(judge().level, Level::kAllow);
  EXPECT_THAT(order_, ElementsAre("b", "a", "c"));
}

TEST_F(RegistryTest, DenyBeatsAskAndEndsThePoint) {
  guard("asks", 1, [](const ToolCall&) { return verdict(Action::kAsk, "why"); });
  guard("denies", 2, [](const ToolCall&) { return verdict(Action::kBlock, "no"); });
  guard("late", 3, [](const ToolCall&) { return BeforeVerdict::allow(); });
  const BeforeOutcome outcome = judge();
  EXPECT_EQ(outcome.level, Level::kDeny);
  EXPECT_EQ(outcome.hook, "denies");
  EXPECT_EQ(outcome.reason, "no");
  EXPECT_THAT(order_, ElementsAre("asks", "denies"));
}

TEST_F(RegistryTest, AskIsKeptWhenLaterHooksAllow) {
  guard("asks", 1, [](const ToolCall&) { return verdict(Action::kAsk, "why"); });
  guard("allows", 2, [](const ToolCall&) { return BeforeVerdict::allow(); });
  EXPECT_EQ(judge().level, Level::kAsk);
}

TEST_F(RegistryTest, AModifiedCallIsJudgedAgainFromTheFirstGuard) {
  guard("guard", 1, [](const ToolCall& call) {
    const bool bad = call.arguments.contains("bad");
    return verdict(bad ? Action::kBlock : Action::kAllow, "bad argument");
  });
  guard("rewriter", 2, [](const ToolCall& /*call*/) {
    BeforeVerdict out = verdict(Action::kModify);
    out.arguments = json::Object{{"bad", true}};
    return out;
  });
  const BeforeOutcome outcome = judge();
  EXPECT_EQ(outcome.level, Level::kDeny);
  EXPECT_EQ(outcome.reason, "bad argument");
  EXPECT_THAT(order_, ElementsAre("guard", "rewriter", "guard"));
}

TEST_F(RegistryTest, EndlessRewritingIsADenial) {
  guard("rewriter", 1, [](const ToolCall& call) {
    BeforeVerdict out = verdict(Action::kModify);
    out.arguments["n"] = json::get_int(json::Value(call.arguments), "n") + 1;
    return out;
  });
  EXPECT_EQ(judge().level, Level::kDeny);
}

TEST_F(RegistryTest, AnEmptyObjectIsAModificationToo) {
  guard("clears", 1, [](const ToolCall& /*call*/) { return verdict(Action::kModify); });
  const BeforeOutcome outcome = judge(json::Object{{"x", 1}});
  EXPECT_EQ(outcome.level, Level::kAllow);
  EXPECT_TRUE(outcome.call.arguments.empty());
}

TEST_F(RegistryTest, AGuardThatFailsOrThrowsDenies) {
  guard("fails", 1, [](const ToolCall&) -> Result<BeforeVerdict> {
    return fail(Code::kInternal, "disk on fire");
  });
  EXPECT_EQ(judge().level, Level::kDeny);
  EXPECT_THAT(judge().reason, testing::HasSubstr("disk on fire"));
}

TEST_F(RegistryTest, AThrowingGuardDenies) {
  guard("throws", 1,
        [](const ToolCall&) -> Result<BeforeVerdict> { throw std::runtime_error("boom"); });
  EXPECT_EQ(judge().level, Level::kDeny);
}

TEST_F(RegistryTest, AnObserverThatFailsIsOnlyNoted) {
  guard(
      "fails", 1,
      [](const ToolCall&) -> Result<BeforeVerdict> { return fail(Code::kInternal, "x"); },
      FailurePolicy::kObserver);
  const BeforeOutcome outcome = judge();
  EXPECT_EQ(outcome.level, Level::kAllow);
  ASSERT_EQ(outcome.trail.size(), 1U);
  EXPECT_EQ(outcome.trail[0].action, "error");
}

class HangingGuard final : public BeforeToolHook {
 public:
  std::string_view name() const override { return "hangs"; }
  Task<Result<BeforeVerdict>> before(const Context& /*context*/,
                                     const ToolCall& /*call*/) override {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_after(std::chrono::hours(1));
    co_await timer.async_wait(boost::asio::use_awaitable);
    co_return BeforeVerdict::allow();
  }
};

TEST_F(RegistryTest, AGuardThatHangsDenies) {
  registry_.add(std::make_unique<HangingGuard>(), {1, FailurePolicy::kGuard, Millis(20)});
  EXPECT_EQ(judge().level, Level::kDeny);
}

class FakeAfter final : public AfterToolHook {
 public:
  explicit FakeAfter(Result<AfterVerdict> answer) : answer_(std::move(answer)) {}
  std::string_view name() const override { return "after"; }
  Task<Result<AfterVerdict>> after(const Context& /*context*/, const ToolCall& /*call*/,
                                   const ToolResult& /*result*/) override {
    co_return answer_;
  }

 private:
  Result<AfterVerdict> answer_;
};

TEST_F(RegistryTest, AFailedGuardWithholdsTheResult) {
  registry_.add(std::make_unique<FakeAfter>(fail(Code::kInternal, "scanner broke")),
                {1, FailurePolicy::kGuard});
  const AfterOutcome outcome =
      runtime_.run(registry_.after_tool(Context{}, ToolCall{}, ToolResult::text("top secret")));
  EXPECT_TRUE(outcome.withheld);
  EXPECT_TRUE(outcome.result.is_error);
  EXPECT_THAT(outcome.result.joined_text(), testing::Not(testing::HasSubstr("top secret")));
}

TEST_F(RegistryTest, AnEmptyReplacementCounts) {
  AfterVerdict empty;
  empty.replacement = ToolResult{};
  registry_.add(std::make_unique<FakeAfter>(empty), {});
  const AfterOutcome outcome =
      runtime_.run(registry_.after_tool(Context{}, ToolCall{}, ToolResult::text("old")));
  EXPECT_EQ(outcome.result.joined_text(), "");
}

class FakeDone final : public DoneHook {
 public:
  FakeDone(std::string name, DoneVerdict::Action action, bool always, int& runs)
      : name_(std::move(name)), action_(action), always_(always), runs_(runs) {}
  std::string_view name() const override { return name_; }
  bool always_runs() const override { return always_; }
  Task<Result<DoneVerdict>> done(const Context& /*context*/, std::string /*text*/) override {
    ++runs_;
    DoneVerdict out;
    out.action = action_;
    co_return out;
  }

 private:
  std::string name_;
  DoneVerdict::Action action_;
  bool always_;
  int& runs_;
};

TEST_F(RegistryTest, TheFirstVoteEndsDoneButHooksThatAlwaysRunStillRun) {
  int sanity = 0;
  int mission = 0;
  int resource = 0;
  using Vote = DoneVerdict::Action;
  registry_.add(std::make_unique<FakeDone>("a", Vote::kInject, false, sanity), {1});
  registry_.add(std::make_unique<FakeDone>("b", Vote::kStop, false, mission), {2});
  registry_.add(std::make_unique<FakeDone>("c", Vote::kStop, true, resource), {3});
  const DoneOutcome outcome = runtime_.run(registry_.assistant_done(Context{}, "text"));
  EXPECT_EQ(outcome.verdict.action, Vote::kInject);
  EXPECT_EQ(outcome.hook, "a");
  EXPECT_EQ(sanity, 1);
  EXPECT_EQ(mission, 0);
  EXPECT_EQ(resource, 1);
}

class FakeChat final : public ChatHook {
 public:
  FakeChat(std::string name, ChatVerdict answer) : name_(std::move(name)), answer_(answer) {}
  std::string_view name() const override { return name_; }
  Task<Result<ChatVerdict>> on_message(const Context& /*context*/, std::string text) override {
    ChatVerdict out = answer_;
    out.text += text;
    co_return out;
  }

 private:
  std::string name_;
  ChatVerdict answer_;
};

TEST_F(RegistryTest, ChatModificationsChainAndTheFirstInterceptEnds) {
  using Act = ChatVerdict::Action;
  registry_.add(std::make_unique<FakeChat>("one", ChatVerdict{Act::kModify, "1"}), {1});
  registry_.add(std::make_unique<FakeChat>("two", ChatVerdict{Act::kIntercept, "2"}), {2});
  registry_.add(std::make_unique<FakeChat>("three", ChatVerdict{Act::kModify, "3"}), {3});
  const ChatOutcome outcome = runtime_.run(registry_.chat_message(Context{}, "x"));
  EXPECT_TRUE(outcome.intercepted);
  EXPECT_EQ(outcome.text, "21x");
}

class FakeEvent final : public EventHook {
 public:
  explicit FakeEvent(Result<EventVerdict> answer) : answer_(std::move(answer)) {}
  std::string_view name() const override { return "event"; }
  Task<Result<EventVerdict>> on_event(const Context& /*context*/, SessionEvent /*event*/) override {
    co_return answer_;
  }

 private:
  Result<EventVerdict> answer_;
};

TEST_F(RegistryTest, EveryEventHookIsToldAndAnyBlockCounts) {
  const auto add = [this](Result<EventVerdict> answer, FailurePolicy policy) {
    registry_.add(std::make_unique<FakeEvent>(std::move(answer)), {10, policy, Millis(2'000)});
  };
  const auto tell = [this] {
    return runtime_.run(
        registry_.session_event(Context{}, {SessionEvent::Kind::kStart, "startup"}));
  };
  EXPECT_FALSE(tell().block);
  add(EventVerdict{false, "", {"one"}}, FailurePolicy::kGuard);
  add(fail(Code::kInternal, "lost"), FailurePolicy::kObserver);
  add(EventVerdict{true, "not now", {"two"}}, FailurePolicy::kGuard);
  const EventVerdict all = tell();
  EXPECT_TRUE(all.block);
  EXPECT_EQ(all.reason, "not now");
  EXPECT_THAT(all.context, ElementsAre("one", "two"));
}

TEST_F(RegistryTest, AnEventGuardThatFailsBlocks) {
  registry_.add(std::make_unique<FakeEvent>(fail(Code::kInternal, "lost")),
                {10, FailurePolicy::kGuard, Millis(2'000)});
  EXPECT_TRUE(runtime_.run(registry_.session_event(Context{}, {})).block);
}

TEST_F(RegistryTest, AStopIsKnownUntilTheNextMessageOfItsSession) {
  guard("stopper", 10, [](const ToolCall&) {
    BeforeVerdict out = verdict(Action::kBlock);
    out.stop = "enough";
    return out;
  });
  Context context;
  context.session_id = "ses_1";
  runtime_.run(registry_.before_tool(context, ToolCall{}));
  EXPECT_EQ(registry_.stop_wanted("ses_1"), "enough");
  EXPECT_FALSE(registry_.stop_wanted("ses_2"));
  runtime_.run(registry_.chat_message(context, "go on"));
  EXPECT_FALSE(registry_.stop_wanted("ses_1"));
  runtime_.run(registry_.before_tool(Context{}, ToolCall{}));
  EXPECT_FALSE(registry_.stop_wanted(""));
}

TEST_F(RegistryTest, TextsForTheModelAreOfTheLastRoundAlone) {
  guard("speaker", 10, [](const ToolCall& call) {
    BeforeVerdict out = verdict(Action::kAllow);
    out.inject = {"saw " + std::to_string(call.arguments.size())};
    return out;
  });
  guard("changer", 20, [](const ToolCall&) {
    BeforeVerdict out = verdict(Action::kModify);
    out.arguments = {{"a", 1}};
    return out;
  });
  EXPECT_THAT(judge().inject, ElementsAre("saw 1"));
}

}  // namespace
}  // namespace oap::hooks
