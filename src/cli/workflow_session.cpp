#include "cli/workflow_session.hpp"

#include <algorithm>
#include <array>

#include "async/sleep.hpp"
#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "cli/workflow_audit.hpp"
#include "cli/workflow_questions.hpp"
#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

constexpr Millis kTick{120};
constexpr Millis kLook{250};
constexpr Millis kSecondThoughts{700};  // after Ctrl-C, before anything is cancelled
constexpr int kLooksBetweenClaims = 4;
constexpr std::int64_t kSearchedTurns = 2'000;

bool only_waits(const workflow::RunResult& state) {
  static constexpr std::array<std::string_view, 5> kByPeople = {"approval", "signal", "resolution",
                                                                "unpause", "a larger budget"};
  return state.status == workflow::RunState::kPaused ||
         std::any_of(kByPeople.begin(), kByPeople.end(),
                     [&](std::string_view what) { return state.waits_for.starts_with(what); });
}

}  // namespace

WorkflowSession::WorkflowSession(platform::Platform& platform, WorkflowView& view,
                                 SessionOptions options)
    : platform_(platform),
      view_(view),
      options_(options),
      executor_(platform.executor()),
      done_(executor_),
      interrupted_(executor_),
      changed_(executor_),
      asked_(executor_) {}

Task<Result<void>> WorkflowSession::drive(Begin begin) {
  async::Scope scope(executor_);
  scope.spawn(body(std::move(begin)));
  const Deadline never = Deadline::never();
  if (co_await done_.wait(never) == async::Event::Wake::kCancelled) {
    interrupted_.notify();
    co_await done_.wait_shielded(never);
  }
  co_await scope.join();
  if (error_) {
    co_return fail(*error_);
  }
  co_return Result<void>{};
}

void WorkflowSession::watch(const std::string& run_id,
                            std::shared_ptr<const workflow::Blueprint> blueprint) {
  blueprints_[run_id] = blueprint;
  view_.begin(run_id, std::move(blueprint));
  workflow::Observer observer;
  observer.on_step = [this, run_id](const workflow::StepReport& report) {
    on_step(run_id, report);
  };
  observer.on_run = [this](const workflow::RunResult& state) { on_run(state); };
  observers_.push_back(engine().observe(run_id, std::move(observer)));
}

void WorkflowSession::on_step(const std::string& run_id, const workflow::StepReport& report) {
  view_.step(run_id, report);
  const bool waits =
      report.state == workflow::StepState::kRunning && report.waits_for == "approval";
  if (options_.asks_here && waits && answered_.insert(run_id + " " + report.path).second) {
    questions_.push_back({run_id, report.path});
    asked_.notify();
  }
  const bool doubt = report.state == workflow::StepState::kUnknown;
  if (!options_.asks_here && (waits || doubt)) {
    workflow::RunResult alone;
    alone.run_id = run_id;
    alone.steps.push_back(report);
    const auto known = blueprints_.find(run_id);
    for (const std::string& answer :
         answers_to(alone, known == blueprints_.end() ? nullptr : known->second.get())) {
      view_.note("  " + answer);
    }
  }
}

void WorkflowSession::on_run(const workflow::RunResult& state) {
  view_.run(state);
  const bool is_held = state.status == workflow::RunState::kPending && !state.waits_for.empty();
  if (is_held && told_.insert(state.run_id + " " + state.waits_for).second) {
    view_.note(fmt::format("{} waits for {}", state.run_id, one_line(state.waits_for, 300)));
  }
}

/// Of any run here, also of a child that nobody watches.
void WorkflowSession::on_budget(const workflow::RunResult& state) {
  if (!is_budget_spent(state)) {
    spent_.erase(state.run_id);
    return;
  }
  if (spent_.insert(state.run_id).second) {
    const auto known = blueprints_.find(state.run_id);
    view_.note(fmt::format("{} has used up its budget and is paused; go on with:", state.run_id));
    for (const std::string& answer :
         answers_to(state, known == blueprints_.end() ? nullptr : known->second.get())) {
      view_.note("  " + answer);
    }
  }
}

