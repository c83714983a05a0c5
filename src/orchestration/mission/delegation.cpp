#include "orchestration/mission/delegation.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

std::size_t at_least_one(int limit, std::size_t without) {
  return limit > 0 ? static_cast<std::size_t>(limit) : without;
}

std::int64_t millis(WallTime at) {
  return std::chrono::duration_cast<Millis>(at.time_since_epoch()).count();
}

std::string seconds(WallTime from, WallTime to) {
  const auto time = std::chrono::duration<double>(to - from).count();
  return fmt::format("{:.1f} s", std::max(time, 0.0));
}

}  // namespace

std::string_view to_string(DelegatedTask::State state) {
  switch (state) {
    case DelegatedTask::State::kPending:
      return "pending";
    case DelegatedTask::State::kRunning:
      return "running";
    case DelegatedTask::State::kCompleted:
      return "completed";
    case DelegatedTask::State::kFailed:
      return "failed";
    case DelegatedTask::State::kCancelled:
      return "cancelled";
  }
  return "pending";
}

json::Object to_json(const DelegatedTask& task) {
  return json::Object{{"task_id", task.id},
                      {"agent", task.agent},
                      {"description", task.description},
                      {"prompt", task.prompt},
                      {"session_id", task.session_id},
                      {"parent_session", task.parent_session},
                      {"depth", task.depth},
                      {"background", task.background},
                      {"worktree", task.worktree},
                      {"scopes", to_json(task.scopes)},
                      {"state", to_string(task.state)},
                      {"result", task.result},
                      {"note", task.note},
                      {"started_ms", millis(task.started_at)},
                      {"ended_ms", millis(task.ended_at)}};
}

DelegatedTask task_from_json(const json::Value& value) {
  DelegatedTask task;
  task.id = json::get_string(value, "task_id");
  task.agent = json::get_string(value, "agent");
  task.description = json::get_string(value, "description");
  task.prompt = json::get_string(value, "prompt");
  task.session_id = json::get_string(value, "session_id");
  task.parent_session = json::get_string(value, "parent_session");
  task.depth = static_cast<int>(json::get_int(value, "depth", 1));
  task.background = json::get_bool(value, "background");
  task.worktree = json::get_bool(value, "worktree");
  if (const json::Value* const scopes = json::find(value, "scopes")) {
    task.scopes = skill_lists_from(*scopes);
  }
  const std::string_view state = json::get_string(value, "state");
  using State = DelegatedTask::State;
  task.state = state == "completed"   ? State::kCompleted
               : state == "failed"    ? State::kFailed
               : state == "cancelled" ? State::kCancelled
                                      : State::kPending;
  task.result = json::get_string(value, "result");
  task.note = json::get_string(value, "note");
  task.started_at = WallTime(Millis(json::get_int(value, "started_ms")));
  task.ended_at = WallTime(Millis(json::get_int(value, "ended_ms")));
  return task;
}

std::string result_text(const DelegatedTask& task, std::size_t most_bytes) {
  std::string text = fmt::format("[{}] {} '{}' {} after {}", task.id, task.agent, task.description,
                                 to_string(task.state), seconds(task.started_at, task.ended_at));
  text += task.note.empty() ? "" : "\n" + task.note;
  const std::string_view cut = text::truncate_utf8(task.result, most_bytes);
  text += "\n" + std::string(cut);
  if (cut.size() < task.result.size()) {
    text +=
        fmt::format("\n[cut; delegate_task with action result and task_id {} gives all]", task.id);
  }
  return text;
}

Delegation::Delegation(Parts parts)
    : parts_(std::move(parts)),
      all_(at_least_one(parts_.limits.parallel, 64)),
      scope_(parts_.executor) {}

Result<std::string> Delegation::start(DelegatedTask task) {
  const MissionLimits& limits = parts_.limits;
  if (limits.depth > 0 && task.depth > limits.depth) {
    return fail(Error(
        Code::kResourceExhausted,
        fmt::format("delegation is at most {} deep; do this yourself, or report it", limits.depth),
        Audience::kModel));
  }
  if (limits.children > 0 && tasks_.size() >= static_cast<std::size_t>(limits.children)) {
    return fail(Error(Code::kResourceExhausted,
                      fmt::format("the mission's {} delegated tasks are used up; do the rest "
                                  "without delegating",
                                  limits.children),
                      Audience::kModel));
  }
  task.id = new_id("task_");
  task.started_at = parts_.clock.wall();
  OAP_TRY(task.session_id, parts_.make_session(task));
  OAP_CHECK_OK(parts_.journal("child_started", to_json(task)));
  const std::string id = task.id;
  tasks_.emplace(id, std::move(task));
  spawn(id);
  return id;
}

void Delegation::restore(std::vector<DelegatedTask> tasks) {
  for (DelegatedTask& task : tasks) {
    const std::string id = task.id;
    tasks_.insert_or_assign(id, std::move(task));
  }
}

int Delegation::take_up() {
  holding_ = false;
  int count = 0;
  for (auto& [id, task] : tasks_) {
    if (!task.has_ended()) {
      task.background = true;  // nobody waits for it in a call any more
      spawn(id);
      ++count;
    }
  }
  return count;
}

void Delegation::spawn(const std::string& id) {
  branches_.insert_or_assign(id, scope_.spawn(carry_out(id)));
}

