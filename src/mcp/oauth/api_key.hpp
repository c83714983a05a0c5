#pragma once

#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "mcp/oauth/authenticator.hpp"

namespace oap::mcp::oauth {

/// One key and who holds it.
struct ApiKey {
  crypto::Digest digest{};  ///< SHA-256 of the key
  Principal principal;
};

/// `sha256:` and 64 hexadecimal digits, or the key itself of at least 16 characters.
/// kConfiguration otherwise; the message does not hold the key.
Result<crypto::Digest> read_api_key(std::string_view configured);

/// Knows API keys, sent as X-API-Key or as Bearer token. Holds digests only; a look-up takes the
/// same time whichever key it is, or none. A key sent as X-API-Key that is not known is refused; a
/// Bearer token that is none of the keys may be another verifier's.
class ApiKeyVerifier final : public Verifier {
 public:
  explicit ApiKeyVerifier(std::vector<ApiKey> keys);
  Task<Verdict> verify(Presented presented, const Challenger& challenger) override;

 private:
  const ApiKey* find(const std::string& secret) const;
  std::vector<ApiKey> keys_;
};

}  // namespace oap::mcp::oauth
