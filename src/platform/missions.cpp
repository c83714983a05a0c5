#include "platform/missions.hpp"

#include "async/run_blocking.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "json/print.hpp"
#include "orchestration/embedded.hpp"
#include "orchestration/mission/mission_tools.hpp"
#include "os/file.hpp"
#include "platform/agents.hpp"
#include "platform/redaction.hpp"
#include "platform/stale_locks.hpp"
#include "platform/stored_conversation.hpp"
#include "text/utf8.hpp"
#include "workflow/engine.hpp"

namespace oap::platform {
namespace {

using orchestration::AgentProfile;
using orchestration::MissionBody;
using orchestration::MissionReport;
using orchestration::MissionRun;

constexpr Millis kLease{10'000};
constexpr std::size_t kTitleBytes = 80;
constexpr std::size_t kMostPrompt = 256U << 10U;
constexpr std::size_t kMaxObjective = 256U << 10U;

/// An agent's own prompt gives way to the one for missions; what a person wrote instead stays, and
/// the latter is put behind it.
Result<void> use_mission_prompt(const Settings& settings, AgentProfile& agent) {
  const std::string_view plain = orchestration::embedded(agent.name + ".md");
  std::string own(orchestration::embedded("mission_" + agent.name + ".md"));
  const std::string file = settings.paths.project_dir + "/prompts/mission_" + agent.name + ".md";
  if (settings.config.trusted && os::exists(file)) {
    OAP_TRY(own, os::read_file(file, kMostPrompt));
  }
  if (agent.system.starts_with(plain)) {
    agent.system.replace(0, plain.size(), own);
  } else {
    agent.system += "\n" + own;
  }
  return {};
}

std::string lock_folder(const Settings& settings) { return settings.paths.state_dir; }

Task<ToolResult> run_local(orchestration::MissionDesk& desk, bool is_todo, ToolCall call) {
  const auto seat = desk.find(call.session_id);
  if (!seat) {
    co_return ToolResult::text(
        "there is no mission in this session; /task OBJECTIVE or oap mission start begins one",
        true);
  }
  orchestration::LiveMission& mission = *seat->mission;
  auto work = is_todo ? mission.todo(seat->seat, std::move(call))
                      : mission.delegate(seat->seat, std::move(call));
  ToolResult result = co_await std::move(work);
  co_return result;
}

}  // namespace

LocalTools mission_tools(orchestration::MissionDesk& desk) {
  LocalTools tools;
  tools[std::string(orchestration::kTodoTool)] = [&desk](ToolCall call) {
    return run_local(desk, true, std::move(call));
  };
  tools[std::string(orchestration::kDelegateTool)] = [&desk](ToolCall call) {
    return run_local(desk, false, std::move(call));
  };
  return tools;
}

Missions::Missions(Parts parts) : parts_(std::move(parts)), owner_(""), person_(&nobody_) {}
Missions::~Missions() = default;

void Missions::set_person(orchestration::MissionPerson* person) {
  person_ = person != nullptr ? person : &nobody_;
}

orchestration::MissionLimits Missions::limits() const {
  const config::Missions& given = parts_.settings.config.missions;
  orchestration::MissionLimits limits;
  limits.iterations = given.max_iterations;
  limits.no_progress = given.no_progress;
  limits.turns = given.max_turns;
  limits.tool_calls = given.max_tool_calls;
  limits.tokens = given.max_tokens;
  limits.cost_usd = given.max_cost_usd;
  limits.wall = given.max_time;
  limits.depth = given.max_depth;
  limits.parallel = given.max_parallel;
  limits.per_agent = given.max_per_agent;
  limits.children = given.max_tasks;
  return limits;
}

Result<orchestration::AgentSet> Missions::agents() {
  OAP_TRY(orchestration::AgentSet agents,
          make_agents(parts_.settings, parts_.models, parts_.model, true));
  if (!agents.commander.provider->is_model()) {
    return fail(
        Code::kNeedsModel,
        "a mission needs a model; give --model provider/model, or set agents.commander.model "
        "and a key");
  }
  for (AgentProfile* agent :
       {&agents.commander, &agents.planner, &agents.worker, &agents.reviewer}) {
    OAP_CHECK_OK(use_mission_prompt(parts_.settings, *agent));
  }
  if (!agents.others.empty()) {
    agents.commander.system +=
        "\n# Further agents\nThey take tasks through delegate_task as the worker does:\n";
    for (const auto& [name, agent] : agents.others) {
      agents.commander.system += fmt::format(
          "- {}: {}\n", name, text::escape_visible(text::truncate_utf8(agent.description, 300)));
    }
  }
  return agents;
}

Result<store::MissionRecord> Missions::create(const MissionRequest& request) {
  const std::string objective(text::truncate_utf8(request.objective, kMaxObjective));
  store::MissionRecord record;
  record.id = new_id("mis_");
  record.workspace = parts_.settings.paths.workspace;
  record.objective = parts_.redactor.redact(objective);
  store::MissionFilter filter;
  filter.workspace = record.workspace;
  filter.open_only = true;
  OAP_TRY(const std::vector<store::MissionRecord> open, parts_.store.missions().list(filter));
  MissionBody body;
  body.plan_folder = ".opencode";
  for (const store::MissionRecord& other : open) {
    if (orchestration::body_from_json(other.body).plan_folder == body.plan_folder) {
      body.plan_folder = ".opencode/missions/" + record.id;
      break;
    }
  }
  body.limits = request.limits;
  body.plan_only = request.plan_only;
  body.usage.cost_usd = 0;
  record.session_id = request.session_id;
  if (record.session_id.empty()) {
    session::SessionStart start;
    start.workspace = record.workspace;
    start.user_id = parts_.principal.user_id;
    start.title = text::truncate_utf8(record.objective, kTitleBytes);
    start.model = parts_.model;
    OAP_TRY(const session::SessionState state, parts_.sessions.ensure_session(start));
    record.session_id = state.id;
  }
  record.state = to_string(body.status.state);
  record.owner = owner_.text();
  record.epoch = 1;
  record.created_at = system_clock().wall();
  record.lease_until = record.created_at + kLease;
  orchestration::PlanFiles files(record.workspace, body.plan_folder,
                                 lock_folder(parts_.settings) + "/" + record.id + ".plan.lock");
  OAP_TRY(const std::string archived, files.put_away_closed());
  record.body = to_json(body);
  json::Object started{{"objective", record.objective},
                       {"plan", files.todo_path()},
                       {"by", parts_.principal.user_id},
                       {"limits", to_json(body.limits)}};
  if (!archived.empty()) {
    started["closed_plan_moved_to"] = archived;
  }
  OAP_CHECK_OK(parts_.store.missions().create(
      record, {{0, record.created_at, "started", json::Value(std::move(started))}}));
  OAP_CHECK_OK(parts_.sessions.activate_mission_state(record.session_id, record.objective));
  return record;
}

bool Missions::is_driven(const store::MissionRecord& record) const {
  if (record.owner == owner_.text()) {
    return parts_.desk.find(record.session_id).has_value();
  }
  return !record.owner.empty() && record.lease_until > system_clock().wall() &&
         workflow::is_alive(record.owner);
}

Result<store::MissionRecord> Missions::claim(const std::string& id) {
  OAP_TRY(const store::MissionRecord record, parts_.store.missions().find(id));
  if (record.workspace != parts_.settings.paths.workspace) {
    return fail(Code::kFailedPrecondition, "the mission {} belongs to the workspace {}", id,
                record.workspace);
  }
  store::MissionClaim claim;
  claim.owner = owner_.text();
  claim.now = system_clock().wall();
  claim.lease_until = claim.now + kLease;
  const bool left = record.owner == owner_.text() && !parts_.desk.find(record.session_id);
  if (left || (!record.owner.empty() && !workflow::is_alive(record.owner))) {
    claim.dead.push_back(record.owner);
  }
  return parts_.store.missions().claim(id, claim);
}

void Missions::note(const std::string& type, const store::MissionRecord& record, bool success,
                    const std::string& error) {
  audit::Event event;
  event.event_type = type;
  event.user_id = parts_.principal.user_id;
  event.role = parts_.principal.role;
  event.session_id = record.session_id;
  event.task_id = record.id;
  event.success = success;
  event.error = parts_.redactor.redact(error);
  if (const auto written = parts_.audit.append_now(std::move(event)); !written) {
    log::error("missions", "a mission's event was not audited",
               {{"error", written.error().to_string()}});
  }
}

orchestration::MissionParts Missions::parts_of(const store::MissionRecord& record,
                                               orchestration::AgentSet agents) {
  return orchestration::MissionParts{
      parts_.store.missions(),
      parts_.sessions,
      parts_.desk,
      parts_.invoker,
      parts_.catalog,
      parts_.hooks,
      std::move(agents),
      [this](const std::string& session) -> std::unique_ptr<orchestration::Conversation> {
        return std::make_unique<StoredConversation>(parts_.sessions, session, parts_.redactor);
      },
      [this](std::string_view text) { return parts_.redactor.redact(text); },
      [this](std::string_view agent) { return rights_of(parts_.roles, agent); },
      *person_,
      &parts_.workplaces,
      parts_.executor,
      blocking_,
      system_clock(),
      record.workspace,
      lock_folder(parts_.settings),
      parts_.principal,
      parts_.settings.config.missions.countdown,
      kLease,
      parts_.context,
      &parts_.scopes,
      parts_.asked};
}

/// The session's totals and the audit, once the mission is let go of.
void Missions::settle(const store::MissionRecord& record, const MissionReport& report) {
  const Usage before = orchestration::body_from_json(record.body).usage;
  Usage added = report.usage;
  added.input_tokens -= before.input_tokens;
  added.output_tokens -= before.output_tokens;
  added.cache_read_tokens -= before.cache_read_tokens;
  added.cache_write_tokens -= before.cache_write_tokens;
  added.reasoning_tokens -= before.reasoning_tokens;
  added.requests -= before.requests;
  if (added.cost_usd && before.cost_usd) {
    *added.cost_usd -= *before.cost_usd;
  }
  const auto counted = parts_.sessions.update_session_tokens(record.session_id, added);
  const bool ended = is_end(report.status.state);
  const auto quiet =
      ended ? parts_.sessions.deactivate_mission_state(record.session_id) : Result<void>{};
  if (!counted || !quiet) {
    log::error("missions", "the session's totals could not be stored", {{"mission", record.id}});
  }
  const std::optional<Error> problem = report.error();
  note(ended ? "mission_ended" : "mission_left", record, !problem,
       problem ? problem->to_string() : "");
}

Task<Result<MissionReport>> Missions::drive(store::MissionRecord record,
                                            std::optional<orchestration::ResumeAsked> resume,
                                            std::string answer, MissionObserver observer) {
  OAP_CO_TRY(orchestration::AgentSet agents, this->agents());
  OAP_CO_TRY(orchestration::MissionMemory memory,
             orchestration::remember(parts_.store.missions(), record.id));
  if (parts_.locks != nullptr) {
    if (const auto held = parts_.locks->claim(record.session_id); !held) {
      // Its lease is over, so who holds it hangs; the mission's own epoch keeps it out.
      log::warn("missions", "its session is held by another process",
                {{"error", held.error().to_string()}});
    }
  }
  const auto opened = parts_.sessions.ensure_session(
      {session::SessionStart::Mode::kContinueId, record.workspace, record.session_id, "", "", ""});
  if (!opened) {
    co_return fail(opened.error());
  }
  if (observer.on_begin) {
    observer.on_begin(record.id, record.session_id);
  }
  const bool watched = static_cast<bool>(observer.on_call);
  if (watched) {
    parts_.gateway.set_observer(redacted(parts_.redactor, std::move(observer.on_call)));
  }
  note(resume ? "mission_resumed" : "mission_started", record, true, "");
  MissionRun run(parts_of(record, std::move(agents)), std::move(observer.events), record,
                 std::move(memory));
  Result<MissionReport> report = co_await run.drive(std::move(resume), std::move(answer));
  if (watched) {
    parts_.gateway.set_observer({});
  }
  if (report) {
    settle(record, *report);
  } else {
    note("mission_lost", record, false, report.error().to_string());
  }
  co_return report;
}

Task<Result<MissionReport>> Missions::start(MissionRequest request, MissionObserver observer) {
  OAP_CO_TRY([[maybe_unused]] const orchestration::AgentSet usable, agents());
  OAP_CO_TRY(store::MissionRecord record, create(request));
  co_return co_await drive(std::move(record), std::nullopt, "", std::move(observer));
}

/// Without a model of its own, this process goes on with the one that the mission was begun with.
Result<void> Missions::use_its_model(const std::string& id) {
  if (!parts_.model.empty()) {
    return {};
  }
  OAP_TRY(const store::MissionRecord record, parts_.store.missions().find(id));
  OAP_TRY(const store::SessionRecord session, parts_.store.sessions().find(record.session_id));
  parts_.model = session.model;
  return {};
}

Task<Result<MissionReport>> Missions::resume(std::string id, MissionResume resume,
                                             MissionObserver observer) {
  OAP_CO_CHECK_OK(use_its_model(id));
  OAP_CO_TRY([[maybe_unused]] const orchestration::AgentSet usable, agents());
  OAP_CO_TRY(const store::MissionRecord left, parts_.store.missions().find(id));
  OAP_CO_TRY(store::MissionRecord record, claim(id));
  if (!left.owner.empty() && left.owner != owner_.text()) {  // its process was killed
    const auto tidy = [workspace = record.workspace, since = record.created_at] {
      return remove_stale_git_locks(workspace, since);
    };
    auto tidying = async::run_blocking(blocking_, tidy);
    const Result<std::vector<std::string>> locks = co_await std::move(tidying);
    for (const std::string& lock : locks ? *locks : std::vector<std::string>()) {
      log::warn("missions", "a lock that a killed git left behind was taken away",
                {{"file", lock}});
    }
  }
  MissionBody body = orchestration::body_from_json(record.body);
  json::Object limits = to_json(body.limits);
  for (const auto& member : resume.limits) {
    limits[member.key()] = member.value();
  }
  body.limits = orchestration::limits_from_json(json::Value(limits));
  if (resume.more_iterations > 0) {
    body.limits.iterations = body.status.iteration + resume.more_iterations;
  }
  if (resume.more_tokens > 0) {
    body.limits.tokens = body.usage.input_tokens + body.usage.output_tokens +
                         body.usage.cache_read_tokens + body.usage.cache_write_tokens +
                         resume.more_tokens;
  }
  record.body = to_json(body);
  const auto active = parts_.sessions.activate_mission_state(record.session_id, record.objective);
  if (!active) {
    co_return fail(active.error());
  }
  orchestration::ResumeAsked asked;
  asked.by = parts_.principal.user_id;
  asked.answered = !resume.answer.empty();
  co_return co_await drive(std::move(record), asked, std::move(resume.answer), std::move(observer));
}

Task<void> Missions::carry_out(const orchestration::TaskRequest& request,
                               orchestration::RunEvents& events,
                               orchestration::TaskReport& report) {
  const auto wish = parts_.desk.take_wish(request.session_id);
  MissionObserver observer;
  observer.events.run = events;
  observer.on_begin = [&events](const std::string& mission, const std::string& /*session*/) {
    orchestration::tell(events.on_notice, std::string_view("mission " + mission));
  };
  observer.events.on_state = [&events](const orchestration::MissionStatus& status) {
    const std::string line = orchestration::state_line(status);
    orchestration::tell(events.on_notice, std::string_view(line));
  };
  Result<MissionReport> done = fail(Code::kInternal, "no mission was asked for");
  if (wish && wish->objective.empty()) {
    auto open = find("");
    if (open) {
      done = co_await resume(*open, {}, std::move(observer));
    } else {
      done = fail(Code::kUsage,
                  "there is no open mission to go on with; say what is to be done: "
                  "/task OBJECTIVE");
    }
  } else if (wish) {
    MissionRequest asked;
    asked.objective = wish->objective;
    asked.plan_only = wish->plan_only;
    asked.limits = limits();
    asked.session_id = request.session_id;
    done = co_await start(std::move(asked), std::move(observer));
  }
  report.path = ExecutionPath::kAgent;
  if (!done) {
    report.error = done.error();
    report.status = TaskStatus::kFailed;
    co_return;
  }
  report.error = done->error();
  report.status = report.error ? TaskStatus::kFailed : TaskStatus::kCompleted;
  report.content = done->content;
  report.usage = done->usage;
  report.results["mission"] = to_json(*done);
}

}  // namespace oap::platform
