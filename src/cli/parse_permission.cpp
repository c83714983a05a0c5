#include "cli/parse_permission.hpp"

namespace oap::cli {
namespace {

void add_request_options(CLI::App* sub, PermissionArgs& args) {
  sub->add_option("--tool", args.tool, "Tool name, server__tool, or a program");
  sub->add_option("--action", args.perform, "execute, read, write, delete or invoke");
  sub->add_option("--resource", args.resource, "Path, command or server");
  sub->add_option("--arguments", args.arguments, "The call's arguments, a JSON object");
  sub->add_option("--user", args.user, "User id");
  sub->add_option("--role", args.role, "Role (default: user)");
}

void add_policy_option(CLI::App* sub, PermissionArgs& args) {
  sub->add_option("--policy", args.policy, "Decide by this file alone (and the managed one)")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
}

void add_approvals(CLI::App& app, ApprovalArgs& args, Command& command, const CommandMaker& make) {
  CLI::App* parent = app.add_subcommand("approvals", "Answer the calls that wait for approval");
  parent->require_subcommand(1);
  using Action = ApprovalArgs::Action;
  const auto choose = [&args, &command](Action action) {
    return [&args, &command, action] {
      args.action = action;
      command = args;
    };
  };
  CLI::App* sub = make(*parent, "list", "Show what waits, newest first", choose(Action::kList));
  sub->add_flag("--all", args.all, "Also what was decided or has expired");
  for (const auto& [name, help, action] :
       {std::tuple{"approve", "Let a call run, once", Action::kApprove},
        std::tuple{"deny", "Refuse a call", Action::kDeny}}) {
    sub = make(*parent, name, help, choose(action));
    sub->add_option("id", args.id, "The approval's id, or a unique start of it")->required();
    sub->add_option("--reason", args.reason, "A sentence, for the caller and the audit");
  }
}

}  // namespace

void add_permission_commands(CLI::App& app, PermissionArgs& permission, ApprovalArgs& approval,
                             Command& command, const CommandMaker& make) {
  CLI::App* parent = app.add_subcommand("permission", "Ask the permission engine");
  parent->require_subcommand(1);
  using Action = PermissionArgs::Action;
  const auto choose = [&permission, &command](Action action) {
    return [&permission, &command, action] {
      permission.action = action;
      command = permission;
    };
  };
  CLI::App* sub = make(*parent, "check", "Decide one request; exit 0 allow, 4 ask, 3 deny",
                       choose(Action::kCheck));
  add_request_options(sub, permission);
  add_policy_option(sub, permission);
  sub->add_flag("--batch", permission.batch,
                "Requests as JSON lines on standard input, one decision a line");
  sub = make(*parent, "explain",
             "Decide one request and say how: every rule that matched or nearly did",
             choose(Action::kExplain));
  add_request_options(sub, permission);
  add_policy_option(sub, permission);
  sub = make(*parent, "show", "Show the rules in force", choose(Action::kShow));
  add_policy_option(sub, permission);
  sub =
      make(*parent, "lint",
           "Find rules that are shadowed, contradictory, can never match or allow too much; exit 1 "
           "if there are any",
           choose(Action::kLint));
  add_policy_option(sub, permission);
  sub = make(*parent, "diff", "Show what two policies decide differently; exit 1 if anything",
             choose(Action::kDiff));
  sub->add_option("before", permission.file, "A permissions.yaml")->required()->type_name("FILE");
  sub->add_option("after", permission.after, "Another (default: the rules in force)")
      ->type_name("FILE");
  sub = make(*parent, "test",
             "Try a table of cases (REQUEST => allow|ask|deny [RULE]); exit 1 if any "
             "row fails",
             choose(Action::kTest));
  sub->add_option("table", permission.file, "The table")->required()->type_name("FILE");
  add_policy_option(sub, permission);
  sub = make(*parent, "set", "Add a rule for this workspace at once, also for what runs already",
             choose(Action::kSet));
  CLI::Option* rule = sub->add_option("rule", permission.rule,
                                      "A rule, e.g. '{\"program\":\"rm\",\"level\":\"deny\"}'");
  sub->add_flag("--clear", permission.clear, "Remove all rules that were set so")->excludes(rule);
  add_approvals(app, approval, command, make);
}

}  // namespace oap::cli
