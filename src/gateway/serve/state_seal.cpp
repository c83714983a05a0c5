#include "gateway/serve/state_seal.hpp"

#include "crypto/hash.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kPrefix = "oaps.";
constexpr std::size_t kMacBytes = 24;

std::string mac_of(std::string_view key, std::string_view token, const Principal& principal,
                   std::string_view purpose) {
  std::string text;
  for (const std::string_view part :
       {std::string_view(principal.tenant), std::string_view(principal.user_id),
        std::string_view(principal.role), purpose, token}) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  }
  const crypto::Digest digest = crypto::hmac_sha256(key, text);
  return std::string(crypto::as_bytes(digest).substr(0, kMacBytes));
}

}  // namespace

StateSeal::StateSeal() : key_(crypto::random_bytes(32)) {}

std::string StateSeal::seal(std::string_view token, const Principal& principal,
                            std::string_view purpose) {
  std::string body = mac_of(key_, token, principal, purpose);
  body += token;
  return std::string(kPrefix) + crypto::to_base64url(body);
}

Result<std::string> StateSeal::open(std::string_view sealed, const Principal& principal,
                                    std::string_view purpose) const {
  const auto refuse = [] {
    return fail(Code::kInvalidArgument,
                "this token was not given out by this gateway for this request");
  };
  if (!sealed.starts_with(kPrefix)) {
    return refuse();
  }
  const auto body = crypto::from_base64url(sealed.substr(kPrefix.size()));
  if (!body || body->size() < kMacBytes) {
    return refuse();
  }
  std::string token = body->substr(kMacBytes);
  if (!crypto::constant_time_equal(body->substr(0, kMacBytes),
                                   mac_of(key_, token, principal, purpose))) {
    return refuse();
  }
  return token;
}

}  // namespace oap::gateway
