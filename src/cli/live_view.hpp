#pragma once

#include <memory>
#include <string>

#include "cli/args.hpp"
#include "platform/platform.hpp"

namespace oap::cli {

/// What a run looks like while it goes on. One class a format; the result is printed at the end.
class RunView {
 public:
  virtual ~RunView() = default;
  /// Told once, before the first run, where it happens.
  virtual void placed(const platform::Platform& /*platform*/) {}
  virtual platform::RunObserver observer() = 0;
  /// Called a few times a second while the run goes on.
  virtual void tick() {}
  virtual void finish(const orchestration::TaskReport& report) = 0;
  /// The process's exit code for what `finish` showed.
  virtual int code(const orchestration::TaskReport& report) const { return report.exit_code(); }
};

/// text: on a terminal a live list of steps, the tool at work, tokens, cost and time on stderr;
/// elsewhere a line a call. The content goes to stdout.
/// json: nothing, then the one object. stream-json: an object a line.
std::unique_ptr<RunView> make_view(Format format);

}  // namespace oap::cli
