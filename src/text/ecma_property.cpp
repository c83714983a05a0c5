#include "text/ecma_property.hpp"

#include <algorithm>
#include <iterator>

namespace oap::text {
namespace {

struct Name {
  std::string_view name;
  std::string_view re2;
};

/// UAX #44, General_Category: names and aliases that RE2 knows by the short form.
constexpr Name kCategories[] = {
    {"Letter", "L"},
    {"Lowercase_Letter", "Ll"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Titlecase_Letter", "Lt"},
    {"Uppercase_Letter", "Lu"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Close_Punctuation", "Pe"},
    {"Final_Punctuation", "Pf"},
    {"Initial_Punctuation", "Pi"},
    {"Other_Punctuation", "Po"},
    {"Open_Punctuation", "Ps"},
    {"Symbol", "S"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Math_Symbol", "Sm"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Space_Separator", "Zs"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Private_Use", "Co"},
};

/// UAX #24: scripts that are common in patterns, by their four-letter code.
constexpr Name kScripts[] = {
    {"Arab", "Arabic"},    {"Armn", "Armenian"},   {"Beng", "Bengali"},  {"Bopo", "Bopomofo"},
    {"Cyrl", "Cyrillic"},  {"Deva", "Devanagari"}, {"Ethi", "Ethiopic"}, {"Geor", "Georgian"},
    {"Grek", "Greek"},     {"Gujr", "Gujarati"},   {"Guru", "Gurmukhi"}, {"Hang", "Hangul"},
    {"Hani", "Han"},       {"Hebr", "Hebrew"},     {"Hira", "Hiragana"}, {"Kana", "Katakana"},
    {"Khmr", "Khmer"},     {"Knda", "Kannada"},    {"Laoo", "Lao"},      {"Latn", "Latin"},
    {"Mlym", "Malayalam"}, {"Mong", "Mongolian"},  {"Mymr", "Myanmar"},  {"Orya", "Oriya"},
    {"Sinh", "Sinhala"},   {"Taml", "Tamil"},      {"Telu", "Telugu"},   {"Thai", "Thai"},
    {"Tibt", "Tibetan"},   {"Zyyy", "Common"},
};

std::optional<std::string_view> look_up(const Name* begin, const Name* end, std::string_view name) {
  const Name* found =
      std::find_if(begin, end, [name](const Name& known) { return known.name == name; });
  return found == end ? std::nullopt : std::optional(found->re2);
}

std::optional<std::string_view> category(std::string_view name) {
  const bool is_short = std::any_of(std::begin(kCategories), std::end(kCategories),
                                    [name](const Name& known) { return known.re2 == name; });
  return is_short ? std::optional(name)
                  : look_up(std::begin(kCategories), std::end(kCategories), name);
}

bool is_script_name(std::string_view name) {
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z' && name.size() > 2 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
         });
}

std::string property(std::string_view name, bool negated) {
  return (negated ? R"(\P{)" : R"(\p{)") + std::string(name) + "}";
}

}  // namespace

std::optional<std::string> ecma_property(std::string_view name, bool negated) {
  if (name == "Any") {
    return negated ? std::nullopt : std::optional<std::string>(R"(\x00-\x{10ffff})");
  }
  if (name == "ASCII") {
    return negated ? R"(\x{80}-\x{10ffff})" : R"(\x00-\x7f)";
  }
  if ((name == "White_Space" || name == "space") && !negated) {
    return R"(\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
  }
  const std::size_t equals = name.find('=');
  const std::string_view kind = name.substr(0, equals);
  if (equals == std::string_view::npos || kind == "General_Category" || kind == "gc") {
    const std::string_view value =
        equals == std::string_view::npos ? name : name.substr(equals + 1);
    if ((value == "LC" || value == "Cased_Letter") && !negated) {
      return R"(\p{Lu}\p{Ll}\p{Lt})";
    }
    const auto known = category(value);
    return known ? std::optional(property(*known, negated)) : std::nullopt;
  }
  if (kind == "Script" || kind == "sc") {
    const std::string_view value = name.substr(equals + 1);
    const auto known = look_up(std::begin(kScripts), std::end(kScripts), value);
    if (known || is_script_name(value)) {
      return property(known.value_or(value), negated);
    }
  }
  return std::nullopt;
}

}  // namespace oap::text
