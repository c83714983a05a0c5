#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::llm::offline {

/// A piece of an order.
struct Word {
  enum class Kind {
    kPlain,
    kQuoted,  ///< in quotes; `text` is what stood between
    kCode,    ///< a code span or fence; `text` without the marks
    kJson,    ///< a balanced {…}
  };
  Kind kind = Kind::kPlain;
  std::string text;   ///< as written, without punctuation at its end
  std::string lower;  ///< lower case; the English word where the order is German, French, Spanish
  std::string info;   ///< of a fence: the language named after the marks
  std::string trail;  ///< the punctuation that stood at its end
  std::size_t begin = 0;  ///< byte offsets of `text` with its marks in the order
  std::size_t end = 0;
  int newlines = 0;   ///< line breaks before it
  bool item = false;  ///< a list marker stood before it

  bool plain() const { return kind == Kind::kPlain; }
  bool literal() const { return kind == Kind::kQuoted || kind == Kind::kCode; }
};

/// Cuts a text into words. Pure and linear; unclosed quotes are ordinary characters.
std::vector<Word> split_words(std::string_view text);

/// Where the first order word is German, French or Spanish: puts English words into `lower`.
void translate(std::vector<Word>& words);

/// Whether an order may begin with this word ("read", "list", …).
bool is_order_verb(std::string_view lower);

}  // namespace oap::llm::offline
