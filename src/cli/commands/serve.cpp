#include <csignal>

#include <unistd.h>

#include "api/daemon_client.hpp"
#include "api/socket_place.hpp"
#include "async/runtime.hpp"
#include "base/log.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/version.hpp"
#include "os/file.hpp"
#include "os/self.hpp"
#include "platform/daemon.hpp"
#include "platform/daemon_place.hpp"

namespace oap::cli {
namespace {

constexpr Millis kStatusWait{5'000};
constexpr Millis kStopWait{60'000};

int serve(const Common& common) {
  platform::DaemonOptions options;
  options.version = std::string(version());
  if (auto self = os::self_path()) {
    const std::string small = self->substr(0, self->rfind('/') + 1) + "oap-hook";  // starts faster
    options.filter = os::exists(small) ? std::vector<std::string>{small, "redact"}
                                       : std::vector<std::string>{*std::move(self), "scan",
                                                                  "secrets", "--redact"};
  }
  options.on_ready = [json = common.json](const std::string& socket) {
    if (json) {
      print_json(json::Object{
          {"event", "ready"}, {"pid", ::getpid()}, {"socket", socket}, {"version", version()}});
    } else {
      print_error("listening on " + socket);
    }
  };
  if (const auto level = options.settings.env("LOG_LEVEL")) {
    log::set_level(*level);
  }
  async::Runtime runtime;
  const auto ended = runtime.run(platform::serve_daemon(runtime.executor(), std::move(options)));
  return ended ? 0 : report(ended.error(), common.json);
}

int say_not_running(const Common& common, const std::string& socket) {
  if (common.json) {
    print_json(json::Object{{"running", false}, {"socket", socket}});
  } else {
    print("no daemon runs\n");
  }
  return 1;
}

int status(const Common& common, const platform::DaemonPlace& place) {
  const pid_t pid = api::running_daemon(place.state_root);
  if (pid == 0) {
    return say_not_running(common, place.socket);
  }
  auto answer = api::ask_daemon(place.socket, "status", {}, Deadline::after(kStatusWait));
  if (!answer) {
    return report(
        Error(Code::kUnavailable, fmt::format("the daemon (process {}) does not answer: {}", pid,
                                              answer.error().message())),
        common.json);
  }
  json::Object out{{"running", true}, {"socket", place.socket}};
  if (answer->is_object()) {
    for (const auto& member : answer->get_object()) {
      out[member.key()] = member.value();
    }
  }
  if (common.json) {
    print_json(out);
    return 0;
  }
  print(fmt::format(
      "process {} since {}, listening on {}\n{} workspaces, {} sessions, {} calls, {} "
      "of them denied\n",
      pid, json::get_string(out, "started_at"), place.socket, json::get_int(out, "workspaces"),
      json::get_int(out, "sessions"), json::get_int(out, "calls"), json::get_int(out, "denied")));
  return 0;
}

int stop(const Common& common, const platform::DaemonPlace& place) {
  const pid_t pid = api::running_daemon(place.state_root);
  if (pid <= 1) {
    return say_not_running(common, place.socket);
  }
  if (::kill(pid, SIGTERM) != 0) {
    return report(
        Error(Code::kFailedPrecondition, fmt::format("process {} cannot be told to end", pid)),
        common.json);
  }
  const auto gone = api::wait_until_gone(place.state_root, Deadline::after(kStopWait));
  if (!gone) {
    return report(Error(Code::kDeadlineExceeded,
                        fmt::format("process {} has not ended within a minute", pid)),
                  common.json);
  }
  if (common.json) {
    print_json(json::Object{{"running", false}, {"stopped", pid}, {"socket", place.socket}});
  } else {
    print(fmt::format("process {} has ended\n", pid));
  }
  return 0;
}

}  // namespace

int serve_command(const Common& common, const ServeArgs& args) {
  if (!common.workspace.empty() || common.trust) {
    return report(Error(Code::kUsage,
                        "oap serve takes neither --workspace nor --trust: its clients name their "
                        "folders, and each has its own trust (oap trust DIR)"),
                  common.json);
  }
  if (args.action == ServeArgs::Action::kServe) {
    return serve(common);
  }
  const auto place = platform::daemon_place(config::process_env());
  if (!place) {
    return report(place.error(), common.json);
  }
  return args.action == ServeArgs::Action::kStatus ? status(common, *place) : stop(common, *place);
}

}  // namespace oap::cli
