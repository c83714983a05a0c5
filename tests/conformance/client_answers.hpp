#pragma once

#include <string>

#include "json/value.hpp"
#include "mcp/answer.hpp"

namespace oap::conformance {

/// A value that satisfies a plain schema: its default, else its first allowed value, else one of
/// its type. Pure.
json::Value sample(const json::Value& schema);
/// Arguments for a tool: a sample of each property.
json::Object sample_arguments(const json::Value& schema);
/// What a person would answer a form with who sends it off as it stands: each property's default,
/// and a sample where one is required or nothing has a default.
json::Object filled_form(const json::Object& requested_schema);

/// The answer to a question of the server (elicitation/create, sampling/createMessage, roots/list).
mcp::Answer<json::Object> answer_to(const std::string& method, const json::Object& params);

}  // namespace oap::conformance
