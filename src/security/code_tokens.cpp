#include "security/code_tokens.hpp"

#include <algorithm>
#include <utility>

#include "text/strings.hpp"

namespace oap::security {
namespace {

using Kind = CodeToken::Kind;
constexpr std::size_t kMaxNested = 4096;
constexpr int kMaxDepth = 8;

bool begins_name(char c) {
  return text::is_alpha(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}
bool in_name(char c) { return begins_name(c) || text::is_digit(c); }

class Lexer {
 public:
  Lexer(std::string_view text, std::uint32_t line, int depth)
      : text_(text), line_(line), depth_(depth) {}

  std::vector<CodeToken> python() {
    while (!done()) {
      python_step();
    }
    return drop_docstrings(std::move(out_));
  }

  std::vector<CodeToken> javascript() {
    while (!done()) {
      javascript_step();
    }
    return std::move(out_);
  }

 private:
  bool done() const { return at_ >= text_.size() || out_.size() >= kMaxTokens; }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool looking_at(std::string_view word) const { return text_.substr(at_).starts_with(word); }

  CodeToken& put(Kind kind, std::string_view text) {
    CodeToken token;
    token.kind = kind;
    token.text = text;
    token.line = line_;
    out_.push_back(std::move(token));
    return out_.back();
  }

  void skip_to_line_end() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && in_name(text_[at_])) {
      ++at_;
    }
    put(Kind::kName, text_.substr(start, at_ - start));
  }

