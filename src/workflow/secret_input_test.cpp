// Inputs that are secret: what steps get, and what the store holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/file.hpp"
#include "workflow/testing/engine_house.hpp"

namespace oap::workflow {
namespace {

using testing::compiled;
using testing::definition;
using testing::EngineHouse;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedRunner;
using testing::steps;
using testing::tool;

constexpr std::string_view kPassword = "correct-horse";

class LearningSeal final : public KeySeal {
 public:
  LearningSeal() : KeySeal({std::string(32, 'k')}) {}
  bool is_secret(const json::Value& value) const override {
    return json::print(value).find("ghp_") != std::string::npos;
  }
  void learn(const json::Value& value) override { learnt.push_back(json::print(value)); }
  std::vector<std::string> learnt;
};

class SecretInputTest : public EngineHouse {
 protected:
  SecretInputTest() {
    options_.seal = &seal_;
    runner_.on_start = [this](const StepRequest& request) {
      inputs_.push_back(json::print(request.input));
      tainted_.push_back(request.tainted);
    };
  }

  static StepDefinition login(std::string id, std::vector<std::string> needs = {}) {
    StepDefinition made = tool(std::move(id), std::move(needs));
    std::get<ToolStep>(made.body).arguments = {{"password", "${{ inputs.password }}"}};
    return made;
  }

  static Definition with_password(Steps of) {
    Definition made = definition(std::move(of));
    made.inputs = {{"password", json::Object{{"type", "string"}, {"secret", true}}}};
    return made;
  }

  void expect_nothing_in_the_store(std::string_view text) {
    const std::vector<std::string> names = os::list_dir(dir_.path()).value();
    EXPECT_FALSE(names.empty());
    for (const std::string& name : names) {
      const std::string bytes = os::read_file(dir_ / name).value();
      EXPECT_EQ(bytes.find(text), std::string::npos) << name;
    }
  }

