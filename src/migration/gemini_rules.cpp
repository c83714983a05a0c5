#include "migration/gemini_rules.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "migration/ordered.hpp"
#include "permission/rule_condition.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostRules = 1'000;

struct ToolName {
  std::string_view theirs;
  std::string_view ours;
};
constexpr auto kTools = std::to_array<ToolName>({{"run_shell_command", "bash"},
                                                 {"read_file", "read_file"},
                                                 {"read_many_files", "read_file"},
                                                 {"write_file", "write_file"},
                                                 {"replace", "edit_file"},
                                                 {"list_directory", "list_dir"},
                                                 {"glob", "glob"},
                                                 {"search_file_content", "grep"},
                                                 {"grep_search", "grep"},
                                                 {"web_fetch", "web_fetch"},
                                                 {"google_web_search", "web_search"},
                                                 {"write_todos", "todo"},
                                                 {"activate_skill", "skill"}});

std::string ours_of(std::string_view theirs) {
  for (const ToolName& one : kTools) {
    if (one.theirs == theirs) {
      return std::string(one.ours);
    }
  }
  return theirs.find("__") == std::string_view::npos ? "" : std::string(theirs);
}

/// One rule about one tool.
struct Part {
  OrderedRule rule;
  bool command = false;  ///< about a part of the commands; else of the tool as a whole
  std::string tool;      ///< ours; "*" every one
  double priority = 0;
  std::size_t number = 0;  ///< in the order of the files
};

