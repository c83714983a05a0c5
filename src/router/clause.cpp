#include "router/clause.hpp"

#include <algorithm>

namespace oap::router {

using TokenKind = Token::Kind;

namespace {

Scope opening_scope_cjk(const Line& line, bool question, bool polite) {
  bool verb_first = false;
  bool asks = question;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const Unit& unit = line[i];
    if (unit.is(Kind::kInfo) && (!verb_first || line.language() == kChinese)) {
      return verb_first ? Scope::kOrder : Scope::kInfo;
    }
    verb_first = verb_first || (is_verb(unit) && line.is_order_here_cjk(i));
    asks = asks || unit.is(Kind::kQuestion);
  }
  return asks && !polite ? Scope::kInfo : Scope::kOrder;
}

}  // namespace

Scope opening_scope(const Line& line, bool question) {
  bool polite = false;
  for (std::size_t i = 0; i < line.size() && (line.cjk() || i < 8); ++i) {
    polite = polite || line[i].is(Kind::kPolite);
  }
  if (line.cjk()) {
    return opening_scope_cjk(line, question, polite);
  }
  for (const Unit& unit : line) {
    if (unit.is(Kind::kPolite)) {
      return Scope::kOrder;
    }
    if (unit.is(Kind::kQuestion) || unit.is(Kind::kInfo)) {
      return Scope::kInfo;
    }
    const bool skipped = unit.is(Kind::kGreeting) || unit.is(Kind::kThen) || unit.is(Kind::kAnd) ||
                         unit.is(Kind::kBut) || !unit.is_word();
    if (!skipped) {
      break;
    }
  }
  return question && !polite ? Scope::kInfo : Scope::kOrder;
}

void Clause::begin() {
  verb_may_start = true;
  negated = false;
  embedded = false;
  relative = false;
  after_and = false;
}

void Clause::mark(const Line& line, std::size_t i) {
  switch (line[i].kind) {
    case TokenKind::kComma:
      embedded = false;
      relative = false;
      negated = negated && line.or_follows(i);
      verb_may_start = true;
      break;
    case TokenKind::kColon:
      verb_may_start = true;
      embedded = false;
      break;
    case TokenKind::kItem:
      break;
    case TokenKind::kPath:
    case TokenKind::kUrl:
    case TokenKind::kHost:
    case TokenKind::kNumber:
    case TokenKind::kQuoted:
    case TokenKind::kWord:
    case TokenKind::kEnd:
    case TokenKind::kQuestion:
      verb_may_start = false;
      after_and = false;
      break;
  }
}

bool Clause::steer(const Line& line, std::size_t i) {
  const Unit& unit = line[i];
  const bool after_article = i > 0 && line[i - 1].is(Kind::kDeterminer);
  if (unit.is(Kind::kPolite)) {
    if (scope == Scope::kInfo && !verb_may_start && !line.cjk()) {
      return true;
    }
    const bool after_no = i > 0 && line[i - 1].is(Kind::kNo);
    scope = Scope::kOrder;
    begin();
    negated = after_no;
    return true;
  }
  if (unit.is(Kind::kThen) && !after_article && !unit.is(Kind::kQuestion)) {
    if (scope == Scope::kInfo && line.verb_follows(i)) {
      scope = Scope::kOrder;
    }
    begin();
    return true;
  }
  if (unit.is(Kind::kBut)) {
    const bool start = verb_may_start;
    begin();
    // "only" and "just" inside a clause begin none.
    verb_may_start = start || unit.text.size() > 2;
    return true;
  }
  if (unit.is(Kind::kOr)) {
    verb_may_start = true;
    return true;
  }
  if (unit.is(Kind::kNoAfter) && line.cjk()) {
    begin();
    return true;
  }
  if (unit.is(Kind::kNo) || unit.is(Kind::kNoAfter)) {
    negated = true;
    verb_may_start = true;
    return true;
  }
  if (unit.is(Kind::kAnd)) {
    verb_may_start = true;
    after_and = true;
    negated = negated && line.or_follows(i);
    if (relative && i > 0 && !is_verb(line[i - 1])) {
      embedded = false;
    }
    return true;
  }
  return purpose(line, i);
}

bool Clause::purpose(const Line& line, std::size_t i) {
  const Unit& unit = line[i];
  if (!unit.is(Kind::kPurpose)) {
    return false;
  }
  if (line.language() == kEnglish && unit.text == "to") {
    embedded = embedded || (!verb_may_start && line.verb_follows(i));
    return verb_may_start;
  }
  if (line.language() == kEnglish) {
    relative = unit.text == "that" || unit.text == "which" || unit.text == "who";
    embedded = true;
    return true;
  }
  if (i + 1 < line.size() && is_verb(line[i + 1])) {
    embedded = true;
  }
  return unit.is(Kind::kDeterminer) ? false : true;
}

bool Clause::may_be_verb(const Line& line, std::size_t i) const {
  const Unit& unit = line[i];
  if (line.cjk()) {
    return line.is_order_here_cjk(i);
  }
  const bool english = line.language() == kEnglish ||
                       std::all_of(unit.entries.begin(), unit.entries.end(),
                                   [](const Entry& entry) { return entry.language == kEnglish; });
  if (english) {
    return verb_may_start;
  }
  return i == 0 || verb_may_start || !line[i - 1].is(Kind::kDeterminer);
}

}  // namespace oap::router
