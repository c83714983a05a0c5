#include "security/code_tokens.hpp"

#include <algorithm>
#include <utility>

#include "text/strings.hpp"

namespace oap::security {
namespace {

using Kind = CodeToken::Kind;
/// Strings within expressions of strings.
constexpr int kMaxDepth = 16;
/// "\N{LATIN SMALL LETTER A}"
constexpr std::size_t kLongestCharacterName = 100;

bool begins_name(char c) {
  return text::is_alpha(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}
bool in_name(char c) { return begins_name(c) || text::is_digit(c); }

bool is_pair(char first, char second) {
  switch (second) {
    case '=':
      return first == '=' || first == '!' || first == '+' || first == ':' || first == '<' ||
             first == '>';
    case '>':
      return first == '=' || first == '-';
    case '.':
      return first == '?';
    case '*':
    case '|':
    case '&':
    case '?':
    case '/':
      return first == second;
    default:
      return false;
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {
    constexpr std::size_t kFirst = 64U << 10U;
    out_.reserve(std::min(text.size() / 2, kFirst));
  }

  CodeTokens python() {
    while (!done()) {
      python_step();
    }
    drop_docstrings();
    return {std::move(out_), unread_};
  }

  CodeTokens javascript() {
    while (!done()) {
      javascript_step();
    }
    return {std::move(out_), unread_};
  }

 private:
  bool done() const { return at_ >= text_.size() || count_ >= kMaxTokens; }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool looking_at(std::string_view word) const { return text_.substr(at_).starts_with(word); }

  CodeToken& put(Kind kind, std::string_view text) {
    CodeToken& token = out_.emplace_back();
    token.kind = kind;
    token.text = text;
    token.line = line_;
    ++count_;
    return token;
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
    const char c = text_[at_];
    const std::size_t length = is_pair(c, peek(1)) ? 2 : 1;
    nesting_ += c == '(' || c == '[' || c == '{' ? 1 : 0;
    nesting_ -= (c == ')' || c == ']' || c == '}') && nesting_ > 0 ? 1 : 0;
    put(Kind::kMark, text_.substr(at_, length));
    at_ += length;
  }

  /// The tokens of an expression within a string, up to what `ends` takes outside of brackets.
  template <class Step, class Ends>
  std::vector<CodeToken> expression(Step step, Ends ends) {
    std::vector<CodeToken> outer = std::exchange(out_, {});
    const int nesting = std::exchange(nesting_, 1);
    ++depth_;
    while (!done() && !(nesting_ == 1 && ends())) {
      step();
    }
    --depth_;
    nesting_ = nesting;
    return std::exchange(out_, std::move(outer));
  }

  bool is_too_deep() {
    const bool deep = depth_ >= kMaxDepth;
    unread_ = deep && unread_ == 0 ? line_ : unread_;
    return deep;
  }

  static void append(std::vector<CodeToken>& to, std::vector<CodeToken>&& more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }

  void python_step() {
    const char c = peek();
    if (c == '\n') {
      if (nesting_ == 0) {
        put(Kind::kLine, text_.substr(at_, 1));
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

  /// A string's quotes, and whether it has fields and escapes.
  struct Quoting {
    std::string_view closing;
    bool format = false;
    bool raw = false;
  };
  bool is_at_end(const Quoting& quoting) const {
    return at_ >= text_.size() || looking_at(quoting.closing) ||
           (quoting.closing.size() == 1 && peek() == '\n');
  }

  void python_string(std::size_t prefix) {
    const std::string_view letters = text_.substr(at_, prefix);
    Quoting quoting;
    quoting.format = letters.find_first_of("fFtT") != std::string_view::npos;
    quoting.raw = letters.find_first_of("rR") != std::string_view::npos;
    at_ += prefix;
    const bool three = peek(1) == peek() && peek(2) == peek();
    quoting.closing = text_.substr(at_, three ? 3 : 1);
    at_ += quoting.closing.size();
    const std::size_t start = at_;
    CodeToken token;
    token.kind = Kind::kString;
    token.line = line_;
    while (!is_at_end(quoting)) {
      if (peek() == '\\') {
        python_escape(quoting);
      } else if (quoting.format && peek() == '{') {
        python_field(quoting, token);
      } else {
        line_ += peek() == '\n' ? 1 : 0;
        ++at_;
      }
    }
    token.text = text_.substr(start, at_ - start);
    at_ += looking_at(quoting.closing) ? quoting.closing.size() : 0;
    out_.push_back(std::move(token));
    ++count_;
  }

  void python_escape(const Quoting& quoting) {
    if (quoting.format && peek(1) == '{') {
      ++at_;
      return;
    }
    if (quoting.format && !quoting.raw && looking_at("\\N{")) {
      const std::size_t close = text_.substr(at_, kLongestCharacterName).find('}');
      at_ += close == std::string_view::npos ? 2 : close + 1;
      return;
    }
    line_ += peek(1) == '\n' ? 1 : 0;
    at_ = std::min(at_ + 2, text_.size());
  }

  /// `{value!r:>{width}}`
  void python_field(const Quoting& quoting, CodeToken& token) {
    if (peek(1) == '{') {
      at_ += 2;
      return;
    }
    ++at_;
    if (is_too_deep()) {
      return;
    }
    token.dynamic = true;
    append(token.inside, expression([this] { python_step(); },
                                    [this] {
                                      return peek() == '}' || peek() == ':' ||
                                             (peek() == '!' && peek(1) != '=');
                                    }));
    if (peek() == '!') {
      ++at_;
      while (text::is_alpha(peek())) {
        ++at_;
      }
    }
    if (peek() == ':') {
      ++at_;
      ++depth_;
      while (!is_at_end(quoting) && peek() != '}') {
        if (peek() == '{') {
          python_field(quoting, token);
        } else {
          line_ += peek() == '\n' ? 1 : 0;
          ++at_;
        }
      }
      --depth_;
    }
    at_ += peek() == '}' ? 1 : 0;
  }

  void drop_docstrings() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < out_.size(); ++i) {
      const bool begins = kept == 0 || out_[kept - 1].kind == Kind::kLine || out_[kept - 1].is(":");
      const bool ends = i + 1 == out_.size() || out_[i + 1].kind == Kind::kLine;
      if (out_[i].is_string() && begins && ends && !out_[i].dynamic) {
        continue;
      }
      if (kept != i) {
        out_[kept] = std::move(out_[i]);
      }
      ++kept;
    }
    out_.resize(kept);
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
      count_lines(end);
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
      parenthesis(c);
      mark();
    }
  }

  void count_lines(std::size_t end) {
    line_ += static_cast<std::uint32_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                   text_.begin() + static_cast<std::ptrdiff_t>(end),
                                                   '\n'));
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
      if (looking_at("${") && !is_too_deep()) {
        at_ += 2;
        token.dynamic = true;
        append(token.inside,
               expression([this] { javascript_step(); }, [this] { return peek() == '}'; }));
        at_ += peek() == '}' ? 1 : 0;
        continue;
      }
      line_ += peek() == '\n' || (peek() == '\\' && peek(1) == '\n') ? 1 : 0;
      at_ += peek() == '\\' ? 2 : 1;
    }
    at_ = std::min(at_, text_.size());
    token.text = text_.substr(start, at_ - start);
    out_.push_back(std::move(token));
    ++count_;
    at_ += peek() == '`' ? 1 : 0;
  }

