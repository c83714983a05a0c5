#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "store/sqlite/database.hpp"

namespace oap::store::sqlite {

/// T, also of a Result<T>.
template <class T>
struct ValueOf {
  using Type = T;
};
template <class T>
struct ValueOf<Result<T>> {
  using Type = T;
};

/// JSON of a column; null for NULL. kDataLoss where the text is not JSON.
Result<json::Value> json_column(const Database& database, const Statement& row, int column);
/// The text to store; nothing (NULL) for null.
std::optional<std::string> json_text(const json::Value& value);
/// A JSON array of the texts.
std::string json_list(const std::vector<std::string>& texts);
/// What `read` makes of each row of a query, in their order: a value, or a Result of one.
template <class Read>
auto rows_of(Statement& rows, Read read) {
  using Row = typename ValueOf<std::invoke_result_t<Read&, const Statement&>>::Type;
  const auto all = [&]() -> Result<std::vector<Row>> {
    std::vector<Row> list;
    while (true) {
      OAP_TRY(const bool any, rows.step());
      if (!any) {
        return list;
      }
      Result<Row> row = read(rows);
      if (!row) {
        return fail(std::move(row).error());
      }
      list.push_back(*std::move(row));
    }
  };
  return all();
}

/// What `read` makes of the only row; kNotFound names what was looked for.
template <class Record>
Result<Record> row_of(Statement& rows, const Database& database,
                      Result<Record> (*read)(const Database&, const Statement&),
                      std::string_view what, const std::string& id) {
  OAP_TRY(const bool any, rows.step());
  if (!any) {
    return fail(Code::kNotFound, "no {} {}", what, id);
  }
  return read(database, rows);
}

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
