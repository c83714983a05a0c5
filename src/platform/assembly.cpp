#include "platform/assembly.hpp"

#include "base/log.hpp"
#include "os/env.hpp"
#include "os/file.hpp"
#include "platform/audit_sink.hpp"
#include "platform/checkpoints.hpp"
#include "platform/nesting.hpp"
#include "platform/usage.hpp"

namespace oap::platform {

Result<std::unique_ptr<Assembly>> Assembly::make(PlatformOptions options) {
  if (options.served) {
    OAP_CHECK_OK(check_nesting(options.settings));
  }
  std::unique_ptr<Assembly> made(new Assembly(std::move(options)));
  OAP_CHECK_OK(made->open_state());
  OAP_CHECK_OK(made->make_guards());
  OAP_CHECK_OK(made->make_servers());
  made->make_gateway();
  made->make_sessions();
  return made;
}

Assembly::~Assembly() { log::set_redactor({}); }

Result<void> Assembly::open_state() {
  const Settings& settings = options.settings;
  principal.user_id = os::user_name();
  OAP_CHECK_OK(config::create_state_dir(settings.paths));
  OAP_TRY(store, store::Store::open(settings.paths.state_dir + "/oap.db"));
  OAP_TRY(audit, open_audit(settings));
  OAP_TRY(checkpoints, open_checkpoints(settings));
  return os::make_dirs(used_folder(settings), 0700);
}

void Assembly::make_sessions() {
  const Settings& settings = options.settings;
  locks = std::make_unique<session::SessionLocks>(settings.paths.state_dir + "/sessions.lock");
  sessions = std::make_unique<session::SessionManager>(store->sessions(), store->messages(),
                                                       system_clock());
  opener = std::make_unique<SessionOpener>(store->sessions(), *sessions, *locks);
  adopt_usage(settings, *sessions);
  transcripts = std::make_unique<Transcripts>(*sessions, settings.paths.workspace);
  models = std::make_unique<ModelSet>(settings.config, settings.env, options.executor,
                                      llm::Placeholders{{"workspace", settings.paths.workspace}});
  hook_calls = std::make_unique<HookCalls>(HookCalls::Parts{
      settings, *http, *models, policy->engine(), *scanner,
      reference_for(settings.config.agents.executor, options.model, settings.env)});
  events = std::make_unique<SessionEvents>(hooks, principal, settings.paths.workspace);
}

}  // namespace oap::platform
