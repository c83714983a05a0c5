// Random graphs, failures and orders of completion: the run always ends, replaying its journal
// gives the state that it had, and the order of completions does not change the outputs.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/print.hpp"
#include "workflow/machine/machine.hpp"
#include "workflow/testing/definitions.hpp"

namespace oap::workflow {
namespace {

using testing::definition;
using testing::step;
using testing::steps;
using testing::tool;

class QuietHost final : public Host {
 public:
  bool admit(const StepDefinition& /*step*/) override { return true; }
  double draw() override { return 0.5; }
  std::optional<std::string> secret(std::string_view /*name*/) override { return std::nullopt; }
  Result<std::shared_ptr<const json::Value>> blob(const std::string& hash) override {
    const auto found = blobs.find(hash);
    if (found == blobs.end()) {
      return fail(Code::kNotFound, "no blob");
    }
    return found->second;
  }
  void made_blob(const std::string& hash, json::Value value) override {
    blobs[hash] = std::make_shared<const json::Value>(std::move(value));
  }
  std::string new_run_id() override { return fmt::format("run_{}", ++ids); }
  std::map<std::string, std::shared_ptr<const json::Value>> blobs;
  int ids = 0;
};

WallTime at(std::int64_t millis) { return from_millis(1'700'000'000'000 + millis); }

/// A definition drawn from a seed: tools, loops, groups, choices, fan-outs; policies of all kinds.
class Drawn {
 public:
  explicit Drawn(unsigned seed) : random_(seed) {}

  Definition draw(bool may_fail) {
    may_fail_ = may_fail;
    Definition made = definition(block(0, 1 + pick(8)));
    made.max_parallel = 1 + static_cast<int>(pick(4));
    made.variables = {{"n", 0}};
    if (pick(3) == 0) {
      made.finally = block(1, 1 + pick(2));
    }
    return made;
  }
  unsigned pick(unsigned below) {
    return below == 0 ? 0 : static_cast<unsigned>(random_() % below);
  }

 private:
  Steps block(int depth, unsigned count) {
    Steps list;
    std::vector<std::string> ids;
    for (unsigned i = 0; i < count; ++i) {
      std::vector<std::string> needs;
      for (const std::string& id : ids) {
        if (pick(3) == 0) {
          needs.push_back(id);
        }
      }
      StepDefinition made = one(fmt::format("s{}", ++names_), std::move(needs), depth);
      ids.push_back(made.id);
      list.push_back(std::move(made));
    }
    return list;
  }

  StepDefinition one(std::string id, std::vector<std::string> needs, int depth) {
    StepDefinition made = tool(std::move(id), std::move(needs));
    made.retry.max_attempts = 1 + static_cast<int>(pick(3));
    made.effect = static_cast<Effect>(pick(3));
    made.on_unknown = OnUnknown::kFail;
    if (may_fail_) {
      made.on_failure = static_cast<FailurePolicy>(pick(3));
      const unsigned asks = pick(6);
      made.condition = asks == 0   ? "always()"
                       : asks == 1 ? "failure()"
                       : asks == 2 ? "vars.n < 3"
                                   : "";
    }
    const unsigned kind = depth >= 2 ? 0 : pick(9);
    if (kind == 1) {
      LoopStep loop;
      loop.max_iterations = 1 + pick(3);
      loop.body = std::make_unique<Steps>(block(depth + 1, 1 + pick(2)));
      made.body = std::move(loop);
    } else if (kind == 2) {
      made.body = GroupStep{std::make_unique<Steps>(block(depth + 1, 1 + pick(3)))};
    } else if (kind == 3) {
      ConditionStep choice;
      choice.condition = pick(2) == 0 ? "true" : "vars.n > 100";
      choice.then_steps = std::make_unique<Steps>(block(depth + 1, 1 + pick(2)));
      choice.else_steps = std::make_unique<Steps>(block(depth + 1, 1));
      made.body = std::move(choice);
    } else if (kind == 4 || kind == 5) {
      Foreach each;
      json::Array items;
      for (unsigned i = pick(4); i > 0; --i) {
        items.emplace_back(i);
      }
      each.items = std::move(items);
      each.max_parallel = static_cast<int>(pick(3));
      each.tolerate = may_fail_ && pick(2) == 0 ? 1 : 0;
      made.foreach = std::move(each);
      if (kind == 5) {
        made.body = GroupStep{std::make_unique<Steps>(block(depth + 1, 1 + pick(2)))};
      }
    } else if (kind == 6 && may_fail_) {  // its output is a time
      WaitStep wait;
      wait.duration = "5s";
      made.body = std::move(wait);
    } else if (may_fail_ && depth == 0) {
      made.compensate = std::make_unique<StepDefinition>(tool("undo"));
    }
    return made;
  }

  std::mt19937 random_;
  bool may_fail_ = false;
  int names_ = 0;
};

/// Plays a run: attempts end in a random order, with random outcomes; time passes where nothing
/// else happens.
class Player {
 public:
  Player(std::shared_ptr<const Plan> plan, unsigned seed, unsigned fail_percent)
      : plan_(std::move(plan)),
        random_(seed),
        fail_percent_(fail_percent),
        machine_(Identity{"run_1", "", "", ""}, plan_, host_, {}) {}

