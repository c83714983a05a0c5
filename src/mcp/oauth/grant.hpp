#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "mcp/oauth/scopes.hpp"

namespace oap::mcp::oauth {

/// How a client proves itself at a token endpoint (OpenID Connect Core §9).
inline constexpr std::string_view kAuthNone = "none";
inline constexpr std::string_view kAuthBasic = "client_secret_basic";
inline constexpr std::string_view kAuthPost = "client_secret_post";
inline constexpr std::string_view kAuthPrivateKey = "private_key_jwt";

/// A client as one authorization server knows it. Secret.
struct ClientRegistration {
  enum class Source { kConfigured, kMetadataDocument, kDynamic };
  Source source = Source::kDynamic;
  std::string client_id;
  std::string client_secret;  ///< "" where it has none
  std::string auth_method;    ///< one of the above
  std::string redirect_uri;   ///< what was registered; "" where none was
  std::optional<WallTime> secret_expires_at;
};

/// What a token endpoint gave. Secret.
struct Tokens {
  std::string access_token;
  std::string refresh_token;  ///< "" where there is none
  Scopes scopes;              ///< granted
  std::optional<WallTime> expires_at;
};

/// All that one user holds at one issuer for one server.
struct Grant {
  std::string issuer;
  std::string resource;  ///< as sent in `resource`
  ClientRegistration client;
  Scopes requested;  ///< scopes asked for so far
  std::optional<Tokens> tokens;
};

/// Whether a token is of no use `leeway` from now.
bool expires_within(const Tokens& tokens, WallTime now, Millis leeway);

json::Object to_json(const Grant& grant);
/// kDataLoss with the member that is wrong.
Result<Grant> read_grant(const json::Object& object);

}  // namespace oap::mcp::oauth
