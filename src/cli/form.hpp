#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::cli {

/// One field of a form elicitation (MCP 2025-11-25 and 2026-07-28, client/elicitation).
struct FormField {
  struct Choice {
    std::string value;
    std::string title;
  };
  std::string name;
  std::string title;
  std::string description;
  std::string type = "string";  ///< string, number, integer, boolean or array (several choices)
  bool required = false;
  std::vector<Choice> choices;  ///< in all five enum forms
  std::optional<json::Value> fallback;
  json::Value schema;
};

/// The fields of a requestedSchema, in its order. kInvalidArgument where one is of no type that a
/// form may have. Pure.
Result<std::vector<FormField>> form_fields(const json::Object& requested_schema);

/// What a person is shown before they type: hidden characters made visible. Pure.
std::string field_prompt(const FormField& field);

/// What they typed as the field's value: choices by number or name, several with commas; an empty
/// line is the default, or leaves an optional field out. kInvalidArgument says what is expected.
/// Pure.
Result<std::optional<json::Value>> read_field(const FormField& field, std::string_view typed);

}  // namespace oap::cli
