#include "cli/parse_hook.hpp"

#include "hosts/event.hpp"

namespace oap::cli {

void add_hook_commands(CLI::App& app, HookArgs& args, Command& command, const CommandMaker& make) {
  CLI::App* parent = app.add_subcommand("hook", "Govern another agent program's tool calls");
  parent->require_subcommand(1);
  using Action = HookArgs::Action;
  std::vector<std::string> hosts{"claude-code", "codex", "gemini", "goose", "crush", "qwen"};
  for (const std::string& host : hosts) {
    make(*parent, host,
         "Decide one event of " + std::string(hosts::title_of(*hosts::host_named(host))) +
             ", read from standard input",
         [&args, &command, host] {
           args.action = Action::kDecide;
           args.host = host;
           command = args;
         });
  }
  hosts.emplace_back("opencode");
  for (const auto& [name, help, action] :
       {std::tuple{"install", "Put the hook into a host's configuration", Action::kInstall},
        std::tuple{"uninstall", "Take it out again", Action::kUninstall}}) {
    CLI::App* sub = make(*parent, name, help, [&args, &command, chosen = action] {
      args.action = chosen;
      command = args;
    });
    sub->add_option("host", args.host, "claude-code, codex, gemini, goose, crush, qwen or opencode")
        ->required()
        ->check(CLI::IsMember(hosts));
    sub->add_flag("--user", args.user, "For all of your projects, not this one");
  }
}

}  // namespace oap::cli
