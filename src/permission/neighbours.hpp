#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/glob_parser.hpp"

namespace oap::permission {

/// Which of many languages can share a text with one of them, by the characters with which their
/// texts begin and end: names too many, never too few. So that thousands of rules need not be
/// compared each with each. Immutable. Private to this folder.
class Neighbours {
 public:
  explicit Neighbours(const std::vector<text::GlobSequence>& languages);

  /// Their places, ascending; the language itself is among them.
  std::vector<std::uint32_t> of(std::uint32_t language) const;
  /// False: the text is not of the language.
  bool may_have(std::uint32_t language, std::string_view text) const;

 private:
  /// The languages in the order of one of their ends.
  struct Order {
    std::vector<std::u32string> ends;
    std::vector<std::uint32_t> sorted;

    void sort();
    /// Parts of `sorted`, of the ends that begin with `end`, or with which it begins.
    std::vector<std::pair<std::size_t, std::size_t>> like(const std::u32string& end) const;
  };

  Order fronts_;
  Order backs_;  ///< the last character first
  std::vector<std::string> inner_;
};

}  // namespace oap::permission
