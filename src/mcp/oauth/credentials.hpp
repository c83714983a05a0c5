#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/semaphore.hpp"
#include "mcp/client/client.hpp"
#include "mcp/oauth/challenge.hpp"
#include "mcp/oauth/discovery.hpp"
#include "mcp/oauth/obtain.hpp"
#include "mcp/oauth/options.hpp"
#include "mcp/oauth/token_store.hpp"

namespace oap::mcp::oauth {

/// What `oap mcp` shows of a sign-in. Holds no secret.
struct SignInStatus {
  bool has_token = false;
  bool can_renew = false;
  std::string issuer;
  Scopes scopes;
  std::optional<WallTime> expires_at;
};

/// One user's OAuth tokens for one MCP server (MCP authorization, 2025-03-26 to 2026-07-28): found,
/// asked for, renewed, stored, and widened where the server wants more scopes. However many
/// requests need a token at once, one asks for it and the others take what came. A token goes to
/// the server's own origin only and is never logged. Belongs to the executor's thread; outlives its
/// tasks.
class OAuthCredentials final : public Credentials {
 public:
  /// What it works with; all of it outlives it.
  struct Parts {
    net::HttpClient* http = nullptr;
    TokenStore* store = nullptr;
    Consent* consent = nullptr;  ///< null: no person can be asked
    const Clock* clock = &system_clock();
  };
  OAuthCredentials(OAuthOptions options, Parts parts);

  /// No header where there is no token: the server may need none, and says so otherwise.
  /// kPermissionDenied for a URL of another origin; kDataLoss where the store is damaged.
  Task<Result<net::HeaderList>> headers(std::string url) override;
  /// 401: renews or asks anew. 403 insufficient_scope: asks for the union of old and new scopes,
  /// `max_step_ups` times at most. False: the refusal has nothing to do with the token.
  /// kUnauthenticated where a person must sign in; kPermissionDenied where new tokens are of no
  /// use.
  Task<Result<bool>> refused(std::string url, int status, std::string challenge) override;
  Task<Result<bool>> refused(std::string url, int status, std::string challenge,
                             net::HeaderList sent) override;

  /// Signs in now, whatever is stored. `challenge` may be "".
  Task<Result<void>> login(std::string challenge);
  /// Forgets tokens and registrations.
  Task<Result<void>> logout();
  Task<Result<SignInStatus>> status();

 private:
  Result<void> check_origin(const std::string& url) const;
  Means means();
  Task<Result<void>> load();
  Task<Result<void>> reload();
  Task<Result<async::Semaphore::Permit>> lock();
  Task<Result<ServerMetadata>> server_of(std::string issuer);
  Task<Result<Target>> find_target(std::string metadata_url);
  Task<void> keep(Grant grant);
  Task<void> forget_registration(std::string issuer);

  bool is_due() const;
  Task<Result<void>> renew();
  Task<Result<void>> after_dead_refresh();
  Task<Result<Grant>> fresh_grant(Grant old);
  Task<Result<bool>> answer_refusal(int status, std::string challenge,
                                    std::optional<net::HeaderList> sent);
  Task<Result<void>> replace_token(std::string challenge);
  Task<Result<void>> widen(BearerChallenge said, bool knows_token);
  Task<Result<void>> obtain_for(Target target, Scopes challenged, Scopes before);
  bool was_replaced(const std::optional<net::HeaderList>& sent) const;
  Result<void> count_grant();
  Result<void> count_step_up(const Scopes& scopes);
  net::HeaderList bearer() const;
  const Tokens* tokens() const;

  OAuthOptions options_;
  Parts parts_;
  Web web_;
  GrantOwner owner_;
  std::string origin_;
  Millis early_;                    ///< how long before its end the token held is renewed
  SteadyTime no_renewal_before_{};  ///< after a failed one, while the token still serves
  async::Semaphore turn_{1};
  bool loaded_ = false;
  std::uint64_t generation_ = 0;  ///< of the tokens held
  std::vector<Grant> grants_;     ///< the first one is in use
  std::optional<ServerMetadata> server_;
  std::string renewed_after_refusal_;   ///< the access token that the last refusal led to
  std::deque<SteadyTime> grants_made_;  ///< because of refusals, of the last minute
  struct StepUps {
    int count = 0;
    SteadyTime last;
  };
  std::map<std::string, StepUps> step_ups_;  ///< by the scopes that were missing
};

}  // namespace oap::mcp::oauth
