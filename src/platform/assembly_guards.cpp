#include "base/log.hpp"
#include "platform/assembly.hpp"
#include "platform/redaction.hpp"
#include "platform/security_settings.hpp"
#include "platform/session_hook_parts.hpp"
#include "programs/session_hooks.hpp"

namespace oap::platform {

Result<void> Assembly::make_guards() {
  const Settings& settings = options.settings;
  OAP_TRY(policy, LivePolicy::open(settings, [this](const PolicyHealth& now) {
            own_audit->policy_reloaded(now);
          }));
  OAP_TRY(std::string tag_key, redaction_key(settings));
  scanner = std::make_unique<security::SecretScanner>(settings.config.secrets, std::move(tag_key));
  security_policy = std::make_unique<security::SecurityPolicy>(
      security_options(settings.config.security), *scanner);
  redactor = std::make_unique<gateway::ScannerRedactor>(*scanner);
  own_audit = std::make_unique<OwnAudit>(*audit, *redactor, principal);
  log::set_redactor([this](std::string_view text) { return scanner->redact(text); });
  session_hooks = session_hook_parts(settings, options.model,
                                     [this]() -> session::SessionManager& { return *sessions; });
  commands = std::make_unique<CommandFiles>(settings);
  register_hooks(
      hooks, {policy->engine(), *scanner, *security_policy, *session_hooks, mission_desk,
              &store->missions(), [this](const std::string& id) { return the_missions().stop(id); },
              commands.get()});
  programs = make_runner(
      settings, options.executor, *scanner,
      [this](const std::string& id) {
        return transcripts != nullptr ? transcripts->write(id) : std::string();
      },
      [this](const programs::Handler& handler, std::string input, Millis most) {
        return hook_calls->run(handler, std::move(input), most);
      });
  programs::register_programs(hooks, *programs);
  return {};
}

}  // namespace oap::platform
