#include "mcp/oauth/client_assertion.hpp"

namespace oap::mcp::oauth {
Result<std::string> client_assertion(const std::string&, const std::string&, const OAuthOptions&,
                                     WallTime) {
  return fail(Code::kUnimplemented, "later");
}
}  // namespace oap::mcp::oauth
