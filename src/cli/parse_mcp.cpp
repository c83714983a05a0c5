#include "cli/parse_mcp.hpp"

namespace oap::cli {
namespace {

constexpr double kLongest = 86'400;

class Adder {
 public:
  Adder(CLI::App& mcp, McpWords& words, Command& command, const CommandMaker& make)
      : mcp_(mcp), words_(words), command_(command), make_(make) {}

  void run() {
    add_list();
    add_single();
    add_call();
    add_edit();
    add_trust();
    add_login();
    add_serve();
  }

 private:
  CLI::App* use(const std::string& name, const std::string& help, McpArgs::Action action) {
    McpArgs* const args = &words_.use;
    Command* const command = &command_;
    return make_(mcp_, name, help, [args, command, action] {
      args->action = action;
      *command = *args;
    });
  }

  void timeout(CLI::App* sub) {
    sub->add_option("--timeout", words_.use.timeout, "Seconds that servers have to answer (10)")
        ->check(CLI::Range(0.001, kLongest))
        ->type_name("SECONDS");
  }
  void server(CLI::App* sub) {
    sub->add_option("server", words_.use.server, "A server's name")->required();
  }
  void yes(CLI::App* sub) {
    sub->add_flag("--yes,-y", words_.use.yes, "Approve the permission asks of this call");
  }

  void add_list() {
    using Action = McpArgs::Action;
    timeout(use("list", "List the servers and how they are", Action::kList));
    for (const auto& [name, what, action] :
         {std::tuple{"tools", "tools", Action::kTools},
          {"resources", "resources and their templates", Action::kResources},
          {"prompts", "prompts", Action::kPrompts}}) {
      CLI::App* sub = use(name, std::string("List the ") + what + " of all servers or one", action);
      sub->add_option("server", words_.use.server, "A server's name");
      timeout(sub);
    }
  }

  void add_single() {
    CLI::App* sub = use("inspect", "Show all that a server, or one of its tools, says of itself",
                        McpArgs::Action::kInspect);
    server(sub);
    sub->add_option("tool", words_.use.name, "A tool's name");
    timeout(sub);
    sub = use("read", "Read a resource, governed like any call", McpArgs::Action::kRead);
    server(sub);
    sub->add_option("uri", words_.use.name, "The resource's URI at that server")->required();
    yes(sub);
    sub = use("prompt", "Fill in a prompt, governed like any call", McpArgs::Action::kPrompt);
    server(sub);
    sub->add_option("name", words_.use.name, "The prompt's name")->required();
    sub->add_option("arguments", words_.use.arguments, "The arguments, a JSON object of texts");
    yes(sub);
  }

  void add_call() {
    CLI::App* sub =
        use("call", "Call one tool, governed like any other call", McpArgs::Action::kCall);
    server(sub);
    sub->add_option("tool", words_.use.name, "A tool's name")->required();
    sub->add_option("arguments", words_.use.arguments, "The arguments, a JSON object");
    yes(sub);
  }

  CLI::App* edit(const std::string& name, const std::string& help, bool remove) {
    McpEditArgs* const args = &words_.edit;
    Command* const command = &command_;
    CLI::App* sub = make_(mcp_, name, help, [args, command, remove] {
      args->remove = remove;
      *command = *args;
    });
    sub->add_option("name", args->name, "The server's name")->required();
    auto* user = sub->add_flag("--user", args->user, "In your own settings, for all folders");
    sub->add_flag("--project", args->project, "In this project's settings (the default)")
        ->excludes(user);
    return sub;
  }

