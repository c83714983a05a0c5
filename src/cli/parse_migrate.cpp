#include "cli/parse_migrate.hpp"

namespace oap::cli {
namespace {

void add_places(CLI::App* sub, MigrateArgs& args) {
  sub->add_option("--source", args.source, "The folder to take over (default: this workspace)")
      ->type_name("DIR");
  sub->add_option("--target", args.target, "The folder to write into (default: this workspace)")
      ->type_name("DIR");
  sub->add_flag("--dry-run", args.dry_run, "Say what would be done and write nothing");
  sub->add_flag("--undo", args.undo, "Take back what an earlier import has written");
}

}  // namespace

void add_migrate_commands(CLI::App& app, MigrateArgs& args, Command& command,
                          const CommandMaker& make) {
  CLI::App* parent = app.add_subcommand("migrate", "Take over the setup of another program");
  parent->require_subcommand(1);
  using Host = MigrateArgs::Host;
  const auto choose = [&args, &command](Host host) {
    return [&args, &command, host] {
      args.host = host;
      command = args;
    };
  };
  CLI::App* sub = make(*parent, "claude-code",
                       "Settings, permissions, hooks, skills, commands, agents, CLAUDE.md and "
                       ".mcp.json",
                       choose(Host::kClaudeCode));
  add_places(sub, args);
  sub->add_flag("--project-only", args.project_only,
                "Leave out the settings in ~/.claude and those of the machine");
  sub->add_flag("--user", args.user,
                "Take over what is your own in ~/.claude, for all projects (into ~/.config/oap)");
  sub->footer(
      "\nExamples:\n  oap migrate claude-code --dry-run\n"
      "  oap migrate claude-code && oap trust\n  oap migrate claude-code --undo");
  for (const auto& [name, help, host] :
       {std::tuple{"codex", "Rules of Codex (*.rules)", Host::kCodex},
        std::tuple{"opencode", "Permissions of OpenCode (opencode.json)", Host::kOpencode},
        std::tuple{"gemini", "Policy files of Gemini CLI (policies/*.toml)", Host::kGemini}}) {
    sub = make(*parent, name, help, choose(host));
    add_places(sub, args);
    sub->add_flag("--project-only", args.project_only, "Leave out what is in the home directory");
  }
  sub = make(*parent, "validate", "Check what an import has written; exit 1 if anything is wrong",
             choose(Host::kValidate));
  sub->add_option("--target", args.target, "The folder (default: this workspace)")
      ->type_name("DIR");
}

}  // namespace oap::cli
