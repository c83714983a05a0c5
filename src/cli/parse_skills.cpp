#include "cli/parse_skills.hpp"

namespace oap::cli {
namespace {

void add_skills(CLI::App& app, SkillsArgs& args, Command& command, const CommandMaker& make) {
  CLI::App* parent = app.add_subcommand("skills", "Find, add and trust skills (SKILL.md)");
  parent->require_subcommand(1);
  using Action = SkillsArgs::Action;
  const auto choose = [&args, &command](Action action) {
    return [&args, &command, action] {
      args.action = action;
      command = args;
    };
  };
  make(*parent, "list", "Every skill here, and whether it may be used", choose(Action::kList));
  CLI::App* sub = make(*parent, "show", "A skill with its text, files and what the scan found",
                       choose(Action::kShow));
  sub->add_option("name", args.name, "The skill")->required();
  sub = make(*parent, "search", "Search the configured registries (skills.registries)",
             choose(Action::kSearch));
  sub->add_option("words", args.name, "What to look for")->required();
  sub = make(*parent, "add", "Add skills: fetched, scanned, shown, and pinned by their digest",
             choose(Action::kAdd));
  sub->add_option("source", args.name, "owner/repo, owner/repo@skill, a URL, or a folder")
      ->required();
  sub->add_option("--skill,-s", args.skills, "Which of them (default: the only one)")
      ->allow_extra_args(false);
  sub->add_flag("--all", args.all, "All of them");
  sub->add_flag("--user", args.user, "For you in every workspace, not for this project");
  sub->add_flag("--replace", args.replace, "Also where another skill of the name stands");
  sub->add_option("--digest", args.digest,
                  "Add it without asking if it is exactly this (sha256:…)");
  sub->add_flag("--accept-findings", args.accept_findings, "Also where the scan found something");
  sub = make(*parent, "remove", "Remove a skill that was added", choose(Action::kRemove));
  sub->add_option("name", args.name, "The skill")->required();
  sub->add_flag("--yes,-y", args.yes, "Do not ask, also where it was changed since it was added");
  sub = make(*parent, "trust", "Accept a skill as it stands now", choose(Action::kTrust));
  sub->add_option("name", args.name, "The skill");
  sub->add_flag("--all", args.all, "Every skill of this project");
}

}  // namespace

void add_skill_commands(CLI::App& app, SkillsArgs& skills, AgentsArgs& agents, Command& command,
                        const CommandMaker& make) {
  add_skills(app, skills, command, make);
  CLI::App* parent = app.add_subcommand("agents", "The agents and what each may do");
  parent->require_subcommand(1);
  make(*parent, "list", "All agents", [&] { command = agents; });
  CLI::App* sub = make(*parent, "show", "One agent with its prompt, tools and rights", [&] {
    agents.show = true;
    command = agents;
  });
  sub->add_option("name", agents.name, "The agent")->required();
  parent = app.add_subcommand("hooks", "What looks at messages, tool calls and turns");
  parent->require_subcommand(1);
  make(*parent, "list", "Every hook: point, order, kind, and what its failure does",
       [&command] { command = HooksArgs{}; });
}

}  // namespace oap::cli
