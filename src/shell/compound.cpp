#include <algorithm>
#include <array>
#include <utility>

#include "shell/parser.hpp"
#include "shell/wrapping.hpp"

// The compound commands: for, case, [[ ]], functions, coproc.
namespace oap::shell {
namespace {

constexpr std::array<std::string_view, 9> kCompound = {"if",     "while", "until", "for", "case",
                                                       "select", "{",     "[[",    "("};

}  // namespace

void Parser::parse_for() {
  skip_blanks();
  if (looking_at("((")) {
    if (!parse_arithmetic()) {
      findings_.doubt("a for (( without its ))");
      step(2);
    }
    return;
  }
  const Word name = parse_word(false);
  findings_.script.variables.push_back(name.text);
  skip_blanks_and_newlines();
  if (!at_word("in")) {
    findings_.others.insert(name.text);
    return;
  }
  step(2);
  bool numbers = true;
  while (!at_end()) {
    skip_blanks();
    if (peek() == '#') {
      break;
    }
    if (at_word_end() && !at_substitution()) {
      if (peek() == '<' || peek() == '>') {
        findings_.doubt("a redirection between the words of for");
        step();
        continue;
      }
      break;
    }
    bool overflow = false;
    for (const Word& word : expand_braces(parse_word(false), overflow)) {
      numbers = numbers && !word.text.empty() &&
                word.text.find_first_not_of("0123456789") == std::string::npos;
      note_value(name.text, word, findings_);
    }
    if (overflow) {
      numbers = false;
    }
  }
  (numbers ? findings_.numbers : findings_.others).insert(name.text);
}

void Parser::parse_case() {
  if (!enter()) {
    return;
  }
  skip_blanks();
  parse_word(false);
  skip_blanks_and_newlines();
  if (at_word("in")) {
    step(2);
  } else {
    findings_.doubt("a case without its in");
  }
  bool ended = false;
  while (!at_end()) {
    skip_blanks_and_newlines();
    ended = at_word("esac");
    if (ended) {
      step(4);
      break;
    }
    if (peek() == '(') {
      step();
    }
    while (!at_end() && peek() != ')') {
      const std::size_t before = pos_;
      skip_blanks();
      if (peek() == '|') {
        step();
      }
      skip_blanks();
      parse_word(false);
      skip_blanks();
      if (pos_ == before) {
        findings_.doubt("something unexpected in a case pattern");
        step();
      }
    }
    step();
    parse_list(Until::kCaseItem);
    if (looking_at(";;&")) {
      step(3);
    } else if (looking_at(";;") || looking_at(";&")) {
      step(2);
    }
  }
  if (!ended) {
    findings_.doubt("a case has no esac");
  }
  leave();
  parse_trailing_redirects();
}

/// An operand that bash evaluates once more, whatever quotes were around it.
void Parser::note_evaluated_operand(const Word& word) {
  note_arithmetic(word.text, findings_);
  bool code = word.text.find('`') != std::string::npos;
  for (std::size_t i = 0; i < word.text.size(); ++i) {
    const bool expansion = is_expansion(word.marks[i]);
    const bool special = word.text[i] == '[' || word.text[i] == '$';
    code = code || (special && !expansion);
  }
  if (code || word.has_expansion()) {
    findings_.doubt("[[ evaluates its operand");
    const SimpleCommand none;
    guess_text({none, "[[", findings_, depth_}, ": \"" + word.text + "\"");
  }
}

void Parser::parse_condition() {
  static constexpr std::string_view kEvaluating = " -eq -ne -lt -le -gt -ge -v -R ";
  Word last;
  bool evaluates = false;
  while (!at_end()) {
    skip_blanks_and_newlines();
    if (at_word("]]")) {
      step(2);
      break;
    }
    if (at_word_end() && !at_substitution()) {
      step();
      continue;
    }
    const Word word = parse_word(false);
    if (evaluates) {
      note_evaluated_operand(word);
    }
    evaluates =
        word.all_plain() && kEvaluating.find(" " + word.text + " ") != std::string_view::npos;
    if (evaluates) {
      note_evaluated_operand(last);
    }
    last = word;
  }
  parse_trailing_redirects();
}

void Parser::parse_function() {
  skip_blanks();
  const Word name = parse_word(false);
  findings_.script.functions.push_back(name.text);
  skip_blanks();
  if (peek() == '(') {
    const std::size_t before = pos_;
    step();
    skip_blanks();
    if (peek() == ')') {
      step();
    } else {
      pos_ = before;
    }
  }
}

void Parser::parse_coproc() {
  skip_blanks();
  const std::size_t before = pos_;
  const Word name = parse_word(false);
  skip_blanks();
  for (const std::string_view word : kCompound) {
    if (is_name(name.text) && name.all_plain() &&
        (at_word(word) || (word == "(" && peek() == '('))) {
      findings_.script.variables.push_back(name.text);
      return;
    }
  }
  pos_ = before;
}

}  // namespace oap::shell