  void add_edit() {
    CLI::App* sub = edit("add", "Add a server to the settings", false);
    McpEditArgs& args = words_.edit;
    auto* url = sub->add_option("--url", args.url, "Address of a remote server");
    sub->add_option("command", args.command, "The program and its arguments, after --")
        ->type_name("-- COMMAND ARGS...")
        ->excludes(url);
    sub->add_option("--env", args.env, "A variable for the program; may be given many times")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    sub->add_option("--header", args.headers, "A header for the remote server; as above")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    sub->add_option("--naming", args.naming,
                    "prefix: server__tool; passthrough: the tools' own names")
        ->check(CLI::IsMember({"prefix", "passthrough"}));
    sub->add_flag("--no-auto-start", args.no_auto_start, "Start it at the first call");
    sub->footer(
        "\nExamples:\n  oap mcp add github --url https://api.githubcopilot.com/mcp/ \\\n"
        "      --header 'Authorization: Bearer ${GITHUB_TOKEN}'\n"
        "  oap mcp add files -- npx -y @modelcontextprotocol/server-filesystem .");
    edit("remove", "Take a server out of the settings", true);
  }

  CLI::App* trust(CLI::App& parent, const std::string& name, const std::string& help,
                  McpTrustArgs::Action action) {
    McpTrustArgs* const args = &words_.trust;
    Command* const command = &command_;
    CLI::App* sub = make_(parent, name, help, [args, command, action] {
      args->action = action;
      *command = *args;
    });
    sub->add_option("server", args->server, "A server's name");
    sub->add_option("tools", args->tools, "Names of its tools");
    return sub;
  }

  void add_trust() {
    CLI::App* parent =
        mcp_.add_subcommand("trust", "Look at pinned tools and approve new or changed ones");
    parent->require_subcommand(1);
    using Action = McpTrustArgs::Action;
    trust(*parent, "list", "List pinned and held back tools and what is odd", Action::kList);
    trust(*parent, "diff", "Show what is new or has changed", Action::kDiff);
    CLI::App* sub = trust(*parent, "approve", "Show what is new or has changed and approve it",
                          Action::kApprove);
    sub->add_flag("--all", words_.trust.all, "All that wait, of this server or of all");
    sub->add_flag("--yes,-y", words_.trust.yes, "Approve without being asked");
  }

  void add_login() {
    McpLoginArgs* const args = &words_.login;
    Command* const command = &command_;
    for (const bool logout : {false, true}) {
      CLI::App* sub =
          make_(mcp_, logout ? "logout" : "login",
                logout ? "Forget the sign-in to a server" : "Sign in to a remote server (OAuth)",
                [args, command, logout] {
                  args->logout = logout;
                  *command = *args;
                });
      sub->add_option("server", args->server, "A server's name")->required();
      if (!logout) {
        sub->add_flag("--browser", args->browser, "Open the page with xdg-open");
        sub->add_option("--timeout", args->timeout, "Seconds to wait for you (300)")
            ->check(CLI::Range(0.001, kLongest))
            ->type_name("SECONDS");
      }
    }
  }

  void add_serve() {
    McpServeArgs& args = words_.serve;
    Command* const command = &command_;
    CLI::App* sub = make_(mcp_, "serve", "Offer all configured servers as one MCP server",
                          [&args, command] { *command = args; });
    auto* http = sub->add_option("--http", args.http,
                                 "Streamable HTTP at ADDRESS:PORT/mcp, e.g. 127.0.0.1:8080")
                     ->type_name("ADDRESS:PORT");
    auto* stdio = sub->add_flag("--stdio", args.stdio, "On standard input and output");
    http->excludes(stdio);
    sub->add_option("--naming", args.naming,
                    "prefix: server__tool; passthrough: the tools' own names")
        ->check(CLI::IsMember({"prefix", "passthrough"}));
    sub->add_flag("--yes,-y", args.yes,
                  "Approve what the rules would ask for, instead of asking the client");
    sub->footer(
        "\nOffered are the servers of the configuration and no others. An entry `sandbox: {}` in\n"
        "mcp-servers.yaml offers the built-in tools (read_file, edit_file, grep, bash, …) too.\n");
  }

  CLI::App& mcp_;
  McpWords& words_;
  Command& command_;
  const CommandMaker& make_;
};

}  // namespace

void add_mcp_commands(CLI::App& mcp, McpWords& words, Command& command, const CommandMaker& make) {
  Adder(mcp, words, command, make).run();
}

}  // namespace oap::cli
