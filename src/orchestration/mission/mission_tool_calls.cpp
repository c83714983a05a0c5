#include <fmt/format.h>

#include "orchestration/mission/mission_run.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kResultBytes = 32U << 10U;

ToolResult refused(const Error& error) { return ToolResult::text(error.message(), true); }

}  // namespace

Task<ToolResult> MissionRun::todo(MissionSeat seat, ToolCall call) {
  if (json::get_string(call.arguments, "action") == "ask") {
    const std::string question(text::trim(json::get_string(call.arguments, "question")));
    if (question.empty()) {
      co_return ToolResult::text("which question?", true);
    }
    if (seat.depth > 0) {
      co_return ToolResult::text(
          "only the commander asks the person; put the question into your report", true);
    }
    question_ = parts_.redact(question);
    co_return ToolResult::text(
        "The person is asked when your turn ends. End it now, without doing what depends on the "
        "answer.");
  }
  std::string tree;
  const std::string_view action = json::get_string(call.arguments, "action");
  if (action == "tick" ||
      (action == "update" && json::get_string(call.arguments, "state") == "done")) {
    tree = co_await evidence_.tree();
  }
  auto done = files_.use(seat.role, call.arguments, evidence_.passing(tree, body_.tree_at_start));
  if (!done) {
    co_return refused(done.error());
  }
  if (action != "list" && action != "show") {
    journal_.later("todo",
                   json::Object{{"action", action},
                                {"by", seat.role},
                                {"id", parts_.redact(json::get_string(call.arguments, "id"))},
                                {"list", json::get_string(call.arguments, "list", "todo")}});
  }
  co_return *std::move(done);
}

Task<ToolResult> MissionRun::delegate(MissionSeat seat, ToolCall call) {
  const std::string_view action = json::get_string(call.arguments, "action", "start");
  const std::string id(json::get_string(call.arguments, "task_id"));
  if (action == "start") {
    co_return co_await start_task(seat, call);
  }
  if (action == "list") {
    std::string text = fmt::format("{} tasks\n", delegation_.tasks().size());
    for (const auto& [name, task] : delegation_.tasks()) {
      text +=
          fmt::format("{} {} {} '{}'\n", name, to_string(task.state), task.agent, task.description);
    }
    co_return ToolResult::text(text);
  }
  if (action == "cancel") {
    const auto done = delegation_.cancel(id);
    co_return done ? ToolResult::text(id + " is being cancelled; its end will be told")
                   : refused(done.error());
  }
  const auto found = delegation_.find(id);
  if (!found) {
    co_return refused(found.error());
  }
  if (id == seat.task_id) {
    co_return ToolResult::text("that is this task itself", true);
  }
  if (action == "result" && !(*found)->has_ended()) {
    co_return ToolResult::text(fmt::format("{} is {}; its result will be told, or wait for it", id,
                                           to_string((*found)->state)));
  }
  auto ended = co_await delegation_.wait(id, call.deadline);
  if (!ended) {
    co_return refused(ended.error());
  }
  if (!ended->has_ended()) {
    co_return ToolResult::text(id + " is held: the mission is being paused", true);
  }
  to_acknowledge_.push_back(id);
  co_return ToolResult::text(result_text(*ended, DelegatedTask::kMaxResult));
}

Task<ToolResult> MissionRun::start_task(const MissionSeat& seat, const ToolCall& call) {
  DelegatedTask task;
  task.agent = text::trim(json::get_string(call.arguments, "agent"));
  if (!parts_.agents.others.contains(task.agent)) {
    task.agent = text::lower_ascii(task.agent);
    task.agent = task.agent == "executor" ? "worker" : task.agent;
  }
  task.description = parts_.redact(json::get_string(call.arguments, "description"));
  task.prompt = parts_.redact(json::get_string(call.arguments, "prompt"));
  task.background = json::get_bool(call.arguments, "background");
  task.worktree = json::get_bool(call.arguments, "worktree");
  task.parent_session = seat.session_id;
  task.depth = seat.depth + 1;
  if (parts_.scopes != nullptr) {
    task.scopes = parts_.scopes->in_force(seat.session_id);
  }
  if (profile_of(task.agent) == nullptr) {
    std::string names = "planner, worker, reviewer";
    for (const auto& [name, profile] : parts_.agents.others) {
      names += ", " + name;
    }
    co_return ToolResult::text(
        fmt::format("there is no agent '{}' to delegate to; there are {}", task.agent, names),
        true);
  }
  if (text::trim(task.prompt).empty()) {
    co_return ToolResult::text("the agent needs a prompt: it sees nothing of this conversation",
                               true);
  }
  if (task.worktree && parts_.workplaces == nullptr) {
    co_return ToolResult::text("there are no worktrees here; delegate one writer after the other",
                               true);
  }
  if (task.description.empty()) {
    task.description =
        std::string(text::truncate_utf8(task.prompt.substr(0, task.prompt.find('\n')), 60));
  }
  const bool background = task.background;
  auto id = delegation_.start(std::move(task));
  if (!id) {
    co_return refused(id.error());
  }
  if (background) {
    co_return ToolResult::text(
        fmt::format("started {}; its result is told when your turn has ended, or ask for it", *id));
  }
  auto ended = co_await delegation_.wait(*id, call.deadline);
  if (!ended) {
    co_return refused(ended.error());
  }
  if (!ended->has_ended()) {
    co_return ToolResult::text(*id + " is held: the mission is being paused", true);
  }
  to_acknowledge_.push_back(*id);
  ToolResult result = ToolResult::text(result_text(*ended, kResultBytes));
  result.is_error = ended->state != DelegatedTask::State::kCompleted;
  co_return result;
}

}  // namespace oap::orchestration
