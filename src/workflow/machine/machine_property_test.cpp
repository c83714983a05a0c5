// Random graphs, failures, limits and orders of completion: the run always ends, replaying its
// journal gives the state that it had, and the order of completions does not change the outputs.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/print.hpp"
#include "workflow/machine/machine.hpp"
#include "workflow/testing/definitions.hpp"
#include "workflow/testing/quiet_host.hpp"

namespace oap::workflow {
namespace {

using testing::definition;
using testing::QuietHost;
using testing::step;
using testing::steps;
using testing::tool;

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
      waiting(made);
    } else if (kind == 7 && may_fail_) {
      SubworkflowStep child;
      child.workflow = "kid";
      made.body = std::move(child);
    } else if (may_fail_ && depth == 0) {
      made.compensate = std::make_unique<StepDefinition>(tool("undo"));
    }
    if (pick(4) == 0 && is_attempt(made)) {
      made.concurrency = pick(2) == 0 ? "red" : "blue";
    }
    if (may_fail_ && !is_attempt(made) && pick(3) == 0) {
      made.timeouts.attempt = Millis(1 + pick(8'000));
    }
    if (may_fail_ && pick(8) == 0) {
      made.timeouts.total = Millis(1 + pick(20'000));
    }
    return made;
  }

  void waiting(StepDefinition& made) {
    made.retry.max_attempts = 1;
    const unsigned kind = pick(3);
    if (kind == 0) {
      made.body = ApprovalStep{.message = "may it?"};
      made.timeouts.attempt = Millis(1 + pick(9'000));
      return;
    }
    WaitStep wait;
    if (kind == 1) {
      wait.signal = "go";
      made.timeouts.attempt = Millis(1 + pick(9'000));
    } else {
      wait.duration = "5s";
    }
    made.body = std::move(wait);
  }

  std::mt19937 random_;
  bool may_fail_ = false;
  int names_ = 0;
};

/// Plays a run: attempts and child runs end in a random order, with random outcomes; a concurrency
/// group is held by one step at a time; a child that is told to cancel ends cancelled; time passes
/// where nothing else happens. `crash_at`: the turn after which another machine goes on from the
/// journal, and what was under way is lost.
class Player {
 public:
  Player(std::shared_ptr<const Plan> plan, unsigned seed, unsigned fail_percent)
      : plan_(std::move(plan)), random_(seed), fail_percent_(fail_percent), machine_(fresh()) {}

  /// False where it did not end.
  bool play(bool cancel, int crash_at = -1) {
    machine_->begin({}, at(0));
    for (int turn = 0; turn < 5'000; ++turn) {
      machine_->advance(at(time_));
      if (machine_->broken()) {
        ADD_FAILURE() << machine_->broken()->to_string();
        return false;
      }
      if (take()) {
        continue;
      }
      if (machine_->is_over()) {
        return true;
      }
      if (turn == crash_at) {
        if (!crash()) {
          return false;
        }
        continue;  // what recovery decided is taken up before anything else happens
      }
      if (cancel && turn == 3) {
        tell(cancel_body("me"));
        continue;
      }
      if (random_() % 6 == 0 && let_time_pass()) {
        continue;
      }
      if (!end_something() && !let_time_pass()) {
        return false;
      }
    }
    return false;
  }

  bool let_time_pass() {
    const auto due = machine_->next_due();
    if (due) {
      time_ = std::max(time_, to_millis(*due) - to_millis(at(0)));
      machine_->tick(at(time_));
    }
    return due.has_value();
  }

  /// Nobody holds a group, and no child goes on untold.
  void check_nothing_left() const {
    for (const auto& [group, holder] : groups_) {
      ADD_FAILURE() << holder << " holds " << group;
    }
    for (const auto& [run, step] : children_) {
      EXPECT_TRUE(told_.contains(run)) << run << " of " << step << " goes on";
    }
  }

  void check_replay() {
    Machine again(Identity{"run_1", "", "", ""}, plan_, host_, {});
    for (const store::EventRow& row : rows_) {
      const auto done = again.replay(row);
      ASSERT_TRUE(done) << done.error().to_string() << "\n" << row.body;
    }
    EXPECT_EQ(json::print(again.state().to_json()), json::print(machine_->state().to_json()));
    const std::string snapshot = json::print(machine_->state().to_json());
    Machine restored(Identity{"run_1", "", "", ""}, plan_, host_, {});
    const auto done = restored.restore({1, snapshot});
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(json::print(restored.state().to_json()), snapshot);
  }
  const State& state() const { return machine_->state(); }
  const std::vector<store::EventRow>& rows() const { return rows_; }

 private:
  std::unique_ptr<Machine> fresh() {
    return std::make_unique<Machine>(Identity{"run_1", "", "", ""}, plan_, host_,
                                     Machine::Options{});
  }

  void tell(std::string body) {
    store::Order order;
    order.id = fmt::format("evt_{}", ++orders_);
    order.body = std::move(body);
    machine_->order(order, at(time_));
  }

  bool crash() {
    machine_ = fresh();
    running_.clear();
    for (const store::EventRow& row : rows_) {
      const auto done = machine_->replay(row);
      if (!done) {
        ADD_FAILURE() << done.error().to_string() << "\n" << row.body;
        return false;
      }
    }
    recovering_ = true;
    machine_->recover("me", at(time_));
    take();
    recovering_ = false;
    return true;
  }

  /// True where something happened meanwhile.
  bool take() {
    bool happened = false;
    Outbox out = machine_->take();
    if (!out.events.empty()) {
      rows_.push_back(
          {static_cast<std::int64_t>(rows_.size()) + 1, at(time_), 1, std::move(out.events), ""});
    }
    for (const std::string& step : out.released_groups) {
      if (std::erase_if(groups_, [&](const auto& held) { return held.second == step; }) > 0) {
        machine_->ask_groups_again();
        happened = true;
      }
    }
    for (const store::Order& order : out.orders) {
      told_.insert(order.run_id);
    }
    for (const Command& command : out.commands) {
      happened = act(command) || happened;
    }
    return happened;
  }

  bool act(const Command& command) {
    if (const auto* const attempt = std::get_if<RunAttempt>(&command)) {
      running_.push_back(*attempt);
    } else if (const auto* const stop = std::get_if<StopAttempt>(&command)) {
      return stop_one(*stop);
    } else if (const auto* const group = std::get_if<TakeGroup>(&command)) {
      const std::string& holder = groups_.emplace(group->group, group->path).first->second;
      machine_->group_answer(group->node, group->path, holder == group->path);
      return true;
    } else if (const auto* const child = std::get_if<StartChild>(&command)) {
      EXPECT_EQ(child->again, recovering_);
      if (!ended_.contains(child->run_id)) {
        children_[child->run_id] = child->path;
      }
    }
    return false;
  }

  bool stop_one(const StopAttempt& stop) {
    const auto found = std::find_if(running_.begin(), running_.end(),
                                    [&](const RunAttempt& each) { return each.node == stop.node; });
    if (found == running_.end()) {
      return false;
    }
    const RunAttempt stopped = *found;
    running_.erase(found);
    if (!stop.forget) {
      machine_->attempt_ended(stopped.node, stopped.attempt, fail(Code::kCancelled, "cancelled"),
                              at(time_));
    }
    return !stop.forget;
  }

  bool end_something() {
    if (!children_.empty() && (running_.empty() || random_() % 3 == 0)) {
      const auto child = children_.begin();
      const bool told = told_.contains(child->first);
      const bool fails = random_() % 100 < fail_percent_;
      ended_.insert(child->first);
      const std::string body = json::print(json::Object{{"kind", "child"},
                                                        {"step", child->second},
                                                        {"run", child->first},
                                                        {"state", told    ? "cancelled"
                                                                  : fails ? "failed"
                                                                          : "completed"},
                                                        {"outputs", json::Object{}}});
      children_.erase(child);
      tell(body);
      return true;
    }
    if (!running_.empty()) {
      end_one();
      return true;
    }
    return false;
  }

  void end_one() {
    const std::size_t which = random_() % running_.size();
    const RunAttempt attempt = running_[which];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(which));
    time_ += 1;
    if (attempt.ask_first) {
      machine_->asked(attempt.node, std::nullopt, at(time_));
      return;
    }
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
    machine_->attempt_ended(attempt.node, attempt.attempt, std::move(result), at(time_));
  }

  std::shared_ptr<const Plan> plan_;
  QuietHost host_;
  std::mt19937 random_;
  unsigned fail_percent_;
  std::unique_ptr<Machine> machine_;
  std::vector<RunAttempt> running_;
  std::vector<store::EventRow> rows_;
  std::map<std::string, std::string> groups_;    ///< group → step that holds it
  std::map<std::string, std::string> children_;  ///< run under way → step
  std::set<std::string> told_;                   ///< runs that were told to cancel
  std::set<std::string> ended_;
  std::int64_t time_ = 0;
  int orders_ = 0;
  bool recovering_ = false;
};

std::shared_ptr<const Plan> plan_of(Definition definition) {
  return Plan::of(testing::compiled(std::move(definition)));
}

void expect_nothing_stuck(const State& state) {
  for (NodeId id = 0; id < state.node_count(); ++id) {
    if (!state.node(id).free) {
      EXPECT_FALSE(state.node(id).is_open()) << state.path(id);
    }
  }
  EXPECT_EQ(state.running, 0U);
  EXPECT_TRUE(state.waiting.empty());
}

TEST(MachineProperty, AnyGraphWithAnyFailuresEndsAndReplays) {
  const bool held = rc::check("ends, leaves nothing stuck, replays",
                              [](unsigned shape, unsigned seed, bool cancel, bool crash) {
                                auto plan = plan_of(Drawn(shape).draw(true));
                                RC_ASSERT(plan != nullptr);
                                Player player(plan, seed, 30);
                                const int crash_at = crash ? static_cast<int>(seed % 30) : -1;
                                const bool ended = player.play(cancel, crash_at);
                                if (!ended) {
                                  std::string journal;
                                  for (const auto& row : player.rows()) {
                                    journal += row.body + "\n";
                                  }
                                  RC_FAIL("the run did not end:\n" +
                                          json::print(to_json(plan->blueprint().definition())) +
                                          "\n" + journal.substr(0, 6'000));
                                }
                                expect_nothing_stuck(player.state());
                                player.check_nothing_left();
                                player.check_replay();
                                RC_ASSERT(!::testing::Test::HasFailure());
                              });
  EXPECT_TRUE(held);
}

TEST(MachineProperty, AnyOrderOfCompletionsGivesTheSameOutputs) {
  const bool held = rc::check("same outputs", [](unsigned shape, unsigned first, unsigned second) {
    auto plan = plan_of(Drawn(shape).draw(false));
    RC_ASSERT(plan != nullptr);
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
