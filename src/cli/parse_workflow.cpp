#include "cli/parse_workflow.hpp"

#include <cstdint>
#include <limits>

namespace oap::cli {
namespace {

constexpr const char* kWorkflowHelp =
    "A file, the id of a file in .opencode/workflows, or '-' for standard input";
constexpr std::int64_t kMostTokens = std::int64_t{1} << 53;
constexpr const char* kRunHelp = "The run's id, or a unique start of it";

class Adder {
 public:
  using Action = WorkflowArgs::Action;

  Adder(CLI::App& parent, WorkflowArgs& words, std::string& format, Command& command,
        const CommandMaker& make)
      : parent_(parent), words_(words), format_(format), command_(command), make_(make) {}

  void add() {
    add_running();
    add_checking();
    add_reading();
    add_orders();
    parent_.footer(
        "\nCtrl-C cancels a run and its 'finally' steps still run; a second Ctrl-C leaves it as it "
        "is, and\n'oap workflow resume' goes on with it, as after a crash.\n"
        "\nExamples:\n  oap workflow new release && oap workflow run release\n"
        "  oap workflow run deploy.yaml --input version=1.4.2 --yes\n"
        "  oap workflow approve run_01j approve-release --comment 'looks good'\n"
        "  oap workflow resume            # every interrupted run of this workspace");
  }

 private:
  CLI::App* use(const std::string& name, const std::string& help, Action action) {
    WorkflowArgs* const words = &words_;
    Command* const command = &command_;
    return make_(parent_, name, help, [words, command, action] {
      words->action = action;
      *command = *words;
    });
  }

  CLI::Option* run(CLI::App* sub) { return sub->add_option("run", words_.target, kRunHelp); }

  void inputs(CLI::App* sub) {
    repeated(sub, "--input,-i", words_.inputs, "An input; may be given many times", "NAME=VALUE");
    sub->add_option("--inputs", words_.inputs_file,
                    "A JSON or YAML file of inputs; '-' for standard input")
        ->type_name("FILE");
  }

  static void repeated(CLI::App* sub, const std::string& name, std::vector<std::string>& place,
                       const std::string& help, const std::string& type) {
    sub->add_option(name, place, help)->type_name(type)->allow_extra_args(false);
  }

  void executing(CLI::App* sub) {
    sub->add_flag("--yes,-y", words_.yes,
                  "Approve the permission asks of this run's tool calls (never 'approval' steps)");
    sub->add_option("--model,-m", words_.model, "provider/model for agent steps that name none");
    sub->add_flag("--detach", words_.detach,
                  "Leave the run as soon as it only waits for a person or a signal");
    sub->add_option("--output-format", format_, "text, json or stream-json")
        ->check(CLI::IsMember({"text", "json", "stream-json"}));
  }

  void add_running() {
    CLI::App* sub = use("run", "Run a workflow to its end", Action::kRun);
    sub->add_option("workflow", words_.target, kWorkflowHelp)->required();
    inputs(sub);
    executing(sub);
    sub =
        use("resume", "Go on with an interrupted or paused run; without an id, with every one here",
            Action::kResume);
    run(sub);
    executing(sub);
    sub->add_option("--more-tokens", words_.tokens, "Raise the run's budget by that many tokens")
        ->check(CLI::Range(std::int64_t{1}, kMostTokens));
    sub->add_option("--more-cost", words_.cost, "Raise the run's budget by that many dollars")
        ->check(CLI::Range(0.000001, 1e9));
    sub = use("fork", "Run again from a step on, keeping what came before it", Action::kFork);
    run(sub)->required();
    sub->add_option("--from", words_.from,
                    "The first step to run again (default: all that did not complete)")
        ->type_name("STEP");
    repeated(sub, "--input,-i", words_.inputs, "Another value of an input", "NAME=VALUE");
    repeated(sub, "--var", words_.variables, "Another value of a variable", "NAME=VALUE");
    repeated(sub, "--output", words_.outputs, "Another output of a step that is kept", "STEP=JSON");
    executing(sub);
  }

