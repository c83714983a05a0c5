#include "router/line.hpp"

#include <algorithm>

#include "text/utf8.hpp"

namespace oap::router {
namespace {

using TokenKind = Token::Kind;

constexpr Language kGerman = 2;
constexpr Language kDutch = 7;

}  // namespace

bool is_verb(const Unit& unit) {
  return unit.is(Kind::kTool) || unit.is(Kind::kPlan) || unit.is(Kind::kWork) ||
         unit.is(Kind::kMake);
}

bool has_form(const Unit& unit, Form form) {
  return std::any_of(unit.entries.begin(), unit.entries.end(), [form](const Entry& entry) {
    return entry.form == form && (entry.kind == Kind::kTool || entry.kind == Kind::kPlan ||
                                  entry.kind == Kind::kWork || entry.kind == Kind::kMake);
  });
}

bool Line::is_filler(const Unit& unit) const {
  return unit.is(Kind::kGreeting) || unit.is(Kind::kMe) || unit.text.ends_with("ly");
}

bool Line::or_follows(std::size_t i) const {
  for (std::size_t k = i + 1; k < units_.size() && k < i + 40; ++k) {
    if (units_[k].is(Kind::kBut) || units_[k].is(Kind::kThen) || units_[k].is(Kind::kPolite)) {
      return false;
    }
    if (units_[k].is(Kind::kOr)) {
      return true;
    }
  }
  return false;
}

bool Line::verb_follows(std::size_t i) const {
  std::size_t k = i + 1;
  while (k < units_.size() &&
         (is_filler(units_[k]) || units_[k].is(Kind::kAnd) || units_[k].kind == TokenKind::kComma ||
          units_[k].is(Kind::kPolite))) {
    ++k;
  }
  return k < units_.size() && is_verb(units_[k]);
}

bool Line::is_order_here_cjk(std::size_t i) const {
  const bool last_word = i + 1 >= units_.size() || !units_[i + 1].is_word();
  if (language_ == kChinese) {
    return !(last_word && i > 0 && units_[i - 1].is(Kind::kTool));
  }
  if (last_word) {
    return true;
  }
  if (language_ == kKorean) {
    return !is_object_cjk(i) || does_it(i + 2);
  }
  const std::string& text = units_[i].text;
  std::size_t last = text.size() - 1;
  while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) {
    --last;
  }
  const char32_t final = text::decode_at(text, last).value;
  if (final >= 0x3041 && final <= 0x309F) {
    return true;
  }
  const Unit& next = units_[i + 1];
  if (!next.is_word() || next.is(Kind::kNoAfter) || next.is(Kind::kPolite) || next.is(Kind::kAnd) ||
      next.is(Kind::kThen)) {
    return true;
  }
  return is_object_cjk(i) ? does_it(i + 2) : does_it(i + 1);
}

bool Line::is_object_cjk(std::size_t i) const {
  const std::string& next = units_[i + 1].text;
  return next == "を" || next == "을" || next == "를" || next == "사항을" || next == "사항";
}

bool Line::does_it(std::size_t i) const {
  if (i >= units_.size() || !units_[i].is_word() || units_[i].is(Kind::kPolite)) {
    return true;
  }
  for (const std::string_view ending : {"し", "す", "せ", "で", "お", "願", "をし", "をお", "をす",
                                        "하", "해", "할", "한", "합", "을 해", "만"}) {
    if (units_[i].text.starts_with(ending)) {
      return true;
    }
  }
  return false;
}

bool Line::negated_after(std::size_t i) const {
  for (std::size_t k = i + 1; k < units_.size() && k < i + (cjk_ ? 3 : 12); ++k) {
    if (units_[k].kind == TokenKind::kComma || units_[k].is(Kind::kBut) ||
        units_[k].is(Kind::kThen) || (k > i + 1 && cjk_ && is_verb(units_[k]))) {
      return false;
    }
    if (units_[k].is(Kind::kAnd) && verb_follows(k)) {
      return false;
    }
    if (units_[k].is(Kind::kNoAfter)) {
      return true;
    }
  }
  return false;
}

bool Line::about_the_same(std::size_t i) const {
  std::size_t k = i + 1;
  while (k < units_.size() && units_[k].is(Kind::kMe)) {
    ++k;
  }
  return k < units_.size() && units_[k].is(Kind::kPronoun);
}

bool Line::makes_artifact(std::size_t i) const {
  if (language_ == kEnglish) {
    const Unit* head = nullptr;
    for (std::size_t k = i + 1; k < units_.size() && k < i + 12; ++k) {
      if (!units_[k].is_word() || units_[k].is(Kind::kPreposition) || units_[k].is(Kind::kAnd)) {
        break;
      }
      head = &units_[k];
    }
    return head != nullptr && artifact_word(*head);
  }
  const auto boundary = [&](const Unit& unit) {
    return unit.kind == TokenKind::kComma || unit.kind == TokenKind::kColon || unit.is(Kind::kThen);
  };
  for (std::size_t k = i + 1; k < units_.size() && k < i + 16 && !boundary(units_[k]); ++k) {
    if (artifact_word(units_[k])) {
      return true;
    }
  }
  for (std::size_t k = i; k-- > 0 && k + 12 > i && !boundary(units_[k]);) {
    if (artifact_word(units_[k])) {
      return true;
    }
  }
  return false;
}

bool Line::artifact_word(const Unit& unit) const {
  if (unit.is(Kind::kArtifact)) {
    return true;
  }
  const std::size_t hyphen = unit.text.find_last_of('-');
  if (hyphen != std::string::npos) {
    const Entries* last = lexicon().find(std::string_view(unit.text).substr(hyphen + 1));
    return last != nullptr && std::any_of(last->begin(), last->end(), [](const Entry& entry) {
             return entry.kind == Kind::kArtifact;
           });
  }
  if ((language_ != kGerman && language_ != kDutch) || !unit.is_word()) {
    return false;
  }
  for (const std::string_view end :
       {"system", "systeem", "anwendung", "schnittstelle", "dienst", "plattform", "platform",
        "architektur", "strategie", "plan", "api", "app", "applicatie", "-server", "konzept"}) {
    if (unit.text.size() > end.size() + 2 && unit.text.ends_with(end)) {
      return true;
    }
  }
  return false;
}

}  // namespace oap::router
