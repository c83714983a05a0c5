#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/glob_parser.hpp"

namespace oap::permission {

/// What the texts are that languages are made of.
enum class Texts : std::uint8_t {
  kPath,     ///< absolute, no empty component, no "." or ".."
  kCommand,  ///< words with one blank between them
  kName,     ///< one word
};

/// A way in which texts can belong to some of the languages: to exactly those of `members`
/// (ascending), and the shortest such text.
struct Region {
  std::vector<std::uint32_t> members;
  std::string witness;
};

struct RegionMap {
  std::vector<Region> regions;  ///< the shortest witness first; texts in no language are one too
  bool complete = true;         ///< false: the budget was spent; there may be more
};

/// All regions of the languages, found on the product of their automata: exact where complete.
/// Pure. Private to this folder, as the two below.
RegionMap regions_of(const std::vector<text::GlobSequence>& languages, Texts texts,
                     std::size_t budget);

/// How one language lies in others.
struct Coverage {
  bool empty = true;     ///< it has no text at all
  bool covered = true;   ///< every text of it is in one of the others
  bool complete = true;  ///< false: the budget was spent, and the rest is a guess
  std::string witness;   ///< a text of it
  std::size_t work = 0;  ///< how many states were looked at
  /// Which of the others hold a part of it together (ascending), each way once.
  std::vector<std::vector<std::uint32_t>> ways;
};
/// Looks only as far as it must: ends at the first text that no other has, and does not go on
/// where one of the others has all that can follow. So it answers where the number of regions is
/// exponential. Pure.
Coverage coverage_of(const text::GlobSequence& language,
                     const std::vector<text::GlobSequence>& others, Texts texts,
                     std::size_t budget);

/// One text.
text::GlobSequence text_language(std::string_view text);
/// `words` and, behind a blank, anything: what an argv rule matches.
text::GlobSequence words_language(const std::vector<std::string>& words);
/// The program by a glob, and behind a blank anything.
text::GlobSequence program_language(const text::GlobSequence& program);

}  // namespace oap::permission