/// Nothing of it or below it is under way.
bool WorkflowSession::is_idle(const std::string& run_id) const {
  store::RunRepository& runs = platform_.workflows().runs();
  const auto record = runs.find(run_id);
  if (!record || store::is_end(record->state)) {
    return record.has_value();
  }
  const bool goes_on =
      record->waits_for.starts_with("time") && record->state != workflow::RunState::kPaused;
  if (record->waits_for.empty() || goes_on) {
    return false;
  }
  const auto children = runs.list({.parent_run = run_id});
  return children && std::all_of(children->begin(), children->end(),
                                 [&](const auto& child) { return is_idle(child.id); });
}

/// Where nobody is asked: leaves runs that cannot go on because a budget is used up.
Task<void> WorkflowSession::leave_over_budget() {
  while (!options_.asks_here && co_await async::sleep_for(kLook)) {
    if (spent_.empty()) {
      continue;
    }
    for (Followed& run : runs_) {
      if (!run.ended && !run.left && is_idle(run.id)) {
        run.left = true;
        over_budget_ = over_budget_ || !options_.detach;
        changed_.notify();
      }
    }
  }
}

/// With `detach`: leaves runs that only wait for people.
Task<void> WorkflowSession::leave_waiting() {
  while (options_.detach && co_await async::sleep_for(kLook)) {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i].ended || runs_[i].left) {
        continue;
      }
      const auto state = co_await engine().show(runs_[i].id);
      if (state && only_waits(*state)) {
        runs_[i].left = true;
        changed_.notify();
      }
    }
  }
}

bool WorkflowSession::is_over() const {
  return std::all_of(runs_.begin(), runs_.end(),
                     [](const Followed& run) { return run.ended || run.left; });
}

Task<void> WorkflowSession::body(Begin begin) {
  async::Scope scope(executor_);
  workflow::Observer observer;
  observer.on_run = [this](const workflow::RunResult& state) { on_budget(state); };
  observers_.push_back(engine().observe("", std::move(observer)));
  auto ids = co_await begin(*this);
  if (!ids) {
    error_ = std::move(ids).error();
    done_.notify();
    co_return;
  }
  for (const std::string& id : *ids) {
    view_.started(id);
    runs_.push_back({id, false, false, std::nullopt});
  }
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    scope.spawn(follow(i));
  }
  async::Scope helpers(executor_);
  helpers.spawn(cancel_when_told());
  helpers.spawn(leave_when_told());
  helpers.spawn(tick());
  helpers.spawn(leave_waiting());
  helpers.spawn(leave_over_budget());
  helpers.spawn(ask_people());
  const Deadline never = Deadline::never();
  while (!is_over()) {
    co_await changed_.wait(never);
    changed_.reset();
  }
  helpers.cancel();
  co_await helpers.join();
  co_await collect();
  observers_.clear();
  scope.cancel();
  co_await scope.join();
  done_.notify();
}

Task<void> WorkflowSession::collect() {
  for (Followed& run : runs_) {
    if (run.result && *run.result) {
      results_.push_back(**std::move(run.result));
      continue;
    }
    auto state = co_await engine().show(run.id);
    if (state) {
      results_.push_back(*std::move(state));
    } else if (!error_) {
      error_ = state.error();
    }
    if (run.result && !*run.result && !run.left && !error_) {
      error_ = run.result->error();
    }
  }
}

Task<void> WorkflowSession::follow(std::size_t index) {
  const std::string id = runs_[index].id;
  const Deadline never = Deadline::never();
  if (elsewhere_.erase(id) > 0) {
    co_await follow_elsewhere(index);
    co_return;
  }
  auto result = co_await engine().wait(id, never);
  if (!result && result.error().code() == Code::kFailedPrecondition) {
    co_await follow_elsewhere(index);
    co_return;
  }
  runs_[index].result = std::move(result);
  runs_[index].ended = true;
  changed_.notify();
}

/// Another process has the run: looks at its journal until it has ended, or, where that is what the
/// command is for, until it can be taken over because that process has died or sleeps.
Task<void> WorkflowSession::follow_elsewhere(std::size_t index) {
  const std::string id = runs_[index].id;
  view_.note(id + " is executed by another process; following it");
  for (int look = 1;; ++look) {
    auto state = co_await engine().show(id);
    if (!state || workflow::is_end(state->status)) {
      runs_[index].result = std::move(state);
      runs_[index].ended = true;
      changed_.notify();
      co_return;
    }
    on_run(*state);
    on_budget(*state);
    if (!co_await async::sleep_for(kLook)) {
      co_return;
    }
    if (!options_.takes_over || look % kLooksBetweenClaims != 0) {
      continue;
    }
    const auto taken = co_await engine().resume(id);
    if (taken) {
      view_.note(id + " was left by the other process; going on with it here");
      co_await follow(index);
      co_return;
    }
  }
}

