#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "approval/approver.hpp"
#include "async/runtime.hpp"
#include "async/task.hpp"
#include "cli/args.hpp"
#include "platform/platform.hpp"

namespace oap::cli {

struct SetupOptions {
  bool yes = false;
  std::string model;
  std::string record;
  std::optional<platform::Served> served;
  approval::Approver* approver = nullptr;  ///< borrowed; instead of a question on /dev/tty
  std::string command_rules = {};          ///< as SettingsOptions has them
};

/// What commands that run tools have in common: settings, the trust notice, who approves, the
/// opened platform, and Ctrl-C (once: cancel, and what runs is ended cleanly; twice: at once).
class SessionSetup {
 public:
  SessionSetup(async::Runtime& runtime, Common common, SetupOptions options);
  ~SessionSetup();

  Result<std::unique_ptr<platform::Platform>> open();
  /// Runs to the end or to Ctrl-C; 130 where it was interrupted.
  int run(Task<int> work);
  /// The same for what a later command can go on with. The first Ctrl-C cancels `work`; another
  /// one, SIGTERM and SIGHUP call `leave`, after which `work` ends soon and what it did stays
  /// resumable: 128 and the signal's number. The next ends the process at once.
  int run_resumable(Task<int> work, std::function<void()> leave);
  /// The same for what runs until it is told to end: that is success.
  int run_until_signal(Task<int> work);
  bool interrupted() const { return interrupted_; }

 private:
  int drive(Task<int> work, std::string_view notice, int code_when_interrupted);
  bool ask_for_trust(const platform::Settings& settings);

  async::Runtime& runtime_;
  Common common_;
  SetupOptions options_;
  std::unique_ptr<approval::Approver> approver_;
  bool interrupted_ = false;
};

}  // namespace oap::cli
