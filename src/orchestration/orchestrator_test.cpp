#include "orchestration/orchestrator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "gateway/testing/quiet_upstream.hpp"
#include "json/parse.hpp"
#include "orchestration/compact.hpp"
#include "orchestration/plan.hpp"
#include "orchestration/testing/fakes.hpp"
#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"

namespace oap::orchestration {
namespace {

using testing::calls;
using testing::denied;
using testing::FakeInvoker;
using testing::FakeProvider;
using ::testing::HasSubstr;
using testing::results_in;
using testing::says;

json::Object parsed(std::string_view text) { return json::parse_object(text).value(); }

class RecordedConversation final : public Conversation {
 public:
  Task<Result<void>> append(Message message, store::Durability durability) override {
    if (fails) {
      co_return fail(Code::kResourceExhausted, "disk full");
    }
    messages.push_back(std::move(message));
    durable.push_back(durability == store::Durability::kSync);
    co_return Result<void>{};
  }
  bool fails = false;
  std::vector<Message> messages;
  std::vector<bool> durable;  ///< of each
};

class NoUpstream final : public gateway::testing::QuietUpstream {
 public:
  std::string_view name() const override { return kBuiltinServer; }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline /*deadline*/) override {
    co_return testing::two_tools();
  }
};

constexpr std::string_view kPlan = R"({"steps":[
  {"id":"one","description":"read","tool":"read_file","arguments":{"path":"a"}},
  {"id":"two","description":"use it","tool":"bash",
   "arguments":{"command":"echo ${steps.one.output}"},"dependencies":["one"]}],
  "success_criteria":["it ran"]})";
constexpr std::string_view kGoodReview =
    R"({"step_reviews":[{"step_id":"one","success":true},{"step_id":"two","success":true}],
        "quality_score":0.9})";

class OrchestratorTest : public ::testing::Test {
 protected:
  OrchestratorTest() {
    store_ = store::Store::open(dir_.path() + "/oap.db").value();
    upstreams_.add(std::make_unique<NoUpstream>());
  }
  TaskReport run(FakeProvider& provider, std::optional<ExecutionPath> path, std::string prompt,
                 OrchestratorOptions options = {}) {
    AgentProfile profile{"worker", &provider, "m", "", {}, {}};
    AgentSet agents{profile, profile, profile, profile};
    agents.commander.name = "commander";
    agents.planner.name = "planner";
    agents.reviewer.name = "reviewer";
    gateway::Catalog catalog(runtime_.executor(), upstreams_, testing::two_tools(), {}, nullptr);
    Orchestrator orchestrator(
        {agents, invoker_, catalog, hooks_, store_->runs(), events_, conversation_, system_clock()},
        options);
    TaskRequest request;
    request.task_id = "task_1";
    request.session_id = "ses_1";
    request.prompt = std::move(prompt);
    request.path = path;
    return runtime_.run(orchestrator.process_task(std::move(request)));
  }
  static Result<llm::Response> agents_answer(const llm::Request& request, std::string_view review) {
    if (request.agent == "commander") {
      return calls("submit_requirements", parsed(R"({"requirements":[],"strategy":"s"})"));
    }
    if (request.agent == "planner") {
      return calls("submit_plan", parsed(kPlan));
    }
    return calls("submit_review", parsed(review));
  }

  async::Runtime runtime_;
  os::testing::TempDir dir_;
  std::unique_ptr<store::Store> store_;
  gateway::UpstreamSet upstreams_;
  hooks::Registry hooks_;
  RunEvents events_;
  RecordedConversation conversation_;
  FakeInvoker invoker_;
};

TEST_F(OrchestratorTest, TheFastPathReturnsTheModelsTextAndKeepsEveryTurn) {
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    return results_in(request) == 0 ? calls("bash", {{"command", "ls"}}) : says("done");
  });
  const TaskReport report = run(provider, ExecutionPath::kFast, "list it");
  EXPECT_TRUE(report.success());
  EXPECT_EQ(report.content, "done");
  EXPECT_EQ(report.usage.requests, 2);
  EXPECT_EQ(conversation_.messages.size(), 4U);
  EXPECT_EQ(invoker_.made.at(0).principal.role, "worker");
}

