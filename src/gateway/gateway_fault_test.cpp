#include <deque>
#include <functional>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "async/sleep.hpp"
#include "gateway/gateway.hpp"
#include "gateway/testing/endpoint_house.hpp"

namespace oap::gateway {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;

class FakeUpstream final : public testing::QuietUpstream {
 public:
  std::string_view name() const override { return "files"; }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline /*deadline*/) override {
    ++listed;
    if (list_error) {
      co_return fail(*list_error);
    }
    ToolSpec spec;
    spec.server = "files";
    spec.name = tool_name;
    spec.input_schema =
        json::Object{{"type", "object"},
                     {"properties", json::Object{{"path", json::Object{{"type", "string"}}}}},
                     {"required", json::Array{"path"}}};
    spec.definition = {{"name", tool_name}, {"inputSchema", spec.input_schema}};
    std::vector<ToolSpec> tools;
    tools.push_back(std::move(spec));
    co_return tools;
  }
  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions /*options*/) override {
    calls.push_back(call);
    if (on_call) {
      auto result = on_call(call);
      if (!result) {
        co_return mcp::failed(std::move(result).error());
      }
      co_return *std::move(result);
    }
    if (hang) {
      co_await async::sleep_for(std::chrono::hours(1));
    }
    co_return ToolResult::text("touched");
  }

  std::string tool_name = "touch";
  int listed = 0;
  bool hang = false;
  std::optional<Error> list_error;
  std::function<Result<ToolResult>(const ToolCall&)> on_call;
  std::vector<ToolCall> calls;
};

class FakeAudit final : public AuditSink {
 public:
  Task<Result<void>> append(audit::Event event, audit::Durability durability) override {
    durabilities.push_back(durability);
    co_return append_now(std::move(event));
  }
  Result<void> append_now(audit::Event event) override {
    ++appends;
    if (fail_at == appends) {
      return fail(Code::kResourceExhausted, "no space left on device");
    }
    events.push_back(std::move(event));
    return {};
  }
  std::vector<audit::Durability> durabilities;
  int appends = 0;
  int fail_at = 0;
  std::vector<audit::Event> events;
};

class FakeApprover final : public approval::Approver {
 public:
  Task<Result<approval::Answer>> ask(approval::Request request) override {
    asked.push_back(request);
    if (on_ask) {
      on_ask();
      co_await async::sleep_for(Millis(1));
    }
    if (throws) {
      throw std::runtime_error("terminal gone");
    }
    if (hang) {
      co_await async::sleep_for(std::chrono::hours(1));
    }
    co_return answer;
  }
  std::function<void()> on_ask;
  bool throws = false;
  bool hang = false;
  Result<approval::Answer> answer = approval::Answer{true, "test", "", false};
  std::vector<approval::Request> asked;
};

class FakeGuard final : public hooks::BeforeToolHook {
 public:
  explicit FakeGuard(std::function<Result<hooks::BeforeVerdict>(const ToolCall&)> body)
      : body_(std::move(body)) {}
  std::string_view name() const override { return "guard"; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& /*context*/,
                                            const ToolCall& call) override {
    co_return body_(call);
  }

 private:
  std::function<Result<hooks::BeforeVerdict>(const ToolCall&)> body_;
};

class FakeScanner final : public hooks::AfterToolHook {
 public:
  explicit FakeScanner(Result<hooks::AfterVerdict> answer) : answer_(std::move(answer)) {}
  std::string_view name() const override { return "scanner"; }
  Task<Result<hooks::AfterVerdict>> after(const hooks::Context& /*context*/,
                                          const ToolCall& /*call*/,
                                          const ToolResult& /*result*/) override {
    co_return answer_;
  }

 private:
  Result<hooks::AfterVerdict> answer_;
};

hooks::BeforeVerdict verdict(hooks::BeforeVerdict::Action action) {
  hooks::BeforeVerdict out;
  out.action = action;
  out.rule = "rules.yaml:7";
  out.reason = "because";
  return out;
}

