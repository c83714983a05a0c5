#include <algorithm>
#include <array>

#include "security/secret_checks.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

/// How common each pair of letters is in words and identifiers, as log2 of its share: 5 is that of
/// chance, 0 is never. Counted over 160,000 identifiers of C, Python, JavaScript and Perl.
constexpr std::array<std::string_view, 26> kPairs = {
    "26772361504878060879553550", "62325110640612520442610140", "73537327507753840647531230",
    "64468333711532631554522120", "75886663513779565989365751", "52335510700524630555511030",
    "42318124501635420553410000", "70126200501231620434311010", "55776660101769850578150405",
    "10004000000000200020200000", "42227222600232220242212000", "73458342802732740366551150",
    "85448320602552670263420210", "72777682604434740478552020", "45773541405679570866655210",
    "71437424503632760757511050", "00000000000100000100500000", "83559451804565840677542160",
    "63639436705643662489633152", "83749427805543750876623460", "45436431500657250667111200",
    "61318112505351330222212000", "51224002500113310421111000", "20424110305141140136010210",
    "32323210300334260254101000", "20005000200100100000000000"};

template <class Test>
std::size_t count(std::string_view text, Test test) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), test));
}

}  // namespace

double wordlikeness(std::string_view text) {
  unsigned pairs = 0;
  unsigned sum = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text::is_alpha(text[i]) && text::is_alpha(text[i - 1])) {
      const auto row = static_cast<std::size_t>(text::to_lower(text[i - 1]) - 'a');
      const auto column = static_cast<std::size_t>(text::to_lower(text[i]) - 'a');
      sum += static_cast<unsigned>(kPairs[row][column] - '0');
      ++pairs;
    }
  }
  return pairs == 0 ? 9 : static_cast<double>(sum) / pairs;
}

bool is_no_word(std::string_view text) {
  std::size_t letters = 0;
  for (const char c : text) {
    letters += text::is_alpha(c) ? 1 : 0;
  }
  if (letters < 10) {
    return false;
  }
  const double shuffled = letters >= 12 && restlessness(text) >= 0.22 ? 0.7 : 0;
  return wordlikeness(text) < shuffled + (letters >= 14 ? 4.4 : letters >= 12 ? 4.0 : 3.4);
}

std::size_t sentence_words(std::string_view value) {
  static constexpr std::array<std::string_view, 40> kWords = {
      "is",      "are",      "was",     "the",  "too",  "must",   "should", "at",
      "least",   "your",     "please",  "not",  "to",   "for",    "of",     "in",
      "be",      "with",     "and",     "or",   "has",  "have",   "from",   "enter",
      "contain", "contains", "invalid", "this", "that", "cannot", "can",    "will",
      "a",       "an",       "it",      "on",   "no",   "more",   "than",   "needs"};
  const std::string lower = text::lower_ascii(value);
  const auto words = text::split(lower, ' ');
  return static_cast<std::size_t>(
      std::count_if(words.begin(), words.end(), [](std::string_view word) {
        return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
      }));
}

bool is_passphrase(std::string_view value) {
  const auto words = text::split(value, ' ');
  std::size_t numbers = 0;
  std::size_t plain = 0;
  for (const std::string_view word : words) {
    const bool number = !word.empty() && std::all_of(word.begin(), word.end(), text::is_digit);
    numbers += number ? 1 : 0;
    plain += word.size() > 2 && std::all_of(word.begin(), word.end(), text::is_alpha) ? 1 : 0;
  }
  return numbers > 0 && plain >= 3 && numbers + plain == words.size() && sentence_words(value) == 0;
}

bool is_plain_sentence(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return text::is_alpha(c) || c == ' ' || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("?!.,:;'").find(c) != std::string_view::npos;
  });
}

bool is_selector(std::string_view value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || std::string_view("#./:_-").find(c) != std::string_view::npos;
  });
  return plain && value.find('#') != std::string_view::npos && wordlikeness(value) >= 4.5;
}

bool has_mixed_word(std::string_view value) {
  const auto words = text::split(value, ' ');
  return std::any_of(words.begin(), words.end(), [](std::string_view word) {
    return count(word, text::is_digit) > 0 && count(word, text::is_alpha) > 0;
  });
}

}  // namespace oap::security
