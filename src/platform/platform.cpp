#include "platform/platform.hpp"

#include <pwd.h>
#include <unistd.h>

#include "audit/log.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "checkpoint/journal.hpp"
#include "gateway/trust/clean.hpp"
#include "os/file.hpp"
#include "os/self.hpp"
#include "platform/agents.hpp"
#include "platform/approval_desk.hpp"
#include "platform/audit_sink.hpp"
#include "platform/checkpoints.hpp"
#include "platform/custom_commands.hpp"
#include "platform/hook_programs.hpp"
#include "platform/hook_table.hpp"
#include "platform/missions.hpp"
#include "platform/models.hpp"
#include "platform/nesting.hpp"
#include "platform/outputs.hpp"
#include "platform/redaction.hpp"
#include "platform/security_settings.hpp"
#include "platform/session_events.hpp"
#include "platform/skill_settings.hpp"
#include "platform/stored_conversation.hpp"
#include "platform/transcripts.hpp"
#include "platform/upstreams.hpp"
#include "platform/usage.hpp"
#include "platform/workflows.hpp"
#include "platform/worktrees.hpp"
#include "programs/session_hooks.hpp"
#include "session/output_files.hpp"
#include "session/session_locks.hpp"
#include "session/session_manager.hpp"
#include "session/usage_note.hpp"
#include "text/utf8.hpp"
#include "tools/builtin.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kTitleBytes = 80;

std::string user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

/// The gateway as what agents and steps call.
class GatewayInvoker final : public workflow::ToolInvoker {
 public:
  explicit GatewayInvoker(gateway::Gateway& gateway) : gateway_(gateway) {}
  Task<ToolOutcome> invoke(ToolCall call) override { return gateway_.invoke(std::move(call)); }

 private:
  gateway::Gateway& gateway_;
};

}  // namespace

struct Platform::Parts {
  explicit Parts(PlatformOptions given) : options(std::move(given)) {}
  ~Parts() { log::set_redactor({}); }

  PlatformOptions options;
  Principal principal;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<gateway::AuditSink> audit;
  std::unique_ptr<security::SecretScanner> scanner;
  std::unique_ptr<security::SecurityPolicy> security_policy;
  std::unique_ptr<gateway::ScannerRedactor> redactor;
  std::unique_ptr<LivePolicy> policy;
  std::unique_ptr<ApprovalDesk> desk;
  std::optional<TimedApprover> asked;  // whoever approves, with the time that it takes
  orchestration::MissionDesk mission_desk;
  std::unique_ptr<SessionHookParts> session_hooks;
  std::unique_ptr<CommandFiles> commands;
  std::unique_ptr<programs::Runner> programs;
  std::unique_ptr<Transcripts> transcripts;
  std::unique_ptr<SessionEvents> events;
  hooks::Registry hooks;
  approval::FixedApprover nobody = approval::FixedApprover::nobody();
  std::unique_ptr<net::HttpClient> http;
  CredentialList credentials;
  std::unique_ptr<checkpoint::Journal> checkpoints;
  gateway::UpstreamSet upstreams;
  std::unique_ptr<ToolPins> trust;
  std::unique_ptr<gateway::Catalog> catalog;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<GatewayInvoker> invoker;
  std::unique_ptr<session::SessionManager> sessions;
  std::unique_ptr<session::SessionLocks> locks;
  std::unique_ptr<ModelSet> models;
  std::unique_ptr<Workflows> workflows;
  std::unique_ptr<Worktrees> worktrees;
  std::unique_ptr<Missions> missions;

  Result<void> open_state();
  Result<void> assemble();
  Missions& the_missions();
  std::unique_ptr<SessionHookParts> make_session_hooks();
  Result<session::SessionState> open_session(session::SessionStart start);
  checkpoint::TurnInfo turn_of(const ToolCall& call);
  std::string root_of(const std::string& task);
  Result<std::string> session_for(const RunRequest& request);
  void note_policy(const PolicyHealth& health);
  void note(const std::string& type, const std::string& session_id, const std::string& task_id,
            const orchestration::TaskReport* report);
};