  void add_checking() {
    CLI::App* sub = use("lint", "Check workflow files; exit 2 if anything is wrong", Action::kLint);
    sub->add_option("workflow", words_.more, "Files or ids (default: all of .opencode/workflows)");
    sub =
        use("plan", "Show what would run, in which order, and what permission says", Action::kPlan);
    sub->add_option("workflow", words_.target, kWorkflowHelp)->required();
    inputs(sub);
    sub = use("test", "Run a workflow with stubs from FILE.test.yaml; exit 1 if a case fails",
              Action::kTest);
    sub->add_option("workflow", words_.more, "Files or ids (default: all that have tests)");
    sub->add_option("--case", words_.only, "Only the case of this name");
    sub = use("graph", "Draw a workflow or a run", Action::kGraph);
    sub->add_option("workflow", words_.target, "A file, a workflow's id, or a run's id")
        ->required();
    sub->add_option("--format,-f", words_.kind, "mermaid or svg (default: mermaid, or by -o)")
        ->check(CLI::IsMember({"mermaid", "svg"}));
    sub->add_option("--output,-o", words_.file, "Write to FILE")->type_name("FILE");
    use("schema", "Print the JSON Schema of workflow files, for editors", Action::kSchema);
    sub = use("new", "Write a commented starter to .opencode/workflows", Action::kNew);
    sub->add_option("name", words_.target, "The workflow's id")->required();
  }

  void add_reading() {
    CLI::App* sub = use("list", "Show the workflows and the newest runs here", Action::kList);
    sub->add_option("--state", words_.state, "Only runs of this state")
        ->check(
            CLI::IsMember({"pending", "running", "paused", "completed", "failed", "cancelled"}));
    sub->add_option("--workflow", words_.workflow, "Only runs of this workflow");
    sub->add_flag("--open", words_.follow, "Only runs that have not ended");
    sub->add_option("--limit,-n", words_.limit, "How many runs")->check(CLI::Range(1, 10'000));
    sub = use("show", "Show where a run stands and what it waits for", Action::kShow);
    run(sub)->required();
    sub = use("logs", "Show what a run's steps gave", Action::kLogs);
    run(sub)->required();
    sub->add_option("step", words_.step, "Only this step and what is in it");
    sub->add_flag("--follow,-f", words_.follow, "Go on until the run ends");
    sub = use("history", "Show a run's events and verify their chain; exit 1 if it is broken",
              Action::kHistory);
    run(sub)->required();
    sub->add_option("--after", words_.after, "Begin after this number")
        ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
    sub->add_option("--limit,-n", words_.limit, "How many")->check(CLI::Range(1, 100'000));
  }

  void add_orders() {
    CLI::App* sub = use("signal", "Send a signal to a run", Action::kSignal);
    run(sub)->required();
    sub->add_option("name", words_.step, "The signal's name")->required();
    sub->add_option("payload", words_.payload, "What it carries, as JSON");
    sub = use("approve", "Answer an approval step", Action::kApprove);
    run(sub)->required();
    sub->add_option("step", words_.step, "The step (default: the only one that waits)");
    sub->add_flag("--reject", words_.reject, "Refuse");
    sub->add_option("--comment", words_.comment, "A sentence, for the run's history");
    repeated(sub, "--form", words_.form, "A field of the step's form; may be given many times",
             "NAME=VALUE");
    sub = use("resolve", "Say what became of a step whose outcome is unknown", Action::kResolve);
    run(sub)->required();
    sub->add_option("step", words_.step, "The step")->required();
    sub->add_option("verdict", words_.verdict,
                    "completed: it had taken effect; failed: it had not; retry: run it again")
        ->required()
        ->check(CLI::IsMember({"completed", "failed", "retry"}));
    sub->add_option("--output", words_.payload, "Its output, as JSON (completed)");
    sub->add_option("--comment", words_.comment, "A sentence, for the run's history");
    sub = use("cancel", "Cancel a run; compensation and 'finally' still run", Action::kCancel);
    run(sub)->required();
    sub = use("pause", "Let a run start nothing new until it is resumed", Action::kPause);
    run(sub)->required();
  }

  CLI::App& parent_;
  WorkflowArgs& words_;
  std::string& format_;
  Command& command_;
  const CommandMaker& make_;
};

}  // namespace

void add_workflow_commands(CLI::App& workflow, WorkflowArgs& words, std::string& format,
                           Command& command, const CommandMaker& make) {
  Adder(workflow, words, format, command, make).add();
}

}  // namespace oap::cli
