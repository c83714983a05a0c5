#include "migration/opencode_rules.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "migration/ordered.hpp"
#include "migration/policy_settings.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostRules = 1'000;

/// One rule as it goes over OpenCode's wire.
struct WireRule {
  std::string permission;
  std::string pattern;
  Level level = Level::kAsk;
  std::string where;

  std::string text() const { return permission + " " + pattern; }
};

/// A permission of OpenCode and what it is about here.
struct Group {
  std::string_view permission;
  std::string_view tool;              ///< of ours, for rules about the tool as a whole
  std::string_view argument;          ///< that a pattern is about
  std::string_view other = argument;  ///< another name of it
};
constexpr auto kGroups = std::to_array<Group>({{"bash", "bash", ""},
                                               {"edit", "", ""},
                                               {"read", "", ""},
                                               {"external_directory", "", ""},
                                               {"glob", "glob", "pattern"},
                                               {"grep", "grep", "pattern"},
                                               {"list", "list_dir", "path"},
                                               {"task", "delegate_task", "subagent_type", "agent"},
                                               {"skill", "skill", "name", "skill"},
                                               {"todowrite", "todo", ""},
                                               {"webfetch", "web_fetch", "url"},
                                               {"websearch", "web_search", "query"}});

bool matches(std::string_view pattern, std::string_view text) {
  const auto glob = text::Glob::compile(plain_glob(pattern), {text::GlobMode::kPlain, false});
  return glob && glob->matches(text);
}

std::optional<Level> level_of(std::string_view word) {
  if (word == "allow") {
    return Level::kAllow;
  }
  if (word == "ask") {
    return Level::kAsk;
  }
  return word == "deny" ? std::optional(Level::kDeny) : std::nullopt;
}

class Translator {
 public:
  explicit Translator(const std::vector<OpencodeFile>& files) : files_(files) {}

  Result<Translation> run() {
    for (const OpencodeFile& file : files_) {
      collect(file);
      name_opencode_keys(file.value, file.file, out_);
    }
    if (!faults_.empty()) {
      return fail(Code::kConfiguration, "{}", text::join(faults_, "\n"));
    }
    for (const Group& group : kGroups) {
      translate(group);
    }
    servers();
    not_known();
    if (!wire_.empty()) {
      out_.warnings.emplace_back(
          "OpenCode lets everything pass that no rule names; here that asks. Add allow rules for "
          "what you want to pass");
    }
    return std::move(out_);
  }

 private:
  void fault(std::string text) { faults_.push_back(std::move(text)); }

  void add(const OpencodeFile& file, std::string_view permission, std::string_view pattern,
           std::string_view action) {
    const auto level = level_of(action);
    if (!level) {
      return fault(fmt::format("{}: permission.{}: expected allow, ask or deny, found '{}'",
                               file.file, text::escape_visible(permission),
                               text::escape_visible(action)));
    }
    if (wire_.size() >= kMostRules) {
      return fault(fmt::format("{}: more than {} permission rules", file.file, kMostRules));
    }
    const bool v2 = permission == "shell" || permission == "subagent";
    WireRule rule{v2 ? (permission == "shell" ? "bash" : "task") : std::string(permission),
                  std::string(pattern), *level, file.file};
    if (rule.permission != "bash" && pattern.starts_with("$HOME/")) {
      rule.pattern.replace(0, 5, "~");
    }
    wire_.push_back(std::move(rule));
  }

  void collect(const OpencodeFile& file) {
    if (const json::Object* const tools = json::find_object(file.value, "tools")) {
      for (const auto& one : *tools) {
        if (one.value().is_bool()) {
          const std::string_view name = one.key();
          const bool edits = name == "write" || name == "patch" || name == "multiedit";
          add(file, edits ? "edit" : name, "*", one.value().get_bool() ? "allow" : "deny");
        }
      }
    }
    if (const json::Value* const value = json::find(file.value, "permission")) {
      collect_map(file, *value);
    }
    if (const json::Value* const list = json::find(file.value, "permissions")) {
      collect_list(file, *list);
    }
    if (const json::Object* const servers = json::find_object(file.value, "mcp")) {
      for (const auto& one : *servers) {
        servers_.insert(std::string(one.key()));
      }
    }
    for (const auto& [key, why] :
         {std::pair("agent", "permissions of single agents: write roles in permissions.yaml"),
          std::pair("agents", "permissions of single agents: write roles in permissions.yaml")}) {
      if (const json::Object* const agents = json::find_object(file.value, key)) {
        for (const auto& one : *agents) {
          if (json::find(one.value(), "permission") != nullptr ||
              json::find(one.value(), "permissions") != nullptr ||
              json::find(one.value(), "tools") != nullptr) {
            out_.not_carried.push_back(
                {fmt::format("{}.{}.permission", key, text::escape_visible(one.key())), file.file,
                 why});
          }
        }
      }
    }
  }

