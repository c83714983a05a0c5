#include <algorithm>

#include "security/secret_checks.hpp"
#include "security/secret_context.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kLongestValue = 4096;
constexpr std::size_t kLookBack = 320;
constexpr std::size_t kLongestWords = 512;  ///< 24 words and what stands between them

bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

bool is_hex(char c) {
  const char lower = text::to_lower(c);
  return text::is_digit(c) || (lower >= 'a' && lower <= 'f');
}

bool is_name(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '.' || c == '-' || c == ':';
}

/// The name that stands before the value: the last word that is none of the notation's own.
std::string_view name_before(const MarkPattern& mark, std::string_view text, std::size_t start) {
  const std::size_t low = start > kLookBack ? start - kLookBack : 0;
  if (mark.expression.starts_with("variable")) {  // of Terraform: the block's label
    const std::string_view near = text.substr(low, start - low);
    const std::size_t block = near.rfind("variable");
    const std::size_t open = block == std::string_view::npos ? block : near.find('"', block);
    return open == std::string_view::npos
               ? std::string_view()
               : near.substr(open + 1, near.find('"', open + 1) - open - 1);
  }
  std::size_t at = start;
  for (int words = 0; words < 5 && at > low; ++words) {
    while (at > low && !is_name(text[at - 1])) {
      --at;
    }
    const std::size_t end = at;
    while (at > low && is_name(text[at - 1])) {
      --at;
    }
    std::string_view word = text.substr(at, end - at);
    while (word.ends_with(':')) {
      word.remove_suffix(1);
    }
    if (!word.empty() && !text::equals_ci(word, "value") && !text::equals_ci(word, "string") &&
        !text::equals_ci(word, "key")) {
      return word;
    }
  }
  return {};
}

bool is_mnemonic(std::string_view value) {
  const auto words = text::split(value, ' ');
  const std::size_t count = words.size();
  return (count == 12 || count == 15 || count == 18 || count == 21 || count == 24) &&
         std::all_of(words.begin(), words.end(), [](std::string_view word) {
           return word.size() >= 3 && word.size() <= 8 &&
                  std::all_of(word.begin(), word.end(),
                              [](char c) { return c >= 'a' && c <= 'z'; });
         });
}

std::size_t word_end(std::string_view text, std::size_t start, const MarkPattern& mark) {
  const char before = start > 0 ? text[start - 1] : '\0';
  const char quote = is_quote(before) ? before : '\0';
  const bool words = mark.demand == Demand::kWords;
  const bool oracle = mark.expression.starts_with("jdbc");
  const std::size_t most = std::min(text.size(), start + (words ? kLongestWords : kLongestValue));
  std::size_t at = start;
  while (at < most) {
    const char c = text[at];
    const bool ends = quote != '\0' ? c == quote || c == '\n'
                      : words       ? c != ' ' && !text::is_alpha(c)
                                    : text::is_space(c) || is_quote(c) || c == '\\';
    if (ends || (before == '>' && c == '<') || (oracle && c == '@') ||
        (mark.demand == Demand::kRandom && (c == '|' || text.substr(at, 2) == "**"))) {
      break;
    }
    ++at;
  }
  return at;
}

/// `-pass pass:…` of OpenSSL: what stands before the password itself.
std::size_t notation(std::string_view text, std::size_t start) {
  return text.substr(start).starts_with("pass:") ? 5 : 0;
}

bool holds(const MarkPattern& mark, NameKind kind, std::string_view value) {
  switch (mark.demand) {
    case Demand::kPassword:
    case Demand::kSecret:
    case Demand::kNamed:
      return is_secret_value(kind, value, ValueForm::kLine);
    case Demand::kRandom:
      return looks_random(value) && value.find(':') == std::string_view::npos &&
             !fails_crc32(value);
    case Demand::kUuid:
      return is_uuid(value) && entropy(value) > 2.5;
    case Demand::kHex:
      return value.size() >= 32 && std::all_of(value.begin(), value.begin() + 32, is_hex) &&
             entropy(value) > 2.5 && !is_sample(value);
    case Demand::kKey: {
      const std::string_view digits = value.substr(value.starts_with("0x") ? 2 : 0);
      return digits.size() == 64 && std::all_of(digits.begin(), digits.end(), is_hex) &&
             entropy(digits) > 2.5 && !is_sample(digits);
    }
    case Demand::kWords:
      return is_mnemonic(value);
  }
  return false;
}

}  // namespace

ContextAnswer look_at_phrase(const MarkPattern& mark, const TextView& view, std::size_t end) {
  ContextAnswer answer;
  answer.hold = end - 1;
  const std::size_t start = end - 1 + notation(view.text, end - 1);
  std::size_t stop = word_end(view.text, start, mark);
  view.spend(kLookBack + (stop - start));
  if (stop == view.text.size() && !view.last && stop - start < kLongestValue) {
    answer.needs_more = true;
    return answer;
  }
  const bool quoted = start > 0 && is_quote(view.text[start - 1]);
  while (!quoted && stop > start &&
         std::string_view(",;.)] ").find(view.text[stop - 1]) != std::string_view::npos) {
    --stop;
  }
  if (stop == start) {
    return answer;
  }
  const std::string_view value = view.text.substr(start, stop - start);
  const bool by_name = mark.demand == Demand::kNamed;
  const std::string_view name = by_name ? name_before(mark, view.text, start) : std::string_view();
  const NameKind kind = by_name                          ? name_kind(name)
                        : mark.demand == Demand::kSecret ? NameKind::kSecret
                                                         : NameKind::kPassword;
  view.spend(value.size() * kPassesOverValue);
  if (const auto named = kind == NameKind::kNone ? std::string_view() : type_by_name(name, value);
      !named.empty()) {
    answer.found.push_back({named, start, stop});
    return answer;
  }
  if (!holds(mark, kind, value)) {
    return answer;
  }
  const std::string_view type = !mark.type.empty()            ? mark.type
                                : kind == NameKind::kPassword ? "password"
                                                              : "generic_secret";
  answer.found.push_back({type, start, stop});
  return answer;
}

}  // namespace oap::security
