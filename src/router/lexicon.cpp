#include "router/lexicon.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "router/embedded.hpp"
#include "router/fold.hpp"
#include "router/tokens.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::router {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 28> kNames = {{
    {"tool", Kind::kTool},
    {"plan", Kind::kPlan},
    {"work", Kind::kWork},
    {"make", Kind::kMake},
    {"artifact", Kind::kArtifact},
    {"scope", Kind::kScope},
    {"hard", Kind::kHard},
    {"info", Kind::kInfo},
    {"question", Kind::kQuestion},
    {"polite", Kind::kPolite},
    {"no", Kind::kNo},
    {"no_after", Kind::kNoAfter},
    {"then", Kind::kThen},
    {"and", Kind::kAnd},
    {"or", Kind::kOr},
    {"but", Kind::kBut},
    {"determiner", Kind::kDeterminer},
    {"purpose", Kind::kPurpose},
    {"pronoun", Kind::kPronoun},
    {"me", Kind::kMe},
    {"greeting", Kind::kGreeting},
    {"preposition", Kind::kPreposition},
    {"filenoun", Kind::kFileNoun},
    {"program", Kind::kProgram},
    {"use", Kind::kUse},
    {"service", Kind::kService},
    {"local", Kind::kLocal},
    {"stop", Kind::kStop},
}};

std::optional<Kind> kind_of(std::string_view name) {
  for (const auto& [known, kind] : kNames) {
    if (known == name) {
      return kind;
    }
  }
  return std::nullopt;
}

bool is_verb(Kind kind) {
  return kind == Kind::kTool || kind == Kind::kPlan || kind == Kind::kWork;
}

bool is_vowel(char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; }

/// The -s, -ing and -ed forms of an English verb; both with and without a doubled consonant.
std::vector<std::pair<std::string, Form>> inflections(const std::string& verb) {
  std::vector<std::pair<std::string, Form>> forms;
  if (verb.size() < 3 || verb.find(' ') != std::string::npos) {
    return forms;
  }
  const char last = verb.back();
  const std::string stem = verb.substr(0, verb.size() - 1);
  if (last == 'y' && !is_vowel(verb[verb.size() - 2])) {
    return {
        {stem + "ies", Form::kThird}, {verb + "ing", Form::kGerund}, {stem + "ied", Form::kPast}};
  }
  if (last == 'e') {
    return {{verb + "s", Form::kThird}, {stem + "ing", Form::kGerund}, {verb + "d", Form::kPast}};
  }
  const bool hisses = last == 's' || last == 'x' || verb.ends_with("sh") || verb.ends_with("ch");
  forms.emplace_back(verb + (hisses ? "es" : "s"), Form::kThird);
  forms.emplace_back(verb + "ing", Form::kGerund);
  forms.emplace_back(verb + "ed", Form::kPast);
  if (!is_vowel(last) && is_vowel(verb[verb.size() - 2])) {
    forms.emplace_back(verb + last + "ing", Form::kGerund);
    forms.emplace_back(verb + last + "ed", Form::kPast);
  }
  return forms;
}

}  // namespace

void Lexicon::add_entry(std::string_view phrase, const Entry& entry) {
  if (is_cjk(text::decode_at(phrase, 0).value)) {
    longest_cjk_ = std::max(longest_cjk_, phrase.size());
  }
  const std::size_t space = phrase.find(' ');
  const auto words =
      static_cast<std::size_t>(std::count(phrase.begin(), phrase.end(), ' ')) + std::size_t{1};
  std::size_t& most = longest_[std::string(phrase.substr(0, space))];
  most = std::max(most, words);
  entries_[std::string(phrase)].push_back(entry);
}

void Lexicon::add(std::string_view text, Language language) {
  for (const std::string_view line : text::split_lines(text)) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with('#') || colon == std::string_view::npos) {
      continue;
    }
    const auto names = text::split_words(line.substr(0, colon));
    const std::optional<Kind> kind = names.empty() ? std::nullopt : kind_of(names[0]);
    if (!kind) {
      continue;
    }
    Entry entry{*kind, Form::kBase, language, names.size() > 1 ? std::string(names[1]) : ""};
    for (const std::string_view item : text::split(line.substr(colon + 1), ',')) {
      const std::string phrase = normal_phrase(text::trim(item));
      if (phrase.empty()) {
        continue;
      }
      entry.form = Form::kBase;
      add_entry(phrase, entry);
      if (language == kEnglish && is_verb(*kind)) {
        for (const auto& [form, which] : inflections(phrase)) {
          entry.form = which;
          add_entry(form, entry);
        }
      }
    }
  }
}

const Entries* Lexicon::find(std::string_view phrase) const {
  const auto found = entries_.find(phrase);
  return found == entries_.end() ? nullptr : &found->second;
}

std::size_t Lexicon::longest(std::string_view first_word) const {
  const auto found = longest_.find(first_word);
  return found == longest_.end() ? 0 : found->second;
}

const Lexicon& lexicon() {
  static const Lexicon words = [] {
    Lexicon all;
    all.reserve(16384);
    for (Language language = 0; language < kLanguageCount; ++language) {
      all.add(embedded(std::string(kLanguages[language]) + ".txt"), language);
    }
    return all;
  }();
  return words;
}

}  // namespace oap::router
