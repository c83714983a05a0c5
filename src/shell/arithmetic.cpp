#include "shell/parser.hpp"
#include "text/strings.hpp"

namespace oap::shell {

void note_arithmetic(std::string_view text, Findings& findings) {
  findings.spend(text.size());
  const bool assigns = text.find('=') != std::string_view::npos ||
                       text.find("++") != std::string_view::npos ||
                       text.find("--") != std::string_view::npos;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '$' && at + 1 < text.size() &&
        std::string_view("@*0123456789").find(text[at + 1]) != std::string_view::npos) {
      findings.doubt("arithmetic evaluates an argument");
    }
    if (text::is_digit(text[at])) {
      while (at < text.size() && (is_name_char(text[at]) || text[at] == '#')) {
        ++at;
      }
      continue;
    }
    if (!is_name_start(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_name_char(text[end])) {
      ++end;
    }
    findings.evaluated.emplace(text.substr(at, end - at));
    if (assigns) {
      findings.script.variables.emplace_back(text.substr(at, end - at));
    }
    at = end;
  }
}

/// At `((`: takes it up to `))` and is true, or takes nothing: it is two parentheses then.
bool Parser::parse_arithmetic() {
  const std::size_t from = pos_;
  if (not_arithmetic_.contains(from) || !enter()) {
    return false;
  }
  const std::size_t commands = findings_.script.commands.size();
  step(2);
  Word scratch;
  int open = 0;
  bool closed = false;
  while (!at_end() && !closed) {
    const char c = peek();
    if (c == ')' && open == 0) {
      if (peek(1) != ')') {
        break;
      }
      closed = true;
      note_arithmetic(src_.substr(from + 2, pos_ - from - 2), findings_);
      step(2);
    } else if (c == '\\') {
      step(2);
    } else if (c == '\'') {
      findings_.doubt("a ' inside arithmetic");
      step();
    } else if (!parse_inner(scratch, true)) {
      open += c == '(' ? 1 : (c == ')' ? -1 : 0);
      step();
    }
  }
  leave();
  if (!closed) {
    not_arithmetic_.insert(from);
    findings_.script.commands.resize(commands);
    pos_ = from;
  }
  return closed;
}

void Parser::parse_old_arithmetic() {
  if (!enter()) {
    return;
  }
  const std::size_t from = pos_;
  int open = 0;
  Word scratch;
  while (!at_end() && (peek() != ']' || open > 0)) {
    if (peek() == '\\') {
      step(2);
    } else if (!parse_inner(scratch, true)) {
      open += peek() == '[' ? 1 : (peek() == ']' ? -1 : 0);
      step();
    }
  }
  note_arithmetic(src_.substr(from, pos_ - from), findings_);
  if (at_end()) {
    findings_.doubt("a $[ has no end");
  }
  step();
  leave();
}

}  // namespace oap::shell