/// One that was delegated by a delegated agent works in its parent's place: else the two could wait
/// for each other.
Task<Result<Delegation::Places>> Delegation::take_places(DelegatedTask task) {
  Places places;
  if (task.depth > 1) {
    co_return std::move(places);
  }
  const Deadline never = Deadline::never();
  auto agents = per_agent_.find(task.agent);
  if (agents == per_agent_.end()) {
    async::Semaphore limit(at_least_one(parts_.limits.per_agent, 64));
    agents = per_agent_.emplace(task.agent, std::move(limit)).first;
  }
  OAP_CO_TRY(async::Semaphore::Permit own, co_await agents->second.acquire(never));
  places.push_back(std::move(own));
  OAP_CO_TRY(async::Semaphore::Permit one, co_await all_.acquire(never));
  places.push_back(std::move(one));
  co_return std::move(places);
}

Task<void> Delegation::carry_out(std::string id) {
  const Result<Places> places = co_await take_places(tasks_.at(id));
  DelegatedOutcome outcome;
  if (places && !holding_ && !cancelled_[id]) {
    tasks_.at(id).state = DelegatedTask::State::kRunning;
    DelegatedTask copy = tasks_.at(id);
    outcome = co_await parts_.run(std::move(copy));
  }
  using State = DelegatedTask::State;
  if (cancelled_[id]) {
    outcome.text = outcome.text.empty() ? "cancelled" : outcome.text;
    settle(id, State::kCancelled, std::move(outcome));
  } else if (holding_ || !places) {
    tasks_.at(id).state = State::kPending;
    wake(id);
  } else {
    const State state = outcome.ok ? State::kCompleted : State::kFailed;
    settle(id, state, std::move(outcome));
  }
}

/// The one place where a task ends.
void Delegation::settle(const std::string& id, DelegatedTask::State state,
                        DelegatedOutcome outcome) {
  DelegatedTask& task = tasks_.at(id);
  if (task.has_ended()) {
    return;
  }
  task.state = state;
  task.result = text::truncate_utf8(outcome.text, DelegatedTask::kMaxResult);
  task.note = std::move(outcome.note);
  task.ended_at = parts_.clock.wall();
  if (const auto written = parts_.journal("child_ended", to_json(task)); !written) {
    log::error("mission", "the end of a delegated task was not written down",
               {{"task", id}, {"error", written.error().to_string()}});
  }
  wake(id);
  if (parts_.on_end) {
    parts_.on_end();
  }
}

void Delegation::wake(const std::string& id) {
  const auto [begin, end] = waiters_.equal_range(id);
  for (auto waiter = begin; waiter != end; ++waiter) {
    waiter->second.notify();
  }
  waiters_.erase(id);
}

Task<Result<DelegatedTask>> Delegation::wait(std::string id, Deadline deadline) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) {
    co_return fail(Error(Code::kNotFound, "there is no delegated task " + id, Audience::kModel));
  }
  if (!found->second.has_ended() && !holding_) {
    async::Event ended(parts_.executor);
    waiters_.emplace(id, ended);
    const async::Event::Wake wake = co_await ended.wait(deadline);
    if (wake == async::Event::Wake::kDeadline) {
      co_return fail(Code::kDeadlineExceeded, "the delegated task {} has not ended in time", id);
    }
    if (wake == async::Event::Wake::kCancelled) {
      co_return fail(Code::kCancelled, "cancelled while waiting for {}", id);
    }
  }
  co_return tasks_.at(id);
}

Result<void> Delegation::cancel(const std::string& id) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) {
    return fail(Error(Code::kNotFound, "there is no delegated task " + id, Audience::kModel));
  }
  if (found->second.has_ended()) {
    return fail(Error(Code::kFailedPrecondition,
                      fmt::format("{} has ended already: {}", id, to_string(found->second.state)),
                      Audience::kModel));
  }
  cancelled_[id] = true;
  const auto branch = branches_.find(id);
  if (branch != branches_.end() && !branch->second.done()) {
    branch->second.cancel();
  } else {
    settle(id, DelegatedTask::State::kCancelled, {false, "cancelled", ""});
  }
  return {};
}

void Delegation::cancel_all() {
  std::vector<std::string> ids;
  for (const auto& [id, task] : tasks_) {
    if (!task.has_ended()) {
      ids.push_back(id);
    }
  }
  for (const std::string& id : ids) {
    [[maybe_unused]] const auto done = cancel(id);
  }
}

void Delegation::hold() {
  holding_ = true;
  for (auto& [id, branch] : branches_) {
    if (!branch.done()) {
      branch.cancel();
    }
  }
  for (auto& waiter : waiters_) {
    waiter.second.notify();
  }
  waiters_.clear();
}

Task<void> Delegation::join() { co_await scope_.join(); }

Result<const DelegatedTask*> Delegation::find(const std::string& id) const {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) {
    return fail(Error(Code::kNotFound, "there is no delegated task " + id, Audience::kModel));
  }
  return &found->second;
}

std::vector<std::string> Delegation::open() const {
  std::vector<std::string> list;
  for (const auto& [id, task] : tasks_) {
    if (!task.has_ended()) {
      list.push_back(fmt::format("{} ({}, '{}')", id, task.agent, task.description));
    }
  }
  return list;
}

std::vector<DelegatedTask> Delegation::undelivered() const {
  std::vector<DelegatedTask> list;
  for (const auto& [id, task] : tasks_) {
    if (task.has_ended() && !task.delivered) {
      list.push_back(task);
    }
  }
  return list;
}

void Delegation::mark_delivered(const std::string& id) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end() || found->second.delivered) {
    return;
  }
  found->second.delivered = true;
  if (const auto written = parts_.journal("child_delivered", {{"task_id", id}}); !written) {
    log::error("mission", "a delivery was not written down", {{"task", id}});
  }
}

}  // namespace oap::orchestration
