#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shell/script.hpp"

namespace oap::shell {

/// How each byte of a word came about: `plain` bytes mean something to the shell.
enum class Mark : char {
  kPlain = 'p',
  kQuoted = 'q',
  kExpansion = 'e',
  kQuotedExpansion = 'd',  ///< within double quotes
};

inline bool is_expansion(char mark) {
  return mark == static_cast<char>(Mark::kExpansion) ||
         mark == static_cast<char>(Mark::kQuotedExpansion);
}

/// One word before expansion: its bytes without quotes, and a mark for each. An expansion stands
/// there as its source. Private to this folder.
struct Word {
  std::string text;
  std::string marks;
  bool quoted = false;  ///< some quote was there: an empty word is a word
  bool splits = false;  ///< an expansion outside double quotes

  bool empty() const { return text.empty() && !quoted; }
  bool plain_at(std::size_t at, char c) const {
    return at < text.size() && text[at] == c && marks[at] == static_cast<char>(Mark::kPlain);
  }
  void add(char c, Mark mark);
  void add(std::string_view bytes, Mark mark);
  void add(const Word& other);
  Word part(std::size_t from, std::size_t to) const;
  /// No quotes and no expansions: what a reserved word or a file descriptor must be.
  bool all_plain() const;
  bool has_expansion() const;
};

WordKind kind_of(const Word& word);

/// A word that is not static, so that the shell reads it back as it is.
std::string spell(const Word& word);
/// The same for "NAME=value" before a program.
std::string spell_assignment(const Word& word);

/// Length of "NAME=" or "NAME+=" or "NAME[…]=" at the start of the word; 0 where it is no
/// assignment.
std::size_t assignment_length(const Word& word);

bool is_name(std::string_view text);
bool is_name_start(char c);
bool is_name_char(char c);

/// The words that brace expansion makes of one ({a,b}, {1..9..2}). Beyond the limits the answer is
/// the word itself and `overflow` is set.
std::vector<Word> expand_braces(const Word& word, bool& overflow);

}  // namespace oap::shell
