#include <algorithm>

#include "shell/wrapping.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

constexpr std::size_t kMaxGuesses = 24;
constexpr std::size_t kMaxGuessedWords = 48;

bool looks_like_text(std::string_view word) {
  return word.find_first_of(" \t\n;|&`(") != std::string_view::npos;
}

/// What stands in front of a command in words such as EXEC:…, --command=…, !…
std::string_view behind_marks(std::string_view word) {
  const std::size_t mark = word.find_first_of("=:!");
  return mark == std::string_view::npos ? std::string_view() : word.substr(mark + 1);
}

/// Calls of code that run a command.
bool runs_something(std::string_view code) {
  static constexpr std::string_view kCalls[] = {
      "system", "popen",  "exec", "spawn",        "subprocess", "`",    "%x",         "qx",
      "fork",   "Kernel", "run",  "shell",        "getline",    "|",    "child_proc", "os.",
      "import", "eval",   "call", "check_output", "pty",        "open", "require",    "posix"};
  return std::any_of(std::begin(kCalls), std::end(kCalls), [&](std::string_view call) {
    return code.find(call) != std::string_view::npos;
  });
}

}  // namespace

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void guess_text(const Wrapping& w, std::string_view source) {
  const Guessing guessing(w.findings);
  if (!source.empty() && w.findings.guessing < 4) {
    parse_into(source, w.findings, w.depth + 1, w.program);
  }
}

void guess_from(const Wrapping& w, std::size_t from) {
  if (w.findings.guessing > 1) {
    return;
  }
  const std::size_t last = std::min(w.size(), from + kMaxGuesses);
  for (std::size_t i = from; i < last; ++i) {
    const std::string& word = w.word(i);
    if (!w.known(i)) {
      continue;
    }
    if (looks_like_text(word)) {
      guess_text(w, word);
    } else if (!word.starts_with('-')) {
      const Guessing guessing(w.findings);
      list_payload(w, i, std::min(w.size(), i + kMaxGuessedWords), false);
    }
    guess_text(w, behind_marks(word));
  }
}

void guess_code(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size() && i <= kMaxGuesses; ++i) {
    const std::string_view code = w.word(i);
    if (!runs_something(code) || !looks_like_text(code)) {
      continue;
    }
    std::string words;
    for (std::size_t at = code.find_first_of("\"'`/"), n = 0;
         at != std::string_view::npos && n < kMaxGuesses; ++n) {
      const std::size_t end = code.find(code[at], at + 1);
      if (end == std::string_view::npos) {
        break;
      }
      const std::string_view literal = code.substr(at + 1, end - at - 1);
      guess_text(w, literal);
      words += words.empty() ? "" : " ";
      words += quote_word(literal);
      at = code.find_first_of("\"'`/", end + 1);
    }
    guess_text(w, words);
  }
}

}  // namespace oap::shell
