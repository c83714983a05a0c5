#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::json {

struct ParseOptions {
  std::size_t max_depth = 128;
  std::size_t max_bytes = 64U << 20U;
};

/// Parses exactly one JSON text (RFC 8259), strictly: exact doubles, duplicate keys refused,
/// invalid UTF-8 refused, lone surrogates refused, no comments, no trailing text, bounded depth and
/// size. Key order is kept. Errors are kInvalidArgument and name line and column.
Result<Value> parse(std::string_view text, const ParseOptions& options = {});

/// The same, where anything but an object is an error.
Result<Object> parse_object(std::string_view text, const ParseOptions& options = {});

}  // namespace oap::json
