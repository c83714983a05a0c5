#include "session/agent_files.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "os/file.hpp"
#include "session/agent_words.hpp"
#include "skills/skill.hpp"
#include "skills/tool_list.hpp"
#include "skills/tool_scope.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "yaml/frontmatter.hpp"

namespace oap::session {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 500;
constexpr std::size_t kMostBytes = 256U << 10U;
constexpr int kMostDepth = 3;

/// Reads the fields of one head; the first fault stays.
class Head {
 public:
  explicit Head(const json::Object& fields) : fields_(fields) {}

  std::string text(std::initializer_list<const char*> keys) {
    for (const char* const key : keys) {
      const json::Value* const value = json::find(fields_, key);
      if (value == nullptr || value->is_null()) {
        continue;
      }
      if (value->is_string()) {
        return std::string(text::trim(json::view(value->get_string())));
      }
      note(fmt::format("{}: expected text", key));
    }
    return "";
  }

  std::optional<double> number(std::initializer_list<const char*> keys, double least, double most) {
    for (const char* const key : keys) {
      const json::Value* const value = json::find(fields_, key);
      if (value == nullptr || value->is_null()) {
        continue;
      }
      const double given =
          value->is_number() ? json::get_double(fields_, key, least - 1) : least - 1;
      if (given >= least && given <= most) {
        return given;
      }
      note(fmt::format("{}: expected a number from {:g} to {:g}", key, least, most));
    }
    return std::nullopt;
  }

  /// "key: what is wrong with it", or "".
  void note(std::string fault) {
    if (fault_.empty()) {
      fault_ = std::move(fault);
    }
  }
  const std::string& fault() const { return fault_; }

