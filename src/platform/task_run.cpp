#include "platform/task_run.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"
#include "platform/redaction.hpp"
#include "platform/stored_conversation.hpp"
#include "platform/usage.hpp"
#include "text/utf8.hpp"

namespace oap::platform {

std::string TaskRun::model() const {
  return request_.model.empty() ? parts_.options.model : request_.model;
}

Result<orchestration::AgentSet> TaskRun::make_team() {
  const Settings& settings = parts_.options.settings;
  if (!parts_.options.record.empty()) {
    OAP_CHECK_OK(parts_.models->record(parts_.options.record));
  }
  OAP_TRY(orchestration::AgentSet agents, make_agents(settings, *parts_.models, model()));
  if (!request_.agent.empty()) {
    auto agent = make_agent(settings, *parts_.models, model(), request_.agent);
    if (!agent) {
      const bool none = agent.error().code() == Code::kNotFound;
      return fail(none ? Error(Code::kUsage, "--agent: " + agent.error().message())
                       : agent.error());
    }
    agents.worker = *std::move(agent);
    request_.path = ExecutionPath::kFast;
  }
  if (request_.max_turns) {
    agents.worker.max_turns = request_.max_turns;
  }
  return agents;
}

Result<std::string> TaskRun::open_session() {
  using Mode = session::SessionStart::Mode;
  session::SessionStart start;
  start.mode = !request_.session_id.empty() ? Mode::kContinueId
               : request_.continue_session  ? Mode::kContinueNewest
                                            : Mode::kNew;
  start.id = request_.session_id;
  start.workspace = parts_.options.settings.paths.workspace;
  start.user_id = parts_.principal.user_id;
  start.title = parts_.redactor->redact(text::truncate_utf8(request_.prompt, kTitleBytes));
  start.model = model();
  auto state = parts_.opener->open(start);
  if (!state) {
    const bool none = start.mode != Mode::kNew && state.error().code() == Code::kNotFound;
    return fail(none ? Error(Code::kUsage, state.error().message()) : state.error());
  }
  return state->id;
}

Result<orchestration::TaskRequest> TaskRun::make_task() {
  OAP_TRY(session_id_, open_session());
  orchestration::TaskRequest task;
  OAP_TRY(task.history, parts_.sessions->history(session_id_));
  task.task_id = new_id("task_");
  task.session_id = session_id_;
  task.prompt = request_.prompt;
  task.path = request_.path;
  task.principal = parts_.principal;
  task.workspace = parts_.options.settings.paths.workspace;
  store::TaskRecord record;
  record.id = task.task_id;
  record.session_id = session_id_;
  record.description = parts_.redactor->redact(request_.prompt);
  record.created_at = record.updated_at = system_clock().wall();
  OAP_CHECK_OK(parts_.store->tasks().create(record));
  note_.emplace(used_folder(parts_.options.settings) + "/" + task.task_id + ".used");
  return task;
}

void TaskRun::watch_usage() {
  observer_.events.on_usage = [this,
                               told = std::move(observer_.events.on_usage)](const Usage& more) {
    used_ += more;
    if (!parts_.mission_desk.find(session_id_)) {  // a mission keeps account of itself
      note_->put({{"session", session_id_}, {"usage", to_json(used_)}});
    }
    orchestration::tell(told, more);
  };
}

Task<Result<orchestration::TaskReport>> TaskRun::carry_out() {
  OAP_CO_TRY(orchestration::AgentSet agents, make_team());
  OAP_CO_TRY(orchestration::TaskRequest task, make_task());
  if (observer_.on_session) {
    observer_.on_session(session_id_, task.task_id);
  }
  parts_.gateway->set_observer(redacted(*parts_.redactor, std::move(observer_.on_call)));
  parts_.programs->set_listener(observer_.events.on_notice);
  task.context = co_await parts_.events->begin(session_id_, !task.history.empty(), model());
  parts_.own_audit->task_started(session_id_, task.task_id);
  watch_usage();
  orchestration::TaskReport report = co_await process(std::move(agents), std::move(task));
  parts_.own_audit->task_finished(session_id_, report);
  keep_account(report);
  parts_.gateway->set_observer({});
  parts_.programs->set_listener({});
  co_return redacted(*parts_.redactor, std::move(report));
}

Task<orchestration::TaskReport> TaskRun::process(orchestration::AgentSet agents,
                                                 orchestration::TaskRequest task) {
  const Settings& settings = parts_.options.settings;
  orchestration::SkillScopes& scopes = parts_.session_hooks->scopes;
  StoredConversation conversation(*parts_.sessions, session_id_, *parts_.redactor);
  scopes.ended(session_id_);  // of a turn that was broken off
  CustomCommands commands(
      {settings, *parts_.models, parts_.mission_desk, scopes, *parts_.invoker, model()});
  orchestration::Orchestrator orchestrator(
      {std::move(agents), *parts_.invoker, *parts_.catalog, parts_.hooks, parts_.store->runs(),
       observer_.events, conversation, system_clock(), &parts_.the_missions(),
       &parts_.session_hooks->control, &commands, &scopes},
      orchestrator_options(settings.config));
  orchestration::TaskReport report = co_await orchestrator.process_task(std::move(task));
  scopes.ended(session_id_);
  co_return report;
}

void TaskRun::keep_account(const orchestration::TaskReport& report) {
  store::TaskUpdate update;
  update.status = report.status;
  update.path = report.path;
  update.updated_at = system_clock().wall();
  if (report.error) {
    update.error = parts_.redactor->redact(report.error->to_string());
  }
  const auto saved = parts_.store->tasks().update(report.task_id, update);
  const bool is_mission = report.results.contains("mission");  // which has counted itself
  const auto counted =
      parts_.sessions->update_session_tokens(session_id_, is_mission ? Usage{} : report.usage);
  if (counted) {
    note_->drop();
  }
  if (!saved || !counted) {
    log::error("platform", "the task's end could not be stored",
               {{"error", (saved ? counted.error() : saved.error()).to_string()}});
  }
}

}  // namespace oap::platform
