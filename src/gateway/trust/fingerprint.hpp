#pragma once

#include <string>

#include "json/value.hpp"

namespace oap::gateway {

/// What a person trusts of a tool: those of name, title, description, inputSchema, outputSchema and
/// annotations that an MCP Tool object has; members that are none of these (icons, _meta) are not
/// part of it. Pure.
json::Object pinned_part(const json::Object& definition);

/// 64 hex digits: SHA-256 of the canonical form (RFC 8785) of `pinned_part`, so that the order of
/// members and the spelling of numbers do not matter and everything else does. Pure.
std::string fingerprint(const json::Object& definition);

}  // namespace oap::gateway
