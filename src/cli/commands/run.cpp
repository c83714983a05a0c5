#include <iterator>
#include <string>

#include <unistd.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "cli/commands/commands.hpp"
#include "cli/input.hpp"
#include "cli/live_view.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kMaxPromptBytes = 4U << 20U;

Result<std::string> prompt_of(const RunArgs& args) {
  std::string prompt = args.prompt;
  if (!args.has_prompt || prompt == "-") {
    if (isatty(0) == 1) {
      return fail(Code::kUsage, "no task given. Try: oap run \"Read the README.md file\"");
    }
    OAP_TRY(prompt, read_stdin(kMaxPromptBytes));
  }
  if (text::trim(prompt).empty()) {
    return fail(Code::kUsage, "the task is empty");
  }
  return prompt;
}

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
  auto done = co_await platform.run_task(std::move(request), view.observer());
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
  const auto prompt = prompt_of(args);
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
  request.continue_session = args.continue_session;
  if (args.agent_path || args.fast_path) {
    request.path = args.agent_path ? ExecutionPath::kAgent : ExecutionPath::kFast;
  }
  return setup.run(run(**platform, std::move(request), *view));
}

}  // namespace oap::cli