  /// As after a crash while "a" ran.
  Task<Result<RunResult>> half(Engine& engine, std::shared_ptr<const Blueprint> blueprint) {
    StartRequest request;
    request.blueprint = std::move(blueprint);
    request.inputs = {{"password", kPassword}};
    runner_.gate("a");
    OAP_CO_TRY(run_id_, co_await engine.start(std::move(request)));
    const Deadline soon = Deadline::after(Millis(20'000));
    EXPECT_TRUE(co_await runner_.begun("a").get(soon));
    co_return RunResult{};
  }

  Task<Result<RunResult>> go_on(Engine& engine) {
    OAP_CO_CHECK_OK(co_await engine.resume(run_id_));
    const Deadline soon = Deadline::after(Millis(20'000));
    co_return co_await engine.wait(run_id_, soon);
  }

  Task<Result<RunResult>> forked(Engine& engine, ForkRequest request) {
    OAP_CO_TRY(const std::string id, co_await engine.fork(std::move(request)));
    const Deadline soon = Deadline::after(Millis(20'000));
    co_return co_await engine.wait(id, soon);
  }

  LearningSeal seal_;
  std::vector<std::string> inputs_;
  std::vector<bool> tainted_;
  std::string run_id_;
};

TEST_F(SecretInputTest, ReachesTheToolAndIsNotStored) {
  const RunResult result = run(with_password(steps(login("a"))), {{"password", kPassword}});
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(inputs_, std::vector<std::string>{R"({"password":"correct-horse"})"});
  EXPECT_EQ(tainted_, std::vector<bool>{true});
  EXPECT_THAT(seal_.learnt, ::testing::Contains("\"correct-horse\""));
  expect_nothing_in_the_store(kPassword);
}

TEST_F(SecretInputTest, WhatExpressionsMakeOfItIsLearntBeforeTheStepHasIt) {
  StepDefinition a = tool("a");
  std::get<ToolStep>(a.body).arguments = {{"cut", "Bearer ${{ inputs.password.substring(1) }}!"},
                                          {"list", "${{ ['literally', inputs.password + '!'] }}"},
                                          {"code", "echo this is no secret"}};
  std::vector<std::string> before;
  runner_.on_start = [&](const StepRequest&) { before = seal_.learnt; };
  const RunResult result = run(with_password(steps(std::move(a))), {{"password", kPassword}});
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  ASSERT_FALSE(before.empty());
  EXPECT_THAT(before.back(), HasSubstr("\"orrect-horse\""));
  EXPECT_THAT(before.back(), HasSubstr("\"correct-horse!\""));
  EXPECT_THAT(before.back(), Not(HasSubstr("Bearer")));
  EXPECT_THAT(before.back(), Not(HasSubstr("literally")));
  EXPECT_THAT(before.back(), Not(HasSubstr("no secret")));
}

TEST_F(SecretInputTest, IsThereAgainAfterACrash) {
  auto blueprint = compiled(with_password(steps(login("a"), login("b", {"a"}))));
  drive([&](Engine& engine) { return half(engine, blueprint); });
  runner_.gate("a").set(ScriptedRunner::good());
  const RunResult result = drive([&](Engine& engine) { return go_on(engine); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  ASSERT_EQ(inputs_.size(), 3U);
  EXPECT_EQ(inputs_.back(), R"({"password":"correct-horse"})");
  expect_nothing_in_the_store(kPassword);
}

TEST_F(SecretInputTest, AForkHasItToo) {
  const RunResult first = run(with_password(steps(login("a"))), {{"password", kPassword}});
  ForkRequest request;
  request.run_id = first.run_id;
  request.from_step = "a";
  drive([&](Engine& engine) { return forked(engine, request); });
  request.inputs = {{"password", "other-horse"}};
  drive([&](Engine& engine) { return forked(engine, request); });
  ASSERT_EQ(inputs_.size(), 3U);
  EXPECT_EQ(inputs_[1], R"({"password":"correct-horse"})");
  EXPECT_EQ(inputs_[2], R"({"password":"other-horse"})");
  expect_nothing_in_the_store(kPassword);
  expect_nothing_in_the_store("other-horse");
}

TEST_F(SecretInputTest, WithoutItsKeyTheStepFailsAndSaysWhatToDo) {
  const RunResult first = run(with_password(steps(login("a"))), {{"password", kPassword}});
  KeySeal other({std::string(32, 'x')});
  options_.seal = &other;
  ForkRequest request;
  request.run_id = first.run_id;
  request.from_step = "a";
  const auto failed = try_drive([&](Engine& engine) { return forked(engine, request); });
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("--input password=…"));
  EXPECT_THAT(failed.error().message(), Not(HasSubstr(std::string(kPassword))));
  request.inputs = {{"password", "given-anew"}};
  const RunResult anew = drive([&](Engine& engine) { return forked(engine, request); });
  EXPECT_EQ(anew.status, RunState::kCompleted) << anew.error;
}

TEST_F(SecretInputTest, WhatLooksLikeASecretIsSealedUndeclared) {
  Definition made = definition(steps(login("a")));
  made.inputs = {{"password", json::Object{{"type", "string"}}}};
  made.outputs = {{"told", "${{ inputs.password }}"}};
  const RunResult result = run(std::move(made), {{"password", "ghp_abcdefghij"}});
  EXPECT_EQ(inputs_, std::vector<std::string>{R"({"password":"ghp_abcdefghij"})"});
  EXPECT_EQ(result.outputs.at("told"), "[secret]");
  expect_nothing_in_the_store("ghp_abcdefghij");
}

TEST_F(SecretInputTest, AWholeValueOfAnyTypeComesBack) {
  StepDefinition a = tool("a");
  std::get<ToolStep>(a.body).arguments = {{"all", "${{ inputs }}"}, {"n", "${{ inputs.n }}"}};
  Definition made = definition(steps(std::move(a)));
  made.inputs = {
      {"login",
       json::Object{{"type", "object"},
                    {"properties", json::Object{{"pin", json::Object{{"writeOnly", true}}}}}}},
      {"n", json::Object{{"type", "integer"}}}};
  run(std::move(made), {{"login", json::Object{{"pin", 12345678}}}, {"n", 5}});
  EXPECT_EQ(inputs_, std::vector<std::string>{R"({"all":{"login":{"pin":12345678},"n":5},"n":5})"});
  expect_nothing_in_the_store("12345678");
}

TEST_F(SecretInputTest, GoesIntoASecretInputOfAChildOnly) {
  StepDefinition call;
  call.id = "call";
  call.body = SubworkflowStep{"child", {{"password", "${{ inputs.password }}"}}};
  Definition caller = with_password(steps(std::move(call)));
  subworkflows_["child"] = compiled(with_password(steps(login("a"))));
  const auto blueprint = compiled(std::move(caller));
  EXPECT_EQ(blueprint->step(0).secret_inputs, std::vector<std::string>{"password"});
  EXPECT_EQ(run(blueprint, {{"password", kPassword}}).status, RunState::kCompleted);
  EXPECT_EQ(inputs_, std::vector<std::string>{R"({"password":"correct-horse"})"});
  expect_nothing_in_the_store(kPassword);

  Definition open = definition(steps(login("a")));
  open.inputs = {{"password", json::Object{{"type", "string"}}}};
  subworkflows_["child"] = compiled(std::move(open));
  const RunResult refused = run(blueprint, {{"password", kPassword}});
  EXPECT_EQ(refused.status, RunState::kFailed);
  EXPECT_THAT(refused.error, HasSubstr("not declared secret"));
  expect_nothing_in_the_store(kPassword);
}

TEST_F(SecretInputTest, IsRefusedWhereNothingCanKeepIt) {
  options_.seal = nullptr;
  StartRequest request;
  request.blueprint = compiled(with_password(steps(login("a"))));
  request.inputs = {{"password", kPassword}};
  const auto refused = try_drive([&](Engine& engine) { return engine.run(request, {}); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kFailedPrecondition);
}

TEST_F(SecretInputTest, AWrongOneIsNotRepeated) {
  StartRequest request;
  Definition made = with_password(steps(login("a")));
  made.inputs["password"] = json::Object{{"type", "string"}, {"secret", true}, {"maxLength", 3}};
  request.blueprint = compiled(std::move(made));
  request.inputs = {{"password", kPassword}};
  const auto refused = try_drive([&](Engine& engine) { return engine.run(request, {}); });
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("'password'"));
  EXPECT_THAT(refused.error().message(), Not(HasSubstr(std::string(kPassword))));
}

TEST_F(SecretInputTest, OneTooShortToBeFoundIsRefused) {
  const json::Value secret = json::Object{{"secret", true}};
  const auto refused = [](json::Value schema, json::Value value) {
    Definition made = definition(steps(login("a")));
    made.inputs = {{"password", std::move(schema)}};
    const auto accepted = accept_inputs(made, {{"password", std::move(value)}});
    if (!accepted) {
      EXPECT_THAT(accepted.error().message(), HasSubstr("'password' is or holds a text or number"));
      EXPECT_THAT(accepted.error().message(), Not(HasSubstr("qZ7k")));
    }
    return !accepted;
  };
  EXPECT_TRUE(refused(secret, "qZ7k"));
  EXPECT_TRUE(refused(secret, "1234567"));
  EXPECT_TRUE(refused(secret, 1234567));
  EXPECT_TRUE(refused(secret, json::Array{"long-enough", "qZ7k"}));
  EXPECT_TRUE(refused(secret, json::Object{{"a", json::Object{{"b", "qZ7k"}}}}));
  EXPECT_FALSE(refused(secret, "12345678"));
  EXPECT_FALSE(refused(secret, 12345678));
  EXPECT_FALSE(refused(secret, ""));
  EXPECT_FALSE(refused(json::Object{{"type", "string"}}, "qZ7k"));
  const json::Value part = json::Object{{"properties", json::Object{{"pin", secret}}}};
  EXPECT_TRUE(refused(part, json::Object{{"pin", "qZ7k"}}));
  EXPECT_FALSE(refused(part, json::Object{{"pin", "12345678"}, {"user", "bob"}}));
  EXPECT_TRUE(refused(json::Object{{"items", part}}, json::Array{json::Object{{"pin", "qZ7k"}}}));
  EXPECT_TRUE(refused(json::Object{{"additionalProperties", secret}}, json::Object{{"x", "qZ7k"}}));
  EXPECT_TRUE(refused(json::Object{{"anyOf", json::Array{secret}}}, "qZ7k"));
  EXPECT_TRUE(refused(json::Object{{"allOf", json::Array{part}}}, json::Object{{"pin", "qZ7k"}}));
}

TEST(KeySealTest, OpensWhatAnyOfItsKeysSealedForThatPurposeAlone) {
  KeySeal old({std::string(32, 'a')});
  KeySeal both({std::string(32, 'b'), std::string(32, 'a')});
  const std::string sealed = old.seal("text", "here").value();
  EXPECT_EQ(both.open(sealed, "here").value(), "text");
  EXPECT_FALSE(both.open(sealed, "there"));
  EXPECT_FALSE(both.open("", "here"));
  EXPECT_FALSE(both.open("not base64!", "here"));
  EXPECT_FALSE(old.open(both.seal("text", "here").value(), "here"));
  EXPECT_EQ(KeySeal({}).seal("text", "here").error().code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace oap::workflow
