#include <algorithm>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

#include "permission/rule.hpp"
#include "text/glob.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

const std::vector<std::string> kTopKeys = {"permissions", "roles", "precedence", "version"};
const std::vector<std::string> kRoleKeys = {"inherits", "additional_permissions", "description"};
const std::vector<std::string> kRuleKeys = {"scope",      "action", "pattern",   "level",
                                            "reason",     "tool",   "program",   "argv",
                                            "mcp_server", "match",  "not_match", "workspace"};
const std::vector<std::string> kScopes = {"tool", "mcp_server", "file_pattern", "command"};
const std::vector<std::string> kActions = {"execute", "read", "write", "delete", "invoke", "*"};
const std::vector<std::string> kLevels = {"allow", "ask", "deny"};

std::string listing(const std::vector<std::string>& words) {
  std::string out = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) {
    out += (i + 1 == words.size() ? " or " : ", ") + words[i];
  }
  return out;
}

std::string escape_pointer(std::string_view key) {
  return text::replace_all(text::replace_all(key, "~", "~0"), "/", "~1");
}

/// Where values come from: a document with lines, or one value with a fixed place.
class Place {
 public:
  Place(const yaml::Document* document, std::string_view fixed)
      : document_(document), fixed_(fixed) {}
  std::string of(std::string_view pointer) const {
    return document_ != nullptr ? document_->where(pointer) : std::string(fixed_);
  }

 private:
  const yaml::Document* document_;
  std::string_view fixed_;
};

class Reader {
 public:
  Reader(Place place, Tier tier, const std::vector<std::string>& known_tools)
      : place_(place), tier_(tier), tool_names_(known_tools.begin(), known_tools.end()) {
    tool_names_.insert(builtin_tools().begin(), builtin_tools().end());
  }

  void read_file(const json::Value& root);
  std::optional<Rule> read_rule(const json::Value& value, const std::string& at,
                                const std::string& role);
  const std::vector<std::string>& faults() const { return faults_; }
  RuleFile take() { return std::move(file_); }

 private:
  void fault(const std::string& at, std::string_view key, std::string_view problem) {
    faults_.push_back(
        fmt::format("{}: {}{}{}", place_.of(at), key, key.empty() ? "" : ": ", problem));
  }
  void wrong_word(const std::string& at, std::string_view key, std::string_view found,
                  const std::vector<std::string>& allowed) {
    fault(at, key,
          fmt::format("expected {}, found '{}'{}", listing(allowed), found,
                      text::did_you_mean(found, allowed)));
  }
  bool check_keys(const json::Object& object, const std::string& at,
                  const std::vector<std::string>& known);
  std::optional<std::string> string_at(const json::Object& object, const std::string& at,
                                       std::string_view key);
  std::vector<std::string> strings_at(const json::Object& object, const std::string& at,
                                      std::string_view key);
  std::vector<json::Value> examples_at(const json::Object& object, const std::string& at,
                                       std::string_view key);
  void read_rules(const json::Value& value, const std::string& at, const std::string& role);
  void read_roles(const json::Value& value);
  bool read_words(const json::Object& object, const std::string& at, Rule& rule);
  bool read_subject(const json::Object& object, const std::string& at, Rule& rule);
  bool read_scoped(Scope scope, const json::Object& object, const std::string& at, Rule& rule);
  bool read_command(const json::Object& object, const std::string& at, Rule& rule);
  bool read_tool(const std::string& name, std::string resource, const std::string& at, Rule& rule);
  bool check_glob(const std::string& pattern, text::GlobMode mode, const std::string& at,
                  std::string_view key);
  bool names_known_tool(const std::string& name) const;

  Place place_;
  Tier tier_;
  std::unordered_set<std::string_view> tool_names_;  // of lists that outlive the reader
  RuleFile file_;
  std::vector<std::string> faults_;
};

bool Reader::check_keys(const json::Object& object, const std::string& at,
                        const std::vector<std::string>& known) {
  bool fine = true;
  for (const auto& member : object) {
    const std::string key(member.key());
    const std::string place = at + "/" + escape_pointer(key);
    if (std::find(known.begin(), known.end(), key) != known.end()) {
      continue;
    }
    fine = false;
    if (key == "condition" || key == "conditions") {
      fault(place, key, "conditions are not available in this version");
    } else {
      fault(place, key,
            fmt::format("unknown key, expected {}{}", listing(known),
                        text::did_you_mean(key, known)));
    }
  }
  return fine;
}

