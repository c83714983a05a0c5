#include "migration/claude_rules.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "foreign/tools.hpp"
#include "permission/rule.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostText = 2'000;

using KnownTool = foreign::Tool;

const KnownTool* find_tool(std::string_view name) {
  return foreign::find_tool(foreign::Host::kClaudeCode, name);
}

bool is_star_glob(std::string_view name) { return name.find('*') != std::string_view::npos; }

bool is_parameter(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-';
  });
}

/// One rule on its way to rules of ours.
class Translator {
 public:
  Translator(const ClaudePermissions& all, const ClaudeRule& rule, Translation& out)
      : all_(all),
        rule_(rule),
        out_(out),
        make_(rule.level, fmt::format("{} ({})", text::escape_visible(rule.text), rule.where)) {}

  void run() {
    const std::size_t before = out_.rules.size();
    translate();
    for (std::size_t i = before; i < out_.rules.size(); ++i) {
      if (auto made = permission::rule_from_json(out_.rules[i], "rule", {}); !made) {
        out_.rules.resize(before);
        return lost("cannot be said here: " + made.error().message());
      }
    }
  }

 private:
  void translate() {
    const auto parts = split_rule(rule_.text);
    if (!parts || rule_.text.size() > kMostText) {
      return lost(parts ? "is longer than 2000 bytes"
                        : "it is no rule: expected Tool or Tool(specifier)");
    }
    if (parts->tool.starts_with("mcp__")) {
      return mcp(*parts);
    }
    if (is_star_glob(parts->tool)) {
      return tool_glob(*parts);
    }
    const KnownTool* const tool = find_tool(parts->tool);
    if (tool == nullptr) {
      return lost("names no tool that is known here");
    }
    one_tool(*tool, parts->spec);
  }

  void lost(std::string reason) {
    out_.not_carried.push_back(
        {fmt::format("permissions.{}: {}", to_string(rule_.level),
                     text::escape_visible(text::truncate_utf8(rule_.text, 200))),
         rule_.where, std::move(reason)});
  }
  void warn(std::string_view text) {
    out_.warnings.push_back(fmt::format("{}: {}: {}", rule_.where, rule_.text, text));
  }

  void one_tool(const KnownTool& tool, const std::optional<std::string>& spec) {
    if (tool.ours.empty()) {
      return lost(fmt::format("there is no tool like {} here", tool.theirs));
    }
    if (spec && parameter(tool, *spec)) {
      return;
    }
    if (tool.theirs == "Bash") {
      return translate_bash(rule_, make_, spec, out_);
    }
    if (tool.theirs == "Read" || tool.theirs == "Edit") {
      return translate_path(rule_, make_, tool.theirs == "Read" ? "read" : "write",
                            spec.value_or("//**"), out_);
    }
    if (!spec) {
      out_.rules.push_back(make_.tool(tool.ours));
      return;
    }
    if (tool.primary == "file_path" || tool.primary == "notebook_path" || tool.primary == "path") {
      const bool reads = tool.ours != "edit_file" && tool.ours != "write_file";
      warn(fmt::format("Claude Code itself never consults a path of {}; carried over as {}({})",
                       tool.theirs, reads ? "Read" : "Edit", *spec));
      return translate_path(rule_, make_, reads ? "read" : "write", *spec, out_);
    }
    with_specifier(tool, *spec);
  }

  void with_specifier(const KnownTool& tool, const std::string& spec) {
    if (tool.theirs == "WebFetch") {
      if (!spec.starts_with("domain:")) {
        return lost("expected WebFetch(domain:host)");
      }
      return translate_domain(rule_, make_, std::string_view(spec).substr(7), out_);
    }
    if (tool.ours == "delegate_task") {
      return named_argument(tool, {"subagent_type", "agent"}, regex_of_stars(spec));
    }
    if (tool.theirs == "Skill") {
      std::string name = spec.ends_with(":*") ? spec.substr(0, spec.size() - 2) + " *" : spec;
      const bool open = name.ends_with(" *");
      name = regex_of_stars(open ? name.substr(0, name.size() - 2) : name);
      if (open) {
        name.insert(name.size() - 1, "( .*)?");
      }
      return named_argument(tool, {"name", "skill"}, name);
    }
    lost(fmt::format("{} takes no specifier", tool.theirs));
  }