 private:
  const json::Object& fields_;
  std::string fault_;
};

/// A name that no tool here has may be that of a server which is not configured now.
void remark_on_tools(const std::vector<std::string>& tools, Head& head, AgentDefinition& agent) {
  static constexpr std::string_view kKnown[] = {
      "bash",      "delegate_task", "edit_file",   "glob",  "grep", "list_dir",  "python",
      "read_file", "read_output",   "run_command", "skill", "todo", "write_file"};
  for (const std::string& tool : tools) {
    const std::size_t open = tool.find('(');
    const std::string shown = text::escape_visible(text::truncate_utf8(tool, 100));
    if (open != std::string::npos && !tool.ends_with(')')) {
      head.note(fmt::format("tools: '{}' has no closing parenthesis", shown));
      continue;
    }
    const std::string ours =
        skills::our_tool_name(text::trim(std::string_view(tool).substr(0, open)));
    const bool of_server =
        ours.find("__") != std::string::npos || ours.ends_with('*') || tool.starts_with("mcp__");
    if (!of_server && std::find(std::begin(kKnown), std::end(kKnown), ours) == std::end(kKnown)) {
      agent.remarks.push_back(fmt::format(
          "tools: '{}' is no tool here; it gives the agent nothing, unless a server has that name",
          shown));
    }
  }
}

/// OpenCode's `tools: {write: false}` takes away; a list, as Claude Code's, is all there is.
void read_tools(const json::Object& fields, Head& head, AgentDefinition& agent) {
  const json::Object* const map = json::find_object(fields, "tools");
  if (map == nullptr) {
    auto list = skills::tool_list(fields, "tools", agent.file);
    if (!list) {
      head.note("tools: expected a list, a text, or a map of true and false");
    } else if (const json::Value* const given = json::find(fields, "tools");
               given != nullptr && (given->is_array() || !list->empty()) &&
               *list != std::vector<std::string>{"*"}) {
      remark_on_tools(*list, head, agent);
      agent.tools = *std::move(list);
    }
    return;
  }
  for (const auto& pair : *map) {
    if (!pair.value().is_bool()) {
      return head.note(
          fmt::format("tools: {}: expected true or false", std::string_view(pair.key())));
    }
    if (!pair.value().get_bool()) {
      agent.disallowed_tools.emplace_back(pair.key());
    }
  }
}

void check_words(const json::Object& fields, Head& head, const AgentDefinition& agent) {
  for (const auto& pair : fields) {
    head.note(unknown_key(pair.key()));
  }
  for (const std::string& tool : agent.disallowed_tools) {
    if (const std::string fault = misspelt_tool(tool); !fault.empty()) {
      head.note(fmt::format("{}: {}", text::escape_visible(text::truncate_utf8(tool, 100)), fault));
    }
  }
}

/// What is no decision would be taken for one that takes nothing away.
void check_decision(std::string_view key, const json::Value& value, Head& head) {
  if (value.is_string()) {
    if (const std::string fault = unknown_decision(json::view(value.get_string()));
        !fault.empty()) {
      head.note(fmt::format("{}: {}", key, fault));
    }
    return;
  }
  const json::Object* const patterns = value.if_object();
  if (patterns == nullptr) {
    return head.note(fmt::format("{}: expected allow, ask or deny", key));
  }
  for (const auto& pair : *patterns) {
    if (pair.value().is_object()) {
      return head.note(fmt::format("{}: expected allow, ask or deny", key));
    }
    check_decision(key, pair.value(), head);
  }
}

bool denies(const json::Value& value) {
  if (value.is_string()) {
    return json::view(value.get_string()) == "deny";
  }
  const json::Object* const patterns = value.if_object();
  return patterns != nullptr && !patterns->empty() &&
         std::all_of(patterns->begin(), patterns->end(), [](const auto& pair) {
           return pair.value().is_string() && json::view(pair.value().get_string()) == "deny";
         });
}

void read_permission(const json::Object& fields, Head& head, AgentDefinition& agent) {
  const json::Value* const permission = json::find(fields, "permission");
  if (permission == nullptr) {
    return;
  }
  if (permission->is_string()) {
    check_decision("permission", *permission, head);
    if (denies(*permission)) {
      agent.may_edit = agent.may_run = false;
      agent.network = false;
      agent.disallowed_tools.emplace_back("*");
    }
    return;
  }
  const json::Object* const map = permission->if_object();
  if (map == nullptr) {
    return head.note("permission: expected a map");
  }
  for (const auto& pair : *map) {
    const std::string_view key = pair.key();
    check_decision(key, pair.value(), head);
    if (const std::string fault = misspelt_tool(key); !fault.empty()) {
      head.note(fmt::format("{}: {}", key, fault));
    }
    if (!denies(pair.value())) {
      if (!pair.value().is_string()) {
        agent.remarks.push_back(fmt::format(
            "permission: {}: patterns belong in permissions.yaml; here only deny counts", key));
      }
      continue;
    }
    if (key == "edit" || key == "write") {
      agent.may_edit = false;
    } else if (key == "bash") {
      agent.may_run = false;
    } else if (key == "task") {
      agent.may_delegate = false;
    } else if (key == "webfetch" || key == "websearch") {
      agent.network = false;
    } else {
      agent.disallowed_tools.emplace_back(key);
    }
  }
}

/// The line of the head where the fault's key stands.
int line_of(std::string_view text, std::string_view fault) {
  const std::string_view key = fault.substr(0, std::min(fault.find(':'), fault.size()));
  int number = 1;
  for (const std::string_view line : text::split_lines(text)) {
    if (number > 1 && text::trim(line) == "---") {
      break;
    }
    if (text::contains(line, key)) {
      return number;
    }
    ++number;
  }
  return 1;
}

/// The names that a file which cannot be understood may be meant for.
std::set<std::string> names_in(std::string_view text, const std::string& of_file) {
  std::set<std::string> names = {of_file};
  for (const std::string_view line : text::split_lines(text)) {
    if (line.starts_with("name:")) {
      std::string_view said = text::trim(line.substr(5));
      while (!said.empty() && (said.front() == '"' || said.front() == '\'')) {
        said.remove_prefix(1);
      }
      while (!said.empty() && (said.back() == '"' || said.back() == '\'')) {
        said.remove_suffix(1);
      }
      names.insert(std::string(said));
    }
  }
  return names;
}

/// Collects the agents of one folder after another; the first of a name stays.
class Finder {
 public:
  void walk(const fs::path& folder, int depth) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(folder, error);
    if (error || !fs::exists(status)) {
      return;
    }
    if (fs::is_symlink(status)) {
      return leave_out(folder, "it is a symbolic link");
    }
    const auto names = os::list_dir(folder.string());
    if (!names) {
      return leave_out(folder, names.error().message());
    }
    for (const std::string& name : *names) {
      const fs::path path = folder / name;
      if (++seen_ > kMostFiles) {
        return leave_out(path, fmt::format("there are more than {} files", kMostFiles));
      }
      const fs::file_status each = fs::symlink_status(path, error);
      if (fs::is_symlink(each) && name.ends_with(".md")) {
        refuse(path, {name.substr(0, name.size() - 3)}, "it is a symbolic link");
      } else if (fs::is_symlink(each)) {
        leave_out(path, "it is a symbolic link");
      } else if (fs::is_directory(each) && depth < kMostDepth) {
        walk(path, depth + 1);
      } else if (fs::is_regular_file(each) && name.ends_with(".md") && name != "README.md") {
        file(path, name.substr(0, name.size() - 3));
      }
    }
  }
  AgentListing take() {
    for (auto& [name, agent] : found_) {
      listing_.agents.push_back(std::move(agent));
    }
    return std::move(listing_);
  }