std::optional<std::string> Reader::string_at(const json::Object& object, const std::string& at,
                                             std::string_view key) {
  const json::Value* value = json::find(object, key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_string() || value->get_string().empty()) {
    fault(at + "/" + std::string(key), key,
          fmt::format("expected a text, found {}",
                      value->is_string() ? "an empty one" : json::type_name(*value)));
    return std::nullopt;
  }
  return std::string(json::view(value->get_string()));
}

std::vector<std::string> Reader::strings_at(const json::Object& object, const std::string& at,
                                            std::string_view key) {
  std::vector<std::string> out;
  const json::Value* value = json::find(object, key);
  if (value == nullptr) {
    return out;
  }
  bool fine = value->is_array() && !value->get_array().empty();
  if (fine) {
    for (const json::Value& item : value->get_array()) {
      fine = fine && item.is_string();
      if (fine) {
        out.emplace_back(json::view(item.get_string()));
      }
    }
  }
  if (!fine) {
    fault(at + "/" + std::string(key), key, "expected a list of texts, such as [git, status]");
    out.clear();
  }
  return out;
}

/// Texts, or whole requests as of `oap permission check --batch`; one alone needs no list.
std::vector<json::Value> Reader::examples_at(const json::Object& object, const std::string& at,
                                             std::string_view key) {
  const json::Value* value = json::find(object, key);
  if (value == nullptr) {
    return {};
  }
  std::vector<json::Value> out;
  if (value->is_array()) {
    out.assign(value->get_array().begin(), value->get_array().end());
  } else {
    out.push_back(*value);
  }
  const bool fine = std::all_of(out.begin(), out.end(), [](const json::Value& one) {
    return one.is_object() || (one.is_string() && !one.get_string().empty());
  });
  if (!fine || out.empty()) {
    fault(at + "/" + std::string(key), key,
          "expected texts or requests, such as ['git status', {tool: bash, arguments: …}]");
    out.clear();
  }
  return out;
}

void Reader::read_file(const json::Value& root) {
  if (!root.is_object()) {
    fault(
        "", "",
        fmt::format("expected a map with permissions and roles, found {}", json::type_name(root)));
    return;
  }
  const json::Object& object = root.get_object();
  check_keys(object, "", kTopKeys);
  if (const auto precedence = string_at(object, "", "precedence")) {
    if (*precedence == "specific") {
      file_.precedence = Precedence::kSpecific;
    } else if (*precedence != "strict") {
      wrong_word("/precedence", "precedence", *precedence, {"strict", "specific"});
    }
  }
  if (const json::Value* rules = json::find(object, "permissions"); rules && !rules->is_null()) {
    read_rules(*rules, "/permissions", "");
  }
  if (const json::Value* roles = json::find(object, "roles"); roles && !roles->is_null()) {
    read_roles(*roles);
  }
}

void Reader::read_rules(const json::Value& value, const std::string& at, const std::string& role) {
  if (!value.is_array()) {
    fault(at, "", fmt::format("expected a list of rules, found {}", json::type_name(value)));
    return;
  }
  std::size_t index = 0;
  for (const json::Value& item : value.get_array()) {
    if (auto rule = read_rule(item, fmt::format("{}/{}", at, index++), role)) {
      file_.rules.push_back(*std::move(rule));
    }
  }
}

void Reader::read_roles(const json::Value& value) {
  if (!value.is_object()) {
    fault("/roles", "roles",
          fmt::format("expected a map of roles, found {}", json::type_name(value)));
    return;
  }
  for (const auto& member : value.get_object()) {
    const std::string name(member.key());
    const std::string at = "/roles/" + escape_pointer(name);
    Role role{name, {}, place_.of(at)};
    if (!member.value().is_null() && !member.value().is_object()) {
      fault(at, name, "expected a map with inherits and additional_permissions");
      continue;
    }
    if (member.value().is_object()) {
      const json::Object& body = member.value().get_object();
      check_keys(body, at, kRoleKeys);
      const json::Value* inherits = json::find(body, "inherits");
      if (inherits != nullptr && !(inherits->is_array() && inherits->get_array().empty())) {
        role.inherits = strings_at(body, at, "inherits");
      }
      const json::Value* rules = json::find(body, "additional_permissions");
      if (rules != nullptr && !rules->is_null()) {
        read_rules(*rules, at + "/additional_permissions", name);
      }
    }
    file_.roles.push_back(std::move(role));
  }
}

std::optional<Rule> Reader::read_rule(const json::Value& value, const std::string& at,
                                      const std::string& role) {
  if (!value.is_object()) {
    fault(at, "",
          fmt::format("expected a rule such as {{tool: bash, level: ask}}, found {}",
                      json::type_name(value)));
    return std::nullopt;
  }
  const json::Object& object = value.get_object();
  Rule rule;
  rule.tier = tier_;
  rule.role = role;
  rule.where = place_.of(at);
  const std::size_t before = faults_.size();
  if (check_keys(object, at, kRuleKeys) && read_words(object, at, rule)) {
    read_subject(object, at, rule);
  }
  return faults_.size() == before ? std::optional(std::move(rule)) : std::nullopt;
}

