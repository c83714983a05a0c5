#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "json/schema_documents.hpp"

namespace oap::json {

/// How a keyword holds schemas.
enum class ChildShape : std::uint8_t { kNone, kSchema, kMap, kList, kSchemaOrList };

/// Where the schemas inside a schema are. Pure.
ChildShape child_shape(std::string_view keyword, const Dialect& dialect);

/// The dialect of a published `$schema` URI without its empty fragment: drafts 4, 6, 7, 2019-09 and
/// 2020-12. Pure.
std::optional<Dialect> known_dialect(std::string_view uri);

/// The dialect with the vocabularies of a meta-schema; one that must be understood and is not known
/// is kInvalidArgument. Pure.
Result<Dialect> apply_vocabulary(Dialect dialect, const Object& vocabulary);

}  // namespace oap::json
