// What one turn may come to, and one run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/machine/machine.hpp"
#include "workflow/testing/quiet_host.hpp"

namespace oap::workflow {
namespace {

using ::testing::HasSubstr;
using testing::QuietHost;

class TurnsTest : public ::testing::Test {
 protected:
  Machine& machine(std::string_view text, Machine::Options options) {
    const Checked checked = check_workflow(text, "w.yaml", nullptr);
    EXPECT_TRUE(checked.blueprint) << to_text(checked.problems);
    Identity identity;
    identity.run_id = "run_1";
    machine_.emplace(identity, Plan::of(checked.blueprint), host_, options);
    machine_->begin({}, now_);
    return *machine_;
  }
  void play(Machine& machine) {
    for (int turn = 0; turn < 10'000 && !machine.is_over(); ++turn) {
      machine.advance(now_);
      machine.take();
    }
  }

  const WallTime now_{Millis(1'000'000)};
  QuietHost host_;
  std::optional<Machine> machine_;
};

TEST_F(TurnsTest, AnEndlessLoopIsWrittenPieceByPieceAndCanBeCancelledBetween) {
  Machine& run = machine(
      "id: w\nsteps:\n"
      "  - id: a\n    type: loop\n    while: 'true'\n    max_iterations: 1000000\n"
      "    steps: [{id: b, type: condition, test: 'true'}]\n",
      {.turn_events = 50});
  for (int turn = 0; turn < 20; ++turn) {
    const std::int64_t before = run.state().events;
    run.advance(now_);
    EXPECT_FALSE(run.take().events.empty());
    EXPECT_LE(run.state().events, before + 60);
    EXPECT_GE(run.state().events, before + 40);
  }
  store::Order cancel;
  cancel.id = "evt_1";
  cancel.body = cancel_body("ada");
  run.order(cancel, now_);
  play(run);
  EXPECT_EQ(run.state().run_state, RunState::kCancelled);
}

TEST_F(TurnsTest, WhatATurnLeavesTheNextTakesUp) {
  Machine& run = machine(
      "id: w\nsteps:\n"
      "  - id: a\n    foreach: '${{ range(40) }}'\n"
      "    steps: [{id: b, foreach: '${{ range(5) }}', type: condition, test: 'true'}]\n",
      {.turn_events = 7});
  play(run);
  ASSERT_EQ(run.state().run_state, RunState::kCompleted) << run.state().failure;
  EXPECT_EQ(run.state().node(0).output.as_array().size(), 40U);
}

TEST_F(TurnsTest, ARunHasAMostOfStepsAndSaysWhichWentBeyond) {
  for (const std::string_view text :
       {"id: w\nsteps:\n  - id: a\n    foreach: '${{ range(20) }}'\n    steps:\n"
        "      - {id: b, foreach: '${{ range(20) }}', type: condition, test: 'true'}\n",
        "id: w\nsteps:\n  - id: a\n    foreach: '${{ range(20) }}'\n    steps:\n"
        "      - {id: b, type: loop, max_iterations: 20, steps: [\n"
        "          {id: c, type: condition, test: 'true'}]}\n",
        "id: w\nsteps:\n  - {id: a, type: condition, test: 'true'}\n  - {id: b, needs: [a],\n"
        "     foreach: '${{ range(2000) }}', type: condition, test: 'true'}\n"}) {
    Machine& run = machine(text, {.most_steps = 100});
    play(run);
    EXPECT_EQ(run.state().run_state, RunState::kFailed) << text;
    EXPECT_THAT(run.state().failure, HasSubstr("more than 100 steps")) << text;
    EXPECT_THAT(run.state().failure, ::testing::ContainsRegex("[(]line [346][)]")) << text;
    EXPECT_LE(run.state().node_count(), 110U);
  }
}

}  // namespace
}  // namespace oap::workflow