TEST_F(OrchestratorTest, WhatActsIsOnDiskFirstAndTheRestSharesTheNextSync) {
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    switch (results_in(request)) {
      case 0:
        return calls("bash", {{"command", "ls"}});
      case 1:
        return calls("read_file", {{"path", "a"}});
      default:
        return says("done");
    }
  });
  bool known_before = false;
  invoker_.answer = [&](const ToolCall& call) {
    known_before = known_before || (call.tool == "bash" && conversation_.durable.back());
    ToolOutcome outcome;
    outcome.result = ToolResult::text("x");
    return outcome;
  };
  EXPECT_TRUE(run(provider, ExecutionPath::kFast, "list it").success());
  EXPECT_TRUE(known_before);
  // prompt, bash, its result, read_file, its result, text
  EXPECT_EQ(conversation_.durable, std::vector<bool>({true, true, false, false, false, false}));
}

TEST_F(OrchestratorTest, WhatWasDoneAndUsedIsToldAlsoWhereTheRunEndsInAnError) {
  int failures = 0;
  const auto answer = [&failures](const llm::Request& request) -> Result<llm::Response> {
    if (results_in(request) < 2) {
      return calls("bash", {{"command", "true"}});
    }
    ++failures;
    return fail(Code::kUnavailable, "no route to the model");
  };
  FakeProvider failing(answer);
  const TaskReport failed = run(failing, ExecutionPath::kFast, "go");
  EXPECT_FALSE(failed.success());
  EXPECT_EQ(failed.results.size(), 2U);
  EXPECT_EQ(failed.usage.requests, 2);
  failures = 0;

  FakeProvider planned([&](const llm::Request& request) -> Result<llm::Response> {
    if (request.agent == "planner") {
      return calls("submit_plan", parsed(R"({"steps":[{"id":"one","description":"x","tool":"agent",
        "arguments":{"instructions":"do it"}}],"success_criteria":[]})"));
    }
    return request.agent == "worker" ? answer(request) : agents_answer(request, kGoodReview);
  });
  const TaskReport report = run(planned, ExecutionPath::kAgent, "go");
  EXPECT_FALSE(report.success());
  EXPECT_GT(failures, 0);
  EXPECT_EQ(report.usage.requests, static_cast<int>(planned.requests.size()) - failures);
}

TEST_F(OrchestratorTest, RepeatingACallIsNoReasonToStop) {
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    return results_in(request) < 40 ? calls("bash", {{"command", "true"}}) : says("done");
  });
  EXPECT_TRUE(run(provider, ExecutionPath::kFast, "go").success());
  EXPECT_EQ(invoker_.made.size(), 40U);
}

TEST_F(OrchestratorTest, ADenialThatEndsTheRunIsItsError) {
  invoker_.answer = [](const ToolCall& call) { return denied(call); };
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    return results_in(request) == 0 ? calls("bash", {{"command", "rm x"}}) : says("could not");
  });
  const TaskReport report = run(provider, ExecutionPath::kFast, "go");
  EXPECT_FALSE(report.success());
  EXPECT_THAT(report.error->message(), HasSubstr("permission denied"));
  EXPECT_EQ(report.exit_code(), 3);
  EXPECT_EQ(report.denials.size(), 1U);
}

TEST_F(OrchestratorTest, AnUnansweredAskIsExitCode4) {
  invoker_.answer = [](const ToolCall& call) { return denied(call, true); };
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    return results_in(request) == 0 ? calls("bash", {{"command", "x"}}) : says("could not");
  });
  EXPECT_EQ(run(provider, ExecutionPath::kFast, "go").exit_code(), 4);
}

TEST_F(OrchestratorTest, WithoutAModelAnyFailedCallFailsTheTask) {
  invoker_.answer = [](const ToolCall&) {
    ToolOutcome outcome;
    outcome.result = ToolResult::text("no such file: x", true);
    return outcome;
  };
  FakeProvider provider(
      [](const llm::Request& request) -> Result<llm::Response> {
        llm::Response failed = says("failed");
        failed.stop = llm::StopReason::kRefusal;
        return results_in(request) == 0 ? calls("read_file", {{"path", "x"}}) : failed;
      },
      false);
  const TaskReport report = run(provider, ExecutionPath::kFast, "Read x");
  EXPECT_FALSE(report.success());
  EXPECT_THAT(report.error->message(), HasSubstr("no such file"));
}

TEST_F(OrchestratorTest, ArgumentsThatWereNoJsonAreNotRun) {
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    if (results_in(request) > 0) {
      return says("sorry");
    }
    llm::Response response = calls("bash", {});
    std::get<ToolUseBlock>(response.message.blocks[0]).invalid_arguments = "{oops";
    return response;
  });
  run(provider, ExecutionPath::kFast, "go");
  EXPECT_TRUE(invoker_.made.empty());
}