Result<void> Platform::Parts::open_state() {
  const Settings& settings = options.settings;
  OAP_CHECK_OK(config::create_state_dir(settings.paths));
  OAP_TRY(store, store::Store::open(settings.paths.state_dir + "/oap.db"));
  OAP_TRY(audit, open_audit(settings, options.executor));
  OAP_TRY(checkpoints, open_checkpoints(settings));
  return os::make_dirs(used_folder(settings), 0700);
}

Result<void> Platform::Parts::assemble() {
  const Settings& settings = options.settings;
  OAP_TRY(policy,
          LivePolicy::open(settings, [this](const PolicyHealth& now) { note_policy(now); }));
  OAP_TRY(std::string tag_key, redaction_key(settings));
  scanner = std::make_unique<security::SecretScanner>(settings.config.secrets, std::move(tag_key));
  security_policy = std::make_unique<security::SecurityPolicy>(
      security_options(settings.config.security), *scanner);
  redactor = std::make_unique<gateway::ScannerRedactor>(*scanner);
  log::set_redactor([this](std::string_view text) { return scanner->redact(text); });
  session_hooks = make_session_hooks();
  commands = std::make_unique<CommandFiles>(settings);
  register_hooks(
      hooks, {policy->engine(), *scanner, *security_policy, *session_hooks, mission_desk,
              &store->missions(), [this](const std::string& id) { return the_missions().stop(id); },
              commands.get()});
  programs = make_runner(settings, options.executor, *scanner, [this](const std::string& id) {
    return transcripts != nullptr ? transcripts->write(id) : std::string();
  });
  programs::register_programs(hooks, *programs);
  http = std::make_unique<net::HttpClient>(options.executor);
  decltype(BuiltinParts::wrap) wrap;
  if (!options.served) {
    wrap = [this](std::unique_ptr<gateway::Upstream> server) {
      if (options.around_builtin) {
        server = options.around_builtin(std::move(server));
      }
      return watched(std::move(server), *checkpoints, options.settings.paths.workspace,
                     [this](const ToolCall& call) { return turn_of(call); });
    };
  }
  OAP_CHECK_OK(add_upstreams(upstreams, credentials, settings, options.executor, *http,
                             {!options.served, mission_tools(mission_desk), wrap}));
  trust = std::make_unique<ToolPins>(settings);
  gateway::CatalogOptions lists = catalog_options(settings, options.served);
  lists.clean = [this](json::Value definition) {
    const bool found = definition.is_object() && redactor->has_secret(definition.get_object());
    return found ? redactor->redact(definition) : std::move(definition);
  };
  std::vector<ToolSpec> specs = tools::builtin_specs();
  if (!options.served) {
    for (ToolSpec& spec : orchestration::mission_tool_specs()) {
      specs.push_back(std::move(spec));
    }
    const std::vector<ToolSpec> more = tools::agent_specs();
    specs.insert(specs.end(), more.begin(), more.end());
  }
  catalog = std::make_unique<gateway::Catalog>(options.executor, upstreams, std::move(specs),
                                               std::move(lists), trust.get());
  desk = std::make_unique<ApprovalDesk>(
      ApprovalDesk::Parts{settings, policy->engine(), store->approvals(), *redactor, *audit});
  asked.emplace(options.approver != nullptr ? *options.approver : nobody, desk->timer());
  gateway = std::make_unique<gateway::Gateway>(
      gateway::Gateway::Parts{hooks, *asked, *audit, *redactor, upstreams, *catalog, system_clock(),
                              settings.paths.workspace, Millis(300'000), Millis(300'000),
                              audit_class_of(settings), desk.get()});
  invoker = std::make_unique<GatewayInvoker>(*gateway);
  locks =
      std::make_unique<session::SessionLocks>(options.settings.paths.state_dir + "/sessions.lock");
  sessions = std::make_unique<session::SessionManager>(store->sessions(), store->messages(),
                                                       system_clock());
  adopt_usage(settings, *sessions);
  transcripts = std::make_unique<Transcripts>(*sessions, settings.paths.workspace);
  models = std::make_unique<ModelSet>(settings.config, settings.env, options.executor,
                                      llm::Placeholders{{"workspace", settings.paths.workspace}});
  principal.user_id = user_name();
  events = std::make_unique<SessionEvents>(hooks, principal, settings.paths.workspace);
  return {};
}

