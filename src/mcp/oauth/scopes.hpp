#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::mcp::oauth {

/// Scope tokens (RFC 6749 §3.3) in the order of their first mention, none twice. All pure.
using Scopes = std::vector<std::string>;

/// The words of a `scope` value; those with characters that a scope cannot have are left out.
Scopes parse_scopes(std::string_view text);
std::string join_scopes(const Scopes& scopes);
/// First all of `a`, then what `b` adds.
Scopes unite(Scopes a, const Scopes& b);
bool has_scope(const Scopes& scopes, std::string_view scope);
/// Whether `granted` holds all of `wanted`.
bool covers(const Scopes& granted, const Scopes& wanted);

}  // namespace oap::mcp::oauth