  /// False where it did not end.
  bool play(bool cancel) {
    machine_.begin({}, at(0));
    for (int turn = 0; turn < 5'000; ++turn) {
      machine_.advance(at(time_));
      if (machine_.broken()) {
        ADD_FAILURE() << machine_.broken()->to_string();
        return false;
      }
      if (take()) {
        continue;
      }
      if (machine_.is_over()) {
        return true;
      }
      if (cancel && turn == 3) {
        store::Order order;
        order.id = "evt_1";
        order.body = cancel_body("me");
        machine_.order(order, at(time_));
        continue;
      }
      if (!running_.empty()) {
        end_one();
        continue;
      }
      const auto due = machine_.next_due();
      if (!due) {
        return false;
      }
      time_ = std::max(time_, to_millis(*due) - to_millis(at(0)));
      machine_.tick(at(time_));
    }
    return false;
  }

  void check_replay() {
    Machine again(Identity{"run_1", "", "", ""}, plan_, host_, {});
    for (const store::EventRow& row : rows_) {
      const auto done = again.replay(row);
      ASSERT_TRUE(done) << done.error().to_string() << "\n" << row.body;
    }
    EXPECT_EQ(json::print(again.state().to_json()), json::print(machine_.state().to_json()));
    const std::string snapshot = json::print(machine_.state().to_json());
    Machine restored(Identity{"run_1", "", "", ""}, plan_, host_, {});
    const auto done = restored.restore({1, snapshot});
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(json::print(restored.state().to_json()), snapshot);
  }
  const State& state() const { return machine_.state(); }
  const std::vector<store::EventRow>& rows() const { return rows_; }

 private:
  /// True where something happened meanwhile.
  bool take() {
    bool happened = false;
    Outbox out = machine_.take();
    if (!out.events.empty()) {
      rows_.push_back(
          {static_cast<std::int64_t>(rows_.size()) + 1, at(time_), 1, std::move(out.events), ""});
    }
    for (Command& command : out.commands) {
      if (auto* const attempt = std::get_if<RunAttempt>(&command)) {
        running_.push_back(*attempt);
      } else if (const auto* const stop = std::get_if<StopAttempt>(&command)) {
        for (std::size_t i = 0; i < running_.size(); ++i) {
          if (running_[i].node == stop->node) {
            const RunAttempt stopped = running_[i];
            running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
            if (!stop->forget) {
              machine_.attempt_ended(stopped.node, stopped.attempt,
                                     fail(Code::kCancelled, "cancelled"), at(time_));
              happened = true;
            }
            break;
          }
        }
      }
    }
    return happened;
  }

  void end_one() {
    const std::size_t which = random_() % running_.size();
    const RunAttempt attempt = running_[which];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(which));
    time_ += 1;
    Result<StepResult> result = StepResult{};
    if (random_() % 100 < fail_percent_) {
      if (random_() % 2 == 0) {
        result->ok = false;
        result->error = "bad";
        result->retryable = random_() % 2 == 0;
      } else {
        result = fail(Code::kUnavailable, "gone");
      }
    } else {
      result->output = json::Value(attempt.path);
    }
    machine_.attempt_ended(attempt.node, attempt.attempt, std::move(result), at(time_));
  }

  std::shared_ptr<const Plan> plan_;
  QuietHost host_;
  std::mt19937 random_;
  unsigned fail_percent_;
  Machine machine_;
  std::vector<RunAttempt> running_;
  std::vector<store::EventRow> rows_;
  std::int64_t time_ = 0;
};

std::shared_ptr<const Plan> plan_of(Definition definition) {
  return Plan::of(testing::compiled(std::move(definition)));
}

void expect_nothing_stuck(const State& state) {
  for (NodeId id = 0; id < state.node_count(); ++id) {
    if (!state.frame(state.node(id).frame).free) {
      EXPECT_FALSE(state.node(id).is_open()) << state.path(id);
    }
  }
  EXPECT_EQ(state.running, 0U);
  EXPECT_TRUE(state.waiting.empty());
}

TEST(MachineProperty, AnyGraphWithAnyFailuresEndsAndReplays) {
  const bool held = rc::check(
      "ends, leaves nothing stuck, replays", [](unsigned shape, unsigned seed, bool cancel) {
        auto plan = plan_of(Drawn(shape).draw(true));
        RC_PRE(plan != nullptr);
        Player player(plan, seed, 30);
        const bool ended = player.play(cancel);
        if (!ended) {
          std::string journal;
          for (const auto& row : player.rows()) {
            journal += row.body + "\n";
          }
          RC_FAIL("the run did not end:\n" + json::print(to_json(plan->blueprint().definition())) +
                  "\n" + journal.substr(0, 6'000));
        }
        expect_nothing_stuck(player.state());
        player.check_replay();
        RC_ASSERT(!::testing::Test::HasFailure());
      });
  EXPECT_TRUE(held);
}

TEST(MachineProperty, AnyOrderOfCompletionsGivesTheSameOutputs) {
  const bool held = rc::check("same outputs", [](unsigned shape, unsigned first, unsigned second) {
    auto plan = plan_of(Drawn(shape).draw(false));
    RC_PRE(plan != nullptr);
    Player a(plan, first, 0);
    Player b(plan, second, 0);
    RC_ASSERT(a.play(false));
    RC_ASSERT(b.play(false));
    RC_ASSERT(a.state().run_state == RunState::kCompleted);
    RC_ASSERT(json::canonical(a.state().outputs) == json::canonical(b.state().outputs));
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace oap::workflow
