#pragma once

#include <string_view>

#include "mcp/client/server_link.hpp"

namespace oap::mcp {

/// Whether a modern server may answer this with `input_required`. Source: MCP 2026-07-28,
/// basic/patterns/mrtr.
bool may_need_input(std::string_view method);

/// A request to a modern server that is made again with what it asks for, got through the options'
/// `ask`, until there is a complete result or it has asked too often. An answer that `ask` cannot
/// give is the failure.
Task<Answer<json::Object>> request_with_input(ServerLink& link, std::string method,
                                              json::Object params, RequestOptions options);

}  // namespace oap::mcp
