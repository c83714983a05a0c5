#include "cli/parse_sessions.hpp"

namespace oap::cli {

void add_session_commands(CLI::App& app, SessionsArgs& sessions, RunArgs& run, std::string& format,
                          Command& command, const CommandMaker& make) {
  CLI::App* parent = app.add_subcommand("sessions", "Look at, go on with and remove conversations");
  parent->require_subcommand(1);
  using Action = SessionsArgs::Action;
  const auto choose = [&sessions, &command](Action action) {
    return [&sessions, &command, action] {
      sessions.action = action;
      command = sessions;
    };
  };
  const auto add_id = [&sessions](CLI::App* sub) {
    sub->add_option("id", sessions.id, "The session's id, or a unique start of it")->required();
  };
  CLI::App* sub =
      make(*parent, "list", "The sessions of this workspace, newest first", choose(Action::kList));
  sub->add_option("--limit,-n", sessions.limit, "How many at most")->check(CLI::Range(1, 10'000));
  sub = make(*parent, "show", "What was said and done", choose(Action::kShow));
  add_id(sub);
  sub->add_option("--limit,-n", sessions.limit, "Only the newest messages; 0: all")
      ->check(CLI::Range(0, 1'000'000));
  sub->add_flag("--full", sessions.full, "Results and arguments uncut");
  sub = make(*parent, "resume", "Go on with a session: oap run --session ID", [&run, &command] {
    run.continue_session = true;
    command = run;
  });
  sub->add_option("id", run.session, "The session's id, or a unique start of it")->required();
  sub->add_option("prompt", run.prompt, "The task; '-' or nothing reads standard input")
      ->each([&run](const std::string&) { run.has_prompt = true; });
  sub->add_option("--model,-m", run.model, "provider/model (default: as for oap run)");
  sub->add_flag("--yes,-y", run.yes, "Approve the permission asks of this run's tool calls");
  sub->add_option("--output-format", format, "text, json or stream-json")
      ->check(CLI::IsMember({"text", "json", "stream-json"}));
  sub = make(*parent, "fork", "A copy to go on with differently", choose(Action::kFork));
  add_id(sub);
  sub->add_option("--at", sessions.at, "The last message that is copied (default: all)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  sub =
      make(*parent, "export", "Write a session as JSON lines or Markdown", choose(Action::kExport));
  add_id(sub);
  sub->add_option("--format", sessions.format, "jsonl or markdown (default: by the file's name)")
      ->check(CLI::IsMember({"jsonl", "markdown"}));
  sub->add_option("--output,-o", sessions.file, "The file (default: standard output)")
      ->type_name("FILE");
  sub = make(*parent, "delete", "Remove a session's messages and tasks", choose(Action::kDelete));
  add_id(sub);
  sub->add_flag("--yes,-y", sessions.yes, "Do not ask");
}

}  // namespace oap::cli
