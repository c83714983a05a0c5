#include "platform/host_guard.hpp"

#include <pwd.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "audit/log.hpp"
#include "base/ids.hpp"
#include "hosts/search.hpp"
#include "hosts/translate.hpp"
#include "platform/audit_sink.hpp"
#include "platform/codex_call.hpp"
#include "platform/guard_table.hpp"
#include "platform/live_policy.hpp"
#include "platform/security_settings.hpp"

namespace oap::platform {
namespace {

std::string user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

std::string resource_of(const ToolCall& call) {
  for (const std::string_view member : {"path", "command", "url", "pattern"}) {
    if (const std::string_view found = json::get_string(call.arguments, member); !found.empty()) {
      return std::string(found);
    }
  }
  return "";
}

/// The host's tool under its own name.
ToolCall own_call(hosts::Host host, const hosts::Event& event) {
  ToolCall call;
  call.server = std::string(hosts::name_of(host));
  call.tool = event.tool;
  call.arguments = event.input;
  return call;
}

bool lists_names(const ToolCall& call) {
  return call.server == kBuiltinServer && (call.tool == "glob" || call.tool == "list_dir");
}

/// Whether a hook has changed nothing but what a search leaves out.
bool only_exclusions(json::Object before, json::Object after) {
  before.erase("exclude");
  return after.erase("exclude") > 0 && before == after;
}

}  // namespace

struct HostGuard::Parts {
  explicit Parts(Settings given) : settings(std::move(given)) { principal.user_id = user_name(); }

  Settings settings;
  Principal principal;
  std::vector<std::string> servers;
  std::shared_ptr<audit::Log> audit;            // null where the audit is switched off
  std::unique_ptr<gateway::AuditSink> awaited;  // null: its disk is blocked for
  std::unique_ptr<security::SecretScanner> scanner;
  std::unique_ptr<security::SecurityPolicy> security_policy;
  std::unique_ptr<LivePolicy> policy;
  orchestration::SkillScopes scopes;
  hooks::Registry hooks;

