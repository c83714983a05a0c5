#include <string>
#include <string_view>

#include "permission/inline_code.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

bool one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

/// Behind the delimiter that follows an unescaped text; npos where there is none.
std::size_t past(std::string_view text, std::size_t at, char delimiter) {
  bool bracket = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
    } else if (c == delimiter) {
      return bracket ? std::string_view::npos : at + 1;
    } else if (c == '[' || c == ']') {
      bracket = c == '[';
    }
  }
  return std::string_view::npos;
}

std::size_t past_line(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != '\n') {
    at += text[at] == '\\' ? 2 : 1;
  }
  return std::min(at, text.size());
}

/// Behind `s/a/b/flags` or `y/a/b/`, from behind the letter; npos where it does more than that.
std::size_t past_substitution(std::string_view text, std::size_t at, bool flags) {
  if (at >= text.size() || text[at] == '\\' || text[at] == '\n') {
    return std::string_view::npos;
  }
  const char delimiter = text[at];
  at = past(text, at + 1, delimiter);
  at = at == std::string_view::npos ? at : past(text, at, delimiter);
  while (flags && at < text.size() && one_of(text[at], "gpiIMmew0123456789")) {
    if (text[at] == 'e' || text[at] == 'w') {
      return std::string_view::npos;
    }
    ++at;
  }
  return at;
}

/// Reads an awk program in its lexical parts.
class Awk {
 public:
  explicit Awk(std::string_view text) : text_(text) {}

  bool is_plain() {
    while (at_ < text_.size() && plain_) {
      const char c = text_[at_];
      if (c == '"') {
        skip_literal('"');
        operand_ = true;
      } else if (c == '/' && !operand_) {
        skip_literal('/');
        operand_ = true;
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text::is_alpha(c) || c == '_') {
        word();
      } else {
        symbol(c);
      }
    }
    return plain_;
  }

 private:
  void skip_literal(char end) {
    for (++at_; at_ < text_.size() && text_[at_] != end; ++at_) {
      at_ += text_[at_] == '\\' ? 1 : 0;
      plain_ = plain_ && at_ < text_.size() && text_[at_] != '\n';
    }
    plain_ = plain_ && at_ < text_.size();
    ++at_;
  }

  void word() {
    const std::size_t from = at_;
    while (at_ < text_.size() &&
           (text::is_alpha(text_[at_]) || text::is_digit(text_[at_]) || text_[at_] == '_')) {
      ++at_;
    }
    const std::string_view name = text_.substr(from, at_ - from);
    plain_ = name != "system" && name != "getline" && name != "fflush" && name != "close" &&
             name != "ARGV";
    printing_ = printing_ || name == "print" || name == "printf";
    depth_ = name == "print" || name == "printf" ? 0 : depth_;
    operand_ = name != "print" && name != "printf" && name != "return" && name != "in";
  }

  void symbol(char c) {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == '|' && next == '|') {
      ++at_;
    } else if (one_of(c, "@|`\\") || (c == '>' && printing_ && depth_ <= 0)) {
      plain_ = false;
    } else if (c == ';' || c == '\n' || c == '}' || c == '{') {
      printing_ = false;
    }
    depth_ += c == '(' ? 1 : (c == ')' ? -1 : 0);
    if (!one_of(c, " \t")) {
      operand_ = one_of(c, ")]$") || text::is_digit(c);
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool printing_ = false;
  bool operand_ = false;  ///< what stands before is a value: / divides
  bool plain_ = true;
};

}  // namespace

bool is_plain_sed(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at++];
    if (one_of(c, " \t\n;{}0123456789,$!~+pdqQDGHNPghnlxzIMF=")) {
      continue;
    }
    if (c == '/') {
      at = past(text, at, '/');
    } else if (c == '\\' && at < text.size()) {
      at = past(text, at + 1, text[at]);
    } else if (c == 's' || c == 'y') {
      at = past_substitution(text, at, c == 's');
    } else if (c == 'a' || c == 'i' || c == 'c' || c == '#') {
      at = past_line(text, at);
    } else if (one_of(c, "btT:")) {
      at = std::min(text.find_first_of(";} \n", text.find_first_not_of(" \t", at)), text.size());
    } else {
      return false;
    }
  }
  return at == text.size();
}

bool is_plain_awk(std::string_view program) { return Awk(program).is_plain(); }

}  // namespace oap::permission
