#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "cli/output_file.hpp"
#include "os/file.hpp"
#include "workflow/view/picture.hpp"

namespace oap::cli {
namespace {

using workflow::StepLook;
using workflow::StepReport;
using workflow::StepState;

StepLook look_of(const StepReport& step) {
  switch (step.state) {
    case StepState::kPending:
      return StepLook::kPending;
    case StepState::kReady:
      return StepLook::kReady;
    case StepState::kRunning:
      return step.waits_for.empty() ? StepLook::kRunning : StepLook::kWaiting;
    case StepState::kCompleted:
      return StepLook::kCompleted;
    case StepState::kFailed:
      return StepLook::kFailed;
    case StepState::kSkipped:
      return StepLook::kSkipped;
    case StepState::kCancelled:
      return StepLook::kCancelled;
    case StepState::kUnknown:
      break;
  }
  return StepLook::kUnknown;
}

workflow::RunView view_of(const workflow::RunResult& run) {
  workflow::RunView view;
  view.id = run.run_id;
  view.status = to_string(run.status);
  view.now = system_clock().wall();
  for (const StepReport& step : run.steps) {
    view.steps[step.path] = {look_of(step), step.started_at, step.ended_at, step.attempts};
  }
  return view;
}

struct Drawn {
  std::shared_ptr<const workflow::Blueprint> blueprint;
  std::optional<workflow::RunView> run;
};

Task<Result<Drawn>> find(platform::Platform& platform, std::string target) {
  platform::Workflows& workflows = platform.workflows();
  Drawn out;
  const auto loaded = load_workflow(platform, workflows, target);
  if (loaded) {
    if (loaded->blueprint == nullptr) {
      co_return fail(Code::kConfiguration, "{}", workflow::to_text(loaded->problems));
    }
    out.blueprint = loaded->blueprint;
    co_return out;
  }
  const auto id = workflows.runs().resolve(target);
  if (!id) {
    co_return fail(target.starts_with("run_") ? id.error() : loaded.error());
  }
  OAP_CO_TRY(const workflow::RunResult run, co_await workflows.engine().show(*id));
  OAP_CO_TRY(out.blueprint, co_await workflows.engine().definition(*id));
  out.run = view_of(run);
  co_return out;
}

Task<int> draw(platform::Platform& platform, WorkflowArgs args, bool as_json) {
  const auto drawn = co_await find(platform, args.target);
  if (!drawn) {
    co_return report(drawn.error(), as_json);
  }
  const bool as_svg = args.kind == "svg" || (args.kind.empty() && args.file.ends_with(".svg"));
  const workflow::RunView* const run = drawn->run ? &*drawn->run : nullptr;
  const std::string text =
      as_svg ? workflow::svg(*drawn->blueprint, run) : workflow::mermaid(*drawn->blueprint, run);
  if (!args.file.empty()) {
    const auto written = write_output_file(args.file, text, 0644);
    if (!written) {
      co_return report(written.error(), as_json);
    }
  }
  if (as_json) {
    print_json({{"workflow_id", drawn->blueprint->definition().id},
                {"run_id", run == nullptr ? json::Value() : json::Value(run->id)},
                {"format", as_svg ? "svg" : "mermaid"},
                {"file", args.file},
                {"text", args.file.empty() ? json::Value(text) : json::Value()}});
  } else {
    print(args.file.empty() ? text : "wrote " + args.file + "\n");
  }
  co_return 0;
}

}  // namespace

int graph_workflow(const Common& common, const WorkflowArgs& args) {
  return with_platform(common, [&args, json = common.json](platform::Platform& platform) {
    return draw(platform, args, json);
  });
}

}  // namespace oap::cli
