#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oap::json {

/// The five parts of a URI reference (RFC 3986, appendix B). An absent part differs from an empty
/// one. Parts are kept as written.
struct Uri {
  std::optional<std::string> scheme;
  std::optional<std::string> authority;
  std::string path;
  std::optional<std::string> query;
  std::optional<std::string> fragment;
};

/// Splits any text; whether it is a proper URI is not checked. Pure.
Uri split_uri(std::string_view text);
std::string join_uri(const Uri& uri);
/// Resolves a reference against a base URI (RFC 3986 §5.2). Pure.
std::string resolve_uri(std::string_view base, std::string_view reference);
/// Replaces each %XX by its byte; a `%` without two hexadecimal digits stays.
std::string percent_decode(std::string_view text);

}  // namespace oap::json