Task<void> WorkflowSession::cancel_when_told() {
  const Deadline never = Deadline::never();
  if (co_await interrupted_.wait(never) != async::Event::Wake::kNotified) {
    co_return;
  }
  if (options_.leave != nullptr) {
    const Deadline settled = Deadline::after(kSecondThoughts);
    if (co_await options_.leave->wait(settled) != async::Event::Wake::kDeadline) {
      co_return;
    }
  }
  for (const Followed& run : runs_) {
    if (!run.ended) {
      const auto told = co_await engine().cancel(run.id, platform_.principal().user_id);
      audit_order(platform_, {"cancel", run.id, "", "interrupted", false}, told);
      if (!told && told.error().code() != Code::kFailedPrecondition) {
        view_.note(told.error().to_string());
      }
    }
  }
}

Task<void> WorkflowSession::leave_when_told() {
  const Deadline never = Deadline::never();
  if (options_.leave == nullptr ||
      co_await options_.leave->wait(never) != async::Event::Wake::kNotified) {
    co_return;
  }
  for (Followed& run : runs_) {
    run.left = true;
  }
  changed_.notify();
}

Task<void> WorkflowSession::tick() {
  while (co_await async::sleep_for(kTick)) {
    view_.tick();
  }
}

Task<void> WorkflowSession::ask_people() {
  const Deadline never = Deadline::never();
  while (co_await asked_.wait(never) == async::Event::Wake::kNotified) {
    asked_.reset();
    while (!questions_.empty()) {
      Question question = std::move(questions_.front());
      questions_.pop_front();
      co_await ask(std::move(question));
    }
  }
}

Task<void> WorkflowSession::ask(Question question) {
  view_.asking(true);
  ApprovalQuestion asked;
  asked.run_id = question.run_id;
  asked.path = question.path;
  asked.message = platform_.cleaned(
      approval_message(platform_.workflows().runs(), question.run_id, question.path));
  const auto blueprint = co_await engine().definition(question.run_id);
  if (blueprint) {
    asked.form = approval_form(**blueprint, question.path);
  }
  auto vote = co_await ask_for_vote(executor_, std::move(asked));
  view_.asking(false);
  if (!vote) {
    view_.note(vote.error().to_string());
    co_return;
  }
  if (!*vote) {
    workflow::RunResult open;
    open.run_id = question.run_id;
    open.steps.emplace_back().path = question.path;
    open.steps.back().state = workflow::StepState::kRunning;
    open.steps.back().waits_for = "approval";
    view_.note("left open; answer it with: " +
               answers_to(open, blueprint ? blueprint->get() : nullptr).at(0));
    co_return;
  }
  (*vote)->by = platform_.principal().user_id;
  workflow::Vote given = **std::move(vote);
  const GivenOrder order{"approve", question.run_id, question.path, given.comment, !given.approve};
  const auto done = co_await engine().approve(question.run_id, question.path, std::move(given));
  audit_order(platform_, order, done);
  if (!done) {
    view_.note(done.error().to_string());
  }
}

bool is_budget_spent(const workflow::RunResult& result) {
  return result.status == workflow::RunState::kPaused && result.waits_for == "a larger budget";
}

std::string approval_message(store::RunRepository& runs, const std::string& run_id,
                             const std::string& path) {
  const auto record = runs.find(run_id);
  if (!record) {
    return "";
  }
  const auto rows =
      runs.events(run_id, std::max<std::int64_t>(0, record->seq - kSearchedTurns), kSearchedTurns);
  std::string message;
  for (const store::EventRow& row : rows ? *rows : std::vector<store::EventRow>{}) {
    const auto turn = json::parse(row.body);
    if (!turn || !turn->is_array()) {
      continue;
    }
    for (const json::Value& event : turn->get_array()) {
      const json::Object* const data = json::find_object(event, "data");
      if (json::get_string(event, "e") == "start" && json::get_string(event, "step") == path &&
          data != nullptr) {
        message = json::get_string(*data, "message");
      }
    }
  }
  return message;
}

}  // namespace oap::cli
