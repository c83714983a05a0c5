#include <optional>
#include <string>
#include <vector>

#include "permission/compiled_rule.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

bool is_wild(std::string_view pattern) {
  return pattern.find_first_of("*?[{\\") != std::string_view::npos;
}

/// Tool and server names.
bool contains_name(const CompiledRule& outer, const CompiledRule& inner) {
  const std::string& pattern = inner.rule.pattern;
  if (outer.rule.pattern == pattern) {
    return true;
  }
  const auto crosses = [](std::string_view name) {
    return name.find("__") != std::string_view::npos;
  };
  if (inner.rule.scope == Scope::kTool && crosses(outer.rule.pattern) != crosses(pattern)) {
    return false;
  }
  if (outer.rule.pattern == "*") {
    return true;
  }
  const auto glob = text::Glob::compile(outer.rule.pattern, {text::GlobMode::kPlain, false});
  return !is_wild(pattern) && glob && glob->matches(pattern);
}

/// The words with which every command begins that a rule matches, where the rule matches everything
/// that begins so. Nothing for rules of another form.
std::optional<std::vector<std::string>> leading_words(const Rule& rule) {
  if (!rule.argv.empty()) {
    return rule.argv;
  }
  if (!rule.program.empty()) {
    return is_wild(rule.program) ? std::nullopt : std::optional(std::vector{rule.program});
  }
  if (rule.pattern == "*") {
    return std::vector<std::string>{};
  }
  if (!rule.pattern.ends_with(" *") || is_wild(rule.pattern.substr(0, rule.pattern.size() - 2))) {
    return std::nullopt;
  }
  std::vector<std::string> words;
  for (const std::string_view word :
       text::split_words(std::string_view(rule.pattern).substr(0, rule.pattern.size() - 2))) {
    words.emplace_back(word);
  }
  return words;
}

bool contains_command(const CompiledRule& outer, const CompiledRule& inner) {
  const Rule& a = outer.rule;
  const Rule& b = inner.rule;
  if (a.argv == b.argv && a.program == b.program && a.pattern == b.pattern) {
    return true;
  }
  const auto wide = leading_words(a);
  if (!wide) {
    return false;
  }
  std::vector<std::string> narrow = leading_words(b).value_or(std::vector<std::string>{});
  if (narrow.empty() && !b.pattern.empty()) {
    // The literal words at the front of a pattern bind whatever follows them.
    for (const std::string_view word : text::split(b.pattern, ' ')) {
      if (is_wild(word)) {
        break;
      }
      narrow.emplace_back(word);
    }
  }
  return wide->size() <= narrow.size() && std::equal(wide->begin(), wide->end(), narrow.begin());
}

/// `a/b/**` and the like: the directory; nothing for other patterns. "" is everything.
std::optional<std::string> whole_tree(const std::string& pattern) {
  if (pattern == "**" || pattern == "**/*") {
    return "";
  }
  if (!pattern.ends_with("/**")) {
    return std::nullopt;
  }
  std::string directory = pattern.substr(0, pattern.size() - 3);
  return is_wild(directory) ? std::nullopt : std::optional(std::move(directory));
}

bool contains_path(const CompiledRule& outer, const CompiledRule& inner) {
  const std::string& a = outer.path_pattern;
  const std::string& b = inner.path_pattern;
  if (a == b || a.empty()) {
    return true;
  }
  if (b.empty() || outer.absolute != inner.absolute) {
    return false;
  }
  if (!is_wild(b)) {
    return outer.glob->matches(b);
  }
  const auto tree = whole_tree(a);
  if (!tree) {
    return false;
  }
  if (tree->empty()) {
    return true;
  }
  // Braces and classes may stand for a slash only after the literal front, so this is enough.
  return b == *tree || b.starts_with(*tree + "/");
}

}  // namespace

bool contains(const CompiledRule& outer, const CompiledRule& inner) {
  const Rule& a = outer.rule;
  const Rule& b = inner.rule;
  const bool actions = a.action == b.action || a.action == Action::kAny || b.action == Action::kAny;
  const bool conditional = !a.condition.empty() && a.condition != b.condition;
  if (a.scope != b.scope || !actions || conditional) {
    return false;
  }
  switch (a.scope) {
    case Scope::kTool:
      return contains_name(outer, inner) && contains_path(outer, inner);
    case Scope::kMcpServer:
      return contains_name(outer, inner);
    case Scope::kFilePattern:
      return contains_path(outer, inner);
    case Scope::kCommand:
      return contains_command(outer, inner);
  }
  return false;
}

}  // namespace oap::permission