/// action, level and reason.
bool Reader::read_words(const json::Object& object, const std::string& at, Rule& rule) {
  static constexpr Action kValues[] = {Action::kExecute, Action::kRead,   Action::kWrite,
                                       Action::kDelete,  Action::kInvoke, Action::kAny};
  const std::size_t before = faults_.size();
  if (const auto action = string_at(object, at, "action")) {
    const auto found = std::find(kActions.begin(), kActions.end(), *action);
    if (found == kActions.end()) {
      wrong_word(at + "/action", "action", *action, kActions);
    } else {
      rule.action = kValues[found - kActions.begin()];
    }
  }
  if (const auto level = string_at(object, at, "level")) {
    const auto found = std::find(kLevels.begin(), kLevels.end(), *level);
    if (found == kLevels.end()) {
      wrong_word(at + "/level", "level", *level, kLevels);
    } else {
      rule.level = static_cast<Level>(found - kLevels.begin());
    }
  } else if (faults_.size() == before) {
    fault(at, "level", "missing, expected allow, ask or deny");
  }
  rule.reason = string_at(object, at, "reason").value_or("");
  rule.workspace = string_at(object, at, "workspace").value_or("");
  if (!rule.workspace.empty() && !rule.workspace.starts_with('/')) {
    fault(at + "/workspace", "workspace", "expected an absolute path");
  }
  rule.match = examples_at(object, at, "match");
  rule.not_match = examples_at(object, at, "not_match");
  return faults_.size() == before;
}

/// What the rule is about: by its scope, or by the short forms.
bool Reader::read_subject(const json::Object& object, const std::string& at, Rule& rule) {
  const auto scope = string_at(object, at, "scope");
  if (scope) {
    const auto found = std::find(kScopes.begin(), kScopes.end(), *scope);
    if (found == kScopes.end()) {
      wrong_word(at + "/scope", "scope", *scope, kScopes);
      return false;
    }
    return read_scoped(static_cast<Scope>(found - kScopes.begin()), object, at, rule);
  }
  if (object.contains("tool")) {
    return read_scoped(Scope::kTool, object, at, rule);
  }
  if (object.contains("mcp_server")) {
    return read_scoped(Scope::kMcpServer, object, at, rule);
  }
  if (object.contains("argv") || object.contains("program")) {
    return read_command(object, at, rule);
  }
  if (object.contains("pattern")) {
    return read_scoped(Scope::kFilePattern, object, at, rule);
  }
  fault(at, "", "a rule needs a scope with a pattern, or one of tool, pattern, argv, program");
  return false;
}

bool Reader::read_scoped(Scope scope, const json::Object& object, const std::string& at,
                         Rule& rule) {
  if (scope == Scope::kCommand) {
    return read_command(object, at, rule);
  }
  for (const char* key : {"argv", "program"}) {
    if (object.contains(key)) {
      fault(at + "/" + key, key, "belongs to scope command only");
      return false;
    }
  }
  const std::string own =
      scope == Scope::kTool ? "tool" : (scope == Scope::kMcpServer ? "mcp_server" : "");
  const auto pattern = string_at(object, at, "pattern");
  const auto subject = own.empty() ? std::nullopt : string_at(object, at, own);
  for (const char* key : {"tool", "mcp_server"}) {
    if (object.contains(key) && own != key) {
      fault(at + "/" + key, key, fmt::format("does not go with scope {}", to_string(scope)));
      return false;
    }
  }
  if (scope == Scope::kTool) {
    const std::string name = subject ? *subject : pattern.value_or("");
    if (!name.empty()) {
      return read_tool(name, subject ? pattern.value_or("") : "", at, rule);
    }
  }
  if (!subject && !pattern) {
    fault(at, "pattern", "missing");
    return false;
  }
  rule.scope = scope;
  rule.pattern = subject ? *subject : *pattern;
  return check_glob(rule.pattern,
                    scope == Scope::kFilePattern ? text::GlobMode::kPath : text::GlobMode::kPlain,
                    subject ? at + "/" + own : at + "/pattern", subject ? own : "pattern");
}

