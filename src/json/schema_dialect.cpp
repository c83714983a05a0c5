#include "json/schema_dialect.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace oap::json {
namespace {

constexpr std::pair<std::string_view, ChildShape> kShapes[] = {
    {"$defs", ChildShape::kMap},
    {"definitions", ChildShape::kMap},
    {"properties", ChildShape::kMap},
    {"patternProperties", ChildShape::kMap},
    {"dependentSchemas", ChildShape::kMap},
    {"dependencies", ChildShape::kMap},
    {"additionalProperties", ChildShape::kSchema},
    {"unevaluatedProperties", ChildShape::kSchema},
    {"unevaluatedItems", ChildShape::kSchema},
    {"propertyNames", ChildShape::kSchema},
    {"contains", ChildShape::kSchema},
    {"contentSchema", ChildShape::kSchema},
    {"additionalItems", ChildShape::kSchema},
    {"not", ChildShape::kSchema},
    {"if", ChildShape::kSchema},
    {"then", ChildShape::kSchema},
    {"else", ChildShape::kSchema},
    {"items", ChildShape::kSchemaOrList},
    {"prefixItems", ChildShape::kList},
    {"allOf", ChildShape::kList},
    {"anyOf", ChildShape::kList},
    {"oneOf", ChildShape::kList},
};

constexpr std::pair<std::string_view, Dialect::Draft> kDialects[] = {
    {"https://json-schema.org/draft/2020-12/schema", Dialect::Draft::k2020},
    {"https://json-schema.org/schema", Dialect::Draft::k2020},
    {"http://json-schema.org/schema", Dialect::Draft::k2020},
    {"https://json-schema.org/draft/2019-09/schema", Dialect::Draft::k2019},
    {"http://json-schema.org/draft-07/schema", Dialect::Draft::k7},
    {"https://json-schema.org/draft-07/schema", Dialect::Draft::k7},
    {"http://json-schema.org/draft-06/schema", Dialect::Draft::k6},
    {"http://json-schema.org/draft-04/schema", Dialect::Draft::k4},
};

constexpr std::string_view kVocabulary2020 = "https://json-schema.org/draft/2020-12/vocab/";
constexpr std::string_view kVocabulary2019 = "https://json-schema.org/draft/2019-09/vocab/";

}  // namespace

ChildShape child_shape(std::string_view keyword, const Dialect& dialect) {
  const auto* found = std::find_if(std::begin(kShapes), std::end(kShapes),
                                   [keyword](const auto& shape) { return shape.first == keyword; });
  if (found == std::end(kShapes) || (keyword == "additionalItems" && !dialect.item_arrays())) {
    return ChildShape::kNone;
  }
  return found->second;
}

std::optional<Dialect> known_dialect(std::string_view uri) {
  for (const auto& [name, draft] : kDialects) {
    if (name == uri) {
      Dialect dialect;
      dialect.draft = draft;
      return dialect;
    }
  }
  return std::nullopt;
}

Result<Dialect> apply_vocabulary(Dialect dialect, const Object& vocabulary) {
  dialect.applicator = false;
  dialect.unevaluated = false;
  dialect.validation = false;
  for (const auto& member : vocabulary) {
    const std::string_view uri(member.key().data(), member.key().size());
    const bool official = uri.starts_with(kVocabulary2020) || uri.starts_with(kVocabulary2019);
    const std::string_view name = official ? uri.substr(kVocabulary2020.size()) : "";
    if (name == "applicator") {
      dialect.applicator = true;
      // 2019-09 had these keywords in its applicator vocabulary.
      dialect.unevaluated |= uri.starts_with(kVocabulary2019);
    } else if (name == "unevaluated") {
      dialect.unevaluated = true;
    } else if (name == "validation") {
      dialect.validation = true;
    } else if (name == "format-assertion") {
      dialect.format_assertion = true;
    } else if (name != "core" && name != "meta-data" && name != "format-annotation" &&
               name != "format" && name != "content" && member.value() == Value(true)) {
      return fail(Code::kInvalidArgument, "the vocabulary '{}' must be understood and is not", uri);
    }
  }
  return dialect;
}

}  // namespace oap::json
