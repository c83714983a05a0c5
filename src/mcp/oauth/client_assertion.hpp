#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mcp/oauth/options.hpp"

namespace oap::mcp::oauth {

/// A JWT with which the holder of `options.private_key_pem` proves to be the client, for one issuer
/// and one minute (RFC 7523 §2.2; the audience is the issuer). kConfiguration where the key or the
/// algorithm is of no use.
Result<std::string> client_assertion(const std::string& client_id, const std::string& issuer,
                                     const OAuthOptions& options, WallTime now);

}  // namespace oap::mcp::oauth
