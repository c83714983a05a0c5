#include "cli/hook_event.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>

#include <unistd.h>

#include "cli/hook_daemon.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "platform/host_guard.hpp"

namespace oap::cli {
namespace {

constexpr unsigned kSeconds = 25;
constexpr std::size_t kMaxEvent = 64U << 20U;
constexpr int kDenied = 2;

extern "C" void out_of_time(int /*signal*/) {
  static constexpr char kText[] = "oap could not decide: 25 seconds were not enough\n";
  [[maybe_unused]] const ssize_t written = ::write(2, kText, sizeof kText - 1);
  ::_exit(kDenied);
}

/// False where it cannot be delivered; a host goes on without a decision that it does not get.
bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return true;
}

/// Where the host says the project is; commands may have changed the folder since.
std::string project_folder() {
  for (const char* name : {"CLAUDE_PROJECT_DIR", "GEMINI_PROJECT_DIR", "CRUSH_PROJECT_DIR"}) {
    if (const char* const folder = std::getenv(name); folder != nullptr && *folder == '/') {
      return folder;
    }
  }
  return "";
}

hosts::Reply reply_to(hosts::Host host, const platform::SettingsOptions& options) {
  const auto text = read_stdin(kMaxEvent);
  if (!text) {
    return hosts::reply_failed(host, nullptr, text.error().message());
  }
  try {
    if (options.workspace.empty() && !options.trust) {
      if (auto reply = ask_daemon_about(host, *text)) {
        return *std::move(reply);
      }
    }
    return platform::answer_host_event(host, *text, options);
  } catch (const std::exception& error) {
    return hosts::reply_failed(host, nullptr, error.what());
  }
}

}  // namespace

int answer_hook(const std::string& host, const platform::SettingsOptions& options) {
  const auto known = hosts::host_named(host);
  if (!known || !hosts::has_command_hook(*known)) {
    print_error("no host '" + host + "'; known: claude-code, codex, gemini, goose, crush, qwen");
    return kDenied;
  }
  std::signal(SIGALRM, out_of_time);
  ::alarm(kSeconds);
  platform::SettingsOptions here = options;
  if (here.workspace.empty()) {
    const std::string folder = project_folder();
    if (!folder.empty() && ::chdir(folder.c_str()) != 0) {
      print_error("oap could not decide: the project folder " + folder + " cannot be entered");
      return kDenied;
    }
  }
  const hosts::Reply reply = reply_to(*known, here);
  write_all(2, reply.err);
  if (!write_all(1, reply.out)) {
    print_error("oap could not decide: standard output cannot be written");
    return kDenied;
  }
  return reply.exit_code;
}

}  // namespace oap::cli