bool Reader::read_command(const json::Object& object, const std::string& at, Rule& rule) {
  rule.scope = Scope::kCommand;
  const std::size_t before = faults_.size();
  rule.pattern = string_at(object, at, "pattern").value_or("");
  rule.program = string_at(object, at, "program").value_or("");
  rule.argv = strings_at(object, at, "argv");
  if (faults_.size() != before) {
    return false;
  }
  for (const char* key : {"tool", "mcp_server"}) {
    const bool shell = std::string_view(key) == "tool" && json::get_string(object, key) == "bash";
    if (object.contains(key) && !shell) {
      fault(at + "/" + key, key, "does not go with scope command");
      return false;
    }
  }
  const int given =
      (rule.pattern.empty() ? 0 : 1) + (rule.program.empty() ? 0 : 1) + (rule.argv.empty() ? 0 : 1);
  if (given != 1) {
    fault(at, "", "a command rule needs exactly one of argv, program and pattern");
    return false;
  }
  if (rule.action != Action::kAny && rule.action != Action::kExecute) {
    fault(at + "/action", "action", "a command rule's action is execute");
    return false;
  }
  const std::string& glob = rule.pattern.empty() ? rule.program : rule.pattern;
  return glob.empty() || check_glob(glob, text::GlobMode::kPlain,
                                    at + (rule.pattern.empty() ? "/program" : "/pattern"),
                                    rule.pattern.empty() ? "program" : "pattern");
}

bool Reader::names_known_tool(const std::string& name) const {
  if (name.find("__") != std::string::npos || name == "mcp" || tool_names_.contains(name)) {
    return true;
  }
  if (name.find_first_of("*?[{\\") == std::string::npos) {
    return false;
  }
  const auto glob = text::Glob::compile(name, {text::GlobMode::kPlain, false});
  return glob && std::any_of(tool_names_.begin(), tool_names_.end(),
                             [&](std::string_view tool) { return glob->matches(tool); });
}

bool Reader::read_tool(const std::string& name, std::string resource, const std::string& at,
                       Rule& rule) {
  if (name.find_first_of(" \t\n()") != std::string::npos) {
    fault(at, "tool",
          fmt::format("expected a tool's name, found '{}'; a command goes into pattern, "
                      "as in {{tool: bash, pattern: 'rm *'}}",
                      name));
    return false;
  }
  const std::string key = resource.empty() && rule.pattern.empty() ? "/pattern" : "/tool";
  if (!check_glob(name, text::GlobMode::kPlain, at + key, "tool")) {
    return false;
  }
  const bool shell = name == "bash" || name == "run_command";
  const bool program_like = rule.action == Action::kAny || rule.action == Action::kExecute;
  const bool known = names_known_tool(name) || !program_like;
  if (known && (resource.empty() || !shell)) {
    rule.scope = Scope::kTool;
    rule.pattern = name;
    rule.resource = std::move(resource);
    return rule.resource.empty() ||
           check_glob(rule.resource, text::GlobMode::kPath, at + "/pattern", "pattern");
  }
  if (!program_like) {
    fault(at + "/action", "action", "a command rule's action is execute");
    return false;
  }
  rule.scope = Scope::kCommand;
  if (!known) {
    file_.warnings.push_back(fmt::format(
        "{}: '{}' is no known tool; the rule is about the program of that name", rule.where, name));
  }
  if (resource.empty()) {
    rule.program = name;
    return true;
  }
  const bool named = shell || resource == name || resource.starts_with(name + " ");
  rule.pattern = named ? resource : name + " " + resource;
  return check_glob(rule.pattern, text::GlobMode::kPlain, at + "/pattern", "pattern");
}

bool Reader::check_glob(const std::string& pattern, text::GlobMode mode, const std::string& at,
                        std::string_view key) {
  const auto glob = text::Glob::compile(pattern, {mode, false});
  if (!glob) {
    fault(at, key, glob.error().message());
  }
  return glob.has_value();
}

Error all_faults(const std::vector<std::string>& faults) {
  return {Code::kConfiguration, text::join(faults, "\n")};
}

}  // namespace

Result<RuleFile> read_rules(const yaml::Document& document, Tier tier,
                            const std::vector<std::string>& known_tools) {
  Reader reader(Place(&document, ""), tier, known_tools);
  reader.read_file(document.value);
  if (!reader.faults().empty()) {
    return fail(all_faults(reader.faults()));
  }
  return reader.take();
}

Result<Rule> rule_from_json(const json::Value& value, std::string_view where,
                            const std::vector<std::string>& known_tools) {
  Reader reader(Place(nullptr, where), Tier::kSession, known_tools);
  auto rule = reader.read_rule(value, "", "");
  if (!rule) {
    return fail(all_faults(reader.faults()));
  }
  return *std::move(rule);
}

}  // namespace oap::permission
