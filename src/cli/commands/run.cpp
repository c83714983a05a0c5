#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "async/stream.hpp"
#include "cli/claude/flags.hpp"
#include "cli/claude/view.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/prompt.hpp"
#include "cli/live_view.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "cli/terminal.hpp"
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
  return view.code(report);
}

/// One task, shown; its exit code, and its session into the request that follows.
Task<int> run_one(platform::Platform& platform, platform::RunRequest& request, RunView& view) {
  platform::RunObserver observer = view.observer();
  observer.events = platform::redacted(platform.scanner(), std::move(observer.events));
  platform::RunRequest asked = request;
  auto done = co_await platform.run_task(std::move(asked), std::move(observer));
  if (!done) {
    co_return fail_run(view, request.prompt, done.error());
  }
  request.session_id = done->session_id;
  view.finish(*done);
  co_return view.code(*done);
}

Task<int> run(platform::Platform& platform, platform::RunRequest request, RunView& view) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Scope background(executor);
  background.spawn(tick(view));
  const int code = co_await run_one(platform, request, view);
  background.cancel();
  co_await background.join();
  co_await platform.close();
  co_return code;
}

/// --input-format stream-json: a task for each user message, one after another in one session; the
/// last one's exit code.
Task<int> run_lines(platform::Platform& platform, platform::RunRequest request, RunView& view) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::ReadPipe input(executor, os::UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)));
  async::LineReader lines(input);
  int code = 0;
  bool any = false;
  while (true) {
    const auto line = co_await lines.next();
    if (line && !*line) {
      break;
    }
    const Result<claude::Input> read =
        line ? claude::read_input(**line) : Result<claude::Input>(fail(line.error()));
    if (!read) {
      any = true;
      code = fail_run(view, "", Error(Code::kUsage, read.error().to_string()));
      break;
    }
    if (read->kind == claude::Input::Kind::kControl) {
      print_json(claude::control_refusal(read->request_id));
    } else if (read->kind == claude::Input::Kind::kPrompt) {
      any = true;
      request.prompt = read->text;
      code = co_await run_one(platform, request, view);
    }
  }
  co_await platform.close();
  co_return any ? code : fail_run(view, "", Error(Code::kUsage, "standard input had no message"));
}

/// What does not go together, said before anything is begun.
Result<void> check(const RunArgs& args) {
  const bool claude = args.schema == "claude";
  OAP_CHECK_OK(claude::check_mode(args.permission_mode));
  if (claude && args.format == Format::kText) {
    return fail(Code::kUsage, "--schema claude is of --output-format json and stream-json");
  }
  const bool lines = args.input_format == "stream-json";
  if (lines && (!claude || args.format != Format::kStreamJson)) {
    return fail(Code::kUsage,
                "--input-format stream-json goes with --schema claude --output-format stream-json");
  }
  if (lines && args.has_prompt) {
    return fail(Code::kUsage, "--input-format stream-json takes its prompts from standard input");
  }
  if (args.partial && (!claude || args.format != Format::kStreamJson)) {
    return fail(Code::kUsage,
                "--include-partial-messages goes with --schema claude --output-format stream-json");
  }
  return {};
}

std::unique_ptr<RunView> view_of(const RunArgs& args) {
  if (args.schema != "claude" || args.format == Format::kText) {
    return make_view(args.format);
  }
  claude::ViewOptions options;
  options.stream = args.format == Format::kStreamJson;
  options.verbose = args.verbose;
  options.partial = args.partial;
  options.permission_mode = args.permission_mode;
  options.model = args.model;
  return std::make_unique<claude::View>(std::move(options));
}

platform::RunRequest request_of(const RunArgs& args, std::string prompt) {
  platform::RunRequest request;
  request.prompt = std::move(prompt);
  request.continue_session = args.continue_session || !args.session.empty();
  request.session_id = args.session;
  request.agent = args.agent;
  if (args.max_turns > 0) {
    request.max_turns = args.max_turns;
  }
  if (args.agent_path || args.fast_path) {
    request.path = args.agent_path ? ExecutionPath::kAgent : ExecutionPath::kFast;
  }
  return request;
}

}  // namespace

int run_command(const Common& common, const RunArgs& args) {
  const std::unique_ptr<RunView> view = view_of(args);
  if (const auto fits = check(args); !fits) {
    return fail_run(*view, args.prompt, fits.error());
  }
  const bool lines = args.input_format == "stream-json";
  const auto prompt = lines ? Result<std::string>(std::string())
                            : read_prompt(args.prompt, args.has_prompt, "task",
                                          "oap run \"Read the README.md file\"");
  const auto rules = prompt ? claude::rules_of(args.allowed_tools, args.disallowed_tools)
                            : Result<std::string>(fail(prompt.error()));
  if (!rules) {
    return fail_run(*view, args.prompt, rules.error());
  }
  async::Runtime runtime;
  approval::FixedApprover nobody = approval::FixedApprover::nobody();
  TerminalApprover person(runtime.executor());
  const bool ask_nobody =
      args.print || lines || args.permission_mode == "dontAsk" || !has_terminal();
  approval::Approver& asked = ask_nobody ? static_cast<approval::Approver&>(nobody)
                                         : static_cast<approval::Approver&>(person);
  claude::EditApprover edits(asked);
  SetupOptions options{args.yes, args.model, args.record};
  options.approver = args.permission_mode == "acceptEdits" ? &edits : ask_nobody ? &asked : nullptr;
  options.command_rules = *rules;
  SessionSetup setup(runtime, common, std::move(options));
  auto platform = setup.open();
  if (!platform) {
    return fail_run(*view, *prompt, platform.error());
  }
  view->placed(**platform);
  platform::RunRequest request = request_of(args, *prompt);
  return setup.run(lines ? run_lines(**platform, std::move(request), *view)
                         : run(**platform, std::move(request), *view));
}

}  // namespace oap::cli
