#include "orchestration/mission/test_summary.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

/// Without colours and the rest of CSI sequences.
std::string plain(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      out += line[i];
      continue;
    }
    while (i + 1 < line.size() && !text::is_alpha(line[i + 1])) {
      ++i;
    }
    ++i;
  }
  return out;
}

std::optional<long> number(std::string_view word) {
  long value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  return whole && !word.empty() ? std::optional(value) : std::nullopt;
}

/// What the lines of one output count. Each line is looked at once.
class Summary {
 public:
  void take(std::string_view raw) {
    const std::string line = plain(raw);
    const std::string_view bare = text::trim(line);
    if (bare.empty() || bare.size() > kLongest) {
      return;
    }
    words_ = split(bare);
    phrases(bare);
    counts();
    unittest(bare);
    go(bare);
    skipped(bare);
  }
  bool is_empty() {
    if (pending_) {
      note(*pending_);
    }
    return (none_ || (stood_still_ && !others_)) && !some_;
  }

 private:
  static constexpr std::size_t kLongest = 500;

  void note(long count) {
    some_ = some_ || count > 0;
    none_ = none_ || count == 0;
  }

  /// Words and numbers, without the marks between them: "[  PASSED  ] 0 tests." is PASSED 0 tests.
  static std::vector<std::string> split(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : std::string(line) + " ") {
      if (text::is_alpha(c) || text::is_digit(c)) {
        word += c;
      } else if (!word.empty()) {
        words.push_back(text::lower_ascii(word));
        word.clear();
      }
    }
    return words;
  }

  void phrases(std::string_view line) {
    static constexpr std::array<std::string_view, 14> kNone = {
        "no tests ran",        "no tests were found", "no tests found",
        "no test files found", "no tests executed",   "no tests to run",
        "no test files]",      "result: notests",     "no test is available",
        "no tests defined",    "no tests collected",  "collected 0 items",
        "no-source",           "no tests were run"};
    const std::string lower = text::lower_ascii(line);
    none_ = none_ || std::any_of(kNone.begin(), kNone.end(), [&lower](std::string_view phrase) {
              return text::contains(lower, phrase);
            });
    none_ = none_ || lower == "1..0" || lower.starts_with("1..0 ");
    some_ = some_ || lower.starts_with("all tests successful") || lower.starts_with("--- pass");
    const bool of_make = lower.starts_with("make");
    others_ = others_ || !of_make;
    stood_still_ =
        stood_still_ || (of_make &&
                         (text::contains(lower, "nothing to be done for") ||
                          text::contains(lower, "is up to date")) &&
                         (text::contains(lower, "test") || text::contains(lower, "check") ||
                          text::contains(lower, "lint")));
  }

  /// "3 passed", "0 passing", "# pass 0", "PASSED 0 tests", "Tests run: 0", "out of 12", "ok 1".
  void counts() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::string_view word = words_[i];
      const auto before = i > 0 ? number(words_[i - 1]) : std::nullopt;
      const auto after = i + 1 < words_.size() ? number(words_[i + 1]) : std::nullopt;
      const std::string_view last = i > 0 ? std::string_view(words_[i - 1]) : "";
      if ((word == "passed" || word == "passing" || word == "pass" || word == "examples" ||
           word == "example") &&
          before) {
        note(*before);
      } else if (((word == "passed" || word == "executed" || (word == "running" && after == 0)) &&
                  after && i + 2 < words_.size() && words_[i + 2].starts_with("test")) ||
                 (word == "pass" && after && words_.size() == 2) ||
                 (word == "passed" && after && !before) ||
                 (word == "run" && last == "tests" && after) ||
                 (word == "of" && last == "out" && after)) {
        note(*after);
      } else if (word == "ok" && i == 0 && after && words_[1] != "0") {
        some_ = true;  // TAP, and PHPUnit's "OK (3 tests, …"
      }
    }
  }

  /// "Ran 3 tests in 0.1s", then "OK (skipped=3)".
  void unittest(std::string_view line) {
    if (words_.size() > 2 && words_[0] == "ran" && words_[2].starts_with("test")) {
      pending_ = number(words_[1]);
    } else if (pending_ &&
               (line == "OK" || line.starts_with("OK (") || line.starts_with("FAILED"))) {
      const auto at = std::find(words_.begin(), words_.end(), "skipped");
      const auto left_out = at != words_.end() && at + 1 != words_.end() ? number(*(at + 1)) : 0;
      note(std::max(0L, *pending_ - left_out.value_or(0)));
      pending_.reset();
    }
  }

  void go(std::string_view line) {
    if (line.starts_with("ok \t") || line.starts_with("ok  \t") || line.starts_with("ok   ")) {
      note(text::contains(line, "[no test") ? 0 : 1);
    }
  }

  /// pytest: "2 skipped in 0.01s", "5 deselected in 0.01s"; jest: "Tests: 3 skipped, 3 total".
  void skipped(std::string_view line) {
    const auto has = [this](std::string_view word) {
      return std::find(words_.begin(), words_.end(), word) != words_.end();
    };
    if (words_.size() < 2 || has("passed") || has("failed") || has("xfailed")) {
      return;
    }
    const bool of_pytest = number(words_[0]) && text::contains(line, " in ") &&
                           (words_[1] == "skipped" || words_[1] == "deselected");
    const bool of_jest = words_[0] == "tests" && (has("skipped") || has("todo"));
    none_ = none_ || of_pytest || of_jest;
  }

  std::vector<std::string> words_;
  std::optional<long> pending_;
  bool some_ = false;
  bool none_ = false;
  bool stood_still_ = false;  // make had nothing to do for the tests
  bool others_ = false;       // and somebody else said something
};

}  // namespace

bool ran_no_test(std::string_view output) {
  Summary summary;
  for (const std::string_view line : text::split_lines(output)) {
    summary.take(line);
  }
  return summary.is_empty();
}

}  // namespace oap::orchestration
