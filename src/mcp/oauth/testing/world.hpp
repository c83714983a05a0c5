#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "mcp/oauth/credentials.hpp"
#include "mcp/oauth/testing/site.hpp"

namespace oap::mcp::oauth::testing {

/// An authorization server whose every habit a test can change while it runs. Issues tokens
/// `token-<name>-<n>` to whoever asks properly. For tests only.
class AuthServer {
 public:
  enum class Iss { kRight, kWrong, kAbsent, kSlash, kTwice };

  explicit AuthServer(async::Runtime& runtime, std::string name = "as");

  std::string metadata_path = "/.well-known/oauth-authorization-server";
  std::string prefix;                       ///< of the issuer and the endpoints
  std::optional<std::string> issuer_claim;  ///< instead of the true one, in the metadata
  json::Object more_metadata;               ///< put over the usual members; null removes one
  Iss iss = Iss::kRight;
  std::string consent_error;               ///< instead of a code
  std::optional<std::string> other_state;  ///< instead of the state
  json::Object registration_answer;        ///< put over the usual members
  int registration_status = 201;
  std::optional<net::HttpReply> token_reply;  ///< instead of a token
  std::int64_t expires_in = 3600;
  bool gives_refresh_tokens = false;
  bool rotates = true;
  std::optional<std::string> granted_scope;  ///< instead of what was asked
  std::set<std::string> known_refresh_tokens;

  std::string issuer() const { return site_.url() + prefix; }
  Site& site() { return site_; }
  std::size_t authorizations() const { return site_.count(prefix + "/authorize"); }
  std::size_t registrations() const { return site_.count(prefix + "/register"); }
  std::size_t token_requests() const { return site_.count(prefix + "/token"); }
  Visit last_authorization() const { return site_.last(prefix + "/authorize"); }
  Visit last_token_request() const { return site_.last(prefix + "/token"); }
  json::Object last_registration() const;
  /// Scopes of a token that it gave; nothing where it did not.
  std::optional<Scopes> scopes_of(const std::string& token) const;

 private:
  net::HttpReply answer(const Visit& visit);
  net::HttpReply metadata() const;
  net::HttpReply authorize(const Visit& visit);
  net::HttpReply token(const Visit& visit);
  net::HttpReply register_client(const Visit& visit);
  bool is_proven(const Visit& visit) const;

  std::string name_;
  int made_ = 0;
  std::string challenge_;
  std::string scope_;
  std::map<std::string, Scopes> tokens_;
  Site site_;
};

/// An MCP server that wants tokens.
class ResourceServer {
 public:
  ResourceServer(async::Runtime& runtime, std::vector<AuthServer*> servers);

  std::string metadata_path = "/.well-known/oauth-protected-resource/mcp";  ///< "" = none
  bool names_metadata = true;                                               ///< in the challenge
  std::string challenge_scope;
  std::optional<std::string> resource;  ///< instead of its own URL
  std::vector<std::string> scopes_supported;
  std::vector<AuthServer*> listed;  ///< as authorization_servers
  Scopes needs;                     ///< of a token, else 403
  bool refuses_all_scopes = false;  ///< 403 whatever the token has
  std::set<std::string> revoked;
  std::set<AuthServer*> distrusted;

  std::string url() const { return site_.url() + "/mcp"; }
  Site& site() { return site_; }
  std::string metadata_url() const { return site_.url() + metadata_path; }

 private:
  net::HttpReply answer(const Visit& visit);
  net::HttpReply refuse(int status, const std::string& error, const Scopes& scopes) const;

  std::vector<AuthServer*> servers_;
  Site site_;
};

/// All of it, and a client of the server.
class World {
 public:
  World();
  ~World();

  async::Runtime runtime;
  net::HttpClient http;
  FakeClock clock;
  AuthServer as;
  AuthServer other_as;
  ResourceServer server;
  MemoryTokenStore memory;
  TokenStore* store = &memory;
  FollowRedirectConsent consent;
  bool has_person = true;
  OAuthOptions options;

  /// The credentials of `options`; made when first needed.
  OAuthCredentials& credentials();
  /// Forgets the object, as at a restart.
  void restart() { credentials_.reset(); }

  /// One request to the server as a client makes it, tried again after refusals: at most three
  /// times. The last status, or why no credentials could be had.
  Result<int> call();
  Task<Result<int>> call_task();

 private:
  std::unique_ptr<OAuthCredentials> credentials_;
};

}  // namespace oap::mcp::oauth::testing
