#include <functional>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "cli/args.hpp"
#include "cli/claude/options.hpp"
#include "cli/examples.hpp"
#include "cli/parse_audit.hpp"
#include "cli/parse_hook.hpp"
#include "cli/parse_mcp.hpp"
#include "cli/parse_migrate.hpp"
#include "cli/parse_mission.hpp"
#include "cli/parse_permission.hpp"
#include "cli/parse_sessions.hpp"
#include "cli/parse_skills.hpp"
#include "cli/parse_workflow.hpp"
#include "cli/sandbox.hpp"
#include "cli/values.hpp"
#include "cli/version.hpp"
#include "cli/wrong_word.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr const char* kFooter = R"(
Examples:
  oap                                    a talk at the terminal
  oap run "Read the README.md file"
  oap run --model openai/gpt-4.1 "Add a test for the parser and run it"
  echo "List the files in src" | oap run --output-format json
  oap permission check --tool bash --action execute --resource "rm -rf build"
  oap mcp call sandbox list_dir '{"path":"."}'
  oap audit verify

Configuration is in .opencode/ of the workspace, ~/.config/oap/ and /etc/oap/; none is needed.
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 denied, 4 nobody could approve,
5 model or server failed, 130 interrupted.)";

constexpr std::int64_t kMostBytes = std::int64_t{1} << 62;

/// CLI11's tree and the structs it fills. Nothing else sees CLI11.
struct Tree {
  CLI::App app{"oap: runs AI coding agents and governs every tool call they make.", "oap"};
  Args args;
  RunArgs run;
  ChatArgs chat;
  AcpArgs acp;
  UndoArgs undo;
  RouteArgs route;
  ConfigArgs config;
  TrustArgs trust;
  PermissionArgs permission;
  ApprovalArgs approval;
  McpWords mcp;
  SandboxServerArgs server;
  SandboxArgs sandbox;
  AuditArgs audit;
  ScanArgs scan;
  WorkflowArgs workflow;
  HookArgs hook;
  ServeArgs serve;
  MissionArgs mission;
  SessionsArgs sessions;
  SkillsArgs skills;
  AgentsArgs agents;
  MigrateArgs migrate;
  CompletionArgs completion;
  std::string format = "text";
  bool version = false;
  const CommandMaker make = [this](CLI::App& above, const std::string& name,
                                   const std::string& help, std::function<void()> chosen) {
    return command(above, name, help, std::move(chosen));
  };

