#include "shell/parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace oap::shell {
namespace {

/// Words after which another command begins at once.
constexpr std::array<std::string_view, 9> kBefore = {"if",    "then", "elif", "else", "while",
                                                     "until", "do",   "!",    "{"};
/// Words that end a compound command: redirections may follow.
constexpr std::array<std::string_view, 3> kAfter = {"fi", "done", "}"};

}  // namespace

bool Parser::at_word_end() const {
  return pos_ >= src_.size() ||
         std::string_view(" \t\n;&|<>()").find(src_[pos_]) != std::string_view::npos;
}

bool Parser::at_word(std::string_view word) const {
  if (!looking_at(word)) {
    return false;
  }
  const std::size_t end = pos_ + word.size();
  return end >= src_.size() ||
         std::string_view(" \t\n;&|<>()").find(src_[end]) != std::string_view::npos;
}

void Parser::step(std::size_t count) {
  pos_ = std::min(pos_ + count, src_.size());
  findings_.spend(count);
}

void Parser::join_lines(std::size_t ahead) {
  const std::size_t at = pos_ + ahead;
  std::size_t end = at;
  while (src_.substr(std::min(end, src_.size())).starts_with("\\\n")) {
    end += 2;
  }
  if (end != at) {
    findings_.spend(src_.size());
    joined_ = std::string(src_.substr(0, at)) + std::string(src_.substr(end));
    src_ = joined_;
  }
}

void Parser::skip_blanks() {
  while (!at_end()) {
    if (peek() == ' ' || peek() == '\t') {
      step();
    } else if (peek() == '\\' && peek(1) == '\n') {
      step(2);
    } else {
      return;
    }
  }
}

void Parser::skip_newline() {
  step();
  if (!pending_.empty()) {
    read_here_documents();
  }
}

void Parser::skip_blanks_and_newlines() {
  while (!at_end()) {
    skip_blanks();
    if (peek() == '\n' && !at_end()) {
      skip_newline();
    } else if (peek() == '#') {
      while (!at_end() && peek() != '\n') {
        step();
      }
    } else {
      return;
    }
  }
}

bool Parser::enter() {
  if (depth_ >= kMaxDepth) {
    findings_.stop("the script is nested too deeply");
    return false;
  }
  ++depth_;
  return true;
}

void Parser::parse_all() {
  while (!at_end()) {
    parse_list(Until::kEnd);
  }
  if (!pending_.empty()) {
    findings_.doubt("a here-document has no end");
  }
}

void Parser::parse_here_body() {
  Word scratch;
  while (!at_end()) {
    if (peek() == '\\') {
      step(2);
    } else if (!parse_inner(scratch, true)) {
      step();
    }
  }
  if (scratch.has_expansion()) {
    findings_.doubt("a here-document is not known before it runs");
  }
}

/// Steps over separators; true where the list is over.
bool Parser::at_list_end(Until until) {
  while (!at_end()) {
    skip_blanks_and_newlines();
    const char c = peek();
    if (at_end()) {
      return true;
    }
    if (until == Until::kCaseItem && (looking_at(";;") || looking_at(";&") || at_word("esac"))) {
      return true;
    }
    if (c == ')') {
      if (until == Until::kParen) {
        return true;
      }
      findings_.doubt("an unexpected )");
      step();
    } else if (c == '|' && peek(1) != '|') {
      feeder_ = std::exchange(last_simple_, SimpleCommand::kNobody);
      step(peek(1) == '&' ? 2 : 1);
    } else if (c == ';' || c == '|' || (c == '&' && peek(1) != '>')) {
      last_simple_ = SimpleCommand::kNobody;
      step(looking_at("||") ? 2 : 1);
    } else {
      return false;
    }
  }
  return true;
}

void Parser::parse_list(Until until) {
  while (!at_list_end(until)) {
    const std::size_t before = pos_;
    parse_command(until);
    if (pos_ == before && !findings_.stopped) {
      findings_.doubt("something unexpected in the script");
      step();
    }
  }
}

void Parser::parse_command(Until /*until*/) {
  last_simple_ = SimpleCommand::kNobody;
  if (peek() == '(') {
    parse_parenthesis();
  } else if (!parse_reserved()) {
    parse_simple();
    return;
  }
  feeder_ = SimpleCommand::kNobody;
  last_simple_ = SimpleCommand::kNobody;
}

void Parser::parse_parenthesis() {
  if (peek(1) == '(' && parse_arithmetic()) {
    parse_trailing_redirects();
    return;
  }
  step();
  parse_nested_list();
  parse_trailing_redirects();
}

/// A list up to its closing parenthesis, which is taken too.
void Parser::parse_nested_list() {
  if (!enter()) {
    return;
  }
  const std::size_t from = pos_;
  std::vector<HereDocument> outer = std::exchange(pending_, {});
  parse_list(Until::kParen);
  if (!pending_.empty()) {
    findings_.doubt("a here-document inside ( ) has no end");
  }
  if (!outer.empty() && src_.substr(from, pos_ - from).find('\n') != std::string_view::npos) {
    findings_.doubt("a here-document begins before a ( ) of several lines");
  }
  pending_ = std::move(outer);
  if (!at_end() && peek() == ')') {
    step();
  } else {
    findings_.doubt("a ( has no end");
  }
  leave();
}

/// Handles a reserved word at the start of a command; false where there is none.
bool Parser::parse_reserved() {
  for (const std::string_view word : kBefore) {
    if (at_word(word)) {
      step(word.size());
      return true;
    }
  }
  for (const std::string_view word : kAfter) {
    if (at_word(word)) {
      step(word.size());
      parse_trailing_redirects();
      return true;
    }
  }
  if (at_word("time")) {
    guess_program_time();
    step(4);
    skip_blanks();
    if (at_word("-p")) {
      step(2);
      skip_blanks();
    }
    if (at_word("--")) {
      step(2);
    }
    return true;
  }
  if (at_word("[[")) {
    step(2);
    parse_condition();
    return true;
  }
  if (at_word("for") || at_word("select")) {
    step(at_word("for") ? 3 : 6);
    parse_for();
    return true;
  }
  if (at_word("case")) {
    step(4);
    parse_case();
    return true;
  }
  if (at_word("function")) {
    step(8);
    parse_function();
    return true;
  }
  if (at_word("coproc")) {
    step(6);
    parse_coproc();
    return true;
  }
  return false;
}

/// `time -f x cmd` is the program of that name to a shell in posix mode.
void Parser::guess_program_time() {
  const std::size_t option = src_.find_first_not_of(" \t", pos_ + 4);
  const std::string_view rest = option == std::string_view::npos ? "" : src_.substr(option);
  if (!rest.starts_with('-') || rest.starts_with("-p ") || rest.starts_with("-- ") ||
      findings_.guessing > 1) {
    return;
  }
  const std::size_t end = std::min(src_.find_first_of("\n;|&)", option), src_.size());
  ++findings_.guessing;
  parse_into("/usr/bin/time " + std::string(src_.substr(option, end - option)), findings_,
             depth_ + 1, wrapper_);
  --findings_.guessing;
}

void Parser::parse_trailing_redirects() {
  SimpleCommand command;
  skip_blanks();
  while (!at_end() && at_redirect()) {
    parse_redirect(command);
    skip_blanks();
  }
  if (!command.redirects.empty()) {
    finish_simple(std::move(command), {}, pending_.size());
  }
}

}  // namespace oap::shell
