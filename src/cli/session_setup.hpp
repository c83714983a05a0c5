#pragma once

#include <memory>
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
  bool interrupted() const { return interrupted_; }

 private:
  bool ask_for_trust(const platform::Settings& settings);

  async::Runtime& runtime_;
  Common common_;
  SetupOptions options_;
  std::unique_ptr<approval::Approver> approver_;
  bool interrupted_ = false;
};

}  // namespace oap::cli
