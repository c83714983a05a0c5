#pragma once

#include "gateway/gateway.hpp"
#include "mcp/client/client.hpp"

namespace oap::gateway {

/// What a server says and asks while it works (progress, log messages, questions) is cleaned as its
/// result is: of secrets and of hidden characters. The address of a url elicitation stays whole.
/// The redactor outlives the request.
mcp::RequestOptions cleaned(mcp::RequestOptions options, const Redactor& redactor);

}  // namespace oap::gateway
