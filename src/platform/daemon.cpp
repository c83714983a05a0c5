#include "platform/daemon.hpp"

#include <algorithm>

#include <signal.h>
#include <sys/resource.h>

#include "api/daemon.hpp"
#include "api/notify.hpp"
#include "api/socket_place.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/signal.hpp"
#include "base/log.hpp"
#include "crypto/hash.hpp"
#include "platform/daemon_place.hpp"
#include "platform/host_governor.hpp"
#include "security/secret_scanner.hpp"

namespace oap::platform {
namespace {

constexpr Millis kGrace{25'000};
constexpr rlim_t kMostFiles = 4'096;

void allow_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < kMostFiles) {
    limit.rlim_cur = std::min(limit.rlim_max, kMostFiles);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

/// While it lives, log lines hold no secrets.
class CleanLog {
 public:
  CleanLog() : scanner_({}, crypto::random_bytes(32)) {
    log::set_redactor([this](std::string_view text) { return scanner_.redact(text); });
  }
  ~CleanLog() { log::set_redactor({}); }
  CleanLog(const CleanLog&) = delete;
  CleanLog& operator=(const CleanLog&) = delete;

 private:
  security::SecretScanner scanner_;
};

/// Starts a request's answer; the dispatcher outlives the server.
api::LineServer::Handler answers_of(api::Dispatcher& dispatcher) {
  return [&dispatcher](std::shared_ptr<api::Client> client, jsonrpc::Request request) {
    return dispatcher.answer(std::move(client), std::move(request));
  };
}

void reload(HostGovernor& governor, const config::Env& env) {
  api::notify_reloading(env);
  const std::size_t failed = governor.reload();
  if (failed > 0) {
    log::error("serve", "some workspaces could not be read again and stay as they were",
               {{"count", std::to_string(failed)}});
  }
  api::notify_manager("READY=1", env);
}

}  // namespace

Task<Result<void>> serve_daemon(Executor executor, DaemonOptions options) {
  const config::Env env = options.settings.env;
  OAP_CO_TRY(const DaemonPlace place, daemon_place(env));
  OAP_CO_TRY(api::SocketClaim claim, api::SocketClaim::take(place.state_root, place.socket));
  allow_files();
  const CleanLog clean;
  HostGovernor governor(executor, options.settings);
  OAP_CO_CHECK_OK(governor.keep_usage(place.state_root + "/host-sessions.jsonl"));
  api::Dispatcher dispatcher(governor, options.version, system_clock(), options.filter);
  api::LineServer server(executor, claim.take_fd(), {}, answers_of(dispatcher));
  async::Event stop(executor);
  int stops = 0;
  async::Signals signals(executor, [&](int number, int /*count*/) {
    if (number == SIGHUP) {
      reload(governor, env);
      return;
    }
    stop.notify();
    if (++stops > 1) {
      server.drop();
    }
  });
  async::Scope scope(executor);
  scope.spawn(server.serve());
  if (options.on_ready) {
    options.on_ready(claim.path());
  }
  api::notify_manager("READY=1", env);
  const Deadline never = Deadline::never();
  co_await stop.wait(never);
  api::notify_manager("STOPPING=1", env);
  claim.remove_name();
  const Deadline grace = Deadline::after(kGrace);
  co_await server.close(grace);
  co_await scope.join();
  co_return Result<void>();
}

}  // namespace oap::platform