  Result<void> open(std::optional<Executor> executor);
  audit::Event event_for(hosts::Host host, const hosts::Event& event, const ToolCall& call,
                         std::string type) const;
  hooks::Context context_of(const hosts::Event& event, const hosts::Translation& calls) const;
  void settle_rewrite(hooks::BeforeOutcome& outcome, hosts::Verdict& verdict, hosts::Host host,
                      const hosts::Event& event, const hosts::Translation& calls,
                      std::size_t index) const;
  std::optional<json::Object> narrowed_search(const hosts::Event& event, const ToolCall& call,
                                              const json::Object& changed) const;
  json::Value visible(hosts::Host host, const hosts::Event& event,
                      const hosts::Translation& calls) const;
  Task<Result<void>> write(audit::Event event,
                           audit::Durability durability = audit::Durability::kSync);
};

Result<void> HostGuard::Parts::open(std::optional<Executor> executor) {
  OAP_CHECK_OK(config::create_state_dir(settings.paths));
  if (settings.config.security.audit.enabled) {
    OAP_TRY(audit, open_audit_log(settings));
    if (executor) {
      awaited = awaited_log(audit);
    }
  }
  for (const auto& [name, server] : settings.config.mcp_servers) {
    servers.push_back(name);
  }
  OAP_TRY(policy, LivePolicy::open(settings, {}));
  OAP_TRY(std::string tag_key, redaction_key(settings));
  scanner = std::make_unique<security::SecretScanner>(settings.config.secrets, std::move(tag_key));
  security_policy = std::make_unique<security::SecurityPolicy>(
      security_options(settings.config.security), *scanner);
  register_guards(hooks, {policy->engine(),
                          *security_policy,
                          scopes,
                          security::RoleMatrix::builtin(),
                          gateway::SkillSources(),
                          {settings.config.sandbox.protect, settings.config.sandbox.unprotect}});
  return {};
}

audit::Event HostGuard::Parts::event_for(hosts::Host host, const hosts::Event& event,
                                         const ToolCall& call, std::string type) const {
  audit::Event out;
  out.event_type = std::move(type);
  out.user_id = principal.user_id;
  out.role = principal.role;
  out.session_id = scanner->redact(event.session_id);
  out.call_id = event.call_id.empty() ? new_id("call_") : scanner->redact(event.call_id);
  out.server = call.server;
  out.tool = call.tool;
  out.action = call.server == kBuiltinServer ? "execute" : "invoke";
  out.resource = scanner->redact(resource_of(call));
  const json::Value clean = scanner->redact(json::Value(call.arguments));
  out.arguments = clean.get_object();
  out.details = {{"host", hosts::name_of(host)},
                 {"host_tool", scanner->redact(event.tool)},
                 {"event", scanner->redact(event.name)}};
  return out;
}

Task<Result<void>> HostGuard::Parts::write(audit::Event event, audit::Durability durability) {
  if (audit == nullptr) {
    co_return Result<void>();
  }
  if (awaited == nullptr) {
    co_return audit->append(event, audit::Durability::kSync);
  }
  auto writing = awaited->append(std::move(event), durability);
  co_return co_await std::move(writing);
}

hooks::Context HostGuard::Parts::context_of(const hosts::Event& event,
                                            const hosts::Translation& calls) const {
  return {event.session_id, "", settings.paths.workspace, principal,
          calls.cwd.empty() ? event.cwd : calls.cwd};
}

/// A call that a hook has changed runs changed where the host's tool can take it, else it is asked.
void HostGuard::Parts::settle_rewrite(hooks::BeforeOutcome& outcome, hosts::Verdict& verdict,
                                      hosts::Host host, const hosts::Event& event,
                                      const hosts::Translation& calls, std::size_t index) const {
  const ToolCall& call = calls.calls.at(index);
  if (host == hosts::Host::kOpencode && call.server == kBuiltinServer &&
      only_exclusions(call.arguments, outcome.call.arguments)) {
    if (lists_names(call)) {
      return;  // the names that may not be seen are taken out of the answer
    }
    if (auto narrowed = narrowed_search(event, call, outcome.call.arguments)) {
      verdict.input = *std::move(narrowed);
      return;
    }
    outcome.level = Level::kAsk;
    outcome.rule = "host:search";
    outcome.reason =
        "the search could read files that may not be read; search without include, or elsewhere";
    return;
  }
  auto input = hosts::rewritten_input(host, event, calls, index, outcome.call.arguments);
  if (input && calls.calls.size() == 1) {
    verdict.input = *std::move(input);
    return;
  }
  outcome.level = Level::kAsk;
  outcome.rule = "host:rewrite";
  outcome.reason = outcome.reason.empty()
                       ? "the call would have to be changed, which the host's tool cannot take"
                       : outcome.reason + ", which the host's tool cannot do";
}

/// OpenCode's grep with an `include` that leaves out what may not be read.
std::optional<json::Object> HostGuard::Parts::narrowed_search(const hosts::Event& event,
                                                              const ToolCall& call,
                                                              const json::Object& changed) const {
  if (call.tool != "grep" || !json::get_string(event.input, "include").empty()) {
    return std::nullopt;
  }
  std::vector<std::string> hidden;
  if (const json::Array* const patterns = json::find_array(changed, "exclude")) {
    for (const json::Value& pattern : *patterns) {
      hidden.emplace_back(pattern.is_string() ? json::view(pattern.get_string()) : "");
    }
  }
  // ripgrep is started here, in the folder that is searched, or in that of the one file.
  const std::string path(json::get_string(call.arguments, "path"));
  const auto glob = hosts::negated_glob(hidden, settings.paths.workspace,
                                        {event.cwd, path, path.substr(0, path.rfind('/'))});
  if (!glob) {
    return std::nullopt;
  }
  json::Object input = event.input;
  input["include"] = *glob;
  return input;
}

/// The answer without the names that a search may not show.
json::Value HostGuard::Parts::visible(hosts::Host host, const hosts::Event& event,
                                      const hosts::Translation& calls) const {
  if (host != hosts::Host::kOpencode || calls.calls.size() != 1 ||
      !lists_names(calls.calls.front()) || !event.response.is_object()) {
    return event.response;
  }
  json::Value out = event.response;
  json::Value* const text = out.get_object().if_contains("output");
  if (text != nullptr && text->is_string()) {
    const auto kept =
        hosts::without_hidden(json::view(text->get_string()), settings.paths.workspace, event.cwd,
                              policy->engine().hidden_from_search(principal));
    *text = kept ? *kept : "[withheld: " + kept.error().message() + "]";
  }
  return out;
}

Result<std::unique_ptr<HostGuard>> HostGuard::open(Settings settings,
                                                   std::optional<Executor> executor) {
  auto parts = std::make_unique<Parts>(std::move(settings));
  OAP_CHECK_OK(parts->open(std::move(executor)));
  return std::unique_ptr<HostGuard>(new HostGuard(std::move(parts)));
}

HostGuard::HostGuard(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HostGuard::~HostGuard() = default;

Task<Result<hosts::Verdict>> HostGuard::judge(hosts::Host host, hosts::Event event) {
  const hosts::Translation translation = hosts::translate(host, event, parts_->servers);
  hosts::Verdict verdict;
  if (translation.internal) {
    const ToolCall call = own_call(host, event);
    audit::Event record = parts_->event_for(host, event, call, "permission_check");
    record.permission_decision = "allow";
    record.rule = "host:internal";
    auto writing = parts_->write(std::move(record));
    OAP_CO_CHECK_OK(co_await std::move(writing));
    verdict.has_opinion = false;
    co_return verdict;
  }
  for (std::size_t index = 0; index < translation.calls.size(); ++index) {
    ToolCall call = translation.calls[index];
    call.id = new_id("call_");
    call.principal = parts_->principal;
    const json::Object asked = call.arguments;
    auto judging =
        parts_->hooks.before_tool(parts_->context_of(event, translation), std::move(call));
    hooks::BeforeOutcome outcome = co_await std::move(judging);
    if (outcome.level == Level::kAllow && outcome.call.arguments != asked) {
      parts_->settle_rewrite(outcome, verdict, host, event, translation, index);
    }
    audit::Event record =
        parts_->event_for(host, event, translation.calls[index], "permission_check");
    record.permission_decision = to_string(outcome.level);
    record.rule = outcome.rule;
    record.reason = parts_->scanner->redact(outcome.reason);
    record.risk_score = outcome.risk_score;
    auto writing = parts_->write(std::move(record));
    OAP_CO_CHECK_OK(co_await std::move(writing));
    if (index == 0 || outcome.level > verdict.level) {
      verdict.level = outcome.level;
      verdict.reason = parts_->scanner->redact(
          outcome.rule.empty() ? outcome.reason : outcome.reason + " (" + outcome.rule + ")");
    }
  }
  if (verdict.level != Level::kAllow) {
    verdict.input.reset();
  }
  co_return verdict;
}

Task<Result<void>> HostGuard::refuse(hosts::Host host, hosts::Event event, std::string rule,
                                     std::string reason) {
  audit::Event record = parts_->event_for(host, event, own_call(host, event), "permission_check");
  record.permission_decision = "deny";
  record.rule = std::move(rule);
  record.reason = parts_->scanner->redact(reason);
  auto writing = parts_->write(std::move(record));
  co_return co_await std::move(writing);
}

Task<Result<std::optional<json::Value>>> HostGuard::clean(hosts::Host host, hosts::Event event) {
  const hosts::Translation translation = hosts::translate(host, event, parts_->servers);
  const json::Value seen = parts_->visible(host, event, translation);
  json::Value redacted = parts_->scanner->redact(seen);
  const bool changed = redacted != event.response;
  const bool has_secrets = redacted != seen;
  const ToolCall call =
      translation.calls.empty() ? own_call(host, event) : translation.calls.front();
  audit::Event record = parts_->event_for(host, event, call, "tool_execution");
  record.success = !event.failed;
  record.result_summary = hosts::response_text(redacted);
  record.details["secrets_removed"] = has_secrets && hosts::can_replace(host);
  auto writing = parts_->write(std::move(record), audit::Durability::kDeferred);
  OAP_CO_CHECK_OK(co_await std::move(writing));
  co_return changed ? std::optional<json::Value>(std::move(redacted)) : std::nullopt;
}

Task<Result<std::string>> HostGuard::clean_prompt(hosts::Host host, hosts::Event event) {
  ToolCall none;
  audit::Event record = parts_->event_for(host, event, none, "chat_message");
  record.action = "prompt";
  std::string redacted = parts_->scanner->redact(event.prompt);
  record.result_summary = redacted;
  auto writing = parts_->write(std::move(record));
  OAP_CO_CHECK_OK(co_await std::move(writing));
  co_return redacted;
}

const security::SecretScanner& HostGuard::scanner() const { return *parts_->scanner; }
const Settings& HostGuard::settings() const { return parts_->settings; }

Task<hosts::Reply> HostGuard::answer(hosts::Host host, hosts::Event event) {
  using Kind = hosts::Event::Kind;
  if (event.kind == Kind::kOther) {
    co_return hosts::Reply();
  }
  if (event.kind == Kind::kBefore) {
    const bool is_placed = host != hosts::Host::kCodex || place_codex_call(event);
    auto judging = judge(host, event);
    Result<hosts::Verdict> verdict = co_await std::move(judging);
    if (verdict && host == hosts::Host::kCodex) {
      settle_codex_call(event, *verdict, is_placed);
    }
    co_return verdict ? hosts::reply_before(host, event, *verdict)
                      : hosts::reply_failed(host, &event, verdict.error().to_string());
  }
  if (event.kind == Kind::kAfter) {
    auto cleaning = clean(host, event);
    const auto cleaned = co_await std::move(cleaning);
    co_return cleaned ? hosts::reply_after(host, event, *cleaned)
                      : hosts::reply_failed(host, &event, cleaned.error().to_string());
  }
  auto cleaning = clean_prompt(host, event);
  const auto cleaned = co_await std::move(cleaning);
  if (!cleaned) {
    co_return hosts::reply_failed(host, &event, cleaned.error().to_string());
  }
  co_return hosts::reply_prompt(
      host, event,
      *cleaned == event.prompt
          ? ""
          : "the message holds what looks like a secret, and the model's provider will see it");
}

hosts::Reply refuse_host_event(hosts::Host host, const hosts::Event* event, SettingsOptions options,
                               const std::string& why) {
  options.enforce_configuration = false;
  const auto settings = load_settings(options);
  if (settings && settings->config.security.audit.enabled &&
      config::create_state_dir(settings->paths)) {
    const security::SecretScanner scanner({}, "");
    audit::Event record;
    record.event_type = "permission_check";
    record.user_id = user_name();
    record.role = "user";
    record.call_id = new_id("call_");
    record.server = std::string(hosts::name_of(host));
    record.tool = event == nullptr ? "" : scanner.redact(event->tool);
    record.permission_decision = "deny";
    record.rule = "host:failed";
    record.reason = scanner.redact(why);
    record.details = {{"host", hosts::name_of(host)}};
    const auto log = open_audit_log(*settings);
    const auto written =
        log ? (*log)->append(record, audit::Durability::kSync) : Result<void>(fail(log.error()));
    if (!written) {
      return hosts::reply_failed(host, event, why + "; and it was not audited");
    }
  }
  return hosts::reply_failed(host, event, why);
}

hosts::Reply answer_host_event(hosts::Host host, const std::string& text,
                               const SettingsOptions& options) {
  auto event = hosts::read_event(host, text);
  if (!event) {
    return refuse_host_event(host, nullptr, options, event.error().message());
  }
  if (event->kind == hosts::Event::Kind::kOther) {
    return {};
  }
  auto settings = load_settings(options);
  if (!settings) {
    return refuse_host_event(host, &*event, options, settings.error().to_string());
  }
  auto guard = HostGuard::open(*std::move(settings));
  if (!guard) {
    return refuse_host_event(host, &*event, options, guard.error().to_string());
  }
  async::Runtime runtime;
  return runtime.run((*guard)->answer(host, *std::move(event)));
}

}  // namespace oap::platform
