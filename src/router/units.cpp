#include <algorithm>
#include <array>

#include "router/fold.hpp"
#include "router/sentence.hpp"
#include "text/utf8.hpp"

namespace oap::router {
namespace {

constexpr std::size_t kEnoughTokens = 4000;

bool speaks_for_language(Kind kind) {
  return kind == Kind::kStop || kind == Kind::kTool || kind == Kind::kPlan || kind == Kind::kWork ||
         kind == Kind::kInfo || kind == Kind::kPolite || kind == Kind::kQuestion;
}

/// Japanese and Korean are known by their scripts, Chinese by Han without kana.
Language language_of_script(const std::vector<Token>& tokens) {
  std::size_t kana = 0;
  std::size_t hangul = 0;
  std::size_t han = 0;
  std::size_t latin = 0;
  for (std::size_t i = 0; i < tokens.size() && i < kEnoughTokens; ++i) {
    if (tokens[i].kind != Token::Kind::kWord) {
      continue;
    }
    const char32_t c = text::decode_at(tokens[i].text, 0).value;
    kana += is_kana(c) ? 1 : 0;
    hangul += is_hangul(c) ? 1 : 0;
    han += is_cjk(c) && !is_kana(c) && !is_hangul(c) ? 1 : 0;
    latin += is_cjk(c) ? 0 : 1;
  }
  const std::size_t cjk = kana + hangul + han;
  if (cjk * 3 < latin || cjk == 0) {
    return kAny;
  }
  if (hangul > kana && hangul >= han) {
    return kKorean;
  }
  return kana > 0 ? kJapanese : kChinese;
}

}  // namespace

const Entry* Unit::entry(Kind what) const {
  for (const Entry& each : entries) {
    if (each.kind == what) {
      return &each;
    }
  }
  return nullptr;
}

Language detect_language(const std::vector<Token>& tokens, const Lexicon& words) {
  if (const Language by_script = language_of_script(tokens); by_script != kAny) {
    return by_script;
  }
  std::array<std::size_t, kLanguageCount> score{};
  for (std::size_t i = 0; i < tokens.size() && i < kEnoughTokens; ++i) {
    const Entries* entries =
        tokens[i].kind == Token::Kind::kWord ? words.find(tokens[i].text) : nullptr;
    if (entries == nullptr) {
      continue;
    }
    std::array<bool, kLanguageCount> seen{};
    for (const Entry& entry : *entries) {
      if (speaks_for_language(entry.kind) && !seen[entry.language]) {
        seen[entry.language] = true;
        ++score[entry.language];
      }
    }
  }
  Language best = kEnglish;
  for (Language language = kEnglish; language < kLanguageCount; ++language) {
    if (score[language] > score[best]) {
      best = language;
    }
  }
  return best;
}

std::vector<Unit> to_units(const std::vector<Token>& tokens, const Lexicon& words,
                           Language language) {
  const auto fits = [language](const Entry& entry) {
    const bool verb = entry.kind == Kind::kTool || entry.kind == Kind::kPlan ||
                      entry.kind == Kind::kProgram || entry.kind == Kind::kWork;
    return entry.language == language || entry.language == kAny ||
           (verb && entry.language == kEnglish && entry.form == Form::kBase);
  };
  std::vector<Unit> units;
  units.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size();) {
    Unit unit{tokens[i].kind, tokens[i].text, {}};
    std::size_t used = 1;
    if (unit.is_word()) {
      std::size_t most = std::max<std::size_t>(words.longest(unit.text), 1);
      std::string phrase = unit.text;
      std::size_t length = 1;
      while (true) {
        Entries kept;
        if (const Entries* found = words.find(phrase)) {
          std::copy_if(found->begin(), found->end(), std::back_inserter(kept), fits);
        }
        if (!kept.empty()) {
          unit.text = phrase;
          unit.entries = std::move(kept);
          used = length;
        }
        if (length >= most || i + length >= tokens.size() ||
            tokens[i + length].kind != Token::Kind::kWord) {
          break;
        }
        phrase += " " + tokens[i + length].text;
        ++length;
      }
    }
    units.push_back(std::move(unit));
    i += used;
  }
  return units;
}

}  // namespace oap::router