std::unique_ptr<SessionHookParts> Platform::Parts::make_session_hooks() {
  const Settings& settings = options.settings;
  orchestration::ContextLimits limits;
  limits.share = settings.config.context.compact_at;
  auto made = std::make_unique<SessionHookParts>(limits, system_clock());
  made->control.set_open_items(
      [path = settings.paths.project_dir + "/todo.md"] { return open_items_of(path); });
  std::vector<std::string> problems;
  made->control.set_messages(session::SystemMessages::load(
      settings.config.trusted ? settings.paths.project_dir + "/prompts" : std::string(), problems));
  for (const std::string& problem : problems) {
    log::warn("platform", problem);
  }
  made->keep = [folder = outputs_dir(settings)](const std::string& session_id,
                                                std::string_view text) {
    return session::OutputFiles(folder).keep(session_id, text);
  };
  made->anomalies = {[this](const std::string& id) { return sessions->record_anomaly(id); },
                     [this](const std::string& id) { return sessions->reset_anomaly(id); }};
  made->on_task = [this](const std::string& id, std::string task) {
    if (const auto noted = sessions->update_current_task(id, std::move(task)); !noted) {
      log::warn("platform", "the current task was not noted", {{"why", noted.error().to_string()}});
    }
  };
  made->skills = skill_sources(settings);
  made->governing = {settings.config.sandbox.protect, settings.config.sandbox.unprotect};
  made->roles = role_matrix(settings);
  for (const session::AgentDefinition& agent : agent_files(settings).agents) {
    if (agent.tools || !agent.disallowed_tools.empty()) {
      made->scopes.set_role(
          agent.name == "executor" ? "worker" : agent.name,
          {agent.tools.value_or(std::vector<std::string>()), agent.disallowed_tools});
    }
  }
  constexpr std::size_t kWithoutModel = 256U << 10U;
  const std::string worker =
      reference_for(settings.config.agents.executor, options.model, settings.env);
  made->max_result =
      worker == "offline" ? kWithoutModel : std::size_t{settings.config.context.max_result};
  return made;
}

