#include <exception>

#include "async/deadline.hpp"
#include "base/ids.hpp"
#include "json/parse.hpp"
#include "workflow/engine/body.hpp"

namespace oap::workflow {
namespace {

std::int64_t steady_millis() {
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Task<Result<StepResult>> guarded(StepRunner& runner, StepRequest request) {
  try {
    co_return co_await runner.run(std::move(request));
  } catch (const std::exception& error) {
    co_return fail(Code::kInternal, "unexpected exception: {}", error.what());
  }
}

Task<Result<std::optional<StepResult>>> guarded_question(StepRunner& runner, StepRequest request) {
  try {
    co_return co_await runner.find_result(std::move(request));
  } catch (const std::exception& error) {
    co_return fail(Code::kInternal, "unexpected exception: {}", error.what());
  }
}

}  // namespace

bool LiveRun::admit(const StepDefinition& step) {
  if (engine.closing_) {
    return false;
  }
  const std::string place = place_name(step);
  if (const auto full = engine.admission_.full(place)) {
    wanted.insert(*full);
    return false;
  }
  engine.admission_.take(place);
  return true;
}

double LiveRun::draw() { return std::uniform_real_distribution<double>(0.0, 1.0)(engine.random_); }

std::optional<std::string> LiveRun::secret(std::string_view name) {
  return engine.options_.secret ? engine.options_.secret(name) : std::nullopt;
}

Result<json::Value> LiveRun::open_input(const json::Value& sealed, std::string_view name) {
  return workflow::open_input(machine.state().blueprint().definition().inputs, sealed, name,
                              engine.options_.seal, machine.identity().run_id);
}

Result<std::shared_ptr<const json::Value>> LiveRun::blob(const std::string& hash) {
  if (const auto fresh = fresh_blobs.find(hash); fresh != fresh_blobs.end()) {
    return fresh->second;
  }
  if (auto cached = engine.blobs_.find(hash)) {
    return cached;
  }
  OAP_TRY(const std::string text, engine.store_.blob(hash));
  OAP_TRY(json::Value value, json::parse(text, {.max_depth = 1'000, .max_bytes = 1U << 30U}));
  auto shared = std::make_shared<const json::Value>(std::move(value));
  engine.blobs_.put(hash, shared, text.size());
  return shared;
}

void LiveRun::made_blob(const std::string& hash, json::Value value) {
  constexpr std::size_t kAtLeast = 16'384;
  auto shared = std::make_shared<const json::Value>(std::move(value));
  fresh_blobs[hash] = shared;
  engine.blobs_.put(hash, std::move(shared), kAtLeast);
}

std::string LiveRun::new_run_id() { return new_id("run_"); }

void Engine::Body::begin_attempt(const std::shared_ptr<LiveRun>& run, RunAttempt what) {
  const Identity& identity = run->machine.identity();
  const StepDefinition& definition = run->machine.state().definition_of(what.node);
  auto attempt = std::make_shared<LiveAttempt>();
  attempt->node = what.node;
  attempt->number = what.attempt;
  attempt->place = what.ask_first ? "" : place_name(definition);
  StepRequest request;
  request.run_id = identity.run_id;
  request.task_id = identity.task_id;
  request.session_id = identity.session_id;
  request.user = identity.user;
  request.blueprint = run->machine.state().shared_plan()->shared_blueprint();
  request.step = &definition;
  request.path = what.path;
  request.idempotency_key = idempotency_key(identity.run_id, what.path);
  request.input = std::move(what.input);
  request.tainted = what.tainted;
  if (options_.seal != nullptr && !what.secrets.empty()) {
    options_.seal->learn(json::Value(std::move(what.secrets)));
  }
  request.attempt = what.attempt;
  request.budget = what.budget;
  if (what.time) {
    request.deadline = Deadline::after(*what.time);
  }
  if (what.heartbeat) {
    attempt->heartbeat = *what.heartbeat;
    attempt->beat = std::make_shared<std::atomic<std::int64_t>>(steady_millis());
    request.heartbeat = [beat = attempt->beat] { beat->store(steady_millis()); };
    due_.push({std::chrono::steady_clock::now() + *what.heartbeat, identity.run_id, what.node,
               what.attempt, 0});
    wake_.notify();
  } else {
    request.heartbeat = [] {};
  }
  run->attempts[what.node] = attempt;
  async::Branch branch(executor_);
  attempt->branch = branch;
  branch.start(Body::attempt(shared_from_this(), run, attempt, std::move(request), what.time,
                             what.ask_first));
}

/// An attempt that was decided before the engine began to close, and is not begun any more.
void Engine::Body::withdraw(const std::shared_ptr<LiveRun>& run, const RunAttempt& what) {
  if (what.ask_first) {
    return;  // whoever comes next asks
  }
  admission_.give_back(place_name(run->machine.state().definition_of(what.node)));
  run->happened.push_back([node = what.node, number = what.attempt](Machine& machine, WallTime at) {
    machine.not_begun(node, number, at);
  });
  mark(run);
}

Task<void> Engine::Body::attempt(std::shared_ptr<Body> body, std::shared_ptr<LiveRun> run,
                                 std::shared_ptr<LiveAttempt> attempt, StepRequest request,
                                 std::optional<Millis> time, bool ask_first) {
  if (ask_first) {
    Result<std::optional<StepResult>> answer =
        co_await guarded_question(body->runner_, std::move(request));
    run->attempts.erase(attempt->node);
    if (!attempt->forgotten && !body->gone_) {
      run->happened.push_back(
          [node = attempt->node, answer = std::move(answer)](Machine& machine, WallTime at) {
            machine.asked(node, answer, at);
          });
      body->mark(run);
    }
    co_return;
  }
  Task<Result<StepResult>> work = perform(body, std::move(request), time);
  Result<StepResult> result = co_await std::move(work);
  body->attempt_ended(run, attempt, std::move(result));
}

Task<Result<StepResult>> Engine::Body::perform(std::shared_ptr<Body> body, StepRequest request,
                                               std::optional<Millis> time) {
  const StepDefinition& definition = *request.step;
  if (definition.memoize && definition.effect == Effect::kPure && !request.tainted) {
    const std::string key = memo_key(definition, request.input);
    std::optional<json::Value> output = co_await body->remembered(key);
    if (output) {
      StepResult result;
      result.output = *std::move(output);
      co_return result;
    }
  }
  if (!time) {
    co_return co_await guarded(body->runner_, std::move(request));
  }
  const Deadline deadline = request.deadline;
  std::string what = "step '" + request.path + "'";
  Task<Result<StepResult>> work = guarded(body->runner_, std::move(request));
  co_return co_await async::with_deadline(deadline, std::move(work), std::move(what));
}

Task<std::optional<json::Value>> Engine::Body::remembered(std::string key) {
  std::function<Result<std::optional<std::string>>(store::RunRepository&)> question =
      [key](store::RunRepository& runs) { return runs.memo(key); };
  const auto text = co_await ask<Result<std::optional<std::string>>>(std::move(question));
  if (text && *text) {
    auto value = json::parse(**text, {.max_depth = 1'000, .max_bytes = 1U << 30U});
    if (value) {
      co_return *std::move(value);
    }
  }
  co_return std::nullopt;
}

void Engine::Body::attempt_ended(const std::shared_ptr<LiveRun>& run,
                                 const std::shared_ptr<LiveAttempt>& attempt,
                                 Result<StepResult> result) {
  admission_.give_back(attempt->place);
  if (const auto found = run->attempts.find(attempt->node);
      found != run->attempts.end() && found->second == attempt) {
    run->attempts.erase(found);
  }
  if (gone_) {
    return;
  }
  offer_places();
  if (run->gone) {
    return;
  }
  if (attempt->silent) {
    result = fail(Code::kDeadlineExceeded, "no heartbeat for {} ms", attempt->heartbeat.count());
  }
  const bool only_closed = closing_ && !result && result.error().code() == Code::kCancelled;
  if (!attempt->forgotten && !only_closed) {
    run->happened.push_back([node = attempt->node, number = attempt->number,
                             result = std::move(result)](Machine& machine, WallTime at) mutable {
      machine.attempt_ended(node, number, std::move(result), at);
    });
  }
  if (run->machine.is_over() && run->attempts.empty() && !run->in_flight) {
    finish(run);
  } else {
    mark(run);
  }
}

void Engine::Body::stop_attempt(LiveRun& run, const StopAttempt& what) {
  const auto found = run.attempts.find(what.node);
  if (found == run.attempts.end()) {
    return;
  }
  found->second->forgotten = found->second->forgotten || what.forget;
  if (found->second->branch) {
    found->second->branch->cancel();
  }
}

void Engine::Body::check_heartbeat(const Due& due) {
  const auto run = live_.find(due.run_id);
  if (run == live_.end()) {
    return;
  }
  const auto found = run->second->attempts.find(due.node);
  if (found == run->second->attempts.end() || found->second->number != due.attempt) {
    return;
  }
  LiveAttempt& attempt = *found->second;
  const std::int64_t silence = steady_millis() - attempt.beat->load();
  if (silence >= attempt.heartbeat.count()) {
    attempt.silent = true;
    attempt.branch->cancel();
    return;
  }
  Due again = due;
  again.at = std::chrono::steady_clock::now() + attempt.heartbeat - Millis(silence);
  due_.push(again);
}

void Engine::Body::give_places_back(const LiveRun& run, const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    const auto* attempt = std::get_if<RunAttempt>(&command);
    if (attempt != nullptr && !attempt->ask_first) {
      admission_.give_back(place_name(run.machine.state().definition_of(attempt->node)));
    }
  }
}

/// Gives places that are free to the runs that wait longest for them, one each at a time.
void Engine::Body::offer_places() {
  for (auto& [place, runs] : wants_) {
    while (!runs.empty() && !admission_.full(place)) {
      const auto run = live_.find(runs.front());
      runs.pop_front();
      if (run == live_.end()) {
        continue;
      }
      run->second->wanted.erase(place);
      mark(run->second);
      break;  // what it leaves is offered after its turn
    }
  }
}

void Engine::Body::ask_for_groups() {
  for (const std::string& id : std::exchange(wants_groups_, {})) {
    if (const auto run = live_.find(id); run != live_.end()) {
      run->second->happened.push_back(
          [](Machine& machine, WallTime) { machine.ask_groups_again(); });
      mark(run->second);
    }
  }
}

void Engine::Body::take_group(const std::shared_ptr<LiveRun>& run, TakeGroup what) {
  const std::string run_id = run->machine.identity().run_id;
  journal_->call([weak = weak_from_this(), run, what,
                  run_id](store::RunRepository& runs) -> JournalThread::Answer {
    const auto holder = runs.take_group(what.group, run_id, what.path);
    const bool granted = holder && holder->run_id == run_id && holder->step == what.path;
    return [weak, run, what, granted, run_id] {
      const auto body = weak.lock();
      if (!body || body->gone_ || run->gone) {
        return;
      }
      run->happened.push_back([what, granted](Machine& machine, WallTime) {
        machine.group_answer(what.node, what.path, granted);
      });
      if (!granted) {
        constexpr Millis kAgain{100};
        body->wants_groups_.insert(run_id);
        body->due_.push({body->clock_.steady() + kAgain, run_id, kNoNode, kGroups, 0});
        body->wake_.notify();
      }
      body->mark(run);
    };
  });
}

void Engine::Body::tell_run(const std::string& run_id, std::string body) {
  store::Order order;
  order.id = new_id("evt_");
  order.run_id = run_id;
  order.at = clock_.wall();
  order.body = std::move(body);
  journal_->call(
      [weak = weak_from_this(), order](store::RunRepository& runs) -> JournalThread::Answer {
        if (!runs.post(order)) {
          return {};  // it has ended already, and says so itself
        }
        return [weak, order] {
          if (const auto body = weak.lock(); body && !body->gone_) {
            body->deliver(order);
          }
        };
      });
}

}  // namespace oap::workflow
