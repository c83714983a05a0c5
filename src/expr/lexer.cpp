#include "expr/lexer.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "expr/literal.hpp"
#include "expr/source.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::expr {

namespace {

bool is_hex(char c) {
  return text::is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

bool is_name_start(char c) { return text::is_alpha(c) || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || text::is_digit(c); }

bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 21> kWords = {
      "as",       "break",   "const",  "continue", "else", "false", "for",
      "function", "if",      "import", "in",       "let",  "loop",  "namespace",
      "null",     "package", "return", "true",     "var",  "void",  "while"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

Token Lexer::token(TokenKind kind, std::size_t begin, std::string text) const {
  return {kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_),
          std::move(text)};
}

Result<void> Lexer::skip_blanks() {
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else if (c == '/' && peek(1) == '/') {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else {
      break;
    }
  }
  return {};
}

std::size_t Lexer::string_prefix() const {
  std::size_t length = 0;
  if (peek() == 'b' || peek() == 'B') {
    ++length;
  }
  if (peek(length) == 'r' || peek(length) == 'R') {
    ++length;
  }
  return length;
}

Result<Token> Lexer::next() {
  OAP_CHECK_OK(skip_blanks());
  if (at_ >= source_.size()) {
    return token(TokenKind::kEnd, at_, "");
  }
  const std::size_t prefix = string_prefix();
  if (peek(prefix) == '"' || peek(prefix) == '\'') {
    return string(prefix);
  }
  const char c = peek();
  if (is_name_start(c)) {
    return name();
  }
  if (text::is_digit(c) || (c == '.' && text::is_digit(peek(1)))) {
    return number();
  }
  if (c == '`') {
    return quoted_name();
  }
  if (c == '$' && peek(1) == '{' && options_.dollar_names) {
    return dollar_name();
  }
  return punctuation();
}

Result<Token> Lexer::name() {
  const std::size_t begin = at_;
  while (is_name_part(peek())) {
    ++at_;
  }
  return token(TokenKind::kName, begin, std::string(source_.substr(begin, at_ - begin)));
}

Result<Token> Lexer::quoted_name() {
  const std::size_t begin = at_++;
  while (is_name_part(peek()) ||
         (peek() != '\0' && std::string_view("-./ ").find(peek()) != std::string_view::npos)) {
    ++at_;
  }
  if (peek() != '`' || at_ == begin + 1) {
    return fail(error_at(source_, begin,
                         "a name between backticks has letters, digits, _ - . / and spaces, and "
                         "ends with a backtick"));
  }
  ++at_;
  return token(TokenKind::kQuoted, begin, std::string(source_.substr(begin + 1, at_ - begin - 2)));
}

Result<Token> Lexer::dollar_name() {
  const std::size_t begin = at_;
  const std::size_t close = source_.find('}', at_);
  const std::string_view inside = close == std::string_view::npos
                                      ? std::string_view()
                                      : source_.substr(at_ + 2, close - at_ - 2);
  const std::string_view word = text::trim(inside);
  const bool plain = !word.empty() && is_name_start(word.front()) &&
                     std::all_of(word.begin(), word.end(),
                                 [](char c) { return is_name_part(c) || c == '-' || c == '.'; });
  if (!plain) {
    return fail(error_at(source_, begin,
                         "${…} must hold one variable's name, such as ${environment}; for anything "
                         "else write the expression without it"));
  }
  at_ = close + 1;
  return token(TokenKind::kDollar, begin, std::string(word));
}

Result<Token> Lexer::number() {
  const std::size_t begin = at_;
  TokenKind kind = TokenKind::kInt;
  if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && is_hex(peek(2))) {
    at_ += 2;
    while (is_hex(peek())) {
      ++at_;
    }
  } else {
    while (text::is_digit(peek())) {
      ++at_;
    }
    if (peek() == '.' && text::is_digit(peek(1))) {
      kind = TokenKind::kDouble;
      ++at_;
      while (text::is_digit(peek())) {
        ++at_;
      }
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && text::is_digit(peek(1 + sign))) {
      kind = TokenKind::kDouble;
      at_ += 1 + sign;
      while (text::is_digit(peek())) {
        ++at_;
      }
    }
  }
  std::string digits(source_.substr(begin, at_ - begin));
  if (kind == TokenKind::kInt && (peek() == 'u' || peek() == 'U')) {
    kind = TokenKind::kUint;
    ++at_;
  }
  if (is_name_part(peek())) {
    return fail(error_at(source_, at_, "a number must not run into a name"));
  }
  return token(kind, begin, std::move(digits));
}

Result<Token> Lexer::string(std::size_t prefix) {
  const std::size_t begin = at_;
  const std::string_view letters = source_.substr(at_, prefix);
  const bool bytes = letters.find_first_of("bB") != std::string_view::npos;
  const bool raw = letters.find_first_of("rR") != std::string_view::npos;
  at_ += prefix;
  const char quote = peek();
  const bool triple = peek(1) == quote && peek(2) == quote;
  const std::size_t width = triple ? 3 : 1;
  at_ += width;
  const std::size_t inside = at_;
  const std::string closing(width, quote);
  while (at_ < source_.size() && source_.substr(at_, width) != closing) {
    if (!triple && (peek() == '\n' || peek() == '\r')) {
      return fail(error_at(source_, begin,
                           "a string ends on its line; only ''' and \"\"\" strings go over lines"));
    }
    at_ += peek() == '\\' && !raw ? 2 : 1;
  }
  if (at_ >= source_.size()) {
    return fail(error_at(source_, begin, "the string has no end"));
  }
  const std::string_view body = source_.substr(inside, at_ - inside);
  Result<std::string> decoded = raw ? std::string(body) : unescape(body, bytes);
  if (!decoded) {
    return fail(error_at(source_, inside, decoded.error().message()));
  }
  at_ += width;
  return token(bytes ? TokenKind::kBytes : TokenKind::kString, begin, std::move(*decoded));
}

Result<Token> Lexer::punctuation() {
  const std::size_t begin = at_;
  static constexpr std::array<std::string_view, 6> kPairs = {"<=", ">=", "==", "!=", "&&", "||"};
  for (const std::string_view pair : kPairs) {
    if (source_.substr(at_, 2) == pair) {
      at_ += 2;
      return token(TokenKind::kPunct, begin, std::string(pair));
    }
  }
  const char c = peek();
  if (c != '\0' && std::string_view("+-*/%!<>.,:?()[]{}").find(c) != std::string_view::npos) {
    ++at_;
    return token(TokenKind::kPunct, begin, std::string(1, c));
  }
  if (c == '=' || c == '&' || c == '|') {
    return fail(error_at(source_, at_, fmt::format("'{0}' is no operator; write '{0}{0}'", c)));
  }
  if (c == '$') {
    return fail(error_at(
        source_, at_, "'$' cannot stand here: inside an expression a variable is its bare name"));
  }
  const text::CodePoint point = text::decode_at(source_, at_);
  return fail(error_at(source_, at_,
                       fmt::format("'{}' cannot stand in an expression",
                                   text::escape_visible(source_.substr(at_, point.length)))));
}

}  // namespace oap::expr