TEST_F(OrchestratorTest, ATurnThatCannotBeStoredEndsTheRun) {
  conversation_.fails = true;
  FakeProvider provider(
      [](const llm::Request&) -> Result<llm::Response> { return says("never asked"); });
  const TaskReport report = run(provider, ExecutionPath::kFast, "go");
  EXPECT_FALSE(report.success());
  EXPECT_TRUE(provider.requests.empty());
}

TEST_F(OrchestratorTest, TheAgentPathPlansRunsAndReviews) {
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    return agents_answer(request, kGoodReview);
  });
  const TaskReport report = run(provider, ExecutionPath::kAgent, "go");
  ASSERT_TRUE(report.success()) << report.error->to_string();
  EXPECT_EQ(report.plan->steps.size(), 2U);
  EXPECT_TRUE(report.review->overall_success);
  ASSERT_EQ(invoker_.made.size(), 2U);
  EXPECT_EQ(json::get_string(json::Value(invoker_.made[1].arguments), "command"),
            "echo ran read_file");
}

TEST_F(OrchestratorTest, AFailedStepFailsTheTaskWhateverTheReviewerSays) {
  invoker_.answer = [](const ToolCall& call) {
    ToolOutcome outcome;
    outcome.result = ToolResult::text("broke", call.tool == "read_file");
    return outcome;
  };
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    return agents_answer(request, kGoodReview);
  });
  const TaskReport report = run(provider, ExecutionPath::kAgent, "go");
  EXPECT_FALSE(report.success());
  EXPECT_EQ(json::get_string(report.results.at("two"), "state"), "skipped");
}

TEST_F(OrchestratorTest, APoorReviewIsPlannedAgainOnlyWhileItHelps) {
  int reviews = 0;
  FakeProvider provider([&](const llm::Request& request) -> Result<llm::Response> {
    if (request.agent == "reviewer") {
      ++reviews;
      return calls("submit_review",
                   parsed(R"({"step_reviews":[],"quality_score":0.5,"recommendations":["more"]})"));
    }
    return agents_answer(request, kGoodReview);
  });
  const TaskReport report = run(provider, ExecutionPath::kAgent, "go");
  EXPECT_FALSE(report.success());
  EXPECT_EQ(reviews, 2);
  EXPECT_THAT(report.review->recommendations, ::testing::Contains("Quality threshold not met"));
}

TEST_F(OrchestratorTest, ADeniedStepEndsThePathWithItsDenial) {
  invoker_.answer = [](const ToolCall& call) { return denied(call); };
  FakeProvider provider([](const llm::Request& request) -> Result<llm::Response> {
    return agents_answer(request, kGoodReview);
  });
  const TaskReport report = run(provider, ExecutionPath::kAgent, "go");
  EXPECT_EQ(report.exit_code(), 3);
  EXPECT_THAT(report.error->message(), HasSubstr("permission denied"));
}

TEST(ObjectInText, FindsPlainFencedAndEmbeddedObjects) {
  for (const char* text : {R"({"a":1})", "```json\n{\"a\":1}\n```", "Here it is: {\"a\":1} ok"}) {
    const auto object = object_in_text(text);
    ASSERT_TRUE(object) << text;
    EXPECT_EQ(json::get_int(json::Value(*object), "a"), 1);
  }
  EXPECT_FALSE(object_in_text("none here"));
  EXPECT_FALSE(object_in_text("} {"));
  EXPECT_FALSE(object_in_text("```"));
  EXPECT_FALSE(object_in_text("{\"a\":"));
}