  void number() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (in_name(text_[at_]) || text_[at_] == '.')) {
      ++at_;
    }
    put(Kind::kNumber, text_.substr(start, at_ - start));
  }

  void mark() {
    static constexpr std::string_view kPairs[] = {"**", "==", "!=", "=>", "||", "&&", "??",
                                                  "?.", "+=", ":=", "->", "<=", ">=", "//"};
    const std::string_view two = text_.substr(at_, 2);
    const bool pair = std::find(std::begin(kPairs), std::end(kPairs), two) != std::end(kPairs);
    const std::size_t length = pair ? 2 : 1;
    const char c = text_[at_];
    nesting_ += c == '(' || c == '[' || c == '{' ? 1 : 0;
    nesting_ -= (c == ')' || c == ']' || c == '}') && nesting_ > 0 ? 1 : 0;
    put(Kind::kMark, text_.substr(at_, length));
    at_ += length;
  }

  void python_step() {
    const char c = peek();
    if (c == '\n') {
      if (nesting_ == 0) {
        put(Kind::kLine, "\n");
      }
      ++line_;
      ++at_;
    } else if (c == '#') {
      skip_to_line_end();
    } else if (c == '\\' && peek(1) == '\n') {
      at_ += 2;
      ++line_;
    } else if (text::is_space(c)) {
      ++at_;
    } else if (const std::size_t prefix = python_prefix(); prefix < 4) {
      python_string(prefix);
    } else if (begins_name(c)) {
      name();
    } else if (text::is_digit(c)) {
      number();
    } else {
      mark();
    }
  }

  /// How many letters stand before a string's quote; 4 where there is none.
  std::size_t python_prefix() const {
    std::size_t count = 0;
    while (count < 3 &&
           std::string_view("rbufRBUFtT").find(peek(count)) != std::string_view::npos &&
           peek(count) != '\0') {
      ++count;
    }
    return peek(count) == '"' || peek(count) == '\'' ? count : 4;
  }

  void python_string(std::size_t prefix) {
    const std::string_view letters = text_.substr(at_, prefix);
    const bool format = letters.find_first_of("fFtT") != std::string_view::npos;
    at_ += prefix;
    const char quote = peek();
    const bool three = peek(1) == quote && peek(2) == quote;
    const std::string closing(three ? 3 : 1, quote);
    at_ += closing.size();
    const std::size_t start = at_;
    const std::uint32_t line = line_;
    while (at_ < text_.size() && !looking_at(closing) && (three || peek() != '\n')) {
      line_ += peek() == '\n' ? 1 : 0;
      if (peek() == '\\' && at_ + 1 < text_.size()) {
        line_ += peek(1) == '\n' ? 1 : 0;
        ++at_;
      }
      ++at_;
    }
    const std::string_view body = text_.substr(start, std::min(at_, text_.size()) - start);
    CodeToken& token = put(Kind::kString, body);
    token.line = line;
    if (format) {
      add_fields(token, body);
    }
    at_ += looking_at(closing) ? closing.size() : 0;
  }

  /// What stands between braces in a format string.
  void add_fields(CodeToken& token, std::string_view body) {
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (body[i] != '{') {
        continue;
      }
      if (i + 1 < body.size() && body[i + 1] == '{') {
        ++i;
        continue;
      }
      const std::size_t end = std::min(body.find('}', i), body.size());
      const std::string_view inner = body.substr(i + 1, std::min(end - i - 1, kMaxNested));
      token.dynamic = token.dynamic || !inner.empty();
      if (depth_ < kMaxDepth) {
        auto tokens = Lexer(inner, token.line, depth_ + 1).python();
        token.inside.insert(token.inside.end(), tokens.begin(), tokens.end());
      }
      i = end;
    }
  }

  static std::vector<CodeToken> drop_docstrings(std::vector<CodeToken> tokens) {
    std::vector<CodeToken> out;
    out.reserve(tokens.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool begins = out.empty() || out.back().kind == Kind::kLine || out.back().is(":");
      const bool ends = i + 1 == tokens.size() || tokens[i + 1].kind == Kind::kLine;
      if (tokens[i].is_string() && begins && ends && !tokens[i].dynamic) {
        continue;
      }
      out.push_back(std::move(tokens[i]));
    }
    return out;
  }

  void javascript_step() {
    const char c = peek();
    if (c == '\n') {
      ++line_;
      ++at_;
    } else if (text::is_space(c)) {
      ++at_;
    } else if (looking_at("//") || (at_ == 0 && looking_at("#!")) || looking_at("<!--")) {
      skip_to_line_end();
    } else if (looking_at("/*")) {
      const std::size_t end = std::min(text_.find("*/", at_ + 2), text_.size());
      line_ += static_cast<std::uint32_t>(
          std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                     text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
      at_ = std::min(end + 2, text_.size());
    } else if (c == '"' || c == '\'') {
      javascript_string(c);
    } else if (c == '`') {
      template_string();
    } else if (c == '/' && may_be_pattern()) {
      pattern();
    } else if (begins_name(c)) {
      name();
    } else if (text::is_digit(c)) {
      number();
    } else {
      mark();
    }
  }

  void javascript_string(char quote) {
    const std::size_t start = ++at_;
    while (at_ < text_.size() && peek() != quote && peek() != '\n') {
      line_ += peek() == '\\' && peek(1) == '\n' ? 1 : 0;
      at_ += peek() == '\\' ? 2 : 1;
    }
    at_ = std::min(at_, text_.size());
    put(Kind::kString, text_.substr(start, at_ - start));
    at_ += peek() == quote ? 1 : 0;
  }

  void template_string() {
    const std::size_t start = ++at_;
    CodeToken token;
    token.kind = Kind::kString;
    token.line = line_;
    while (at_ < text_.size() && peek() != '`') {
      if (looking_at("${")) {
        const std::size_t inner = at_ + 2;
        const std::size_t end = closing_brace(inner);
        token.dynamic = true;
        if (depth_ < kMaxDepth && end - inner < kMaxNested) {
          auto tokens = Lexer(text_.substr(inner, end - inner), line_, depth_ + 1).javascript();
          token.inside.insert(token.inside.end(), tokens.begin(), tokens.end());
        }
        line_ += static_cast<std::uint32_t>(
            std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                       text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
        at_ = std::min(end + 1, text_.size());
        continue;
      }
      line_ += peek() == '\n' ? 1 : 0;
      at_ += peek() == '\\' ? 2 : 1;
    }
    at_ = std::min(at_, text_.size());
    token.text = text_.substr(start, at_ - start);
    out_.push_back(std::move(token));
    at_ += peek() == '`' ? 1 : 0;
  }

  std::size_t closing_brace(std::size_t at) const {
    int depth = 1;
    for (; at < text_.size(); ++at) {
      depth += text_[at] == '{' ? 1 : text_[at] == '}' ? -1 : 0;
      if (depth == 0) {
        return at;
      }
    }
    return at;
  }

  bool may_be_pattern() const {
    if (out_.empty()) {
      return true;
    }
    const CodeToken& before = out_.back();
    if (before.kind == Kind::kMark) {
      return !before.is(")") && !before.is("]") && !before.is("}");
    }
    static constexpr std::string_view kWords[] = {"return", "typeof", "case",  "in",
                                                  "of",     "delete", "void",  "throw",
                                                  "new",    "else",   "await", "yield"};
    return before.is_name() &&
           std::find(std::begin(kWords), std::end(kWords), before.text) != std::end(kWords);
  }

  void pattern() {
    const std::size_t start = at_++;
    bool in_class = false;
    while (at_ < text_.size() && peek() != '\n' && (in_class || peek() != '/')) {
      in_class = peek() == '[' || (in_class && peek() != ']');
      at_ += peek() == '\\' ? 2 : 1;
    }
    at_ = std::min(at_ + (peek() == '/' ? 1 : 0), text_.size());
    while (at_ < text_.size() && text::is_alpha(text_[at_])) {
      ++at_;
    }
    put(Kind::kPattern, text_.substr(start, at_ - start));
  }

  std::string_view text_;
  std::uint32_t line_;
  int depth_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  std::vector<CodeToken> out_;
};

}  // namespace

std::vector<CodeToken> python_tokens(std::string_view text, std::uint32_t first_line) {
  return Lexer(text, first_line, 0).python();
}

std::vector<CodeToken> javascript_tokens(std::string_view text, std::uint32_t first_line) {
  return Lexer(text, first_line, 0).javascript();
}

}  // namespace oap::security
