#include "session/shell_place.hpp"

#include <algorithm>

namespace oap::session {
namespace {

bool begins_word(char before) {
  constexpr std::string_view kBefore = " \t\n;&|()";
  return kBefore.find(before) != std::string_view::npos;
}

}  // namespace

std::size_t ShellPlace::dollar(std::string_view rest) {
  if (rest.starts_with("$((")) {
    open_.push_back(Kind::kArithmetic);
    return 3;
  }
  const char next = rest.size() > 1 ? rest[1] : '\0';
  if (next == '(' || next == '{' || next == '[') {
    open_.push_back(next == '(' ? Kind::kParen : next == '{' ? Kind::kBrace : Kind::kArithmetic);
    return 2;
  }
  after_dollar_ = true;
  return next == '$' ? 2 : 1;
}

std::size_t ShellPlace::doubled(std::string_view rest) {
  if (rest.front() == '"') {
    open_.pop_back();
    return 1;
  }
  if (rest.front() == '\\') {
    return 2;
  }
  return rest.front() == '$' ? dollar(rest) : 1;
}

std::size_t ShellPlace::plain(std::string_view rest) {
  const char c = rest.front();
  if (c == '\\') {
    return 2;
  }
  if (rest.starts_with("$'") || rest.starts_with("$\"")) {
    open_.push_back(rest[1] == '"' ? Kind::kDouble : Kind::kAnsi);
    return 2;
  }
  if (c == '$') {
    return dollar(rest);
  }
  if (c == '\'' || c == '"') {
    open_.push_back(c == '"' ? Kind::kDouble : Kind::kSingle);
  } else if (c == '#' && begins_word(before_)) {
    open_.push_back(Kind::kComment);
  } else if (rest.starts_with("((")) {
    open_.push_back(Kind::kArithmetic);
    return 2;
  } else if (rest.starts_with("[[") && begins_word(before_)) {
    open_.push_back(Kind::kTest);
    return 2;
  } else if (rest.starts_with("<<<")) {
    return 3;
  } else if (rest.starts_with("<<")) {
    here_document_ = true;
    return 2;
  } else if (c == '(') {
    open_.push_back(Kind::kParen);
  } else if (c == ')' && top() == Kind::kParen) {
    open_.pop_back();
  }
  return 1;
}

std::size_t ShellPlace::step(std::string_view rest) {
  const char c = rest.front();
  switch (top()) {
    case Kind::kPlain:
    case Kind::kParen:
      return plain(rest);
    case Kind::kDouble:
      return doubled(rest);
    case Kind::kSingle:
      if (c == '\'') {
        open_.pop_back();
      }
      return 1;
    case Kind::kAnsi:
      if (c == '\'') {
        open_.pop_back();
      }
      return c == '\\' ? 2 : 1;
    case Kind::kComment:
      if (c == '\n') {
        open_.pop_back();
      }
      return 1;
    case Kind::kBrace:
      if (c == '}') {
        open_.pop_back();
      } else if (c == '{') {
        open_.push_back(Kind::kBrace);
      }
      return c == '\\' ? 2 : 1;
    case Kind::kTest:
      if (rest.starts_with("]]")) {
        open_.pop_back();
        return 2;
      }
      return 1;
    case Kind::kArithmetic:
      if (rest.starts_with("))") || c == ']') {
        open_.pop_back();
        return c == ']' ? 1 : 2;
      }
      return 1;
  }
  return 1;
}

void ShellPlace::pass(std::string_view text) {
  while (!text.empty()) {
    after_dollar_ = false;
    const std::size_t length = std::min(step(text), text.size());
    before_ = length > 1 ? 'x' : text.front();
    text.remove_prefix(length);
  }
}

void ShellPlace::pass_data() {
  before_ = 'x';
  after_dollar_ = false;
}

ShellPlace::Kind ShellPlace::kind() const { return top() == Kind::kParen ? Kind::kPlain : top(); }

std::string_view ShellPlace::refusal() const {
  if (here_document_) {
    return "it stands behind a here-document, which cannot quote it";
  }
  if (after_dollar_) {
    return "a $ stands before it";
  }
  const auto within = [this](Kind kind) {
    return std::find(open_.begin(), open_.end(), kind) != open_.end();
  };
  if (within(Kind::kArithmetic)) {
    return "arithmetic would read it as code";
  }
  if (within(Kind::kTest)) {
    return "[[ ]] may read it as code; write [ ]";
  }
  if (within(Kind::kBrace)) {
    return "it stands in ${ }";
  }
  if (within(Kind::kAnsi)) {
    return "it stands in $' '; write ' '";
  }
  return within(Kind::kComment) ? "it stands in a comment" : "";
}

}  // namespace oap::session
