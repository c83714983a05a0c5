#include "orchestration/mission/ignore_rules.hpp"

#include "text/strings.hpp"

namespace oap::orchestration {

void IgnoreRules::add(std::string_view text, const std::string& folder) {
  for (std::string_view line : text::split_lines(text)) {
    while (line.ends_with(' ') && !line.ends_with("\\ ")) {
      line.remove_suffix(1);
    }
    if (line.empty() || line.front() == '#') {
      continue;
    }
    bool negated = false;
    if (line.front() == '!') {
      negated = true;
      line.remove_prefix(1);
    }
    const bool directories_only = line.ends_with('/');
    if (directories_only) {
      line.remove_suffix(1);
    }
    const bool anchored = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) {
      line.remove_prefix(1);
    }
    if (line.empty()) {
      continue;
    }
    const std::string where = folder.empty() ? std::string() : text::glob_quote(folder);
    std::string pattern = where + (anchored ? "" : "**/");
    for (const char c : line) {  // braces mean themselves in gitignore
      pattern += c == '{' || c == '}' ? std::string("\\") + c : std::string(1, c);
    }
    if (auto glob = text::Glob::compile(pattern)) {
      rules_.push_back({*std::move(glob), negated, directories_only});
    }
  }
}

bool IgnoreRules::ignores(std::string_view path, bool is_directory) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if ((is_directory || !rule->directories_only) && rule->glob.matches(path)) {
      return !rule->negated;
    }
  }
  return false;
}

}  // namespace oap::orchestration
