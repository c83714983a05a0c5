#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/schema_documents.hpp"
#include "json/schema_node.hpp"
#include "json/value.hpp"
#include "text/regex.hpp"

namespace oap::json {

/// Reads the keywords of one schema object and refuses values of the wrong shape, naming the place.
/// Borrows the schema and its pointer.
class KeywordReader {
 public:
  KeywordReader(const Value& schema, const std::string& pointer)
      : schema_(schema), pointer_(pointer) {}

  bool has(std::string_view keyword) const { return find(keyword) != nullptr; }
  const Value* find(std::string_view keyword) const { return json::find(schema_, keyword); }
  Error problem(std::string_view keyword, std::string_view message) const;

  // Each gives null or nothing where the keyword is absent; `text` wants it there.
  Result<std::string_view> text(std::string_view keyword) const;
  Result<const Array*> array(std::string_view keyword) const;
  Result<const Object*> object(std::string_view keyword) const;
  Result<const Value*> number(std::string_view keyword) const;
  Result<std::optional<std::uint64_t>> count(std::string_view keyword) const;
  Result<bool> flag(std::string_view keyword) const;

  /// A list of different strings.
  Result<std::vector<std::string>> texts(std::string_view keyword, const Value& value) const;
  Result<text::Regex> regex(std::string_view keyword, std::string_view source) const;

 private:
  const Value& schema_;
  const std::string& pointer_;
};

/// The keywords of the validation vocabulary (JSON Schema Validation 2020-12 §6).
Result<void> read_validation(Node& node, const KeywordReader& reader, const Dialect& dialect);
/// The `format` keyword, where it is asserted.
Result<void> read_format(Node& node, const KeywordReader& reader);

}  // namespace oap::json
