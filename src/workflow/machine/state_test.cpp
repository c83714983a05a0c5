// What a State keeps of many iterations, and what it makes of snapshots and journals that somebody
// else wrote.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/print.hpp"
#include "workflow/machine/machine.hpp"
#include "workflow/testing/definitions.hpp"
#include "workflow/testing/quiet_host.hpp"

namespace oap::workflow {
namespace {

using testing::block;
using testing::definition;
using testing::parsed;
using testing::QuietHost;
using testing::step;
using testing::steps;
using testing::tool;

constexpr std::int64_t kNow = 1'700'000'000'000;

std::shared_ptr<const Plan> plan_of(Definition made) {
  return Plan::of(testing::compiled(std::move(made)));
}

/// Every attempt ends well at once, up to so many.
void play(Machine& machine, std::size_t attempts) {
  machine.begin({}, from_millis(kNow));
  while (!machine.is_over() && attempts > 0) {
    machine.advance(from_millis(kNow));
    ASSERT_FALSE(machine.broken()) << machine.broken()->to_string();
    const Outbox out = machine.take();
    for (const Command& command : out.commands) {
      const auto* attempt = std::get_if<RunAttempt>(&command);
      if (attempt != nullptr && attempts > 0) {
        --attempts;
        machine.attempt_ended(attempt->node, attempt->attempt, StepResult{}, from_millis(kNow));
      }
    }
    if (out.commands.empty()) {
      return;
    }
  }
}

/// Of everything: loops in fan-outs in loops, a compensation, waits, votes, a child.
Definition everything() {
  LoopStep loop;
  loop.max_iterations = 3;
  StepDefinition each = step("each", GroupStep{block(tool("x"), tool("y", {"x"}))});
  each.foreach = Foreach{.items = parsed("[1,2,3]"), .max_parallel = 2};
  loop.body = block(std::move(each));
  StepDefinition a = tool("a");
  a.compensate = std::make_unique<StepDefinition>(tool("undo"));
  ApprovalStep approval;
  approval.message = "m";
  SubworkflowStep child;
  child.workflow = "kid";
  ConditionStep choice;
  choice.condition = "true";
  choice.then_steps = block(tool("yes"));
  choice.else_steps = block(tool("no"));
  Definition made = definition(steps(std::move(a), step("l", std::move(loop), {"a"}),
                                     step("ok", std::move(approval)), step("sub", std::move(child)),
                                     step("c", std::move(choice))));
  made.finally = steps(tool("tidy"));
  return made;
}

TEST(StateTest, ChildrenOfPastIterationsAreLetGo) {
  LoopStep loop;
  constexpr int kIterations = 400;
  loop.max_iterations = kIterations;
  json::Array items;
  for (int i = 0; i < 100; ++i) {
    items.emplace_back(i);
  }
  StepDefinition each = tool("each");
  each.foreach = Foreach{.items = std::move(items), .max_parallel = 100};
  loop.body = block(std::move(each));
  Definition made = definition(steps(step("l", std::move(loop))));
  made.max_parallel = 100;
  QuietHost host;
  Machine machine(Identity{"run_1", "", "", ""}, plan_of(std::move(made)), host, {});
  play(machine, 1'000'000);
  EXPECT_TRUE(machine.is_over());
  EXPECT_LT(machine.state().node_count(), State::kKeepNodes + 1'000);
  const std::string snapshot = machine.snapshot();
  Machine again(Identity{"run_1", "", "", ""}, machine.state().shared_plan(), host, {});
  const auto restored = again.restore({1, snapshot});
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(again.snapshot(), snapshot);
}

/// Puts another number in some place of the value.
void damage(json::Value& value, std::mt19937& random) {
  json::Value* at = &value;
  while (true) {
    if (json::Array* array = at->is_array() ? &at->get_array() : nullptr;
        array != nullptr && !array->empty()) {
      at = &(*array)[random() % array->size()];
    } else if (json::Object* object = at->is_object() ? &at->get_object() : nullptr;
               object != nullptr && !object->empty()) {
      at = &(object->begin() + static_cast<std::ptrdiff_t>(random() % object->size()))->value();
    } else {
      break;
    }
  }
  constexpr std::array<std::int64_t, 10> kNumbers = {-1, 0,  1,          2,         3,
                                                     7,  40, 4294967295, INT64_MAX, INT64_MIN};
  const unsigned kind = random() % 8;
  if (kind == 0) {
    *at = nullptr;
  } else if (kind == 1) {
    *at = json::Array{1, 2};
  } else {
    *at = kNumbers[random() % kNumbers.size()];
  }
}

TEST(StateTest, ADamagedSnapshotIsRefusedOrCanBeLivedWith) {
  const auto plan = plan_of(everything());
  std::mt19937 random(20261126);
  int refused = 0;
  for (std::size_t attempts = 1; attempts < 20; attempts += 3) {
    QuietHost host;
    Machine machine(Identity{"run_1", "", "", ""}, plan, host, {});
    play(machine, attempts);
    const json::Value whole = machine.state().to_json();
    for (int round = 0; round < 400; ++round) {
      json::Value value = whole;
      for (unsigned i = 0; i <= random() % 3; ++i) {
        damage(value, random);
      }
      Machine other(Identity{"run_1", "", "", ""}, plan, host, {});
      if (!other.restore({1, json::print(value)})) {
        ++refused;
        continue;
      }
      for (NodeId id = 0; id < other.state().node_count(); ++id) {
        (void)other.state().path(id);
        (void)other.state().is_stopped(id);
      }
      other.recover("me", from_millis(kNow));
      for (int turn = 0; turn < 20; ++turn) {
        other.tick(from_millis(kNow));
        other.advance(from_millis(kNow));
        (void)other.waits_for();
        for (const Command& command : other.take().commands) {
          if (const auto* attempt = std::get_if<RunAttempt>(&command)) {
            other.attempt_ended(attempt->node, attempt->attempt, StepResult{}, from_millis(kNow));
          }
        }
      }
    }
  }
  EXPECT_GT(refused, 500);
}

TEST(StateTest, FramesThatOwnEachOtherAreRefused) {
  const auto plan = plan_of(everything());
  QuietHost host;
  Machine machine(Identity{"run_1", "", "", ""}, plan, host, {});
  play(machine, 6);
  const json::Value whole = machine.state().to_json();
  const std::size_t frames = whole.at("frames").get_array().size();
  ASSERT_GT(frames, 3U);
  for (std::size_t frame = 1; frame < frames; ++frame) {
    for (NodeId owner = 0; owner < machine.state().node_count(); ++owner) {
      json::Value value = whole;
      json::Value& now = value.at("frames").get_array()[frame].get_array()[0];
      if (now == json::Value(owner)) {
        continue;
      }
      now = owner;
      Machine other(Identity{"run_1", "", "", ""}, plan, host, {});
      EXPECT_FALSE(other.restore({1, json::print(value)})) << frame << " " << owner;
    }
  }
}

TEST(StateTest, AJournalThatMakesNoSenseIsRefused) {
  StepDefinition each = tool("each");
  each.foreach = Foreach{.items = parsed("[1,2]")};
  const auto plan = plan_of(definition(steps(std::move(each), tool("a"))));
  const std::string begun = R"({"e":"run_started","data":{},"more":{}},)";
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) {
    deep += ".compensate";
  }
  for (const std::string& event :
       {std::string(R"({"e":"open","step":"each","n":9000000000000000000,"data":[1]})"),
        std::string(R"({"e":"open","step":"each","n":-1,"data":[]})"),
        std::string(R"({"e":"open","step":"each","n":3,"data":[1]})"),
        std::string(R"({"e":"open","step":"a","n":1,"data":[1]})"),
        std::string(R"({"e":"phase","text":"ending"})"),
        R"({"e":"start","step":")" + deep + "\"}"}) {
    QuietHost host;
    Machine machine(Identity{"run_1", "", "", ""}, plan, host, {});
    const auto done = machine.replay({1, from_millis(kNow), 1, "[" + begun + event + "]", ""});
    EXPECT_FALSE(done) << event.substr(0, 100);
  }
}

TEST(StateTest, ATimeThatIsTooFarAwayIsAsFarAsItCanBe) {
  EXPECT_EQ(to_millis(from_millis(INT64_MAX)), kMostMillis);
  EXPECT_EQ(to_millis(from_millis(-5)), 0);
  EXPECT_EQ(to_millis(due_at(json::Value("9999-12-31T23:59:59Z")).value()), kMostMillis);
}

}  // namespace
}  // namespace oap::workflow
