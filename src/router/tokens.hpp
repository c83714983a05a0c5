#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::router {

class Lexicon;

/// One piece of a folded task.
struct Token {
  enum class Kind {
    kWord,
    kPath,  ///< a file name or path
    kUrl,   ///< with its scheme
    kHost,  ///< a bare host name
    kNumber,
    kQuoted,  ///< text in quotes, code spans and fences: data, never an order
    kComma,
    kColon,
    kItem,      ///< the marker of a list item, at the start of a sentence
    kEnd,       ///< end of a sentence
    kQuestion,  ///< end of a question
  };
  Kind kind;
  std::string text;
};

/// Splits folded text. CJK runs are cut at the longest words of the lexicon. Linear. Pure.
std::vector<Token> tokenize(std::string_view folded, const Lexicon& words);

/// A phrase of the lexicon folded and cut like a text: words joined by one space.
std::string normal_phrase(std::string_view phrase);

}  // namespace oap::router
