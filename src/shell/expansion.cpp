#include <algorithm>

#include "shell/parser.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

/// `$(cat <<'EOF' …)`: what it prints, without the newlines at its end. False for anything else.
bool here_document_text(std::string_view source, std::string& out) {
  constexpr std::string_view kFront = "$(cat <<";
  if (!source.starts_with(kFront) || !source.ends_with(')')) {
    return false;
  }
  source.remove_prefix(kFront.size());
  source.remove_suffix(1);
  if (source.size() < 4 || (source[0] != '\'' && source[0] != '"')) {
    return false;
  }
  const std::size_t close = source.find(source[0], 1);
  const std::string_view delimiter =
      close == std::string_view::npos ? std::string_view() : source.substr(1, close - 1);
  if (!is_name(delimiter) || close + 1 >= source.size() || source[close + 1] != '\n') {
    return false;
  }
  std::string_view rest = source.substr(close + 2);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line == delimiter) {
      while (out.ends_with('\n')) {
        out.pop_back();
      }
      return rest.find_first_not_of(" \t\n") == std::string_view::npos;
    }
    out += line;
    out += '\n';
  }
  return false;
}

}  // namespace

Word Parser::parse_word(bool may_assign) {
  Word word;
  while (!at_end()) {
    const char c = peek();
    if (at_substitution()) {
      const std::size_t from = pos_;
      step(2);
      parse_nested_list();
      word.add(src_.substr(from, pos_ - from), Mark::kExpansion);
    } else if (may_assign && c == '[' && is_name(word.text) && word.all_plain()) {
      parse_subscript(word);
    } else if (may_assign && c == '(' && word.text.ends_with('=') &&
               assignment_length(word) == word.text.size()) {
      parse_array(word);
    } else if (at_word_end()) {
      break;
    } else if (!parse_special(word)) {
      word.add(c, Mark::kPlain);
      step();
    }
  }
  return word;
}

/// A quote or an expansion, if one stands here.
bool Parser::parse_special(Word& word) {
  switch (peek()) {
    case '\\':
      if (peek(1) == '\n') {
        step(2);
      } else if (pos_ + 1 < src_.size()) {
        word.add(peek(1), Mark::kQuoted);
        step(2);
      } else {
        word.add('\\', Mark::kQuoted);
        step();
      }
      return true;
    case '\'':
      step();
      parse_single(word);
      return true;
    case '"':
      step();
      parse_double(word);
      return true;
    case '$':
      if (peek(1) == '\'') {
        step(2);
        parse_ansi(word);
      } else if (peek(1) == '"') {
        step(2);
        parse_double(word);
      } else {
        parse_dollar(word, false);
      }
      return true;
    case '`': {
      const std::size_t from = pos_;
      parse_backtick(false);
      word.splits = true;
      word.add(src_.substr(from, pos_ - from), Mark::kExpansion);
      return true;
    }
    default:
      return false;
  }
}

void Parser::parse_double(Word& word) {
  word.quoted = true;
  while (!at_end()) {
    const char c = peek();
    if (c == '"') {
      step();
      return;
    }
    if (c == '\\' && peek(1) == '\n') {
      step(2);
    } else if (c == '\\' && std::string_view("$`\"\\").find(peek(1)) != std::string_view::npos &&
               pos_ + 1 < src_.size()) {
      word.add(peek(1), Mark::kQuoted);
      step(2);
    } else if (!parse_inner(word, true)) {
      word.add(c, Mark::kQuoted);
      step();
    }
  }
  findings_.doubt("a \" has no end");
}

/// An expansion as it may stand in double quotes, arithmetic and here-documents.
bool Parser::parse_inner(Word& scratch, bool in_double) {
  if (peek() == '$') {
    parse_dollar(scratch, in_double);
    return true;
  }
  if (peek() == '`') {
    const std::size_t from = pos_;
    parse_backtick(in_double);
    scratch.add(src_.substr(from, pos_ - from),
                in_double ? Mark::kQuotedExpansion : Mark::kExpansion);
    return true;
  }
  return false;
}

