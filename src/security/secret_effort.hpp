#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "security/secret_checks.hpp"

namespace oap::security {

/// What the search of one text has cost, in bytes looked at, and what of it need not be looked at
/// again: many marks on one long line share its end. Places count the bytes of the whole text. Of
/// one search and thread; private to this folder.
class Effort {
 public:
  void spend(std::uint64_t bytes) { spent_ += bytes; }
  std::uint64_t spent() const { return spent_; }

  /// Where the line ends that holds `at` of `text` (whose first byte is byte `base` of the whole):
  /// its line feed or carriage return, the text's end, or `most` bytes further on.
  std::size_t line_end(std::string_view text, std::size_t base, std::size_t at, std::size_t most);

  /// A table that was read to its end, and what its columns hold.
  struct Table {
    std::size_t from = 0;
    std::size_t to = 0;
    std::vector<NameKind> columns;
  };
  /// Whether the table's first line is a row of the one remembered, whose columns are the same.
  bool is_within(const Table& table) const {
    return table_.from <= table.from && table.from < table_.to && table_.columns == table.columns;
  }
  void remember(Table table) { table_ = std::move(table); }

 private:
  std::uint64_t spent_ = 0;
  std::size_t line_from_ = 0;  ///< no line ends between these two
  std::size_t line_to_ = 0;
  Table table_;
};

}  // namespace oap::security
