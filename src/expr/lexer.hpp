#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::expr {

enum class TokenKind : std::uint8_t {
  kEnd,
  kName,    ///< an identifier, reserved words too
  kQuoted,  ///< `name` between backticks, after a dot only
  kDollar,  ///< ${name}: a variable by its whole name, where the option allows it
  kInt,     ///< text: decimal digits, or 0x and hexadecimal ones
  kUint,    ///< the same without the suffix
  kDouble,
  kString,  ///< text: the decoded value, UTF-8
  kBytes,   ///< text: the decoded octets
  kPunct,   ///< one of + - * / % ! < > = . , : ? ( ) [ ] { } and <= >= == != && ||
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t begin = 0;  ///< in the source, bytes
  std::uint32_t end = 0;
  std::string text;

  bool is(std::string_view punct) const { return kind == TokenKind::kPunct && text == punct; }
};

/// The tokens of CEL (cel-spec, "Syntax"), one after another. Borrows the source. Not thread-safe.
class Lexer {
 public:
  struct Options {
    bool dollar_names = false;  ///< `${name}` is a token
  };

  Lexer(std::string_view source, Options options, std::size_t begin = 0)
      : source_(source), options_(options), at_(begin) {}

  /// The next token; kEnd at the end, again and again. kInvalidArgument with place and caret.
  Result<Token> next();

 private:
  Result<void> skip_blanks();
  Result<Token> name();
  Result<Token> quoted_name();
  Result<Token> dollar_name();
  Result<Token> number();
  Result<Token> string(std::size_t prefix);
  Result<Token> punctuation();
  Token token(TokenKind kind, std::size_t begin, std::string text) const;
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  std::size_t string_prefix() const;

  std::string_view source_;
  Options options_;
  std::size_t at_;
};

bool is_name_start(char c);
bool is_name_part(char c);
/// Words that cannot be variables (cel-spec, RESERVED and the literals).
bool is_reserved(std::string_view word);

}  // namespace oap::expr
