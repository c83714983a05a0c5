#include <string>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/prompt.hpp"
#include "cli/live_view.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "platform/redaction.hpp"

namespace oap::cli {
namespace {

Task<void> tick(RunView& view) {
  constexpr Millis kTick{200};
  while (co_await async::sleep_for(kTick)) {
    view.tick();
  }
}

/// A run that could not begin still ends with the one result object.
int fail_run(RunView& view, const std::string& prompt, const Error& error) {
  orchestration::TaskReport report;
  report.task = prompt;
  report.status = TaskStatus::kFailed;
  report.error = error;
  view.finish(report);
  return report.exit_code();
}

Task<int> run(platform::Platform& platform, platform::RunRequest request, RunView& view) {
  const std::string prompt = request.prompt;
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Scope background(executor);
  background.spawn(tick(view));
  platform::RunObserver observer = view.observer();
  observer.events = platform::redacted(platform.scanner(), std::move(observer.events));
  auto done = co_await platform.run_task(std::move(request), std::move(observer));
  background.cancel();
  co_await background.join();
  co_await platform.close();
  if (!done) {
    co_return fail_run(view, prompt, done.error());
  }
  view.finish(*done);
  co_return done->exit_code();
}

}  // namespace

int run_command(const Common& common, const RunArgs& args) {
  const std::unique_ptr<RunView> view = make_view(args.format);
  const auto prompt =
      read_prompt(args.prompt, args.has_prompt, "task", "oap run \"Read the README.md file\"");
  if (!prompt) {
    return fail_run(*view, args.prompt, prompt.error());
  }
  async::Runtime runtime;
  SessionSetup setup(runtime, common, {args.yes, args.model, args.record});
  auto platform = setup.open();
  if (!platform) {
    return fail_run(*view, *prompt, platform.error());
  }
  platform::RunRequest request;
  request.prompt = *prompt;
  request.continue_session = args.continue_session || !args.session.empty();
  request.session_id = args.session;
  request.agent = args.agent;
  if (args.agent_path || args.fast_path) {
    request.path = args.agent_path ? ExecutionPath::kAgent : ExecutionPath::kFast;
  }
  return setup.run(run(**platform, std::move(request), *view));
}

}  // namespace oap::cli