void Parser::parse_dollar(Word& word, bool in_double) {
  join_lines(1);
  const std::size_t from = pos_;
  const char next = peek(1);
  if (next == '(') {
    step();
    if (peek(1) != '(' || !parse_arithmetic()) {
      step();
      parse_nested_list();
    }
  } else if (next == '{') {
    step(2);
    parse_parameter(in_double);
  } else if (next == '[') {
    step(2);
    parse_old_arithmetic();
  } else if (is_name_start(next)) {
    step();
    while (!at_end() && is_name_char(peek())) {
      step();
    }
  } else if (next != '\0' &&
             std::string_view("@*#?-$!0123456789").find(next) != std::string_view::npos) {
    step(2);
  } else {
    word.add('$', in_double ? Mark::kQuoted : Mark::kPlain);
    step();
    return;
  }
  std::string text;
  if (in_double && here_document_text(src_.substr(from, pos_ - from), text)) {
    word.add(text, Mark::kQuoted);
    return;
  }
  const std::string_view written = src_.substr(from, pos_ - from);
  const bool list = next == '@' || next == '*' ||
                    (next == '{' && written.find_first_of("@*!") != std::string_view::npos);
  word.splits = word.splits || !in_double || list;
  word.add(written, in_double ? Mark::kQuotedExpansion : Mark::kExpansion);
}

void Parser::parse_parameter(bool in_double) {
  if (!enter()) {
    return;
  }
  const std::size_t from = pos_;
  if (std::string_view(" \t\n|").find(peek()) != std::string_view::npos) {
    findings_.doubt("a ${ command; }");
  }
  Word scratch;
  while (!at_end() && peek() != '}') {
    const char c = peek();
    if (c == '\\') {
      step(2);
    } else if (c == '\'' && in_double) {
      findings_.doubt("a ' inside \"${…}\"");
      step();
    } else if (c == '"' && in_double) {
      step();
      parse_double(scratch);
    } else if ((c == '<' || c == '>') && peek(1) == '(' && !in_double) {
      step(2);
      parse_nested_list();
    } else if (in_double ? !parse_inner(scratch, true) : !parse_special(scratch)) {
      step();
    }
  }
  if (at_end()) {
    findings_.doubt("a ${ has no end");
  }
  note_parameter(src_.substr(from, pos_ - from));
  step();
  leave();
}

/// Where an expansion evaluates or assigns beside giving a value.
void Parser::note_parameter(std::string_view written) {
  const std::string joined = text::replace_all(written, "\\\n", "");
  const std::string_view source = joined;
  if (source.ends_with("@P")) {
    findings_.doubt("a ${…@P}, which runs what is in a variable");
  }
  std::size_t name_end = source.starts_with('!') || source.starts_with('#') ? 1 : 0;
  while (name_end < source.size() && is_name_char(source[name_end])) {
    ++name_end;
  }
  const std::string_view name = source.substr(0, name_end);
  const std::string_view rest = source.substr(name_end);
  if (name.size() > 1 && name.starts_with('!')) {
    findings_.evaluated.insert(std::string(name.substr(1)));
  }
  if (rest.starts_with('[')) {
    note_arithmetic(rest.substr(0, rest.find(']')), findings_);
  } else if (rest.size() > 1 && rest[0] == ':' &&
             std::string_view("-=?+").find(rest[1]) == std::string_view::npos) {
    note_arithmetic(rest, findings_);
  } else if (rest.starts_with('=') || rest.starts_with(":=")) {
    findings_.others.insert(std::string(name));
    findings_.script.variables.emplace_back(name);
  }
}

void Parser::parse_backtick(bool in_double) {
  step();
  std::string body;
  while (!at_end() && peek() != '`') {
    if (peek() == '\\' && pos_ + 1 < src_.size()) {
      const char next = peek(1);
      if (next != '$' && next != '`' && next != '\\' && !(in_double && next == '"')) {
        body += '\\';
      }
      body += next;
      step(2);
    } else {
      body += peek();
      step();
    }
  }
  if (at_end()) {
    findings_.doubt("a ` has no end");
  }
  step();
  if (enter()) {
    parse_into(body, findings_, depth_, wrapper_);
    leave();
  }
}

void Parser::parse_array(Word& word) {
  const std::size_t from = pos_;
  step();
  while (!at_end()) {
    skip_blanks_and_newlines();
    if (at_end() || peek() == ')') {
      break;
    }
    const std::size_t before = pos_;
    if (peek() == '[') {
      Word index;
      parse_subscript(index);
    }
    parse_word(false);
    if (pos_ == before) {
      findings_.doubt("something unexpected in an array");
      step();
    }
  }
  if (at_end()) {
    findings_.doubt("an array has no end");
  }
  step();
  word.add(src_.substr(from, pos_ - from), Mark::kExpansion);
}

/// At `[` after a name that may be assigned to: the subscript may hold blanks.
void Parser::parse_subscript(Word& word) {
  int open = 0;
  while (!at_end()) {
    const char c = peek();
    if (c == '\n') {
      return;
    }
    if (parse_special(word)) {
      continue;
    }
    open += c == '[' ? 1 : (c == ']' ? -1 : 0);
    word.add(c, Mark::kPlain);
    step();
    if (open <= 0) {
      return;
    }
  }
}

}  // namespace oap::shell
