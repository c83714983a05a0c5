#include "cli/claude/options.hpp"

#include <CLI/CLI.hpp>

namespace oap::cli {

void add_claude_options(CLI::App& command, RunArgs& args) {
  command
      .add_option("--schema", args.schema,
                  "Of json and stream-json: oap, or claude (the messages of claude -p)")
      ->check(CLI::IsMember({"oap", "claude"}));
  command
      .add_option("--input-format", args.input_format,
                  "text, or stream-json (with --schema claude): a user message a line")
      ->check(CLI::IsMember({"text", "stream-json"}));
  command.add_flag("--print,-p", args.print, "Nobody is asked: what would ask is denied");
  command.add_flag("--verbose", args.verbose,
                   "With --schema claude and json: all messages as one array");
  command.add_flag("--include-partial-messages", args.partial,
                   "With --schema claude and stream-json: also pieces of messages");
  command.add_option("--max-turns", args.max_turns, "End after that many answers of the model")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option(
      "--allowedTools,--allowed-tools", args.allowed_tools,
      "Rules of Claude Code for calls that need no approval, e.g. \"Bash(git log:*)\"");
  command.add_option("--disallowedTools,--disallowed-tools", args.disallowed_tools,
                     "Rules of Claude Code for calls that are denied");
  command.add_option("--permission-mode", args.permission_mode, "default, acceptEdits or dontAsk");
}

}  // namespace oap::cli