class GatewayFaultTest : public ::testing::Test {
 protected:
  GatewayFaultTest() {
    auto upstream = std::make_unique<FakeUpstream>();
    upstream_ = upstream.get();
    upstreams_.add(std::move(upstream));
    catalog_ = std::make_unique<Catalog>(runtime_.executor(), upstreams_, std::vector<ToolSpec>{},
                                         CatalogOptions{}, nullptr);
  }
  ~GatewayFaultTest() override { runtime_.run(catalog_->close()); }
  void guard(std::function<Result<hooks::BeforeVerdict>(const ToolCall&)> body) {
    hooks_.add(std::make_unique<FakeGuard>(std::move(body)),
               {10, hooks::FailurePolicy::kGuard, Millis(1'000)});
  }
  void guard_asks() {
    guard([](const ToolCall&) { return verdict(hooks::BeforeVerdict::Action::kAsk); });
  }
  ToolOutcome invoke(json::Object arguments = {{"path", "a"}}, std::string tool = "touch",
                     std::string server = "files") {
    Gateway gateway({hooks_, approver_, audit_, redactor_, upstreams_, *catalog_, system_clock(),
                     "/work", Millis(2'000), Millis(50)});
    ToolCall call;
    call.server = std::move(server);
    call.tool = std::move(tool);
    call.arguments = std::move(arguments);
    return runtime_.run(gateway.invoke(std::move(call)));
  }
  void expect_not_run_but_audited(const ToolOutcome& outcome) {
    EXPECT_TRUE(outcome.denial || outcome.error);
    EXPECT_FALSE(outcome.result);
    EXPECT_TRUE(upstream_->calls.empty());
    ASSERT_FALSE(audit_.events.empty());
    EXPECT_EQ(audit_.events.back().success, std::optional<bool>(false));
  }

  async::Runtime runtime_;
  hooks::Registry hooks_;
  FakeApprover approver_;
  FakeAudit audit_;
  testing::MaskingRedactor redactor_;
  UpstreamSet upstreams_;
  FakeUpstream* upstream_ = nullptr;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(GatewayFaultTest, AnAllowedCallRunsAndIsAuditedBeforeAndAfter) {
  const ToolOutcome outcome = invoke();
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.result->joined_text(), "touched");
  ASSERT_EQ(audit_.events.size(), 2U);
  EXPECT_EQ(audit_.events[0].event_type, "permission_check");
  EXPECT_EQ(audit_.events[0].permission_decision, "allow");
  EXPECT_EQ(audit_.events[1].event_type, "tool_execution");
  EXPECT_EQ(audit_.events[1].success, std::optional<bool>(true));
  EXPECT_EQ(audit_.events[0].call_id, audit_.events[1].call_id);
}

TEST_F(GatewayFaultTest, UnknownServerNamesTheNearest) {
  const ToolOutcome outcome = invoke({{"path", "a"}}, "touch", "flies");
  expect_not_run_but_audited(outcome);
  EXPECT_THAT(outcome.error->message(), HasSubstr("Unknown MCP server: flies"));
  EXPECT_THAT(outcome.error->message(), HasSubstr("files"));
}

TEST_F(GatewayFaultTest, UnknownToolNamesTheNearest) {
  const ToolOutcome outcome = invoke({{"path", "a"}}, "tuoch");
  expect_not_run_but_audited(outcome);
  EXPECT_THAT(outcome.error->message(), HasSubstr("touch"));
}

TEST_F(GatewayFaultTest, AToolCannotStandForARequest) {
  for (const char* tool : {"mcp:tools/call", "mcp:", "mcp:resources/read", "mcp:tools/list"}) {
    expect_not_run_but_audited(invoke({{"name", "touch"}}, tool));
  }
}

TEST_F(GatewayFaultTest, AServerThatCannotStartIsAnError) {
  upstream_->list_error = Error(Code::kUnavailable, "exited with code 1, saying hunter2\u200B");
  const ToolOutcome outcome = invoke();
  expect_not_run_but_audited(outcome);
  EXPECT_THAT(outcome.error->to_string(), ::testing::EndsWith("saying ***"));
}

TEST_F(GatewayFaultTest, ADeniedCallDoesNotEvenStartTheServer) {
  guard([](const ToolCall&) { return verdict(hooks::BeforeVerdict::Action::kBlock); });
  const ToolOutcome outcome = invoke();
  expect_not_run_but_audited(outcome);
  EXPECT_EQ(upstream_->listed, 0);
  EXPECT_EQ(outcome.denial->rule, "rules.yaml:7");
  EXPECT_EQ(audit_.events.back().permission_decision, "deny");
}

TEST_F(GatewayFaultTest, BadArgumentsAreAnErrorForTheModel) {
  const ToolOutcome outcome = invoke({{"path", 7}});
  expect_not_run_but_audited(outcome);
  EXPECT_EQ(outcome.error->audience(), Audience::kModel);
}

TEST_F(GatewayFaultTest, AGuardThatErrsDenies) {
  guard([](const ToolCall&) -> Result<hooks::BeforeVerdict> {
    return fail(Code::kInternal, "policy broke");
  });
  expect_not_run_but_audited(invoke());
}

TEST_F(GatewayFaultTest, AGuardThatThrowsDenies) {
  guard([](const ToolCall&) -> Result<hooks::BeforeVerdict> { throw std::runtime_error("boom"); });
  expect_not_run_but_audited(invoke());
}

TEST_F(GatewayFaultTest, NobodyToAskDenies) {
  guard_asks();
  approver_.answer = approval::Answer{false, "nobody", "", true};
  const ToolOutcome outcome = invoke();
  expect_not_run_but_audited(outcome);
  EXPECT_TRUE(outcome.denial->unanswered);
}

TEST_F(GatewayFaultTest, AToolThatWentWhileItWasApprovedIsNotRun) {
  ASSERT_TRUE(invoke().ok());
  upstream_->calls.clear();
  guard_asks();
  approver_.on_ask = [this] {
    upstream_->tool_name = "other";
    upstream_->list_changed(ListKind::kTools);
  };
  expect_not_run_but_audited(invoke());
}

TEST_F(GatewayFaultTest, ARefusalDeniesAndIsNotUnanswered) {
  guard_asks();
  approver_.answer = approval::Answer{false, "terminal", "not today", false};
  const ToolOutcome outcome = invoke();
  expect_not_run_but_audited(outcome);
  EXPECT_FALSE(outcome.denial->unanswered);
  EXPECT_THAT(outcome.denial->reason, HasSubstr("not today"));
}

TEST_F(GatewayFaultTest, AnApproverThatErrsThrowsOrHangsDenies) {
  guard_asks();
  approver_.answer = fail(Code::kUnavailable, "terminal closed");
  expect_not_run_but_audited(invoke());
  approver_.throws = true;
  expect_not_run_but_audited(invoke());
  approver_.throws = false;
  approver_.hang = true;
  expect_not_run_but_audited(invoke());
}

TEST_F(GatewayFaultTest, AnApprovalIsAudited) {
  guard_asks();
  ASSERT_TRUE(invoke().ok());
  EXPECT_EQ(audit_.events[0].approver, "test");
  EXPECT_EQ(audit_.events[0].permission_decision, "ask");
}

TEST_F(GatewayFaultTest, WhatCannotBeAuditedIsNotRun) {
  audit_.fail_at = 1;
  const ToolOutcome outcome = invoke();
  ASSERT_TRUE(outcome.denial);
  EXPECT_THAT(outcome.denial->reason, HasSubstr("no space left"));
  EXPECT_TRUE(upstream_->calls.empty());
}

TEST_F(GatewayFaultTest, AResultThatCannotBeAuditedIsWithheld) {
  audit_.fail_at = 2;
  const ToolOutcome outcome = invoke();
  EXPECT_FALSE(outcome.result);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code(), Code::kDataLoss);
}

TEST_F(GatewayFaultTest, AnUpstreamThatErrsThrowsOrHangsIsAnAuditedError) {
  upstream_->on_call = [](const ToolCall&) -> Result<ToolResult> {
    return fail(Code::kUnavailable, "died with hunter2");
  };
  ToolOutcome outcome = invoke();
  ASSERT_TRUE(outcome.error);
  EXPECT_THAT(outcome.error->message(), ::testing::Not(HasSubstr("hunter2")));
  EXPECT_EQ(audit_.events.back().event_type, "tool_execution");
  upstream_->on_call = [](const ToolCall&) -> Result<ToolResult> { throw std::bad_alloc(); };
  outcome = invoke();
  EXPECT_FALSE(outcome.result);
  upstream_->on_call = nullptr;
  upstream_->hang = true;
  outcome = invoke();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code(), Code::kDeadlineExceeded);
}

TEST_F(GatewayFaultTest, AnErrorHidesNoCharacters) {
  upstream_->on_call = [](const ToolCall&) -> Result<ToolResult> {
    return fail(Code::kUpstream, "no\u202E way\u200B");
  };
  const ToolOutcome outcome = invoke();
  ASSERT_TRUE(outcome.error);
  EXPECT_THAT(outcome.error->message(), HasSubstr("no way"));
}

TEST_F(GatewayFaultTest, AScannerThatFailsWithholdsTheResult) {
  hooks_.add(std::make_unique<FakeScanner>(fail(Code::kInternal, "broke")),
             {10, hooks::FailurePolicy::kGuard});
  upstream_->on_call = [](const ToolCall&) { return ToolResult::text("hunter2"); };
  const ToolOutcome outcome = invoke();
  ASSERT_TRUE(outcome.result);
  EXPECT_TRUE(outcome.result->is_error);
  EXPECT_THAT(outcome.result->joined_text(), ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(GatewayFaultTest, TheAuditHoldsNoSecretOfTheArguments) {
  invoke({{"path", "hunter2"}});
  for (const audit::Event& event : audit_.events) {
    EXPECT_EQ(*event.printed_arguments, R"({"path":"***"})");
    EXPECT_EQ(event.resource, "***");
  }
}

TEST_F(GatewayFaultTest, ARewrittenCallIsCheckedAgainAndRunsAsJudged) {
  guard([](const ToolCall& call) {
    hooks::BeforeVerdict out = verdict(hooks::BeforeVerdict::Action::kModify);
    out.arguments = json::Object{{"path", "safe"}};
    (void)call;
    return out;
  });
  ASSERT_TRUE(invoke().ok());
  EXPECT_EQ(json::get_string(json::Value(upstream_->calls.at(0).arguments), "path"), "safe");
  EXPECT_EQ(*audit_.events[0].printed_arguments, R"({"path":"safe"})");
}

TEST_F(GatewayFaultTest, ARewriteThatBreaksTheSchemaIsNotRun) {
  guard([](const ToolCall&) {
    hooks::BeforeVerdict out = verdict(hooks::BeforeVerdict::Action::kModify);
    out.arguments = json::Object{{"path", 9}};
    return out;
  });
  invoke({{"path", "warm the catalog"}});
  upstream_->calls.clear();
  expect_not_run_but_audited(invoke());
}

}  // namespace
}  // namespace oap::gateway