class Translator {
 public:
  Result<Translation> run(const std::vector<GeminiFile>& files) {
    for (const GeminiFile& file : files) {
      const json::Value* const rules = json::find(file.value, "rule");
      if (rules == nullptr) {
        continue;
      }
      if (!rules->is_array()) {
        fault(file.file, "rule: expected [[rule]] tables");
        continue;
      }
      std::size_t number = 0;
      for (const json::Value& rule : rules->get_array()) {
        ++number;
        if (!rule.is_object()) {
          fault(file.file, "rule: expected a table");
          continue;
        }
        read(file, rule.get_object(), fmt::format("{}: rule {}", file.file, number));
      }
    }
    if (!faults_.empty()) {
      return fail(Code::kConfiguration, "{}", text::join(faults_, "\n"));
    }
    // The last one that matches wins: the strongest last, and of equals the first.
    std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) {
      return a.priority < b.priority || (a.priority == b.priority && a.number > b.number);
    });
    commands();
    tools();
    return std::move(out_);
  }

 private:
  void fault(std::string_view where, std::string_view what) {
    faults_.push_back(fmt::format("{}: {}", where, what));
  }

  static std::vector<std::string> texts(const json::Object& rule, std::string_view key) {
    std::vector<std::string> out;
    const json::Value* const value = json::find(rule, key);
    if (value != nullptr && value->is_string()) {
      out.emplace_back(json::view(value->get_string()));
    } else if (value != nullptr && value->is_array()) {
      for (const json::Value& one : value->get_array()) {
        if (one.is_string()) {
          out.emplace_back(json::view(one.get_string()));
        }
      }
    }
    return out;
  }

  /// Why the rule has no counterpart, or "".
  static std::string why_lost(const json::Object& rule) {
    for (const std::string_view key : {"argsPattern", "subagent", "toolAnnotations"}) {
      if (rule.contains(key)) {
        return fmt::format("{} has no counterpart here: write a rule with a condition", key);
      }
    }
    const std::vector<std::string> modes = texts(rule, "modes");
    if (!modes.empty() && std::find(modes.begin(), modes.end(), "default") == modes.end()) {
      return "is about modes that are not known here";
    }
    const json::Value* const interactive = json::find(rule, "interactive");
    if (interactive != nullptr && interactive->is_bool() && !interactive->get_bool()) {
      return "is about runs without a person only: there an ask is refused here";
    }
    return "";
  }

  std::optional<Level> level_of(std::string_view where, const json::Object& rule) {
    const std::string_view decision = json::get_string(rule, "decision");
    if (decision == "allow") {
      return Level::kAllow;
    }
    if (decision == "deny") {
      return Level::kDeny;
    }
    if (decision == "ask_user") {
      return Level::kAsk;
    }
    fault(where, "decision: expected allow, deny or ask_user");
    return std::nullopt;
  }

  void read(const GeminiFile& file, const json::Object& rule, const std::string& where) {
    const auto level = level_of(where, rule);
    if (!level) {
      return;
    }
    if (parts_.size() > kMostRules) {
      return fault(where, fmt::format("more than {} rules", kMostRules));
    }
    if (std::string why = why_lost(rule); !why.empty()) {
      out_.not_carried.push_back({where, file.file, std::move(why)});
      return;
    }
    const double priority = file.tier + json::get_double(rule, "priority") / 1000;
    std::vector<std::string> names = texts(rule, "toolName");
    const bool shell = rule.contains("commandPrefix") || rule.contains("commandRegex");
    if (names.empty()) {
      names.emplace_back(shell ? "run_shell_command" : "*");
    }
    for (const std::string& name : names) {
      if (shell) {
        command_rule(rule, *level, priority, name, where);
      } else {
        tool_rule(rule, *level, priority, name, where);
      }
    }
  }

  void command_rule(const json::Object& rule, Level level, double priority, const std::string& name,
                    const std::string& where) {
    if (name != "run_shell_command") {
      out_.not_carried.push_back({where, where, "commandPrefix is about run_shell_command alone"});
      return;
    }
    for (const std::string& prefix : texts(rule, "commandPrefix")) {
      Part part{ordered_rule(level, "", prefix, where), true, "bash", priority, parts_.size()};
      part.rule.pattern = prefix + " *";
      part.rule.regex = "(?s)^" + regex_quote(prefix) + "( .*)?$";
      part.rule.text = command_pattern_of(prefix);
      parts_.push_back(std::move(part));
    }
    for (const std::string& regex : texts(rule, "commandRegex")) {
      const std::string whole = "(?s)^(?:" + regex + ").*$";
      if (!permission::compile_rule_condition("command.matches(" + cel_text(whole) + ")")) {
        out_.not_carried.push_back(
            {where, where, "commandRegex is no RE2 expression, perhaps for a look-around"});
        continue;
      }
      parts_.push_back({{level, "", whole, "", where}, true, "bash", priority, parts_.size()});
    }
  }

  static std::string command_pattern_of(const std::string& prefix) {
    return plain_glob(prefix + " ") == prefix + " " ? prefix + " *" : regexless(prefix) + " *";
  }
  static std::string regexless(const std::string& prefix) {
    return text::replace_all(text::replace_all(prefix, "\\", "\\\\"), "*", "\\*");
  }

  void tool_rule(const json::Object& rule, Level level, double priority, const std::string& name,
                 const std::string& where) {
    const std::string_view server = json::get_string(rule, "mcpName");
    std::string tool;
    if (!server.empty()) {
      tool = std::string(server) + "__" +
             (name.starts_with(std::string(server) + "__") ? name.substr(server.size() + 2) : name);
    } else if (name == "*") {
      tool = "*";
    } else {
      tool = ours_of(name);
    }
    if (tool.empty()) {
      out_.not_carried.push_back(
          {where, where, fmt::format("there is no tool {} here", text::escape_visible(name))});
      return;
    }
    const std::vector<std::string> both =
        tool == "*" ? std::vector<std::string>{"*", "*__*"} : std::vector<std::string>{tool};
    for (const std::string& one : both) {
      parts_.push_back(
          {ordered_rule(level, one, name, where), false, one, priority, parts_.size()});
    }
  }

  RuleMaker maker(const OrderedRule& rule) const {
    return {rule.level, fmt::format("Gemini CLI ({})", rule.where)};
  }

  /// Rules about commands, and those about the shell as a whole, in one order.
  void commands() {
    std::vector<OrderedRule> ordered;
    for (const Part& part : parts_) {
      if (part.command) {
        ordered.push_back(part.rule);
      } else if (part.tool == "bash" || part.tool == "*") {
        OrderedRule all = ordered_rule(part.rule.level, "*", "*", part.rule.where);
        ordered.push_back(std::move(all));
      }
    }
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      const OrderedRule& rule = ordered[i];
      json::Object made = maker(rule).command(rule.text.empty() ? "*" : rule.text);
      if (rule.text.empty()) {
        made = RuleMaker::where(std::move(made),
                                fmt::format("command.matches({})", cel_text(rule.regex)));
      }
      out_.rules.push_back(limited(std::move(made), ordered, i, "command"));
    }
  }

  void tools() {
    std::vector<OrderedRule> ordered;
    std::vector<std::string> names;
    for (const Part& part : parts_) {
      if (!part.command && part.tool != "bash") {
        ordered.push_back(part.rule);
        names.push_back(part.tool);
      }
    }
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      json::Object made = maker(ordered[i]).tool(plain_glob(names[i]));
      if (names[i] == "*") {
        // The shell's commands have rules of their own.
        made = RuleMaker::where(std::move(made), "tool != \"bash\" && tool != \"run_command\"");
      }
      if (ordered[i].level == Level::kAllow && names[i].find("__") == std::string::npos) {
        made = RuleMaker::where(std::move(made), kPathsInside);
      }
      out_.rules.push_back(limited(std::move(made), ordered, i, "tool"));
    }
  }

  std::vector<Part> parts_;
  std::vector<std::string> faults_;
  Translation out_;
};

}  // namespace

Result<Translation> translate_gemini(const std::vector<GeminiFile>& files) {
  return Translator().run(files);
}

}  // namespace oap::migration
