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
                                                 {"activate_skill", "skill"},
                                                 {"invoke_agent", "delegate_task"}});

/// Tools of theirs that there are none of here; any other name is one of an agent.
constexpr auto kOnlyTheirs = std::to_array<std::string_view>(
    {"save_memory", "ask_user", "enter_plan_mode", "exit_plan_mode", "get_internal_docs",
     "update_topic", "complete_task", "read_mcp_resource", "list_mcp_resources",
     "list_background_processes", "read_background_output"});

/// `server_tool` with each `_` as what parts the two: their names do not tell.
std::vector<std::string> names_of_server_tool(std::string_view joined) {
  if (joined == "*") {
    return {"*__*"};
  }
  std::vector<std::string> out;
  for (std::size_t at = joined.find('_', 1); at < joined.size() - 1;
       at = joined.find('_', at + 1)) {
    out.push_back(fmt::format("{}__{}", joined.substr(0, at), joined.substr(at + 1)));
  }
  return out;
}

/// The tools here that a name of theirs is about; none where it is one of an agent.
std::vector<std::string> ours_of(std::string_view theirs) {
  for (const ToolName& one : kTools) {
    if (one.theirs == theirs) {
      return {std::string(one.ours)};
    }
  }
  if (theirs == "*") {
    return {"*", "*__*"};
  }
  if (theirs.find("__") != std::string_view::npos) {
    return {std::string(theirs)};
  }
  return theirs.starts_with("mcp_") ? names_of_server_tool(theirs.substr(4))
                                    : std::vector<std::string>{};
}

/// One rule about one tool.
struct Part {
  OrderedRule rule;
  enum class About { kTool, kCommand, kAgent } about = About::kTool;
  std::string tool;  ///< ours; "*" every one
  double priority = 0;
  std::size_t number = 0;  ///< in the order of the files
};

