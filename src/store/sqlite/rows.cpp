#include "store/sqlite/rows.hpp"

#include <algorithm>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::store::sqlite {
namespace {

/// Stored texts were written by our own printer: only the column's own size bounds them.
constexpr json::ParseOptions kStored{.max_depth = 1'000, .max_bytes = 1U << 30U};

bool is_id_text(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<std::vector<std::string>> ids_between(Database& database, const std::string& tenant,
                                             std::string_view sql, const std::string& prefix) {
  OAP_TRY(Statement statement, database.prepare(sql));
  statement.bind(tenant, prefix, prefix + "~");
  return rows_of(statement, [](const Statement& row) { return row.string(0); });
}

std::string join(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) {
    text += (text.empty() ? "" : ", ") + id;
  }
  return text;
}

}  // namespace

Result<json::Value> json_column(const Database& database, const Statement& row, int column) {
  if (row.is_null(column)) {
    return json::Value(nullptr);
  }
  auto value = json::parse(row.text(column), kStored);
  if (!value) {
    return fail(damaged_row(database, value.error().message()));
  }
  return value;
}

std::optional<std::string> json_text(const json::Value& value) {
  return value.is_null() ? std::nullopt : std::optional(json::print(value));
}

std::string json_list(const std::vector<std::string>& texts) {
  if (texts.empty()) {
    return "[]";
  }
  json::Array list;
  for (const std::string& text : texts) {
    list.emplace_back(text);
  }
  return json::print(json::Value(std::move(list)));
}

Result<void> read_texts(Statement& rows, std::vector<std::string>& texts) {
  while (true) {
    OAP_TRY(const bool row, rows.step());
    if (!row) {
      return {};
    }
    texts.push_back(rows.string(0));
  }
}

WallTime or_now(WallTime at) { return at == WallTime{} ? system_clock().wall() : at; }

Error damaged_row(const Database& database, std::string_view what) {
  return {Code::kDataLoss,
          fmt::format("the state database {} holds a row that this program did not write ({})",
                      database.path(), what)};
}

Result<std::string> resolve_prefix(Database& database, const std::string& tenant,
                                   const PrefixQuery& query, const std::string& prefix) {
  std::string wanted = prefix;
  for (char& c : wanted) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  if (wanted.empty()) {
    return fail(Code::kInvalidArgument, "an empty {} id; give an id or a unique start of one",
                query.kind);
  }
  std::vector<std::string> ids;
  if (is_id_text(wanted)) {
    OAP_TRY(ids, ids_between(database, tenant, query.sql, wanted));
    if (ids.empty() && !wanted.starts_with(query.lead)) {
      OAP_TRY(ids, ids_between(database, tenant, query.sql, std::string(query.lead) + wanted));
    }
  }
  if (ids.empty()) {
    return fail(Code::kNotFound, "no {} with an id that begins with '{}'", query.kind, prefix);
  }
  if (ids.size() > 1) {
    return fail(Code::kInvalidArgument,
                "'{}' is the start of more than one {}: {}; give more of it", prefix, query.kind,
                join(ids));
  }
  return ids.front();
}

}  // namespace oap::store::sqlite
