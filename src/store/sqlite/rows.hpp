#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "store/sqlite/database.hpp"

namespace oap::store::sqlite {

/// JSON of a column; null for NULL. kDataLoss where the text is not JSON.
Result<json::Value> json_column(const Database& database, const Statement& row, int column);
/// The text to store; nothing (NULL) for null.
std::optional<std::string> json_text(const json::Value& value);
/// A JSON array of the texts.
std::string json_list(const std::vector<std::string>& texts);
/// Adds the first column of all rows.
Result<void> read_texts(Statement& rows, std::vector<std::string>& texts);
/// The given time, or now where it was left at its default.
WallTime or_now(WallTime at);
Error damaged_row(const Database& database, std::string_view what);

/// The three texts that a look-up by prefix needs.
struct PrefixQuery {
  std::string_view kind;  ///< "task"
  std::string_view lead;  ///< "task_"
  std::string_view sql;   ///< ids of ?1=tenant between ?2 and ?3, rising, limited to a few
};
/// The one id that begins with `prefix`, with or without its lead. The caller holds the mutex.
Result<std::string> resolve_prefix(Database& database, const std::string& tenant,
                                   const PrefixQuery& query, const std::string& prefix);

}  // namespace oap::store::sqlite
