#include "platform/acp_session.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "orchestration/mission/todo.hpp"
#include "orchestration/mission/todo_file.hpp"
#include "os/file.hpp"
#include "platform/acp_host.hpp"
#include "platform/custom_commands.hpp"
#include "platform/models.hpp"
#include "platform/redaction.hpp"
#include "session/session_manager.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "tools/files.hpp"
#include "tools/workspace.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kTitleBytes = 80;
constexpr std::size_t kMostShown = 1U << 20U;

void add_once(std::vector<std::string>& list, std::string item) {
  if (!item.empty() && std::find(list.begin(), list.end(), item) == list.end()) {
    list.push_back(std::move(item));
  }
}

}  // namespace

AcpSession::AcpSession(AcpHost& host, std::unique_ptr<Platform> platform, std::string id,
                       std::string given, std::string model, std::vector<std::string> notices)
    : host_(host),
      platform_(std::move(platform)),
      id_(std::move(id)),
      given_(std::move(given)),
      model_(std::move(model)),
      notices_(std::move(notices)) {
  while (given_.size() > 1 && given_.ends_with('/')) {
    given_.pop_back();
  }
}

AcpSession::~AcpSession() {
  const Platform* const gone = platform_.get();
  platform_.reset();
  host_.closed(*gone);
}

void AcpSession::name_it(const std::string& text) {
  const auto now = record();
  if (!now || !now->title.empty()) {
    return;
  }
  store::SessionUpdate update;
  const std::size_t line_end = std::min(text.find('\n'), text.size());
  update.title = platform_->redactor().redact(
      text::truncate_utf8(text::trim(std::string_view(text).substr(0, line_end)), kTitleBytes));
  update.updated_at = system_clock().wall();
  if (const auto named = platform_->store().sessions().update(id_, update); !named) {
    log::warn("acp", "a session was not named", {{"why", named.error().to_string()}});
  }
}

Task<Result<orchestration::TaskReport>> AcpSession::prompt(acp::TurnRequest request,
                                                           acp::TurnEvents events) {
  name_it(request.text);
  RunRequest run;
  run.prompt = std::move(request.text);
  run.session_id = id_;
  run.model = std::move(request.model);
  run.path = request.path;
  RunObserver observer;
  observer.events = redacted(platform_->scanner(), std::move(events.events));
  observer.on_call = std::move(events.on_call);
  co_return co_await platform_->run_task(std::move(run), std::move(observer));
}

Result<void> AcpSession::settle() {
  OAP_CHECK_OK(platform_->settle_session(id_));
  return {};
}

Result<store::SessionRecord> AcpSession::record() {
  OAP_TRY(store::SessionRecord record, platform_->store().sessions().find(id_));
  record.workspace = given_;
  return record;
}

Result<std::vector<session::StoredMessage>> AcpSession::records() {
  store::Store& store = platform_->store();
  session::SessionManager sessions(store.sessions(), store.messages(), system_clock());
  return sessions.records(id_);
}

std::vector<acp::CommandView> AcpSession::commands() {
  std::vector<acp::CommandView> views = {
      {"task", "A mission: agents carry an objective to its end", "objective"},
      {"plan", "A plan for an objective; nothing is done yet", "objective"},
      {"status", "How the mission here is doing", ""},
      {"stop", "End the mission", ""},
      {"compact", "Shorten what the model remembers of this session", "what to keep"},
      {"agents", "The agents and what they may do", ""}};
  session::CommandListing listing = command_files(platform_->settings());
  for (session::CommandDefinition& own : listing.commands) {
    const auto known = [&own](const acp::CommandView& view) { return view.name == own.name; };
    if (std::none_of(views.begin(), views.end(), known)) {
      views.push_back(
          {std::move(own.name), std::move(own.description), std::move(own.argument_hint)});
    }
  }
  return views;
}

std::vector<std::string> AcpSession::models() {
  const config::Config& config = platform_->settings().config;
  std::vector<std::string> out;
  add_once(out, reference_for(config.agents.executor, model_, platform_->settings().env));
  for (const config::AgentConfig* agent : {&config.agents.executor, &config.agents.commander,
                                           &config.agents.planner, &config.agents.reviewer}) {
    add_once(out, agent->model);
  }
  for (const auto& [name, settings] : config.models) {
    if (name.find('/') != std::string::npos) {
      add_once(out, name);
    }
  }
  add_once(out, "offline");
  return out;
}

std::int64_t AcpSession::window(const std::string& model) {
  return window_of(platform_->settings().config, model, model.substr(model.find('/') + 1));
}

std::optional<std::string> AcpSession::file_text(const std::string& path) {
  const auto roots = tools::Workspace::open({given_});
  const auto file = roots ? roots->open_file(path) : Result<tools::OpenFile>(fail(roots.error()));
  if (!file) {
    return std::nullopt;
  }
  auto text = tools::read_all(*file, kMostShown, path);
  if (!text || tools::is_binary(*text)) {
    return std::nullopt;
  }
  return platform_->redactor().redact(*text);
}

std::vector<acp::PlanEntry> AcpSession::plan() {
  const std::string path = platform_->settings().paths.project_dir + "/" + orchestration::kTodoFile;
  const auto text = os::read_file(path, orchestration::TodoDocument::kMaxBytes);
  if (!text) {
    return {};
  }
  auto entries = acp::plan_of(orchestration::TodoDocument::parse(*text));
  for (acp::PlanEntry& entry : entries) {
    entry.text = platform_->redactor().redact(entry.text);
  }
  return entries;
}

Task<void> AcpSession::close(bool keep) {
  const auto next = platform_->store().messages().next_seq(id_);
  const auto now = record();
  if (!keep && next && *next <= 1 && now && now->title.empty()) {
    if (const auto removed = platform_->store().sessions().remove(id_); !removed) {
      log::warn("acp", "an empty session was not removed", {{"why", removed.error().to_string()}});
    }
  }
  co_await platform_->close();
}

}  // namespace oap::platform