Result<std::unique_ptr<Platform>> Platform::open(PlatformOptions options) {
  if (options.served) {
    OAP_CHECK_OK(check_nesting(options.settings));
  }
  auto parts = std::make_unique<Parts>(std::move(options));
  OAP_CHECK_OK(parts->open_state());
  OAP_CHECK_OK(parts->assemble());
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Platform::~Platform() = default;

gateway::Catalog& Platform::catalog() { return *parts_->catalog; }
gateway::UpstreamSet& Platform::upstreams() { return parts_->upstreams; }
const Settings& Platform::settings() const { return parts_->options.settings; }
gateway::AuditSink& Platform::audit() { return *parts_->audit; }
const gateway::Redactor& Platform::redactor() const { return *parts_->redactor; }
std::string Platform::cleaned(std::string_view text) const {
  std::string told = parts_->redactor->redact(text);
  gateway::clean(told);
  return told;
}
gateway::Gateway& Platform::gateway() { return *parts_->gateway; }
ToolPins& Platform::pins() { return *parts_->trust; }
const permission::Engine& Platform::permissions() const { return parts_->policy->engine(); }
PolicyHealth Platform::policy_health() const { return parts_->policy->health(); }
net::HttpClient& Platform::http() { return *parts_->http; }
const Principal& Platform::principal() const { return parts_->principal; }
store::Store& Platform::store() { return *parts_->store; }
checkpoint::Journal& Platform::checkpoints() { return *parts_->checkpoints; }
const security::SecretScanner& Platform::scanner() const { return *parts_->scanner; }

Result<store::SessionRecord> Platform::settle_session(const std::string& id) {
  session::SessionStart start;
  start.mode = id.empty() ? session::SessionStart::Mode::kContinueNewest
                          : session::SessionStart::Mode::kContinueId;
  start.workspace = parts_->options.settings.paths.workspace;
  start.id = id;
  OAP_TRY(const session::SessionState state, parts_->open_session(std::move(start)));
  return parts_->store->sessions().find(state.id);
}

Workflows& Platform::workflows() {
  Parts& parts = *parts_;
  if (parts.workflows == nullptr) {
    WorkflowSteps::Parts steps{parts.options.settings,
                               *parts.gateway,
                               *parts.catalog,
                               parts.hooks,
                               *parts.redactor,
                               *parts.models,
                               parts.principal,
                               parts.options.model,
                               &parts.session_hooks->scopes};
    parts.workflows = std::make_unique<Workflows>(
        Workflows::Parts{std::move(steps), parts.store->runs(), parts.options.executor});
  }
  return *parts.workflows;
}

Missions& Platform::missions() { return parts_->the_missions(); }

Missions& Platform::Parts::the_missions() {
  if (missions == nullptr) {
    worktrees = std::make_unique<Worktrees>(
        Worktrees::Parts{options.settings, hooks, *asked, desk.get(), *audit, *redactor,
                         options.executor, mission_tools(mission_desk), checkpoints.get(),
                         [this](const std::string& task) { return root_of(task); }});
    missions =
        std::make_unique<Missions>(Missions::Parts{options.settings,
                                                   *gateway,
                                                   *catalog,
                                                   hooks,
                                                   *redactor,
                                                   *audit,
                                                   *models,
                                                   *sessions,
                                                   *store,
                                                   mission_desk,
                                                   *invoker,
                                                   *worktrees,
                                                   principal,
                                                   options.model,
                                                   options.executor,
                                                   session_hooks->roles,
                                                   session_hooks->scopes,
                                                   &session_hooks->control,
                                                   locks.get(),
                                                   [this] { return desk->timer().total(); }});
  }
  return *missions;
}

Executor Platform::executor() const { return parts_->options.executor; }
void Platform::watch_calls(gateway::ProgressObserver observer) {
  parts_->gateway->set_observer(observer ? redacted(*parts_->redactor, std::move(observer))
                                         : gateway::ProgressObserver());
}

Task<void> Platform::close() {
  co_await parts_->events->end();
  co_await parts_->programs->close();
  if (parts_->workflows != nullptr) {
    co_await parts_->workflows->close();
  }
  co_await parts_->catalog->close();
  co_await parts_->upstreams.close();
}

Task<ToolOutcome> Platform::call_tool(std::string server, std::string tool, json::Object arguments,
                                      gateway::CallLink link) {
  ToolCall call;
  call.id = new_id("call_");
  call.principal = parts_->principal;
  call.server = std::move(server);
  call.tool = std::move(tool);
  call.arguments = std::move(arguments);
  call.origin = Origin::kCommand;
  co_return co_await parts_->gateway->invoke(std::move(call), std::move(link));
}

/// Opens it where no other process is at work in it.
Result<session::SessionState> Platform::Parts::open_session(session::SessionStart start) {
  using Mode = session::SessionStart::Mode;
  if (start.mode == Mode::kContinueNewest) {
    OAP_TRY(const auto newest, store->sessions().newest(start.workspace));
    start.id = newest ? newest->id : "";
    start.mode = newest ? Mode::kContinueId : start.mode;
  } else if (start.mode == Mode::kContinueId) {
    OAP_TRY(start.id, sessions->resolve(start.id));
  }
  if (start.mode == Mode::kContinueId) {
    OAP_CHECK_OK(locks->claim(start.id));
  }
  OAP_TRY(const session::SessionState state, sessions->ensure_session(start));
  OAP_CHECK_OK(locks->claim(state.id));
  return state;
}

/// The session in which the mission of a delegated task was begun; "" where there is none.
std::string Platform::Parts::root_of(const std::string& task) {
  store::MissionFilter filter;
  filter.workspace = options.settings.paths.workspace;
  filter.open_only = true;
  const auto open = store->missions().list(filter);
  for (const store::MissionRecord& mission : open ? *open : std::vector<store::MissionRecord>()) {
    const auto memory = orchestration::remember(store->missions(), mission.id);
    for (const orchestration::DelegatedTask& each :
         memory ? memory->tasks : std::vector<orchestration::DelegatedTask>()) {
      if (each.id == task) {
        return mission.session_id;
      }
    }
  }
  return {};
}

/// What a call changes belongs to its task; what a mission's agents change, to the session in which
/// the mission was begun.
checkpoint::TurnInfo Platform::Parts::turn_of(const ToolCall& call) {
  checkpoint::TurnInfo turn;
  turn.id = call.task_id.empty() ? call.id : call.task_id;
  turn.session = call.session_id;
  turn.title = call.tool;
  if (const auto seat = mission_desk.find(call.session_id)) {
    turn.session = seat->seat.root;
    const auto session = store->sessions().find(call.session_id);
    turn.title = session ? session->title : turn.title;
  } else if (!call.task_id.empty()) {
    const auto record = store->tasks().find(call.task_id);
    turn.title = record ? record->description : std::string();
  }
  turn.title = text::truncate_utf8(turn.title, kTitleBytes);
  return turn;
}

Result<std::string> Platform::Parts::session_for(const RunRequest& request) {
  using Mode = session::SessionStart::Mode;
  session::SessionStart start;
  start.mode = !request.session_id.empty() ? Mode::kContinueId
               : request.continue_session  ? Mode::kContinueNewest
                                           : Mode::kNew;
  start.id = request.session_id;
  start.workspace = options.settings.paths.workspace;
  start.user_id = principal.user_id;
  start.title = redactor->redact(text::truncate_utf8(request.prompt, kTitleBytes));
  start.model = request.model.empty() ? options.model : request.model;
  auto state = open_session(start);
  if (!state) {
    const bool none = start.mode != Mode::kNew && state.error().code() == Code::kNotFound;
    return fail(none ? Error(Code::kUsage, state.error().message()) : state.error());
  }
  return state->id;
}

void Platform::Parts::note_policy(const PolicyHealth& health) {
  audit::Event event;
  event.event_type = "policy_reload";
  event.user_id = principal.user_id;
  event.role = principal.role;
  event.success = health.problem.empty();
  event.error = redactor->redact(health.problem);
  event.details = {{"policy_revision", health.revision}};
  if (const auto written = audit->append_now(std::move(event)); !written) {
    log::error("platform", "a reload of the rules was not audited",
               {{"error", written.error().to_string()}});
  }
}

void Platform::Parts::note(const std::string& type, const std::string& session_id,
                           const std::string& task_id, const orchestration::TaskReport* report) {
  audit::Event event;
  event.event_type = type;
  event.user_id = principal.user_id;
  event.role = principal.role;
  event.session_id = session_id;
  event.task_id = task_id;
  if (report != nullptr) {
    event.success = report->success();
    event.execution_time_ms = report->duration.count();
    if (report->error) {
      event.error = redactor->redact(report->error->to_string());
    }
  }
  if (const auto written = audit->append_now(std::move(event)); !written) {
    log::error("platform", "task event not audited", {{"error", written.error().to_string()}});
  }
}

Task<Result<orchestration::TaskReport>> Platform::run_task(RunRequest request,
                                                           RunObserver observer) {
  Parts& parts = *parts_;
  const Settings& settings = parts.options.settings;
  if (!parts.options.record.empty()) {
    OAP_CO_CHECK_OK(parts.models->record(parts.options.record));
  }
  const std::string model = request.model.empty() ? parts.options.model : request.model;
  OAP_CO_TRY(orchestration::AgentSet agents, make_agents(settings, *parts.models, model));
  if (!request.agent.empty()) {
    OAP_CO_TRY(agents.worker, make_agent(settings, *parts.models, model, request.agent));
    request.path = ExecutionPath::kFast;
  }
  if (request.max_turns) {
    agents.worker.max_turns = request.max_turns;
  }
  OAP_CO_TRY(const std::string session_id, parts.session_for(request));
  OAP_CO_TRY(std::vector<Message> stored, parts.sessions->history(session_id));
  orchestration::TaskRequest task;
  task.task_id = new_id("task_");
  task.session_id = session_id;
  task.prompt = request.prompt;
  task.path = request.path;
  task.history = std::move(stored);
  task.principal = parts.principal;
  task.workspace = settings.paths.workspace;
  store::TaskRecord record;
  record.id = task.task_id;
  record.session_id = session_id;
  record.description = parts.redactor->redact(request.prompt);
  record.created_at = record.updated_at = system_clock().wall();
  OAP_CO_CHECK_OK(parts.store->tasks().create(record));
  if (observer.on_session) {
    observer.on_session(session_id, task.task_id);
  }
  parts.gateway->set_observer(redacted(*parts.redactor, std::move(observer.on_call)));
  parts.programs->set_listener(observer.events.on_notice);
  task.context = co_await parts.events->begin(session_id, !task.history.empty(), model);
  parts.note("task_started", session_id, task.task_id, nullptr);
  session::UsageNote note(used_folder(settings) + "/" + task.task_id + ".used");
  Usage used;
  observer.events.on_usage = [&parts, &note, &used, &session_id,
                              told = std::move(observer.events.on_usage)](const Usage& more) {
    used += more;
    if (!parts.mission_desk.find(session_id)) {  // a mission keeps account of itself
      note.put({{"session", session_id}, {"usage", to_json(used)}});
    }
    orchestration::tell(told, more);
  };
  StoredConversation conversation(*parts.sessions, session_id, *parts.redactor);
  parts.session_hooks->scopes.ended(session_id);  // of a turn that was broken off
  CustomCommands commands({settings, *parts.models, parts.mission_desk, parts.session_hooks->scopes,
                           *parts.invoker, model});
  orchestration::Orchestrator orchestrator(
      {std::move(agents), *parts.invoker, *parts.catalog, parts.hooks, parts.store->runs(),
       observer.events, conversation, system_clock(), &missions(), &parts.session_hooks->control,
       &commands, &parts.session_hooks->scopes},
      orchestrator_options(settings.config));
  orchestration::TaskReport report = co_await orchestrator.process_task(std::move(task));
  parts.session_hooks->scopes.ended(session_id);
  parts.note("task_finished", session_id, report.task_id, &report);
  store::TaskUpdate update;
  update.status = report.status;
  update.path = report.path;
  update.updated_at = system_clock().wall();
  if (report.error) {
    update.error = parts.redactor->redact(report.error->to_string());
  }
  const auto saved = parts.store->tasks().update(report.task_id, update);
  const bool is_mission = report.results.contains("mission");  // which has counted itself
  const auto counted =
      parts.sessions->update_session_tokens(session_id, is_mission ? Usage{} : report.usage);
  if (counted) {
    note.drop();
  }
  if (!saved || !counted) {
    log::error("platform", "the task's end could not be stored",
               {{"error", (saved ? counted.error() : saved.error()).to_string()}});
  }
  parts.gateway->set_observer({});
  parts.programs->set_listener({});
  co_return redacted(*parts.redactor, std::move(report));
}

}  // namespace oap::platform
