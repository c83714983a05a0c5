#pragma once

#include "gateway/upstream/upstream.hpp"
#include "mcp/client/client.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// Puts a call to its server: a tool call, or another MCP request, whose result then is all in
/// `extra`. The upstream outlives it.
Task<Result<mcp::Answer<ToolResult>>> reach(Upstream& upstream, ToolCall call,
                                            mcp::RequestOptions options);

/// What a caller is told of a failure: a server that was slow while the call still had time is
/// unavailable, and what the system does not permit is no denial: only guards deny. Pure.
Error infrastructure_error(const Error& error, Deadline deadline);

}  // namespace oap::gateway
