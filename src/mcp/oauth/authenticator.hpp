#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "async/task.hpp"
#include "mcp/oauth/resource.hpp"
#include "mcp/server/front.hpp"

namespace oap::mcp::oauth {

/// The one credential of a request. Secret.
struct Presented {
  std::string secret;
  bool is_api_key = false;  ///< came as X-API-Key: no token, whatever it looks like
};

/// Wording of refusals (RFC 6750 §3, RFC 9728 §5.1).
class Challenger {
 public:
  explicit Challenger(const ResourceConfig& resource);
  /// 401 for a request without credentials: says no error.
  Refusal missing() const;
  /// 401 invalid_token.
  Refusal invalid(std::string why) const;
  /// 403 insufficient_scope, with all scopes that are wanted.
  Refusal scope(const Scopes& wanted) const;
  /// 400 invalid_request.
  Refusal malformed(std::string why) const;

 private:
  std::string metadata_url_;
  Scopes scopes_;
};

/// Reads the credential of a request: `Authorization: Bearer …` or `X-API-Key: …`. Refused (400):
/// two of them, a malformed one, one in the query. Nothing where there is none or another scheme.
/// Pure.
tl::expected<std::optional<Presented>, Refusal> read_presented(const net::RequestHead& head,
                                                               const Challenger& challenger);

/// Knows one kind of credential. Nothing: the credential is not of that kind. The challenger
/// outlives the task.
class Verifier {
 public:
  using Verdict = tl::expected<std::optional<Principal>, Refusal>;
  virtual ~Verifier() = default;
  virtual Task<Verdict> verify(Presented presented, const Challenger& challenger) = 0;
};

/// Asks verifiers in turn; the first that knows the kind decides. A credential that none knows is
/// refused. Nothing is passed on to anybody: what comes in stays here.
class ChainAuthenticator final : public Authenticator {
 public:
  /// The verifiers outlive it.
  ChainAuthenticator(std::vector<Verifier*> verifiers, const ResourceConfig& resource);
  Task<tl::expected<Principal, Refusal>> authenticate(net::RequestHead head) override;

 private:
  std::vector<Verifier*> verifiers_;
  Challenger challenger_;
};

}  // namespace oap::mcp::oauth
