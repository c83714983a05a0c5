#include "permission/rule_index.hpp"

namespace oap::permission {
namespace {

bool is_wild(std::string_view text) {
  return text.find_first_of("*?[{\\") != std::string_view::npos;
}

/// The program that every command matched by the rule calls; "" where that is open.
std::string literal_program(const Rule& rule) {
  if (!rule.argv.empty()) {
    return rule.argv.front();
  }
  if (!rule.program.empty()) {
    return is_wild(rule.program) ? std::string() : rule.program;
  }
  const std::string first = rule.pattern.substr(0, rule.pattern.find(' '));
  return is_wild(first) || first.empty() ? std::string() : first;
}

}  // namespace

void PathRules::add(const CompiledRule& rule, std::uint32_t id) {
  (rule.absolute ? absolute_ : relative_).add(rule.path_pattern, id);
}

void RuleIndex::add(const CompiledRule& compiled, std::uint32_t id) {
  const Rule& rule = compiled.rule;
  switch (rule.scope) {
    case Scope::kTool:
      if (is_wild(rule.pattern)) {
        tool_globs.push_back(id);
      } else if (rule.resource.empty()) {
        tools[rule.pattern].any_resource.push_back(id);
      } else {
        tools[rule.pattern].resources.add(compiled, id);
      }
      break;
    case Scope::kMcpServer:
      if (is_wild(rule.pattern)) {
        server_globs.push_back(id);
      } else {
        servers[rule.pattern].push_back(id);
      }
      break;
    case Scope::kFilePattern:
      files.add(compiled, id);
      if (rule.level != Level::kAllow) {
        strict_files.push_back(id);
      }
      break;
    case Scope::kCommand: {
      const std::string program = literal_program(rule);
      if (program.empty()) {
        command_globs.push_back(id);
      } else {
        programs[program].push_back(id);
      }
      if (!rule.pattern.empty() && rule.level != Level::kAllow) {
        command_patterns.push_back(id);
      }
      break;
    }
  }
}

}  // namespace oap::permission