  Tree() {
    app.set_help_all_flag("--help-all", "Help for every command");
    app.add_flag("--version", version, "Print the version");
    app.require_subcommand(0, 1);
    add_run();
    add_chat();
    add_acp();
    add_undo();
    add_small();
    add_config();
    add_permission();
    add_mcp();
    add_server();
    add_sandbox();
    add_audit();
    add_scan();
    add_workflow();
    add_hook();
    add_serve();
    add_mission();
    add_sessions();
    add_migrate();
    check_values(app);
    add_examples(app);
    app.footer(kFooter);
  }

  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& help,
                    std::function<void()> chosen) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->add_option("--workspace,-w", args.common.workspace,
                    "The folder to work in (default: the project around the current folder)")
        ->type_name("DIR")
        ->check(CLI::ExistingDirectory);
    sub->add_flag("--json", args.common.json, "Print one JSON object");
    sub->add_flag("--trust", args.common.trust, "Trust this folder for this command only");
    sub->callback(std::move(chosen));
    return sub;
  }

  void add_run() {
    CLI::App* sub = command(app, "run", "Do a task", [this] { args.command = run; });
    sub->add_option("prompt", run.prompt, "The task; '-' or nothing reads standard input")
        ->each([this](const std::string&) { run.has_prompt = true; });
    sub->add_option("--model,-m", run.model,
                    "provider/model, e.g. anthropic/claude-sonnet-4-5, openai/gpt-4.1, offline, "
                    "replay/FILE (default: OAP_MODEL, agents.*.model, offline)");
    auto* agent = sub->add_flag("--agent-path", run.agent_path, "Plan, execute and review");
    sub->add_flag("--fast-path", run.fast_path, "One agent, no plan")->excludes(agent);
    sub->add_flag("--yes,-y", run.yes, "Approve the permission asks of this run's tool calls");
    sub->add_flag("--continue,-c", run.continue_session, "Go on with the newest session here");
    sub->add_option("--session,--resume,-r", run.session,
                    "Go on with this session (see oap sessions list)")
        ->type_name("ID");
    sub->add_option("--agent", run.agent, "Who does it (see oap agents list); without a plan")
        ->type_name("NAME")
        ->excludes(agent);
    sub->add_option("--record", run.record,
                    "Write the model exchanges to FILE, word for word, secrets too")
        ->type_name("FILE");
    sub->add_option("--output-format", format, "text, json or stream-json")
        ->check(CLI::IsMember({"text", "json", "stream-json"}));
    add_claude_options(*sub, run);
    sub->footer(
        "\nExamples:\n  oap run \"Read the README.md file\"\n"
        "  oap run -m anthropic/claude-sonnet-4-5 --yes \"Fix the failing test\"\n"
        "  git diff | oap run -m openai/gpt-4.1 -");
  }

  void add_chat() {
    CLI::App* sub = command(app, "chat", "Talk with an agent at the terminal (also: oap alone)",
                            [this] { args.command = chat; });
    sub->add_option("--model,-m", chat.model, "provider/model, as for oap run");
    auto* newest =
        sub->add_flag("--continue,-c", chat.continue_session, "Go on with the newest session here");
    sub->add_option("--session", chat.session, "Go on with this session")
        ->type_name("ID")
        ->excludes(newest);
    sub->add_flag("--yes,-y", chat.yes, "Approve the permission asks of this talk's tool calls");
  }

  void add_acp() {
    CLI::App* sub = command(app, "acp", "Be the agent of an editor (Agent Client Protocol, stdio)",
                            [this] { args.command = acp; });
    sub->add_option("--model,-m", acp.model, "provider/model, as for oap run");
    sub->add_option("--permission-timeout", acp.permission_seconds,
                    "Seconds a question waits for an answer; then it is denied")
        ->check(CLI::Range(1, 300))
        ->type_name("SECONDS");
  }

  void add_undo() {
    CLI::App* sub = command(app, "undo", "Take back what tools changed in files here",
                            [this] { args.command = undo; });
    sub->add_option("count", undo.count, "How many turns, the newest first (default: 1)")
        ->check(CLI::Range(1, 1'000));
    auto* list = sub->add_flag("--list", undo.list, "Show the turns and what they changed");
    sub->add_flag("--redo", undo.redo, "Make again what was taken back")->excludes(list);
  }

  void add_small() {
    CLI::App* sub = command(app, "route", "Say which path a task would take, and why",
                            [this] { args.command = route; });
    sub->add_option("prompt", route.prompt, "The task")->required();
    sub = command(app, "trust", "Trust a folder's own servers, hooks, plugins and allow rules",
                  [this] { args.command = trust; });
    sub->add_option("directory", trust.directory, "The folder (default: this workspace)");
    sub->add_flag("--revoke", trust.revoke, "Take the trust back");
    command(app, "doctor", "Check what is installed and what works here",
            [this] { args.command = DoctorArgs{}; });
    command(app, "version", "Print the version", [this] { args.command = VersionArgs{}; });
    sub = command(app, "completion", "Print a shell completion script",
                  [this] { args.command = completion; });
    sub->add_option("shell", completion.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  void add_config() {
    CLI::App* parent = app.add_subcommand("config", "Check and show the configuration");
    parent->require_subcommand(1);
    using Action = ConfigArgs::Action;
    const auto choose = [this](Action action) {
      return [this, action] {
        config.action = action;
        args.command = config;
      };
    };
    command(*parent, "check", "Check every configuration file", choose(Action::kCheck));
    command(*parent, "show", "Show the settings in force", choose(Action::kShow));
    CLI::App* sub =
        command(*parent, "schema", "Print a file's JSON Schema", choose(Action::kSchema));
    sub->add_option("name", config.schema, "config, agents, mcp-servers, permissions or plugins")
        ->required();
  }

  void add_permission() { add_permission_commands(app, permission, approval, args.command, make); }

  void add_hook() { add_hook_commands(app, hook, args.command, make); }

  void add_serve() {
    using Action = ServeArgs::Action;
    CLI::App* sub = command(app, "serve", "Decide the tool calls of other programs, as a daemon",
                            [this] { args.command = serve; });
    auto* status = sub->add_flag_callback(
        "--status", [this] { serve.action = Action::kStatus; }, "Say whether it runs, and how");
    sub->add_flag_callback(
           "--stop", [this] { serve.action = Action::kStop; }, "End it, after what it is at")
        ->excludes(status);
    sub->footer(
        "\nOne daemon a state directory, in the foreground. SIGTERM ends it in order, SIGHUP reads "
        "the rules again.");
  }

  void add_mcp() {
    CLI::App* parent = app.add_subcommand("mcp", "Use the configured MCP servers");
    parent->require_subcommand(1);
    add_mcp_commands(*parent, mcp, args.command, make);
  }

  void add_server() {
    CLI::App* parent = app.add_subcommand("mcp-server", "Run a built-in MCP server on stdio");
    parent->require_subcommand(1);
    CLI::App* sub = command(*parent, "sandbox", "Files, search, bash and python in the workspace",
                            [this] { args.command = server; });
    sub->add_option("--memory", server.memory_bytes, "Bytes of memory a call may use")
        ->check(CLI::Range(std::int64_t{1}, kMostBytes));
    sub->add_option("--cpu-percent", server.cpu_percent, "Per cent of one core")
        ->check(CLI::Range(1, 6400));
    sub->add_option("--disk", server.disk_bytes, "Bytes a call may write")
        ->check(CLI::Range(std::int64_t{1}, kMostBytes));
    sub->add_option("--pids", server.processes, "Processes and threads of a call at a time")
        ->check(CLI::Range(1, 4'000'000));
    sub->add_flag("--no-network", server.no_network, "Calls get no network");
    sub->add_option("--allow-host", server.hosts, "A host that calls may connect to, and no other")
        ->allow_extra_args(false);
    sub->add_option("--require", server.require, "What must be enforced, as fs,net")
        ->check(kinds_value());
    sub->add_option("--protect", server.protect, "A further name that calls cannot change")
        ->allow_extra_args(false);
    sub->add_option("--unprotect", server.unprotect, "A protected name that they can")
        ->allow_extra_args(false);
    sub->add_option("--readable", server.readable, "A further place that calls may see")
        ->allow_extra_args(false);
    sub->add_flag("--tell-git", server.tell_git, "Files that git would run are told, not renamed");
    sub->add_option("--capability", server.capabilities, "bash, python, file_ops (default: all)");
    sub->add_option("--agent-tools", server.agent_tools, "For this program itself")->group("");
  }

  void add_sandbox() {
    CLI::App* parent = app.add_subcommand("sandbox", "Run programs confined");
    parent->require_subcommand(1);
    CLI::App* sub = command(*parent, "exec", "Run one program in a sandbox",
                            [this] { args.command = sandbox; });
    add_sandbox_options(*sub, sandbox);
  }

  void add_audit() {
    CLI::App* parent = app.add_subcommand("audit", "Read, verify, export and keep the audit log");
    parent->require_subcommand(1);
    add_audit_commands(*parent, audit, args.command, make);
  }

  void add_scan() {
    CLI::App* parent = app.add_subcommand("scan", "Look for secrets or dangerous code");
    parent->require_subcommand(1);
    using What = ScanArgs::What;
    const auto choose = [this](What what) {
      return [this, what] {
        scan.what = what;
        args.command = scan;
      };
    };
    CLI::App* sub = command(*parent, "secrets", "Find credentials; exit 0 none, 1 some",
                            choose(What::kSecrets));
    sub->add_option("path", scan.path, "A file, a folder, or '-' for standard input (default: .)");
    sub->add_flag("--batch", scan.batch,
                  "JSON lines on standard input, {\"id\", \"text\"} or {\"id\", \"chunks\"}; one "
                  "answer a line");
    sub->add_flag("--redact", scan.redact,
                  "Copy standard input to standard output as it comes, without the secrets")
        ->excludes("--batch")
        ->excludes("path");
    sub = command(*parent, "code", "Find dangerous code in bash, Python and JavaScript",
                  choose(What::kCode));
    sub->add_option("path", scan.path, "A file, a folder, or '-' for standard input (default: .)");
    sub->add_option("--language", scan.language, "bash, python or javascript")
        ->check(CLI::IsMember({"bash", "python", "javascript"}));
    sub->add_flag("--batch", scan.batch,
                  "JSON lines on standard input, {\"id\", \"language\", \"path\", \"text\"}; one "
                  "answer a line");
  }

  void add_workflow() {
    CLI::App* parent = app.add_subcommand("workflow", "Run and look after durable workflows");
    parent->require_subcommand(1);
    add_workflow_commands(*parent, workflow, format, args.command, make);
  }

  void add_migrate() { add_migrate_commands(app, migrate, args.command, make); }

  void add_mission() {
    CLI::App* parent = app.add_subcommand("mission", "Carry an objective to its end");
    parent->require_subcommand(1);
    add_mission_commands(*parent, mission, format, args.command, make);
  }

  void add_sessions() {
    add_session_commands(app, sessions, run, format, args.command, make);
    add_skill_commands(app, skills, agents, args.command, make);
  }

  Format chosen_format() const {
    const Format given = format == "json"          ? Format::kJson
                         : format == "stream-json" ? Format::kStreamJson
                                                   : Format::kText;
    return args.common.json && given == Format::kText ? Format::kJson : given;
  }

  void finish() {
    if (auto* chosen = std::get_if<RunArgs>(&args.command)) {
      chosen->format = chosen_format();
    }
    if (auto* chosen = std::get_if<WorkflowArgs>(&args.command)) {
      chosen->format = chosen_format();
    }
    if (auto* chosen = std::get_if<MissionArgs>(&args.command)) {
      chosen->format = chosen_format();
    }
  }
};

void collect_words(const CLI::App& app, const std::string& path, std::vector<std::string>& lines) {
  std::string line = path;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      line += " --" + name;
    }
  }
  lines.push_back(line);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    collect_words(*sub, path + " " + sub->get_name(), lines);
  }
}

}  // namespace

Args parse_args(int argc, const char* const* argv) {
  Tree tree;
  try {
    tree.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = tree.app.exit(error, out, err);
    const std::string wrong = code == 0 ? "" : wrong_word(tree.app, error);
    const std::string told =
        text::escape_visible(wrong.empty() ? err.str() : wrong, {.keep_newlines = true});
    tree.args.command = Message{out.str() + told, code == 0 ? 0 : 2};
    return tree.args;
  }
  if (tree.version) {
    tree.args.command = VersionArgs{};
    return tree.args;
  }
  if (tree.app.get_subcommands().empty()) {
    const bool attended = isatty(0) == 1 && isatty(1) == 1;
    tree.args.command = attended ? Command(ChatArgs{}) : Command(Message{tree.app.help(), 2});
    return tree.args;
  }
  tree.finish();
  return tree.args;
}

std::vector<std::string> command_words() {
  const Tree tree;
  std::vector<std::string> lines;
  collect_words(tree.app, "oap", lines);
  return lines;
}

}  // namespace oap::cli
