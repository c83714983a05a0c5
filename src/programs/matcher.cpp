#include "programs/matcher.hpp"

#include <algorithm>

#include "text/ecma_regex.hpp"
#include "text/strings.hpp"

namespace oap::programs {
namespace {

constexpr std::size_t kMostMatcher = 4'000;

bool is_list(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) ||
           std::string_view("_- ,|").find(c) != std::string_view::npos;
  });
}

/// Claude Code's older names of tools go on fitting.
bool is_same_name(std::string_view name, std::string_view subject) {
  return name == subject || (name == "Task" && subject == "Agent") ||
         (name == "Agent" && subject == "Task");
}

}  // namespace

Matcher::Matcher(std::string_view text) : text_(text) {
  if (text.empty() || text == "*") {
    return;
  }
  if (text.size() > kMostMatcher) {
    fault_ = "is longer than 4000 bytes";
    return;
  }
  if (is_list(text)) {
    const std::string bars = text::replace_all(text, ",", "|");
    for (const std::string_view piece : text::split(bars, '|')) {
      if (const std::string_view name = text::trim(piece); !name.empty()) {
        names_.emplace_back(name);
      }
    }
    if (names_.empty()) {
      fault_ = "names nothing";
    }
    return;
  }
  const auto translated = text::ecma_to_re2(text);
  const auto compiled = translated ? text::Regex::compile(*translated)
                                   : Result<text::Regex>(fail(translated.error()));
  if (!compiled) {
    fault_ = compiled.error().message();
    return;
  }
  regex_ = *compiled;
}

bool Matcher::matches(std::string_view subject) const {
  if (regex_) {
    return regex_->search(subject) || (subject == "Agent" && regex_->search("Task"));
  }
  if (names_.empty()) {
    return true;
  }
  return std::any_of(names_.begin(), names_.end(),
                     [&](const std::string& name) { return is_same_name(name, subject); });
}

}  // namespace oap::programs