  void collect_map(const OpencodeFile& file, const json::Value& value) {
    if (value.is_string()) {
      return add(file, "*", "*", json::view(value.get_string()));
    }
    if (!value.is_object()) {
      return fault(fmt::format("{}: permission: expected a word or an object", file.file));
    }
    for (const auto& one : value.get_object()) {
      if (one.value().is_string()) {
        add(file, one.key(), "*", json::view(one.value().get_string()));
        continue;
      }
      if (!one.value().is_object()) {
        fault(fmt::format("{}: permission.{}: expected a word or an object", file.file,
                          text::escape_visible(one.key())));
        continue;
      }
      for (const auto& rule : one.value().get_object()) {
        add(file, one.key(), rule.key(),
            rule.value().is_string() ? json::view(rule.value().get_string()) : "");
      }
    }
  }

  /// The form of version 2: [{action, resource, effect}].
  void collect_list(const OpencodeFile& file, const json::Value& value) {
    if (!value.is_array()) {
      return fault(fmt::format("{}: permissions: expected a list", file.file));
    }
    for (const json::Value& one : value.get_array()) {
      if (!one.is_object() || json::get_string(one, "action").empty()) {
        fault(fmt::format("{}: permissions: expected {{action, resource, effect}}", file.file));
        continue;
      }
      add(file, json::get_string(one, "action"), json::get_string(one, "resource", "*"),
          json::get_string(one, "effect"));
    }
  }

  RuleMaker maker(const WireRule& rule) const {
    return {rule.level, fmt::format("OpenCode: {} ({})", rule.text(), rule.where)};
  }

  void translate(const Group& group) {
    std::vector<const WireRule*> wire;
    std::vector<OrderedRule> ordered;
    for (const WireRule& rule : wire_) {
      if (matches(rule.permission, group.permission)) {
        wire.push_back(&rule);
        std::string pattern = rule.pattern;
        if (pattern.starts_with("~/")) {
          pattern.insert(0, "*");
        }
        ordered.push_back(ordered_rule(rule.level, pattern, rule.text(), rule.where));
      }
    }
    for (std::size_t i = 0; i < wire.size(); ++i) {
      one_rule(group, *wire[i], ordered, i);
    }
  }

  void one_rule(const Group& group, const WireRule& rule, const std::vector<OrderedRule>& ordered,
                std::size_t at) {
    const RuleMaker make = maker(rule);
    const auto put = [&](json::Object made, std::string_view variable) {
      out_.rules.push_back(limited(std::move(made), ordered, at, variable));
    };
    if (group.permission == "bash") {
      put(make.command(plain_glob(rule.pattern)), "command");
    } else if (group.permission == "read") {
      put(make.path("read", path_glob(rule.pattern)), "path");
    } else if (group.permission == "edit") {
      put(make.path("write", path_glob(rule.pattern)), "path");
      if (rule.level != Level::kAllow) {
        put(make.path("delete", path_glob(rule.pattern)), "path");
      }
    } else if (group.permission == "external_directory") {
      outside(rule, make, ordered, at);
    } else if (rule.pattern == "*" && group.argument.empty()) {
      put(make.tool(group.tool), "tool");
    } else if (group.argument.empty()) {
      out_.not_carried.push_back({rule.text(), rule.where, "takes no pattern"});
    } else {
      by_argument(group, rule, ordered, at);
    }
  }

  void by_argument(const Group& group, const WireRule& rule,
                   const std::vector<OrderedRule>& ordered, std::size_t at) {
    json::Object made = maker(rule).tool(group.tool);
    const bool files =
        group.permission == "glob" || group.permission == "grep" || group.permission == "list";
    if (files && rule.level == Level::kAllow && rule.permission != "*") {
      made = RuleMaker::where(std::move(made), kPathsInside);
    }
    for (json::Object& one :
         migration::by_argument(made, ordered, at, {group.argument, group.other})) {
      out_.rules.push_back(std::move(one));
    }
  }

