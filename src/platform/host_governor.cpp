#include "platform/host_governor.hpp"

#include <set>

#include "api/wire.hpp"
#include "json/print.hpp"
#include "security/secret_scanner.hpp"

namespace oap::platform {
namespace {

using hosts::Event;
using hosts::Host;
constexpr Host kHost = Host::kOpencode;

Event event_of(const api::Place& place, Event::Kind kind, std::string_view name) {
  Event event;
  event.kind = kind;
  event.name = std::string(name);
  event.session_id = place.session;
  event.cwd = place.directory;
  return event;
}

void add_types(const security::SecretScanner& scanner, const json::Value& value,
               std::set<std::string>& out) {
  for (const auto& finding : scanner.scan(json::print(value))) {
    out.insert(finding.type);
  }
}

constexpr std::size_t kMostPatterns = 50;

/// The calls that the host's question stands for, as far as it says: a command each, a path each.
std::vector<Event> meant_by(const api::PermissionAsked& asked) {
  const std::string& about = asked.permission;
  Event event = event_of(asked.place, Event::Kind::kBefore, "permission/asked");
  event.call_id = asked.call;
  event.tool = asked.tool.empty() ? about : asked.tool;
  event.input = asked.metadata;
  std::string_view member;
  if (about == "bash" || about == "shell") {
    event.tool = "bash";
    member = "command";
  } else if (about == "edit" || about == "write" || about == "read" ||
             about == "external_directory") {
    event.tool = about == "external_directory" ? "read" : about;
    member = "filePath";
  }
  if (member.empty() || asked.patterns.empty() || asked.patterns.size() > kMostPatterns) {
    return {event};
  }
  std::vector<Event> out;
  for (const std::string& pattern : asked.patterns) {
    event.input = {{member, pattern}};
    out.push_back(event);
  }
  return out;
}

Result<void> same_places(const json::Object& theirs, const os::EnvLookup& ours) {
  for (const std::string_view name : api::kHookEnvironment) {
    if (json::get_string(theirs, name) != ours(name).value_or("")) {
      return fail(Code::kFailedPrecondition,
                  "the hook's {} is not the daemon's, so its configuration is another", name);
    }
  }
  return {};
}

}  // namespace

HostGovernor::HostGovernor(Executor executor, SettingsOptions options)
    : workspaces_(std::move(executor), options), env_(options.env) {}

Result<void> HostGovernor::keep_usage(const std::string& file) {
  OAP_TRY(ledger_, HostLedger::open(file, sessions_));
  sessions_.set_listener([this](const HostSessions::Entry& entry) { ledger_->write(entry); });
  return {};
}

api::ToolVerdict HostGovernor::deny(std::string reason) {
  ++denied_;
  api::ToolVerdict out;
  out.reason = std::move(reason);
  return out;
}

api::ToolVerdict HostGovernor::undecided(const Event& event, const std::string& directory,
                                         const Error& why) {
  hosts::Reply reply =
      refuse_host_event(kHost, &event, workspaces_.options_for(directory), why.to_string());
  while (reply.err.ends_with('\n')) {
    reply.err.pop_back();
  }
  return deny(std::move(reply.err));
}

Task<Result<std::string>> HostGovernor::begin(std::string directory) {
  OAP_CO_TRY(const auto workspace, workspaces_.find(directory));
  co_return workspace->path;
}

Task<Result<api::ToolVerdict>> HostGovernor::refused(std::shared_ptr<HostWorkspace> workspace,
                                                     Event event, std::string rule,
                                                     std::string reason) {
  auto writing = workspace->guard->refuse(kHost, std::move(event), std::move(rule), reason);
  OAP_CO_CHECK_OK(co_await std::move(writing));
  co_return deny(std::move(reason));
}

Task<Result<api::ToolVerdict>> HostGovernor::before(api::ToolAsked asked) {
  ++calls_;
  Event event = event_of(asked.place, Event::Kind::kBefore, "tool/before");
  event.call_id = asked.call;
  event.tool = asked.tool;
  event.input = std::move(asked.arguments);
  const std::string& directory = asked.place.directory;
  const auto found = workspaces_.find(directory);
  if (!found) {
    co_return undecided(event, directory, found.error());
  }
  const std::shared_ptr<HostWorkspace> workspace = *found;
  sessions_.note(workspace->path, asked.place.session, asked.place.parent);
  const config::Missions& limits = workspace->guard->settings().config.missions;
  if (auto spent = sessions_.spent(workspace->path, asked.place.session, limits)) {
    auto refusing = refused(workspace, std::move(event), "budget", *std::move(spent));
    co_return co_await std::move(refusing);
  }
  auto judging = workspace->guard->judge(kHost, event);
  const Result<hosts::Verdict> verdict = co_await std::move(judging);
  if (!verdict) {
    co_return undecided(event, directory, verdict.error());
  }
  api::ToolVerdict out;
  if (verdict->level == Level::kDeny) {
    co_return deny(verdict->reason);
  }
  if (verdict->level == Level::kAsk) {
    if (!asked.can_ask) {
      co_return deny(hosts::unasked(kHost, verdict->reason));
    }
    out.decision = api::ToolVerdict::Decision::kAsk;
    out.reason = verdict->reason;
    co_return out;
  }
  sessions_.allow(workspace->path, asked.place.session, asked.call);
  out.decision =
      verdict->input ? api::ToolVerdict::Decision::kModify : api::ToolVerdict::Decision::kAllow;
  if (verdict->input) {
    out.arguments = *verdict->input;
    out.reason = verdict->reason;
  }
  co_return out;
}

Task<Result<api::ToolCleaned>> HostGovernor::after(api::ToolDone done) {
  Event event = event_of(done.place, Event::Kind::kAfter, "tool/after");
  event.call_id = std::move(done.call);
  event.tool = std::move(done.tool);
  event.input = std::move(done.arguments);
  event.failed = done.failed;
  json::Object response{{"output", std::move(done.output)}};
  if (done.title) {
    response["title"] = *std::move(done.title);
  }
  if (done.metadata) {
    response["metadata"] = *std::move(done.metadata);
  }
  event.response = json::Value(response);
  OAP_CO_TRY(const auto workspace, workspaces_.find(done.place.directory));
  sessions_.note(workspace->path, done.place.session, done.place.parent);
  auto cleaning = workspace->guard->clean(kHost, std::move(event));
  OAP_CO_TRY(const std::optional<json::Value> cleaned, co_await std::move(cleaning));
  api::ToolCleaned out;
  if (!cleaned) {
    co_return out;
  }
  std::set<std::string> types;
  for (const auto& [name, member] :
       {std::pair{"output", &out.output}, {"title", &out.title}, {"metadata", &out.metadata}}) {
    const json::Value* const now = json::find(*cleaned, name);
    const json::Value* const was = json::find(response, name);
    if (now != nullptr && was != nullptr && *now != *was) {
      *member = *now;
      add_types(workspace->guard->scanner(), *was, types);
    }
  }
  out.findings.assign(types.begin(), types.end());
  co_return out;
}

Task<Result<api::ChatVerdict>> HostGovernor::message(api::ChatAsked asked) {
  Event event = event_of(asked.place, Event::Kind::kPrompt, "chat/message");
  event.prompt = std::move(asked.text);
  OAP_CO_TRY(const auto workspace, workspaces_.find(asked.place.directory));
  sessions_.note(workspace->path, asked.place.session, asked.place.parent);
  const std::string text = event.prompt;
  auto cleaning = workspace->guard->clean_prompt(kHost, std::move(event));
  OAP_CO_TRY(std::string cleaned, co_await std::move(cleaning));
  api::ChatVerdict out;
  if (cleaned != text) {
    out.text = std::move(cleaned);
    out.reason = "secrets were taken out of the message";
  }
  co_return out;
}

Task<Result<std::optional<std::string>>> HostGovernor::idle(api::Place place) {
  OAP_CO_TRY(const auto workspace, workspaces_.find(place.directory));
  sessions_.note(workspace->path, place.session, place.parent);
  co_return std::optional<std::string>();
}

Task<Result<api::UsageVerdict>> HostGovernor::usage(api::UsageTold told) {
  OAP_CO_TRY(const auto workspace, workspaces_.find(told.place.directory));
  const std::string& session = told.place.session;
  sessions_.note(workspace->path, session, told.place.parent);
  sessions_.add(workspace->path, session,
                {told.input + told.output + told.reasoning + told.cache_read + told.cache_write,
                 told.cost_usd});
  api::UsageVerdict out;
  const auto spent =
      sessions_.spent(workspace->path, session, workspace->guard->settings().config.missions);
  if (spent) {
    out.stop = true;
    out.reason = *spent;
    Event event = event_of(told.place, Event::Kind::kOther, "session/usage");
    auto writing = workspace->guard->refuse(kHost, std::move(event), "budget", *spent);
    OAP_CO_CHECK_OK(co_await std::move(writing));
  }
  co_return out;
}

Task<Result<void>> HostGovernor::created(api::Place place) {
  OAP_CO_TRY(const auto workspace, workspaces_.find(place.directory));
  sessions_.note(workspace->path, place.session, place.parent);
  co_return Result<void>();
}

Task<Result<api::HookAnswer>> HostGovernor::hook(api::HookAsked asked) {
  const auto host = hosts::host_named(asked.host);
  if (!host || !hosts::has_command_hook(*host)) {
    co_return fail(Code::kInvalidArgument, "there is no host \"{}\" with a command hook",
                   asked.host);
  }
  if (asked.env) {
    OAP_CO_CHECK_OK(same_places(*asked.env, env_));
  }
  ++calls_;
  const SettingsOptions options = workspaces_.options_for(asked.directory);
  auto event = hosts::read_event(*host, asked.stdin_text);
  hosts::Reply reply;
  if (!event) {
    reply = refuse_host_event(*host, nullptr, options, event.error().message());
  } else if (event->kind != Event::Kind::kOther) {
    const auto found = workspaces_.find(asked.directory);
    const std::string problem = found ? (*found)->problem : found.error().to_string();
    if (!problem.empty()) {
      reply = refuse_host_event(*host, &*event, options, problem);
    } else {
      const std::shared_ptr<HostWorkspace> workspace = *found;
      sessions_.note(workspace->path, event->session_id, "");
      auto answering = workspace->guard->answer(*host, *std::move(event));
      reply = co_await std::move(answering);
    }
  }
  denied_ += reply.denied ? 1 : 0;
  co_return api::HookAnswer{reply.exit_code, std::move(reply.out), std::move(reply.err)};
}

Task<Result<api::PermissionVerdict>> HostGovernor::permission(api::PermissionAsked asked) {
  OAP_CO_TRY(const auto workspace, workspaces_.find(asked.place.directory));
  const std::string& session = asked.place.session;
  sessions_.note(workspace->path, session, asked.place.parent);
  api::PermissionVerdict out;
  if (asked.permission == "doom_loop") {
    co_return out;
  }
  if (sessions_.was_allowed(workspace->path, session, asked.call)) {
    out.reply = api::PermissionVerdict::Reply::kOnce;
    co_return out;
  }
  for (Event& event : meant_by(asked)) {
    auto judging = workspace->guard->judge(kHost, std::move(event));
    OAP_CO_TRY(const hosts::Verdict verdict, co_await std::move(judging));
    if (verdict.level == Level::kDeny) {
      ++denied_;
      out.reply = api::PermissionVerdict::Reply::kReject;
      out.message = verdict.reason;
      break;
    }
  }
  co_return out;
}

api::DaemonStatus HostGovernor::status() const {
  return {workspaces_.open(), sessions_.size(), calls_, denied_};
}

}  // namespace oap::platform