  /// `Tool(param:value)`, where deny and ask rules may be about any scalar argument.
  bool parameter(const KnownTool& tool, const std::string& spec) {
    const std::size_t colon = spec.find(':');
    if (colon == std::string::npos || rule_.level == Level::kAllow) {
      return false;
    }
    const std::string name(text::trim(std::string_view(spec).substr(0, colon)));
    const std::string value(text::trim(std::string_view(spec).substr(colon + 1)));
    if (name == tool.primary && !tool.primary.empty()) {
      lost(fmt::format("{} cannot be matched as a parameter; Claude Code ignores the rule", name));
      return true;
    }
    static constexpr std::array<std::string_view, 4> kOfBash = {
        "description", "timeout", "run_in_background", "dangerouslyDisableSandbox"};
    const bool bash = tool.theirs == "Bash";
    if (!is_parameter(name) || (tool.theirs == "WebFetch" && name == "domain") ||
        (tool.theirs == "Skill" && value == "*") ||
        (bash && std::find(kOfBash.begin(), kOfBash.end(), name) == kOfBash.end())) {
      return false;
    }
    add_parameter(make_.tool(tool.ours), name, value);
    return true;
  }

  void add_parameter(json::Object rule, const std::string& name, const std::string& value) {
    const std::string key = cel_text(name);
    out_.rules.push_back(RuleMaker::where(
        std::move(rule), fmt::format("{} in arguments && string(arguments[{}]).matches({})", key,
                                     key, cel_text(regex_of_stars(value)))));
  }

  void named_argument(const KnownTool& tool, std::array<std::string_view, 2> names,
                      const std::string& regex) {
    const auto one = [&](std::string_view name) {
      return fmt::format("({0} in arguments && string(arguments[{0}]).matches({1}))",
                         cel_text(name), cel_text(regex));
    };
    out_.rules.push_back(
        RuleMaker::where(make_.tool(tool.ours), one(names[0]) + " || " + one(names[1])));
  }

  void tool_glob(const RuleParts& parts) {
    if (rule_.level == Level::kAllow) {
      return lost("Claude Code skips an allow rule whose tool name is a pattern");
    }
    if (parts.spec) {
      return lost("a pattern of tool names takes no specifier");
    }
    const auto glob =
        text::Glob::compile(command_pattern(parts.tool), {text::GlobMode::kPlain, false});
    if (parts.tool == "*") {
      out_.rules.push_back(make_.tool("*"));
      out_.rules.push_back(make_.tool("*__*"));
      return;
    }
    bool any = false;
    for (const KnownTool& tool : foreign::tools_of(foreign::Host::kClaudeCode)) {
      if (glob && !tool.ours.empty() && glob->matches(tool.theirs)) {
        any = true;
        one_tool(tool, std::nullopt);
      }
    }
    if (glob && glob->matches("mcp__")) {
      any = true;
      out_.rules.push_back(make_.tool("*__*"));
    }
    if (!any) {
      lost("matches no tool that is known here");
    }
  }

  void mcp(const RuleParts& parts) {
    const std::string rest = parts.tool.substr(5);
    const std::size_t split = rest.find("__");
    const std::string server = rest.substr(0, split);
    const std::string tool = split == std::string::npos ? "" : rest.substr(split + 2);
    if (server.empty() || (rule_.level == Level::kAllow && is_star_glob(server))) {
      return lost("Claude Code skips an allow rule that names no one server");
    }
    if (all_.gateways.contains(server)) {
      return gateway(tool, parts);
    }
    if (server == "sandbox" || server == "default") {
      return lost("is the name of the built-in server here, whose tools have rules of their own");
    }
    json::Object made;
    if (is_star_glob(server) || (!tool.empty() && tool != "*")) {
      made = make_.tool(command_pattern(known(server)) + "__" +
                        (tool.empty() ? "*" : command_pattern(tool)));
    } else {
      made = make_.server(command_pattern(known(server)));
    }
    if (!parts.spec) {
      out_.rules.push_back(std::move(made));
      return;
    }
    const std::size_t colon = parts.spec->find(':');
    if (rule_.level == Level::kAllow || colon == std::string::npos) {
      return lost("a tool of a server takes no specifier but param:value, in deny and ask rules");
    }
    add_parameter(std::move(made), std::string(text::trim(parts.spec->substr(0, colon))),
                  std::string(text::trim(parts.spec->substr(colon + 1))));
  }

  /// A tool of a server behind our own gateway, or all of them.
  void gateway(const std::string& tool, const RuleParts& parts) {
    if (tool.find("__") != std::string::npos && !tool.starts_with("__")) {
      return mcp({"mcp__" + tool, parts.spec});
    }
    if (rule_.level == Level::kAllow || (!tool.empty() && tool != "*") || parts.spec) {
      return lost(
          "is the gateway of oap, of which one server's tools can be named: "
          "mcp__<gateway>__<server>__<tool>");
    }
    out_.rules.push_back(make_.tool("*__*"));
  }

  std::string known(const std::string& server) const {
    const auto found = all_.server_names.find(server);
    return found == all_.server_names.end() ? server : found->second;
  }

