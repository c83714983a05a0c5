#include "mcp/oauth/api_key.hpp"

#include <algorithm>

#include "text/strings.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::size_t kShortestKey = 16;

}  // namespace

Result<crypto::Digest> read_api_key(std::string_view configured) {
  if (!text::starts_with_ci(configured, kDigestPrefix)) {
    if (configured.size() < kShortestKey) {
      return fail(Code::kConfiguration,
                  "an API key has fewer than {} characters and could be "
                  "guessed",
                  kShortestKey);
    }
    return crypto::sha256(configured);
  }
  const auto bytes = crypto::from_hex(configured.substr(kDigestPrefix.size()));
  crypto::Digest digest{};
  if (!bytes || bytes->size() != digest.size()) {
    return fail(Code::kConfiguration,
                "the digest of an API key is not sha256: and 64 hexadecimal digits");
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

ApiKeyVerifier::ApiKeyVerifier(std::vector<ApiKey> keys) : keys_(std::move(keys)) {}

const ApiKey* ApiKeyVerifier::find(const std::string& secret) const {
  const crypto::Digest digest = crypto::sha256(secret);
  const ApiKey* found = nullptr;
  for (const ApiKey& key : keys_) {
    if (crypto::constant_time_equal(crypto::as_bytes(digest), crypto::as_bytes(key.digest))) {
      found = &key;
    }
  }
  return found;
}

Task<Verifier::Verdict> ApiKeyVerifier::verify(Presented presented, const Challenger& challenger) {
  if (const ApiKey* key = find(presented.secret)) {
    co_return std::optional<Principal>(key->principal);
  }
  if (presented.is_api_key) {
    co_return tl::unexpected<Refusal>(challenger.invalid("the API key is not known here"));
  }
  co_return std::optional<Principal>();
}

}  // namespace oap::mcp::oauth
