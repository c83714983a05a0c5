#pragma once

#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::yaml {

/// What a plain (unquoted) scalar means by the YAML 1.2 core schema (spec section 10.3.2): null,
/// boolean, integer, float or else a string. Numbers that JSON or 64 bits cannot hold are errors
/// (without a place) that advise quotes. Pure.
Result<json::Value> resolve_plain(std::string_view text);

/// The same with an explicit core tag ("tag:yaml.org,2002:int" and so on); a text that is not of
/// that type, and any other tag, is an error.
Result<json::Value> resolve_tagged(std::string_view tag, std::string_view text);

}  // namespace oap::yaml