  /// What lies outside the workspace: there, `path` is absolute.
  void outside(const WireRule& rule, const RuleMaker& make, const std::vector<OrderedRule>& ordered,
               std::size_t at) {
    const std::string pattern = rule.pattern.starts_with("~/")
                                    ? "~" + path_glob(rule.pattern.substr(1))
                                    : path_glob(rule.pattern);
    const std::string absolute =
        pattern.starts_with('/') || pattern.starts_with('~') ? pattern : "/" + pattern;
    const auto put = [&](json::Object made) {
      made = RuleMaker::where(std::move(made), "path.startsWith(\"/\")");
      out_.rules.push_back(limited(std::move(made), ordered, at, "path"));
    };
    put(make.path("read", absolute));
    if (rule.level != Level::kAllow) {
      put(make.path("write", absolute));
      put(make.path("delete", absolute));
    }
  }

  /// What of a pattern is left for the text that follows `start`: each way in which it matches it.
  static std::vector<std::string> rest_after(const std::string& pattern, std::string_view start) {
    std::set<std::size_t> at = {0};
    for (const char c : start) {
      std::set<std::size_t> next;
      for (std::size_t i : at) {
        for (; i < pattern.size() && pattern[i] == '*'; ++i) {
          next.insert(i);
        }
        if (i < pattern.size() && (pattern[i] == c || pattern[i] == '?')) {
          next.insert(i + 1);
        }
      }
      at = std::move(next);
    }
    std::vector<std::string> out;
    for (const std::size_t i : at) {
      if (i < pattern.size()) {
        out.push_back(pattern.substr(i));
      }
    }
    return out;
  }

  /// The tools of servers that a permission names, as they are called here: server_tool there.
  std::vector<std::string> tools_of(const std::string& permission) const {
    if (permission == "*") {
      return {"*__*"};
    }
    std::vector<std::string> out;
    for (const std::string& server : servers_) {
      for (const std::string& rest : rest_after(permission, server + "_")) {
        out.push_back(server + "__" + rest);
      }
      if (permission == server) {
        out.push_back(server + "__*");
      }
    }
    return out;
  }

  void servers() {
    std::vector<const WireRule*> wire;
    std::vector<OrderedRule> ordered;
    for (const WireRule& rule : wire_) {
      for (const std::string& tool : tools_of(rule.permission)) {
        if (rule.pattern == "*") {
          wire.push_back(&rule);
          ordered.push_back(ordered_rule(rule.level, tool, rule.text(), rule.where));
        }
      }
    }
    for (std::size_t i = 0; i < wire.size(); ++i) {
      out_.rules.push_back(
          limited(maker(*wire[i]).tool(plain_glob(ordered[i].pattern)), ordered, i, "tool"));
    }
  }

  void not_known() {
    for (const WireRule& rule : wire_) {
      const bool known =
          std::any_of(kGroups.begin(), kGroups.end(),
                      [&](const Group& one) { return matches(rule.permission, one.permission); }) ||
          !tools_of(rule.permission).empty();
      if (!known) {
        out_.not_carried.push_back({"permission." + text::escape_visible(rule.text()), rule.where,
                                    "there is no such tool or server here"});
      }
    }
  }

  const std::vector<OpencodeFile>& files_;
  std::vector<WireRule> wire_;
  std::set<std::string> servers_;
  std::vector<std::string> faults_;
  Translation out_;
};

}  // namespace

std::string plain_json(std::string_view text) {
  std::string out;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) {
        out += text[++i];
      }
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
      out += c;
    } else if (text.substr(i).starts_with("//")) {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (text.substr(i).starts_with("/*")) {
      const std::size_t end = std::min(text.find("*/", i + 2), text.size());
      out.append(static_cast<std::size_t>(
                     std::count(text.begin() + static_cast<std::ptrdiff_t>(i),
                                text.begin() + static_cast<std::ptrdiff_t>(end), '\n')),
                 '\n');
      out += ' ';
      i = end + 1;
    } else {
      if (c == '}' || c == ']') {
        const std::size_t last = out.find_last_not_of(" \t\r\n");
        if (last != std::string::npos && out[last] == ',') {
          out[last] = ' ';
        }
      }
      out += c;
    }
  }
  return out;
}

Result<Translation> translate_opencode(const std::vector<OpencodeFile>& files) {
  return Translator(files).run();
}

}  // namespace oap::migration