  /// Remembers which parentheses hold a condition: behind these a pattern may stand.
  void parenthesis(char c) {
    if (c == '(') {
      static constexpr std::string_view kWords[] = {"if", "while", "for", "with"};
      conditions_.push_back(!out_.empty() && out_.back().is_name() &&
                            std::find(std::begin(kWords), std::end(kWords), out_.back().text) !=
                                std::end(kWords));
    } else if (c == ')') {
      behind_condition_ = !conditions_.empty() && conditions_.back();
      if (!conditions_.empty()) {
        conditions_.pop_back();
      }
    }
  }

  bool may_be_pattern() const {
    if (out_.empty()) {
      return true;
    }
    const CodeToken& before = out_.back();
    if (before.is(")")) {
      return behind_condition_;
    }
    if (before.kind == Kind::kMark) {
      return !before.is("]") && !before.is("}");
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
  std::uint32_t line_ = 1;
  std::uint32_t unread_ = 0;
  int depth_ = 0;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  int nesting_ = 0;
  std::vector<bool> conditions_;
  bool behind_condition_ = false;
  std::vector<CodeToken> out_;
};

}  // namespace

CodeTokens python_tokens(std::string_view text) { return Lexer(text).python(); }

CodeTokens javascript_tokens(std::string_view text) { return Lexer(text).javascript(); }

void each_span(TokenSpan tokens, const std::function<void(TokenSpan)>& visit) {
  visit(tokens);
  for (const CodeToken& token : tokens) {
    if (!token.inside.empty()) {
      each_span(token.inside, visit);
    }
  }
}

}  // namespace oap::security
