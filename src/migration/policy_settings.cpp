#include "migration/policy_settings.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

struct Known {
  std::string_view key;
  std::string_view reason;
};

constexpr std::string_view kServers = "only rules are imported: write servers under mcp_servers";
constexpr std::string_view kSandbox =
    "what runs is confined by this program's own sandbox: see sandbox in config.yaml";
constexpr std::string_view kOther = "only rules are imported";
constexpr std::string_view kHooks =
    "only rules are imported: hooks stand in .opencode/hooks, in the form that Claude Code has";

void name(std::string key, const std::string& file, std::string_view reason, Translation& out) {
  out.not_carried.push_back({text::escape_visible(key), file, std::string(reason)});
}

void name_keys(const json::Object& object, const std::string& file, std::span<const Known> known,
               Translation& out) {
  for (const auto& one : object) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const Known& each) { return each.key == one.key(); });
    const std::string_view reason = found == known.end() ? kOther : found->reason;
    if (!reason.empty()) {
      name(std::string(one.key()), file, reason, out);
    }
  }
}

/// The texts of a list; what else stands there is named.
std::vector<std::string> texts(const json::Object& object, std::string_view key,
                               const std::string& shown, const std::string& file,
                               Translation& out) {
  std::vector<std::string> found;
  const json::Value* const list = json::find(object, key);
  if (list == nullptr || list->is_null()) {
    return found;
  }
  if (!list->is_array()) {
    name(shown, file, "expected a list of texts", out);
    return found;
  }
  for (const json::Value& one : list->get_array()) {
    if (one.is_string()) {
      found.emplace_back(json::view(one.get_string()));
    } else {
      name(shown, file, "an entry is no text", out);
    }
  }
  return found;
}

class Gemini {
 public:
  Gemini(const json::Object& settings, const std::string& file, Translation& out)
      : settings_(settings), file_(file), out_(out) {}

  GeminiFile run() {
    take_tools(settings_, "", "excludeTools", "allowedTools");
    if (const json::Object* const tools = json::find_object(settings_, "tools")) {
      take_tools(*tools, "tools.", "exclude", "allowed");
    }
    if (const json::Object* const mcp = json::find_object(settings_, "mcp")) {
      for (const std::string& server : texts(*mcp, "excluded", "mcp.excluded", file_, out_)) {
        server_rule(server, "deny", 900);
      }
      rest(*mcp, "mcp.", {"excluded"});
    }
    if (const json::Object* const servers = json::find_object(settings_, "mcpServers")) {
      for (const auto& one : *servers) {
        if (json::get_bool(one.value(), "trust")) {
          server_rule(std::string(one.key()), "allow", 200);
        }
      }
    }
    static constexpr auto kKnown = std::to_array<Known>({{"excludeTools", ""},
                                                         {"allowedTools", ""},
                                                         {"tools", ""},
                                                         {"mcp", ""},
                                                         {"mcpServers", kServers},
                                                         {"hooks", kHooks},
                                                         {"sandbox", kSandbox},
                                                         {"$schema", ""}});
    name_keys(settings_, file_, kKnown, out_);
    return {file_, 4, {{"rule", std::move(rules_)}}};
  }

 private:
  void rest(const json::Object& object, std::string_view prefix,
            std::initializer_list<std::string_view> taken) {
    for (const auto& one : object) {
      if (std::find(taken.begin(), taken.end(), one.key()) == taken.end()) {
        name(fmt::format("{}{}", prefix, std::string_view(one.key())), file_, kOther, out_);
      }
    }
  }

  void take_tools(const json::Object& object, std::string_view prefix, std::string_view exclude,
                  std::string_view allow) {
    const auto take = [&](std::string_view key, std::string_view decision, int priority) {
      const std::string shown = fmt::format("{}{}", prefix, key);
      for (const std::string& text : texts(object, key, shown, file_, out_)) {
        tool_rule(text, decision, priority);
      }
    };
    take(exclude, "deny", 400);
    take(allow, "allow", 300);
    if (!prefix.empty()) {
      rest(object, prefix, {exclude, allow});
    }
  }

  /// `name` or `run_shell_command(prefix)`; `ShellTool` is its older name.
  void tool_rule(const std::string& text, std::string_view decision, int priority) {
    const std::size_t open = text.find('(');
    std::string tool = text.substr(0, open);
    tool = tool == "ShellTool" ? "run_shell_command" : tool;
    json::Object rule{{"toolName", tool}, {"decision", decision}, {"priority", priority}};
    if (open != std::string::npos && text.ends_with(')')) {
      rule["commandPrefix"] = text.substr(open + 1, text.size() - open - 2);
    }
    rules_.push_back(std::move(rule));
  }

  void server_rule(const std::string& server, std::string_view decision, int priority) {
    rules_.push_back(json::Object{
        {"mcpName", server}, {"toolName", "*"}, {"decision", decision}, {"priority", priority}});
  }

  const json::Object& settings_;
  const std::string& file_;
  Translation& out_;
  json::Array rules_;
};

}  // namespace

bool take_codex_config(const json::Object& config, const std::string& file, bool before,
                       Translation& out) {
  const std::string_view policy = json::get_string(config, "approval_policy");
  const bool never = policy.empty() ? before : policy == "never";
  static constexpr auto kKnown = std::to_array<Known>(
      {{"approval_policy", "what no rule allows asks here, or where nobody can answer is denied"},
       {"sandbox_mode", kSandbox},
       {"sandbox_workspace_write", kSandbox},
       {"mcp_servers", kServers},
       {"hooks", kHooks},
       {"profiles", "there are no profiles here; only rules are imported"},
       {"model", "set agents.executor.model, as openai/gpt-5"}});
  name_keys(config, file, kKnown, out);
  if (policy == "never") {
    out.warnings.push_back(
        fmt::format("{}: approval_policy = \"never\": rules that prompt deny; set "
                    "security.default_permission: deny for what no rule names",
                    file));
  }
  return never;
}

GeminiFile gemini_settings(const json::Object& settings, const std::string& file,
                           Translation& out) {
  return Gemini(settings, file, out).run();
}

void name_opencode_keys(const json::Object& config, const std::string& file, Translation& out) {
  static constexpr auto kKnown = std::to_array<Known>(
      {{"$schema", ""},
       {"permission", ""},
       {"permissions", ""},
       {"tools", ""},
       {"mcp", kServers},
       {"agent", "only rules are imported: agents stand in .opencode/agents, with a prompt each"},
       {"agents", "only rules are imported: agents stand in .opencode/agents, with a prompt each"},
       {"mode", "only rules are imported: agents stand in .opencode/agents, with a prompt each"},
       {"command", "only rules are imported: commands stand in .opencode/commands"},
       {"commands", "only rules are imported: commands stand in .opencode/commands"},
       {"model", "set agents.executor.model"},
       {"instructions", "only rules are imported: instructions stand in AGENTS.md"},
       {"plugin", "plugins of OpenCode are not run here"},
       {"plugins", "plugins of OpenCode are not run here"},
       {"provider", "only rules are imported: write providers in config.yaml"}});
  name_keys(config, file, kKnown, out);
}

}  // namespace oap::migration
