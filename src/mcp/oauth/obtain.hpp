#pragma once

#include <vector>

#include "async/task.hpp"
#include "mcp/oauth/consent.hpp"
#include "mcp/oauth/discovery.hpp"
#include "mcp/oauth/grant.hpp"
#include "mcp/oauth/options.hpp"
#include "mcp/oauth/web.hpp"

namespace oap::mcp::oauth {

/// What getting tokens works with; all of it outlives the task.
struct Means {
  const OAuthOptions* options = nullptr;
  Web* web = nullptr;
  Consent* consent = nullptr;  ///< null: nobody can be asked
  const Clock* clock = nullptr;
};

/// A new grant for these scopes in the way that the options say, registering a client where none is
/// known. `held` are all grants of the same owner: a registration is used again at its own issuer
/// and nowhere else. kUnauthenticated "run oap mcp login NAME" where a person is needed and cannot
/// be asked; otherwise the reason of whoever refused.
Task<Result<Grant>> obtain(Means means, Target target, std::vector<Grant> held, Scopes scopes);

/// The grant with new tokens; the refresh token is the answer's, or stays where it has none.
/// kUnauthenticated where the server does not take it any more.
Task<Result<Grant>> refresh(Means means, ServerMetadata server, Grant grant);

/// The grant of that issuer, or null.
const Grant* grant_of(const std::vector<Grant>& grants, std::string_view issuer);

}  // namespace oap::mcp::oauth