TEST(ResolveArguments, ReplacesOutputsOnceAndNeverExpandsThem) {
  const std::map<std::string, std::string> outputs = {{"a", "${steps.b.output}"}, {"b", "secret"}};
  const auto resolved = resolve_arguments(
      parsed(R"({"x":"<${steps.a.output}>","y":[{"z":"${steps.b.output}"}],"n":3})"), outputs);
  ASSERT_TRUE(resolved);
  EXPECT_EQ(json::get_string(json::Value(*resolved), "x"), "<${steps.b.output}>");
  EXPECT_EQ(json::get_string(resolved->at("y").as_array().at(0), "z"), "secret");
  EXPECT_FALSE(resolve_arguments(parsed(R"({"x":"${steps.zz.output}"})"), outputs));
  EXPECT_TRUE(resolve_arguments(parsed(R"({"x":"${steps.a"})"), outputs));
}

/// A command's way that is told what to give.
class Commands final : public CommandPath {
 public:
  std::optional<CommandWish> take(const std::string& /*session_id*/) override {
    return std::exchange(wish, std::nullopt);
  }
  Task<Result<ExpandedCommand>> expand(const TaskRequest& /*request*/, CommandWish /*wish*/,
                                       Deadline /*deadline*/,
                                       std::vector<Denial>& denials) override {
    if (!denial.rule.empty()) {
      denials.push_back(denial);
      co_return fail(denial_error(denial));
    }
    co_return expanded;
  }
  std::optional<CommandWish> wish;
  ExpandedCommand expanded;
  Denial denial;
};

class CommandTest : public OrchestratorTest {
 protected:
  TaskReport run_command(FakeProvider& provider, std::vector<Message> history = {},
                         ContextControl* context = nullptr) {
    AgentProfile profile{"worker", &provider, "m", "", {}, {}};
    AgentSet agents{profile, profile, profile, profile};
    gateway::Catalog catalog(runtime_.executor(), upstreams_, testing::two_tools(), {}, nullptr);
    Orchestrator orchestrator({agents, invoker_, catalog, hooks_, store_->runs(), events_,
                               conversation_, system_clock(), nullptr, context, &commands_},
                              {});
    TaskRequest request;
    request.task_id = "task_1";
    request.session_id = "ses_1";
    request.prompt = "/x";
    request.history = std::move(history);
    return runtime_.run(orchestrator.process_task(std::move(request)));
  }
  Commands commands_;
};

TEST_F(CommandTest, TheExpansionTakesTheMessagesPlace) {
  FakeProvider model([](const llm::Request&) { return says("ok"); });
  FakeProvider other([](const llm::Request&) { return says("from the other"); });
  commands_.wish = CommandWish{"x", "", session::CommandDefinition{}};
  commands_.expanded.expansion.text = "the text of the file";
  EXPECT_TRUE(run_command(model).success());
  EXPECT_EQ(model.requests.at(0).messages.back().joined_text(), "the text of the file");
  commands_.wish = CommandWish{"x", "", session::CommandDefinition{}};
  commands_.expanded.agent = AgentProfile{"scribe", &other, "m2", "", {}, {}};
  commands_.expanded.expansion.subtask = true;
  EXPECT_EQ(run_command(model, {Message::user("before")}).content, "from the other");
  EXPECT_EQ(other.requests.at(0).agent, "scribe");
  EXPECT_EQ(other.requests.at(0).messages.size(), 1U);
}

TEST_F(CommandTest, WhatIsDeniedInItEndsTheRunBeforeAnyModel) {
  FakeProvider model([](const llm::Request&) { return says("ok"); });
  commands_.wish = CommandWish{"x", "", session::CommandDefinition{}};
  commands_.denial.rule = "permissions.yaml:3";
  const TaskReport report = run_command(model);
  EXPECT_EQ(report.status, TaskStatus::kFailed);
  EXPECT_EQ(report.exit_code(), 3);
  EXPECT_EQ(report.denials.size(), 1U);
  EXPECT_TRUE(model.requests.empty());
  commands_.wish = CommandWish{"x", "", {}, false, Error(Code::kUsage, "there is no command /x")};
  EXPECT_EQ(run_command(model).exit_code(), 2);
}

TEST_F(CommandTest, CompactShortensWhatThereIs) {
  FakeProvider model([](const llm::Request&) { return says("## Notes\nkept"); });
  ContextControl control({}, system_clock());
  CommandWish wish{"compact", "the names"};
  wish.compacts = true;
  commands_.wish = wish;
  EXPECT_THAT(run_command(model, {}, &control).content, HasSubstr("nothing to shorten"));
  std::vector<Message> history;
  for (int i = 0; i < 10; ++i) {
    history.push_back(Message::user(std::string(1000, 'x')));
    Message answer = Message::user(std::string(1000, 'y'));
    answer.role = MessageRole::kAssistant;
    history.push_back(std::move(answer));
  }
  commands_.wish = wish;
  const TaskReport report = run_command(model, history, &control);
  EXPECT_TRUE(report.success());
  EXPECT_THAT(report.content, HasSubstr("was shortened"));
  EXPECT_THAT(model.requests.at(0).messages.back().joined_text(), HasSubstr("the names"));
}

}  // namespace
}  // namespace oap::orchestration
