#include "cli/session_setup.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "async/cancel.hpp"
#include "async/signal.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "cli/terminal.hpp"
#include "config/trust.hpp"
#include "llm/factory.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr int kInterrupted = 130;

Task<Result<int>> as_result(Task<int> work) {
  const int code = co_await std::move(work);
  co_return code;
}

}  // namespace

SessionSetup::SessionSetup(async::Runtime& runtime, Common common, SetupOptions options)
    : runtime_(runtime), common_(std::move(common)), options_(std::move(options)) {}
SessionSetup::~SessionSetup() = default;

bool SessionSetup::ask_for_trust(const platform::Settings& settings) {
  if (!has_terminal()) {
    return false;
  }
  std::string question = fmt::format("{} wants to use, from its own files:\n",
                                     text::escape_visible(settings.paths.workspace));
  for (const std::string& item : settings.config.withheld) {
    question += "  " + text::escape_visible(item) + "\n";
  }
  for (const auto& [name, command] : settings.config.commands) {
    question += "  " + text::escape_visible(name + ": " + command) + "\n";
  }
  if (!ask_yes_now(question + "Trust this folder? [y/N] ")) {
    return false;
  }
  const auto state = config::create_state_dir(settings.paths);
  const auto recorded =
      state ? config::record_trust(settings.paths, settings.config.digests) : Result<void>(state);
  if (!recorded) {
    print_error(recorded.error().to_string());
  }
  return recorded.has_value();
}

Result<std::unique_ptr<platform::Platform>> SessionSetup::open() {
  platform::SettingsOptions options;
  options.workspace = common_.workspace;
  options.trust = common_.trust;
  options.command_rules = options_.command_rules;
  OAP_TRY(platform::Settings settings, platform::load_settings(options));
  if (const std::string notice = platform::trust_notice(settings); !notice.empty()) {
    if (ask_for_trust(settings)) {
      OAP_TRY(settings, platform::load_settings(options));
    } else {
      print_error(notice);
    }
  }
  if (!options_.model.empty()) {
    std::vector<std::string> providers;
    for (const auto& [name, provider] : settings.config.providers) {
      providers.push_back(name);
    }
    OAP_CHECK_OK(llm::parse_model(options_.model, providers));
  }
  for (const std::string& warning : settings.config.warnings) {
    print_error("warning: " + warning);
  }
  if (options_.yes) {
    approver_ = std::make_unique<approval::FixedApprover>(approval::FixedApprover::yes());
  } else if (options_.approver == nullptr && has_terminal()) {
    approver_ = std::make_unique<TerminalApprover>(runtime_.executor());
  }
  platform::PlatformOptions open;
  open.settings = std::move(settings);
  open.executor = runtime_.executor();
  open.approver = approver_ != nullptr ? approver_.get() : options_.approver;
  open.model = options_.model;
  open.record = options_.record;
  open.served = options_.served;
  return platform::Platform::open(std::move(open));
}

int SessionSetup::run(Task<int> work) {
  return drive(std::move(work), "interrupted; ending what runs (again: at once)", kInterrupted);
}

int SessionSetup::run_until_signal(Task<int> work) {
  return drive(std::move(work), "ending; what is under way gets a moment (again: at once)", 0);
}

int SessionSetup::run_resumable(Task<int> work, std::function<void()> leave) {
  constexpr int kSignalBase = 128;
  async::CancelSource cancel;
  int left_by = 0;
  const async::Signals signals(runtime_.executor(), [&](int signal, int count) {
    if (left_by != 0) {
      _exit(kSignalBase + signal);
    }
    interrupted_ = true;
    if (signal == SIGINT && count == 1) {
      print_error("cancelling; compensation and `finally` run (again: leave it as it is)");
      cancel.request();
      return;
    }
    left_by = signal;
    print_error("leaving; what runs here is ended, `oap workflow resume` goes on with it");
    leave();
  });
  Task<Result<int>> task = as_result(std::move(work));
  Task<Result<int>> bounded = async::cancellable(cancel.token(), std::move(task));
  const Result<int> code = runtime_.run(std::move(bounded));
  if (left_by != 0) {
    return kSignalBase + left_by;
  }
  return interrupted_ ? kInterrupted : code ? *code : report(code.error());
}

int SessionSetup::drive(Task<int> work, std::string_view notice, int code_when_interrupted) {
  async::CancelSource cancel;
  const async::Signals signals(runtime_.executor(), [&](int /*signal*/, int count) {
    if (count > 1) {
      _exit(kInterrupted);
    }
    interrupted_ = true;
    print_error(notice);
    cancel.request();
  });
  Task<Result<int>> task = as_result(std::move(work));
  Task<Result<int>> bounded = async::cancellable(cancel.token(), std::move(task));
  const Result<int> code = runtime_.run(std::move(bounded));
  if (interrupted_) {
    return code_when_interrupted;
  }
  return code ? *code : report(code.error());
}

}  // namespace oap::cli
