#include "permission/rule_subject.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oap::permission {
namespace {

const std::vector<std::string> kScopes = {"tool", "mcp_server", "file_pattern", "command"};

}  // namespace

SubjectReader::SubjectReader(RuleFields& fields, const std::vector<std::string>& known_tools)
    : fields_(fields), tool_names_(known_tools.begin(), known_tools.end()) {
  tool_names_.insert(builtin_tools().begin(), builtin_tools().end());
}

/// What the rule is about: by its scope, or by the short forms.
bool SubjectReader::read(const json::Object& object, const std::string& at, Rule& rule) {
  const auto scope = fields_.string_at(object, at, "scope");
  if (scope) {
    const auto found = std::find(kScopes.begin(), kScopes.end(), *scope);
    if (found == kScopes.end()) {
      fields_.wrong_word(at + "/scope", "scope", *scope, kScopes);
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
  fields_.fault(at, "",
                "a rule needs a scope with a pattern, or one of tool, pattern, argv, program");
  return false;
}

bool SubjectReader::read_scoped(Scope scope, const json::Object& object, const std::string& at,
                                Rule& rule) {
  if (scope == Scope::kCommand) {
    return read_command(object, at, rule);
  }
  for (const char* key : {"argv", "program"}) {
    if (object.contains(key)) {
      fields_.fault(at + "/" + key, key, "belongs to scope command only");
      return false;
    }
  }
  const std::string own =
      scope == Scope::kTool ? "tool" : (scope == Scope::kMcpServer ? "mcp_server" : "");
  const auto pattern = fields_.string_at(object, at, "pattern");
  const auto subject = own.empty() ? std::nullopt : fields_.string_at(object, at, own);
  for (const char* key : {"tool", "mcp_server"}) {
    if (object.contains(key) && own != key) {
      fields_.fault(at + "/" + key, key,
                    fmt::format("does not go with scope {}", to_string(scope)));
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
    fields_.fault(at, "pattern", "missing");
    return false;
  }
  rule.scope = scope;
  rule.pattern = subject ? *subject : *pattern;
  return fields_.check_glob(
      rule.pattern, scope == Scope::kFilePattern ? text::GlobMode::kPath : text::GlobMode::kPlain,
      subject ? at + "/" + own : at + "/pattern", subject ? own : "pattern");
}

bool SubjectReader::read_command(const json::Object& object, const std::string& at, Rule& rule) {
  rule.scope = Scope::kCommand;
  const std::size_t before = fields_.faults().size();
  rule.pattern = fields_.string_at(object, at, "pattern").value_or("");
  rule.program = fields_.string_at(object, at, "program").value_or("");
  rule.argv = fields_.strings_at(object, at, "argv");
  if (fields_.faults().size() != before) {
    return false;
  }
  for (const char* key : {"tool", "mcp_server"}) {
    const bool shell = std::string_view(key) == "tool" && json::get_string(object, key) == "bash";
    if (object.contains(key) && !shell) {
      fields_.fault(at + "/" + key, key, "does not go with scope command");
      return false;
    }
  }
  const int given =
      (rule.pattern.empty() ? 0 : 1) + (rule.program.empty() ? 0 : 1) + (rule.argv.empty() ? 0 : 1);
  if (given != 1) {
    fields_.fault(at, "", "a command rule needs exactly one of argv, program and pattern");
    return false;
  }
  if (rule.action != Action::kAny && rule.action != Action::kExecute) {
    fields_.fault(at + "/action", "action", "a command rule's action is execute");
    return false;
  }
  const std::string& glob = rule.pattern.empty() ? rule.program : rule.pattern;
  return glob.empty() || fields_.check_glob(glob, text::GlobMode::kPlain,
                                            at + (rule.pattern.empty() ? "/program" : "/pattern"),
                                            rule.pattern.empty() ? "program" : "pattern");
}

bool SubjectReader::names_known_tool(const std::string& name) const {
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

bool SubjectReader::read_tool(const std::string& name, std::string resource, const std::string& at,
                              Rule& rule) {
  if (name.find_first_of(" \t\n()") != std::string::npos) {
    fields_.fault(at, "tool",
                  fmt::format("expected a tool's name, found '{}'; a command goes into pattern, "
                              "as in {{tool: bash, pattern: 'rm *'}}",
                              name));
    return false;
  }
  const std::string key = resource.empty() && rule.pattern.empty() ? "/pattern" : "/tool";
  if (!fields_.check_glob(name, text::GlobMode::kPlain, at + key, "tool")) {
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
           fields_.check_glob(rule.resource, text::GlobMode::kPath, at + "/pattern", "pattern");
  }
  if (!program_like) {
    fields_.fault(at + "/action", "action", "a command rule's action is execute");
    return false;
  }
  rule.scope = Scope::kCommand;
  if (!known) {
    warnings_.push_back(fmt::format(
        "{}: '{}' is no known tool; the rule is about the program of that name", rule.where, name));
  }
  if (resource.empty()) {
    rule.program = name;
    return true;
  }
  const bool named = shell || resource == name || resource.starts_with(name + " ");
  rule.pattern = named ? resource : name + " " + resource;
  return fields_.check_glob(rule.pattern, text::GlobMode::kPlain, at + "/pattern", "pattern");
}

}  // namespace oap::permission
