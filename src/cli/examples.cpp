#include "cli/examples.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace oap::cli {
namespace {

struct Example {
  std::string_view command;  ///< without "oap"
  std::string_view line;
};

constexpr auto kExamples = std::to_array<Example>({
    {"chat", "oap chat --continue"},
    {"acp", "oap acp --model openai/gpt-4.1"},
    {"undo", "oap undo --list"},
    {"route", "oap route \"Add a test for the parser and run it\""},
    {"trust", "oap trust --revoke"},
    {"doctor", "oap doctor --json"},
    {"version", "oap version"},
    {"completion", "oap completion bash > ~/.local/share/bash-completion/completions/oap"},
    {"config check", "oap config check"},
    {"config show", "oap config show --json"},
    {"config schema", "oap config schema permissions > permissions.schema.json"},
    {"permission check", "oap permission check --tool bash --resource \"rm -rf build\""},
    {"permission explain",
     "oap permission explain --tool write_file --action write --resource README.md"},
    {"permission show", "oap permission show --json"},
    {"permission lint", "oap permission lint"},
    {"permission diff", "oap permission diff old.yaml new.yaml"},
    {"permission test", "oap permission test permissions.test.yaml"},
    {"permission set",
     "oap permission set '{\"tool\":\"bash\",\"pattern\":\"npm test*\",\"level\":\"allow\"}'"},
    {"approvals list", "oap approvals list"},
    {"approvals approve", "oap approvals approve apr_01j --reason \"looked at the diff\""},
    {"approvals deny", "oap approvals deny apr_01j --reason \"not on a Friday\""},
    {"mcp list", "oap mcp list"},
    {"mcp tools", "oap mcp tools sandbox"},
    {"mcp resources", "oap mcp resources"},
    {"mcp prompts", "oap mcp prompts --json"},
    {"mcp inspect", "oap mcp inspect sandbox read_file"},
    {"mcp read", "oap mcp read docs file:///README.md"},
    {"mcp prompt", "oap mcp prompt docs summarize '{\"topic\":\"errors\"}'"},
    {"mcp call", "oap mcp call sandbox list_dir '{\"path\":\".\"}'"},
    {"mcp remove", "oap mcp remove github"},
    {"mcp trust list", "oap mcp trust list"},
    {"mcp trust diff", "oap mcp trust diff github"},
    {"mcp trust approve", "oap mcp trust approve github create_issue"},
    {"mcp login", "oap mcp login github"},
    {"mcp logout", "oap mcp logout github"},
    {"mcp serve", "oap mcp serve --http 127.0.0.1:8080"},
    {"mcp-server sandbox", "oap mcp-server sandbox --no-network --capability file_ops"},
    {"sandbox exec", "oap sandbox exec -- make test"},
    {"audit tail", "oap audit tail --lines 20"},
    {"audit verify", "oap audit verify"},
    {"audit search", "oap audit search --since 24h --decision deny"},
    {"audit report", "oap audit report --since 7d"},
    {"audit export", "oap audit export --format ocsf --since 7d > audit.jsonl"},
    {"audit prove", "oap audit prove evt_01j > proof.json"},
    {"audit checkpoint", "oap audit checkpoint"},
    {"audit retain", "oap audit retain --older-than 90d"},
    {"audit rotate-key", "oap audit rotate-key"},
    {"audit erase", "oap audit erase --user ann"},
    {"audit decrypt", "oap audit decrypt segment.oap"},
    {"scan secrets", "oap scan secrets src"},
    {"scan code", "oap scan code scripts"},
    {"workflow run", "oap workflow run release --input version=1.4.2"},
    {"workflow resume", "oap workflow resume run_01j --more-cost 2"},
    {"workflow fork", "oap workflow fork run_01j --from build"},
    {"workflow lint", "oap workflow lint release"},
    {"workflow plan", "oap workflow plan release --input version=1.4.2"},
    {"workflow test", "oap workflow test release"},
    {"workflow graph", "oap workflow graph release -o release.svg"},
    {"workflow schema", "oap workflow schema > workflow.schema.json"},
    {"workflow new", "oap workflow new release"},
    {"workflow list", "oap workflow list --open"},
    {"workflow show", "oap workflow show run_01j"},
    {"workflow logs", "oap workflow logs run_01j --follow"},
    {"workflow history", "oap workflow history run_01j"},
    {"workflow signal", "oap workflow signal run_01j deployed '{\"ok\":true}'"},
    {"workflow approve", "oap workflow approve run_01j approve-release --comment \"looks good\""},
    {"workflow resolve", "oap workflow resolve run_01j publish completed"},
    {"workflow cancel", "oap workflow cancel run_01j"},
    {"workflow pause", "oap workflow pause run_01j"},
    {"hook claude-code", "oap hook claude-code < event.json"},
    {"hook codex", "oap hook codex < event.json"},
    {"hook gemini", "oap hook gemini < event.json"},
    {"hook goose", "oap hook goose < event.json"},
    {"hook crush", "oap hook crush < event.json"},
    {"hook qwen", "oap hook qwen < event.json"},
    {"hook install", "oap hook install claude-code"},
    {"hook uninstall", "oap hook uninstall claude-code"},
    {"serve", "oap serve --status"},
    {"mission start", "oap mission start \"Add a --json flag to the lister, with tests\""},
    {"mission resume", "oap mission resume --answer \"use the second form\""},
    {"mission status", "oap mission status"},
    {"mission pause", "oap mission pause"},
    {"mission stop", "oap mission stop mis_01j"},
    {"mission list", "oap mission list --all"},
    {"mission log", "oap mission log --limit 20"},
    {"sessions list", "oap sessions list"},
    {"sessions show", "oap sessions show ses_01j --full"},
    {"sessions resume", "oap sessions resume ses_01j \"Now do the same for the writer\""},
    {"sessions fork", "oap sessions fork ses_01j"},
    {"sessions export", "oap sessions export ses_01j --output talk.md"},
    {"sessions delete", "oap sessions delete ses_01j"},
    {"skills list", "oap skills list"},
    {"skills show", "oap skills show release-notes"},
    {"skills search", "oap skills search \"release notes\""},
    {"skills add", "oap skills add ./skills/release-notes"},
    {"skills remove", "oap skills remove release-notes"},
    {"skills trust", "oap skills trust release-notes"},
    {"agents list", "oap agents list"},
    {"agents show", "oap agents show worker"},
    {"hooks list", "oap hooks list"},
    {"migrate claude-code", "oap migrate claude-code --dry-run"},
    {"migrate codex", "oap migrate codex --dry-run"},
    {"migrate opencode", "oap migrate opencode --dry-run"},
    {"migrate gemini", "oap migrate gemini --dry-run"},
    {"migrate validate", "oap migrate validate"},
});

/// A group's is that of its first command.
std::string_view line_of(std::string_view command) {
  const auto found = std::find_if(kExamples.begin(), kExamples.end(), [&](const Example& one) {
    return one.command == command || one.command.starts_with(std::string(command) + " ");
  });
  return found == kExamples.end() ? std::string_view() : found->line;
}

void add_below(CLI::App& app, const std::string& path) {
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) {
    const std::string command = path + sub->get_name();
    const std::string own = sub->get_footer();
    if (own.find("Examples:") == std::string::npos) {
      sub->footer(own + "\nExample:\n  " + std::string(line_of(command)));
    }
    add_below(*sub, command + " ");
  }
}

}  // namespace

void add_examples(CLI::App& app) { add_below(app, ""); }

}  // namespace oap::cli
