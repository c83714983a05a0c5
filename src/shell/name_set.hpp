#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "text/strings.hpp"

namespace oap::shell {

/// A fixed set of names, written as words in one text that outlives it. Built once, then read from
/// any thread.
class NameSet {
 public:
  explicit NameSet(std::string_view words) {
    for (const std::string_view word : text::split_words(words)) {
      names_.insert(word);
    }
  }
  bool contains(std::string_view name) const { return names_.contains(name); }

 private:
  std::unordered_set<std::string_view> names_;
};

/// The rows of a table by the names that each has in its member `programs`, as words.
template <class Row>
class RowsByName {
 public:
  template <std::size_t kSize>
  explicit RowsByName(const Row (&rows)[kSize]) {
    for (const Row& row : rows) {
      for (const std::string_view name : text::split_words(row.programs)) {
        rows_[name].push_back(&row);
      }
    }
  }
  /// In the order of the table; none for other names.
  const std::vector<const Row*>& of(std::string_view name) const {
    static const std::vector<const Row*> kNone;
    const auto found = rows_.find(name);
    return found == rows_.end() ? kNone : found->second;
  }

 private:
  std::unordered_map<std::string_view, std::vector<const Row*>> rows_;
};

}  // namespace oap::shell
