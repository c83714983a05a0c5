#include "platform/host_guard.hpp"

#include <pwd.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "audit/log.hpp"
#include "base/ids.hpp"
#include "hosts/translate.hpp"
#include "platform/audit_sink.hpp"
#include "platform/hook_table.hpp"
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

}  // namespace

struct HostGuard::Parts {
  explicit Parts(Settings given) : settings(std::move(given)) { principal.user_id = user_name(); }

  Settings settings;
  Principal principal;
  std::unique_ptr<audit::Log> audit;  // null where the audit is switched off
  std::unique_ptr<security::SecretScanner> scanner;
  std::unique_ptr<security::SecurityPolicy> security_policy;
  std::unique_ptr<LivePolicy> policy;
  SessionHookParts session;
  orchestration::MissionDesk desk;
  hooks::Registry hooks;

  Result<void> open();
  audit::Event event_for(hosts::Host host, const hosts::Event& event, const ToolCall& call,
                         std::string type) const;
  Result<void> write(audit::Event event);
};

Result<void> HostGuard::Parts::open() {
  OAP_CHECK_OK(config::create_state_dir(settings.paths));
  if (settings.config.security.audit.enabled) {
    OAP_TRY(audit, open_audit_log(settings));
  }
  OAP_TRY(policy, LivePolicy::open(settings, {}));
  OAP_TRY(std::string tag_key, redaction_key(settings));
  scanner = std::make_unique<security::SecretScanner>(settings.config.secrets, std::move(tag_key));
  security_policy = std::make_unique<security::SecurityPolicy>(
      security_options(settings.config.security), *scanner);
  register_hooks(hooks, {policy->engine(), *scanner, *security_policy, session, desk});
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

Result<void> HostGuard::Parts::write(audit::Event event) {
  return audit == nullptr ? Result<void>() : audit->append(event, audit::Durability::kSync);
}

Result<std::unique_ptr<HostGuard>> HostGuard::open(Settings settings) {
  auto parts = std::make_unique<Parts>(std::move(settings));
  OAP_CHECK_OK(parts->open());
  return std::unique_ptr<HostGuard>(new HostGuard(std::move(parts)));
}

HostGuard::HostGuard(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HostGuard::~HostGuard() = default;

Task<Result<hosts::Verdict>> HostGuard::judge(hosts::Host host, hosts::Event event) {
  const hosts::Translation translation = hosts::translate(host, event);
  hosts::Verdict verdict;
  if (translation.internal) {
    ToolCall call;
    call.server = std::string(hosts::name_of(host));
    call.tool = event.tool;
    call.arguments = event.input;
    audit::Event record = parts_->event_for(host, event, call, "permission_check");
    record.permission_decision = "allow";
    record.rule = "host:internal";
    OAP_CO_CHECK_OK(parts_->write(std::move(record)));
    verdict.has_opinion = false;
    co_return verdict;
  }
  for (std::size_t index = 0; index < translation.calls.size(); ++index) {
    ToolCall call = translation.calls[index];
    call.id = new_id("call_");
    call.principal = parts_->principal;
    hooks::Context context{event.session_id, "", parts_->settings.paths.workspace,
                           parts_->principal, event.cwd};
    const json::Object asked = call.arguments;
    hooks::BeforeOutcome outcome =
        co_await parts_->hooks.before_tool(std::move(context), std::move(call));
    if (outcome.level == Level::kAllow && outcome.call.arguments != asked) {
      auto input = hosts::rewritten_input(host, event, translation, index, outcome.call.arguments);
      if (input && translation.calls.size() == 1) {
        verdict.input = *std::move(input);
      } else {
        outcome.level = Level::kAsk;
        outcome.rule = "host:rewrite";
        outcome.reason =
            outcome.reason.empty()
                ? "the call would have to be changed, which the host's tool cannot take"
                : outcome.reason + ", which the host's tool cannot do";
      }
    }
    audit::Event record =
        parts_->event_for(host, event, translation.calls[index], "permission_check");
    record.permission_decision = to_string(outcome.level);
    record.rule = outcome.rule;
    record.reason = parts_->scanner->redact(outcome.reason);
    record.risk_score = outcome.risk_score;
    OAP_CO_CHECK_OK(parts_->write(std::move(record)));
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

Result<std::optional<json::Value>> HostGuard::clean(hosts::Host host, const hosts::Event& event) {
  const hosts::Translation translation = hosts::translate(host, event);
  json::Value redacted = parts_->scanner->redact(event.response);
  const bool changed = redacted != event.response;
  ToolCall call;
  if (!translation.calls.empty()) {
    call = translation.calls.front();
  } else {
    call.server = std::string(hosts::name_of(host));
    call.tool = event.tool;
    call.arguments = event.input;
  }
  audit::Event record = parts_->event_for(host, event, call, "tool_execution");
  record.success = event.name != "PostToolUseFailure";
  record.result_summary = hosts::response_text(redacted);
  record.details["secrets_removed"] = changed && hosts::can_replace(host);
  OAP_CHECK_OK(parts_->write(std::move(record)));
  return changed ? std::optional<json::Value>(std::move(redacted)) : std::nullopt;
}

Result<std::string> HostGuard::note_prompt(hosts::Host host, const hosts::Event& event) {
  ToolCall none;
  audit::Event record = parts_->event_for(host, event, none, "chat_message");
  record.action = "prompt";
  const std::string redacted = parts_->scanner->redact(event.prompt);
  record.result_summary = redacted;
  OAP_CHECK_OK(parts_->write(std::move(record)));
  return redacted == event.prompt
             ? ""
             : "the message holds what looks like a secret, and the model's provider will see it";
}

namespace {

Task<hosts::Reply> answer(HostGuard& guard, hosts::Host host, hosts::Event event) {
  using Kind = hosts::Event::Kind;
  if (event.kind == Kind::kBefore) {
    const auto verdict = co_await guard.judge(host, event);
    co_return verdict ? hosts::reply_before(host, event, *verdict)
                      : hosts::reply_failed(host, &event, verdict.error().to_string());
  }
  if (event.kind == Kind::kAfter) {
    const auto cleaned = guard.clean(host, event);
    co_return cleaned ? hosts::reply_after(host, event, *cleaned)
                      : hosts::reply_failed(host, &event, cleaned.error().to_string());
  }
  const auto note = guard.note_prompt(host, event);
  co_return note ? hosts::reply_prompt(host, event, *note)
                 : hosts::reply_failed(host, &event, note.error().to_string());
}

}  // namespace

namespace {

/// What could not be decided is a denial, and as far as there is an audit it is in there.
hosts::Reply refuse(hosts::Host host, const hosts::Event* event, SettingsOptions options,
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

}  // namespace

hosts::Reply answer_host_event(hosts::Host host, const std::string& text,
                               const SettingsOptions& options) {
  auto event = hosts::read_event(host, text);
  if (!event) {
    return refuse(host, nullptr, options, event.error().message());
  }
  if (event->kind == hosts::Event::Kind::kOther) {
    return {};
  }
  auto settings = load_settings(options);
  if (!settings) {
    return refuse(host, &*event, options, settings.error().to_string());
  }
  auto guard = HostGuard::open(*std::move(settings));
  if (!guard) {
    return refuse(host, &*event, options, guard.error().to_string());
  }
  async::Runtime runtime;
  return runtime.run(answer(**guard, host, *std::move(event)));
}

}  // namespace oap::platform
