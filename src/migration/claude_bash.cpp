#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "migration/claude_rules.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostPattern = 2000;

bool has_star(std::string_view spec) {
  for (std::size_t i = 0; i < spec.size(); ++i) {
    if (spec[i] == '\\') {
      ++i;
    } else if (spec[i] == '*') {
      return true;
    }
  }
  return false;
}

void not_carried(const ClaudeRule& rule, std::string reason, Translation& out) {
  out.not_carried.push_back({fmt::format("permissions.{}: {}", to_string(rule.level), rule.text),
                             rule.where, std::move(reason)});
}

/// Why an allow rule does not count, or "".
std::string why_not_allowed(const std::string& spec) {
  static constexpr std::array<std::string_view, 4> kWrappers = {"watch", "setsid", "ionice",
                                                                "flock"};
  if (is_compound(spec)) {
    return "each command of a line is judged by itself, so that a rule about several allows none; "
           "write a rule for each";
  }
  const std::string first = spec.substr(0, spec.find(' '));
  if (has_star(spec) && std::find(kWrappers.begin(), kWrappers.end(), first) != kWrappers.end()) {
    return fmt::format("a prefix never allows {}, which runs any program; write the whole command",
                       first);
  }
  return "";
}

/// A rule as its words are when bash has read them: Claude Code compares texts, the engine words.
struct Unquoted {
  std::string text;  ///< `*` and `\\*` as in the rule
  std::vector<std::string> words;
  bool quoted = false;
  bool closed = true;
};

class Unquoter {
 public:
  Unquoted run(std::string_view spec) {
    for (at_ = 0; at_ < spec.size(); ++at_) {
      take(spec);
    }
    end_word();
    out_.closed = quote_ == '\0';
    out_.text = text::join(out_.words, " ");
    return std::move(out_);
  }

 private:
  void take(std::string_view spec) {
    const char c = spec[at_];
    const char next = at_ + 1 < spec.size() ? spec[at_ + 1] : '\0';
    if (c == '\\' && quote_ != '\'') {
      const bool escapes = quote_ == '\0' || std::string_view("\"\\$`").find(next) != npos;
      if (next == '*' || next == '\0' || !escapes) {
        put(c);
      } else {
        out_.quoted = true;
      }
      if (next != '\0') {
        put(next);
        ++at_;
      }
    } else if (quote_ != '\0' && c == quote_) {
      quote_ = '\0';
    } else if (quote_ == '\0' && (c == '"' || c == '\'')) {
      quote_ = c;
      out_.quoted = true;
      open_ = true;
    } else if (quote_ == '\0' && (c == ' ' || c == '\t')) {
      end_word();
    } else {
      put(c);
    }
  }
  void put(char c) {
    word_ += c;
    open_ = true;
  }
  void end_word() {
    if (open_) {
      out_.words.push_back(std::move(word_));
    }
    word_.clear();
    open_ = false;
  }

  static constexpr std::size_t npos = std::string_view::npos;
  Unquoted out_;
  std::string word_;
  std::size_t at_ = 0;
  char quote_ = '\0';
  bool open_ = false;
};

/// True where the words are exactly these: a pattern alone does not tell "a b" from a and b.
std::string same_words(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) {
    list += (list.empty() ? "" : ", ") + cel_text(text::replace_all(word, "\\*", "*"));
  }
  return fmt::format("argv == [{}]", list);
}

void all_commands(const RuleMaker& make, Translation& out) {
  if (make.level() == Level::kAllow) {
    out.rules.push_back(make.command("*"));
    return;
  }
  for (const char* tool : {"bash", "run_command", "python"}) {
    out.rules.push_back(make.tool(tool));
  }
}

}  // namespace

void translate_bash(const ClaudeRule& rule, const RuleMaker& make,
                    const std::optional<std::string>& spec, Translation& out) {
  if (!spec) {
    return all_commands(make, out);
  }
  std::string text(text::trim(*spec));
  if (text.ends_with(":*")) {
    text.replace(text.size() - 2, 2, " *");
  }
  if (text::trim(text) == "*") {
    return all_commands(make, out);
  }
  if (text.size() > kMostPattern) {
    return not_carried(rule, "the pattern is longer than 2000 bytes", out);
  }
  const Unquoted plain = Unquoter().run(text);
  if (rule.level != Level::kAllow) {
    const std::vector<std::string_view> words = text::split_words(plain.text);
    out.rules.push_back(
        make.command(command_pattern(plain.closed ? plain.text : text::join(words, " "))));
    return;
  }
  if (!plain.closed) {
    return not_carried(rule,
                       "a quote in it is not closed; commands are compared word by word here, "
                       "without their quotes",
                       out);
  }
  if (std::string why = why_not_allowed(text); !why.empty()) {
    return not_carried(rule, std::move(why), out);
  }
  text = plain.text;
  json::Object made = make.command(command_pattern(text));
  if (plain.quoted && !has_star(text)) {
    made = RuleMaker::where(std::move(made), same_words(plain.words));
  }
  const bool may_be_find = text.starts_with("find ") || text.starts_with("find*") ||
                           text.starts_with('*') || text.find('*') < 5;
  if (has_star(text) && may_be_find) {
    made = RuleMaker::where(std::move(made),
                            text.starts_with("find")
                                ? std::string(kOnlyFinds)
                                : fmt::format("argv[0] != \"find\" || {}", kOnlyFinds));
  }
  out.rules.push_back(std::move(made));
}

}  // namespace oap::migration