  const ClaudePermissions& all_;
  const ClaudeRule& rule_;
  Translation& out_;
  RuleMaker make_;
};

void add_directories(const ClaudePermissions& from, bool edits, Translation& out) {
  for (std::size_t i = 0; i < from.additional_directories.size(); ++i) {
    const std::string& directory = from.additional_directories[i];
    const std::string where = i < from.directory_places.size() ? from.directory_places[i] : "";
    std::string_view rest = text::trim(directory);
    const bool usable = !rest.empty() && rest.find('\0') == std::string_view::npos;
    while (rest.size() > 1 && rest.ends_with('/')) {
      rest.remove_suffix(1);
    }
    const std::string quoted =
        rest.starts_with("~/") ? "~" + text::glob_quote(rest.substr(1)) : text::glob_quote(rest);
    std::string_view inner = rest;
    while (inner.starts_with("../")) {
      inner.remove_prefix(3);
    }
    const std::vector<std::string_view> parts = text::split(inner, '/');
    const bool climbs = std::find(parts.begin(), parts.end(), "..") != parts.end();
    if (!usable || climbs || rest == "/" || rest == "~" || rest == "." || rest.size() > 1000) {
      out.not_carried.push_back({"permissions.additionalDirectories: " +
                                     text::escape_visible(text::truncate_utf8(directory, 200)),
                                 where, "opens more than one directory; write path rules instead"});
      continue;
    }
    const RuleMaker allow(Level::kAllow, "additionalDirectories: " + directory);
    const RuleMaker ask(Level::kAsk, "additionalDirectories: " + directory);
    out.rules.push_back(allow.path("read", quoted + "/**"));
    out.rules.push_back((edits ? allow : ask).path("write", quoted + "/**"));
  }
}

/// True where the mode allows edits.
bool add_mode(const ClaudePermissions& from, Translation& out) {
  const std::string& mode = from.default_mode;
  const std::string& where = from.default_mode_where;
  if (mode == "acceptEdits") {
    const RuleMaker allow(Level::kAllow, "defaultMode: acceptEdits");
    out.rules.push_back(allow.path("write", "**"));
    add_edit_commands(from.additional_directories, out);
    return true;
  }
  if (mode == "bypassPermissions" || mode == "auto" || mode == "plan") {
    out.not_carried.push_back(
        {"permissions.defaultMode: " + mode, where,
         mode == "plan" ? "a session starts as any other here; reading is allowed, changes ask"
                        : "no mode here lets calls pass that no rule allows; add allow rules, or "
                          "give `oap run --yes` for one task"});
  } else if (!mode.empty() && mode != "default" && mode != "manual" && mode != "dontAsk") {
    out.not_carried.push_back({"permissions.defaultMode: " + mode, where, "is no mode known here"});
  }
  return false;
}

}  // namespace

Translation translate_rule(const ClaudeRule& rule) {
  Translation out;
  const ClaudePermissions none;
  Translator(none, rule, out).run();
  return out;
}

Translation translate_claude(const ClaudePermissions& permissions) {
  Translation out;
  bool edits = false;
  bool all_bash = false;
  std::set<std::string> programs;
  for (const ClaudeRule& rule : permissions.rules) {
    // Nobody is asked in that mode: what would ask is denied.
    ClaudeRule judged = rule;
    if (permissions.default_mode == "dontAsk" && rule.level == Level::kAsk) {
      judged.level = Level::kDeny;
    }
    Translator(permissions, judged, out).run();
    const auto parts = split_rule(rule.text);
    if (parts && rule.level == Level::kAllow) {
      const bool path_tool = parts->tool == "Edit" || parts->tool == "Write" ||
                             parts->tool == "MultiEdit" || parts->tool == "NotebookEdit";
      edits = edits || path_tool;
      all_bash = all_bash || (parts->tool == "Bash" && !parts->spec);
      if (parts->tool == "Bash" && parts->spec) {
        const std::string_view first = text::trim(*parts->spec);
        const std::string_view word = first.substr(0, first.find_first_of(" :*"));
        if (!word.empty() && word.find_first_of("\\\"'$") == std::string_view::npos) {
          programs.emplace(word);
        }
      }
    }
  }
  const bool accepts = add_mode(permissions, out);
  add_directories(permissions, accepts, out);
  add_own_rules({edits || accepts, all_bash, programs, permissions.additional_directories}, out);
  if (permissions.default_mode == "dontAsk") {
    for (json::Object& rule : out.rules) {
      json::Value& level = rule["level"];
      level = level == "ask" ? json::Value("deny") : level;
    }
  }
  return out;
}

}  // namespace oap::migration
