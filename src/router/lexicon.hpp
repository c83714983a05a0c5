#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace oap::router {

/// What a word is to the router; the names are those of the lines in words/*.txt.
enum class Kind : std::uint8_t {
  kTool,
  kPlan,
  kWork,
  kMake,
  kArtifact,
  kScope,
  kHard,
  kInfo,
  kQuestion,
  kPolite,
  kNo,
  kNoAfter,
  kThen,
  kAnd,
  kOr,
  kBut,
  kDeterminer,
  kPurpose,
  kPronoun,
  kMe,
  kGreeting,
  kPreposition,
  kFileNoun,
  kProgram,
  kUse,
  kService,
  kLocal,
  kStop,
};

enum class Form : std::uint8_t { kBase, kThird, kGerund, kPast };

/// A language's index in `kLanguages`.
using Language = std::uint8_t;
inline constexpr std::string_view kLanguages[] = {"any", "en", "de", "fr", "es", "pt", "it",
                                                  "nl",  "pl", "ru", "zh", "ja", "ko"};
inline constexpr Language kAny = 0;
inline constexpr Language kEnglish = 1;
inline constexpr Language kRussian = 9;
inline constexpr Language kChinese = 10;
inline constexpr Language kJapanese = 11;
inline constexpr Language kKorean = 12;
inline constexpr std::size_t kLanguageCount = 13;

struct Entry {
  Kind kind;
  Form form;
  Language language;
  std::string tool;  ///< of kTool and kProgram
};
using Entries = std::vector<Entry>;

/// All words of all languages, folded; phrases are words joined by one space. Immutable.
class Lexicon {
 public:
  /// The words of one file's text, e.g. "tool read: read, show, look at".
  void add(std::string_view text, Language language);

  void reserve(std::size_t words) {
    entries_.reserve(words);
    longest_.reserve(words);
  }

  const Entries* find(std::string_view phrase) const;
  /// The most words that a phrase beginning with this word has; 0 where there is none.
  std::size_t longest(std::string_view first_word) const;
  /// The most bytes that a CJK entry has.
  std::size_t longest_cjk() const { return longest_cjk_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class T>
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  void add_entry(std::string_view phrase, const Entry& entry);

  Map<Entries> entries_;
  Map<std::size_t> longest_;
  std::size_t longest_cjk_ = 0;
};

/// The embedded words, read at the first use.
const Lexicon& lexicon();

}  // namespace oap::router
