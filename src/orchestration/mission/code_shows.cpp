#include "orchestration/mission/code_shows.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Modules that know nothing of the work.
bool is_of_the_language(std::string_view module) {
  static constexpr std::array<std::string_view, 18> kModules = {
      "sys",    "os",       "time",   "math",        "json",     "re",
      "random", "datetime", "string", "itertools",   "typing",   "functools",
      "enum",   "platform", "base64", "collections", "textwrap", "__future__"};
  return is_one_of(module, kModules);
}

/// `python3 -c "print(1)"` shows nothing of the work, nor does `import sys; sys.exit(0)`; what
/// imports something else, opens, asserts or runs does.
bool is_idle_code(std::string_view code) {
  static constexpr std::array<std::string_view, 10> kWorks = {
      "open(", "require", "exec", "load", "assert ", "os.", "read", "run", "spawn", "raise"};
  if (std::any_of(kWorks.begin(), kWorks.end(),
                  [code](std::string_view word) { return text::contains(code, word); })) {
    const bool says_so = text::contains(code, "assert True") || text::contains(code, "assert 1");
    return says_so && !text::contains(code, "import") && !text::contains(code, "open(");
  }
  std::string word;
  bool imports = false;
  for (const char c : std::string(code) + " ") {
    if (text::is_alpha(c) || text::is_digit(c) || c == '_') {
      word += c;
      continue;
    }
    if (imports && !word.empty() && word != "import" && word != "as" && !is_of_the_language(word)) {
      return false;
    }
    imports = word == "import" || word == "from" || (imports && (word.empty() || c == ','));
    word.clear();
  }
  return true;
}

}  // namespace

Shows code_shows(std::string_view code) {
  static constexpr std::array<std::string_view, 12> kMore = {
      "import",  "assert",  "exec", "raise", "run", "spawn",
      "compile", "require", "load", "eval",  "if ", "exit"};
  if (is_idle_code(code)) {
    return Shows::kNothing;
  }
  return std::any_of(kMore.begin(), kMore.end(),
                     [code](std::string_view word) { return text::contains(code, word); })
             ? Shows::kRun
             : Shows::kLook;
}

}  // namespace oap::orchestration