 private:
  void leave_out(const fs::path& path, std::string_view why) {
    listing_.problems.push_back(
        fmt::format("the agent file {} is left out: {}", text::escape_visible(path.string()), why));
  }
  /// It was to narrow an agent, perhaps: no other of the name may stand for it.
  void refuse(const fs::path& path, const std::set<std::string>& names, std::string_view why) {
    leave_out(path, why);
    for (const std::string& name : names) {
      if (!found_.contains(name)) {
        listing_.refused.emplace(name, listing_.problems.back());
      }
    }
  }
  void file(const fs::path& path, const std::string& name) {
    const auto text = os::read_file(path.string(), kMostBytes);
    if (!text) {
      return refuse(path, {name}, text.error().message());
    }
    auto agent = parse_agent(*text, name, path.string());
    if (!agent) {
      return refuse(path, names_in(*text, name), agent.error().message());
    }
    if (agent->mode != "off" && !listing_.refused.contains(agent->name)) {
      found_.emplace(agent->name, *std::move(agent));
    }
  }

  AgentListing listing_;
  std::map<std::string, AgentDefinition> found_;
  std::size_t seen_ = 0;
};

}  // namespace

const AgentDefinition* AgentListing::find(std::string_view name) const {
  for (const AgentDefinition& agent : agents) {
    if (agent.name == name) {
      return &agent;
    }
  }
  return nullptr;
}

Result<AgentDefinition> parse_agent(std::string_view text, std::string name, std::string file) {
  if (!text::is_valid_utf8(text)) {
    return fail(Code::kConfiguration, "{}: not UTF-8; save the file as UTF-8", file);
  }
  OAP_TRY(yaml::Frontmatter parts, yaml::split_frontmatter(text, file));
  if (parts.fields.empty() && text::trim(parts.body).starts_with("---\n")) {
    return fail(
        Code::kConfiguration,
        "{}:1: the head must begin with --- on the first line; take away what stands before "
        "it",
        file);
  }
  Head head(parts.fields);
  AgentDefinition agent;
  agent.file = std::move(file);
  const std::string said = head.text({"name"});
  agent.name = said.empty() ? std::move(name) : said;
  if (!skills::is_skill_name(agent.name)) {
    return fail(Code::kConfiguration, "{}:1: name: '{}' cannot be an agent's name", agent.file,
                text::escape_visible(agent.name));
  }
  agent.description = head.text({"description"});
  if (const std::string mode = head.text({"mode"}); !mode.empty()) {
    agent.mode = mode;
    if (mode != "primary" && mode != "subagent" && mode != "all") {
      head.note("mode: expected primary, subagent or all");
    }
  }
  agent.model = head.text({"model"});
  if (agent.model == "inherit") {
    agent.model.clear();
  }
  agent.temperature = head.number({"temperature"}, 0, 2);
  const auto whole = [](std::optional<double> number) {
    return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
  };
  agent.max_tokens = whole(head.number({"max_tokens", "maxTokens"}, 1, 1e7));
  agent.max_turns = whole(head.number({"max_turns", "maxTurns", "steps", "maxSteps"}, 1, 1e6));
  auto less = skills::tool_list(parts.fields, "disallowedTools", agent.file);
  if (!less) {
    head.note("disallowedTools: expected a list of tools, or one text");
  } else {
    agent.disallowed_tools = *std::move(less);
  }
  read_tools(parts.fields, head, agent);
  read_permission(parts.fields, head, agent);
  check_words(parts.fields, head, agent);
  if (json::get_bool(parts.fields, "disable")) {
    agent.mode = "off";
  }
  if (parts.fields.contains("permissionMode")) {
    agent.remarks.push_back("permissionMode does not count; permissions.yaml decides");
  }
  const std::string prompt = head.text({"prompt"});
  agent.prompt = text::trim(parts.body).empty() ? prompt : std::move(parts.body);
  if (text::trim(agent.prompt).empty() && agent.mode != "off") {
    head.note("the agent has no prompt: write it below the head");
  }
  if (!head.fault().empty()) {
    return fail(Code::kConfiguration, "{}:{}: {}", agent.file, line_of(text, head.fault()),
                head.fault());
  }
  return agent;
}

AgentListing find_agents(const AgentSources& sources) {
  Finder finder;
  if (sources.trusted) {
    finder.walk(fs::path(sources.project_dir) / "agents", 1);
    finder.walk(fs::path(sources.project_dir) / "agent", 1);
    finder.walk(fs::path(sources.workspace) / ".claude" / "agents", 1);
  }
  if (!sources.user_dir.empty()) {
    finder.walk(fs::path(sources.user_dir) / "agents", 1);
    finder.walk(fs::path(sources.user_dir) / "agent", 1);
  }
  if (!sources.home.empty()) {
    finder.walk(fs::path(sources.home) / ".claude" / "agents", 1);
  }
  return finder.take();
}

}  // namespace oap::session