class Translator {
 public:
  Result<Translation> run(const std::vector<GeminiFile>& files) {
    for (const GeminiFile& file : files) {
      for (const auto& one : file.value) {
        if (one.key() != "rule") {
          out_.not_carried.push_back(
              {fmt::format("{}: {}", file.file, text::escape_visible(one.key())), file.file,
               "has no counterpart here"});
        }
      }
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
    agents();
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

  /// What no rule has, or what is stricter here.
  void unknown_keys(const json::Object& rule, const std::string& where) {
    static constexpr auto kKeys = std::to_array<std::string_view>(
        {"toolName", "mcpName", "decision", "priority", "commandPrefix", "commandRegex",
         "argsPattern", "modes", "interactive", "denyMessage", "deny_message", "subagent",
         "toolAnnotations"});
    for (const auto& one : rule) {
      if (one.key() == "allowRedirection" || one.key() == "allow_redirection") {
        out_.not_carried.push_back({where, where,
                                    "allowRedirection: what a command writes by a redirection is "
                                    "judged as a file here; write a rule for the file"});
      } else if (std::find(kKeys.begin(), kKeys.end(), one.key()) == kKeys.end()) {
        out_.not_carried.push_back(
            {where, where,
             fmt::format("{} has no counterpart here", text::escape_visible(one.key()))});
      }
    }
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
    unknown_keys(rule, where);
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
    const std::string_view why = text::truncate_utf8(
        json::get_string(rule, "denyMessage", json::get_string(rule, "deny_message")), 300);
    const std::string said =
        why.empty() ? where : fmt::format("{}: {}", where, text::escape_visible(why));
    for (const std::string& name : names) {
      if (shell) {
        command_rule(rule, *level, priority, name, said);
      } else {
        tool_rule(rule, *level, priority, name, said);
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
      Part part{ordered_rule(level, "", prefix, where), Part::About::kCommand, "bash", priority,
                parts_.size()};
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
      parts_.push_back(
          {{level, "", whole, "", where}, Part::About::kCommand, "bash", priority, parts_.size()});
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
    const std::string server(json::get_string(rule, "mcpName"));
    std::vector<std::string> tools;
    if (server.empty()) {
      tools = ours_of(name);
    } else {
      std::string_view rest = name;
      for (const std::string& prefix : {server + "__", "mcp_" + server + "_"}) {
        rest.remove_prefix(rest.starts_with(prefix) ? prefix.size() : 0);
      }
      tools = {fmt::format("{}__{}", server, rest)};
    }
    if (!tools.empty()) {
      for (const std::string& one : tools) {
        parts_.push_back({ordered_rule(level, one, name, where), Part::About::kTool, one, priority,
                          parts_.size()});
      }
      return;
    }
    const std::string shown = text::escape_visible(name);
    const bool theirs =
        std::find(kOnlyTheirs.begin(), kOnlyTheirs.end(), name) != kOnlyTheirs.end() ||
        name.starts_with("tracker_") || name.starts_with("mcp_") ||
        name.find_first_of("* ") != std::string::npos;
    if (theirs) {
      out_.not_carried.push_back({where, where, fmt::format("there is no tool {} here", shown)});
      return;
    }
    out_.warnings.push_back(fmt::format(
        "{}: {} is no tool here; the rule is about an agent of that name", where, shown));
    parts_.push_back({ordered_rule(level, name, name, where), Part::About::kAgent, "delegate_task",
                      priority, parts_.size()});
  }

  RuleMaker maker(const OrderedRule& rule) const {
    return {rule.level, fmt::format("Gemini CLI ({})", rule.where)};
  }

  /// Rules about commands, and those about the shell as a whole, in one order.
  void commands() {
    std::vector<OrderedRule> ordered;
    for (const Part& part : parts_) {
      if (part.about == Part::About::kCommand) {
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

  /// Rules about agents by their name, and those about delegating as a whole, in one order; a call
  /// names its agent by either argument.
  void agents() {
    for (const Part& part : parts_) {
      agents_ = agents_ || part.about == Part::About::kAgent;
    }
    std::vector<OrderedRule> ordered;
    for (const Part& part : parts_) {
      if (agents_ && (part.tool == "delegate_task" || part.tool == "*")) {
        ordered.push_back(part.rule);
        ordered.back().pattern = part.about == Part::About::kAgent ? part.rule.pattern : "*";
        ordered.back().regex = part.about == Part::About::kAgent ? part.rule.regex : "(?s)^.*$";
      }
    }
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      for (json::Object& made : by_argument(maker(ordered[i]).tool("delegate_task"), ordered, i,
                                            {"agent", "subagent_type"})) {
        out_.rules.push_back(std::move(made));
      }
    }
  }

  void tools() {
    std::vector<OrderedRule> ordered;
    std::vector<std::string> names;
    for (const Part& part : parts_) {
      const bool apart = part.tool == "bash" || (agents_ && part.tool == "delegate_task");
      if (part.about == Part::About::kTool && !apart) {
        ordered.push_back(part.rule);
        names.push_back(part.tool);
      }
    }
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      json::Object made = maker(ordered[i]).tool(plain_glob(names[i]));
      if (names[i] == "*") {
        // The shell's commands have rules of their own, and so may agents.
        made = RuleMaker::where(
            std::move(made), agents_ ? "!(tool in [\"bash\", \"run_command\", \"delegate_task\"])"
                                     : "!(tool in [\"bash\", \"run_command\"])");
      }
      if (ordered[i].level == Level::kAllow && names[i].find("__") == std::string::npos) {
        made = RuleMaker::where(std::move(made), kPathsInside);
      }
      out_.rules.push_back(limited(std::move(made), ordered, i, "tool"));
    }
  }

  bool agents_ = false;  ///< there are rules about agents by their name
  std::vector<Part> parts_;
  std::vector<std::string> faults_;
  Translation out_;
};

}  // namespace

Result<Translation> translate_gemini(const std::vector<GeminiFile>& files) {
  return Translator().run(files);
}

}  // namespace oap::migration
