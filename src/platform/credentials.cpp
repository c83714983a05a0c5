#include "platform/credentials.hpp"

#include "async/blocking_pool.hpp"
#include "mcp/oauth/file_token_store.hpp"
#include "os/file.hpp"
#include "text/nearest.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kKeyBytes = 64U << 10U;

/// The same headers for every request.
class FixedHeaders final : public mcp::Credentials {
 public:
  explicit FixedHeaders(net::HeaderList headers) : headers_(std::move(headers)) {}
  Task<Result<net::HeaderList>> headers(std::string /*url*/) override { co_return headers_; }
  Task<Result<bool>> refused(std::string /*url*/, int /*status*/,
                             std::string /*challenge*/) override {
    co_return false;
  }

 private:
  net::HeaderList headers_;
};

/// OAuth with the user's own token store.
class StoredOAuth final : public mcp::Credentials {
 public:
  StoredOAuth(mcp::oauth::OAuthOptions options, const std::string& directory, net::HttpClient& http,
              mcp::oauth::Consent* consent)
      : pool_(1), store_(directory, pool_), oauth_(std::move(options), {&http, &store_, consent}) {}

  Task<Result<net::HeaderList>> headers(std::string url) override {
    return oauth_.headers(std::move(url));
  }
  Task<Result<bool>> refused(std::string url, int status, std::string challenge) override {
    return oauth_.refused(std::move(url), status, std::move(challenge));
  }
  Task<Result<bool>> refused(std::string url, int status, std::string challenge,
                             net::HeaderList sent) override {
    return oauth_.refused(std::move(url), status, std::move(challenge), std::move(sent));
  }
  mcp::oauth::OAuthCredentials& oauth() { return oauth_; }

 private:
  async::BlockingPool pool_;
  mcp::oauth::FileTokenStore store_;
  mcp::oauth::OAuthCredentials oauth_;
};

mcp::oauth::Scopes scopes_of(const std::vector<std::string>& names) {
  mcp::oauth::Scopes scopes;
  scopes.insert(scopes.end(), names.begin(), names.end());
  return scopes;
}

Result<mcp::oauth::OAuthOptions> oauth_options(const config::McpServer& server) {
  const config::ServerAuth& auth = server.auth;
  mcp::oauth::OAuthOptions options;
  options.server_name = server.name;
  options.server_url = server.url;
  options.flow = auth.client_credentials ? mcp::oauth::Flow::kClientCredentials
                                         : mcp::oauth::Flow::kAuthorizationCode;
  options.client_id = auth.client_id;
  options.client_secret = auth.client_secret;
  options.client_metadata_url = auth.client_metadata_url;
  options.signing_algorithm = auth.key_algorithm;
  options.scopes = scopes_of(auth.scopes);
  if (!auth.private_key_file.empty()) {
    auto pem = os::read_file(auth.private_key_file, kKeyBytes);
    if (!pem) {
      return fail(Code::kConfiguration, "{}: auth.private_key_file: {}", server.origin,
                  pem.error().to_string());
    }
    options.private_key_pem = *std::move(pem);
  }
  return options;
}

Result<std::unique_ptr<StoredOAuth>> stored_oauth(const Settings& settings,
                                                  const config::McpServer& server,
                                                  net::HttpClient& http,
                                                  mcp::oauth::Consent* consent) {
  OAP_TRY(mcp::oauth::OAuthOptions options, oauth_options(server));
  return std::make_unique<StoredOAuth>(std::move(options), settings.paths.state_root + "/tokens",
                                       http, consent);
}

Result<const config::McpServer*> oauth_server(const Settings& settings, const std::string& name) {
  const auto found = settings.config.mcp_servers.find(name);
  if (found == settings.config.mcp_servers.end()) {
    std::vector<std::string> names;
    for (const auto& [known, server] : settings.config.mcp_servers) {
      names.push_back(known);
    }
    return fail(Code::kNotFound, "Unknown MCP server: {}{}", name, text::did_you_mean(name, names));
  }
  if (found->second.type != config::ServerType::kRemote ||
      (found->second.auth.type != config::AuthType::kOauth &&
       found->second.auth.type != config::AuthType::kNone)) {
    return fail(Code::kConfiguration,
                "{}: this server takes no sign-in; that needs a url and auth: {{type: oauth}}",
                found->second.origin);
  }
  return &found->second;
}

}  // namespace

Result<std::unique_ptr<mcp::Credentials>> credentials_of(const Settings& settings,
                                                         const config::McpServer& server,
                                                         net::HttpClient& http) {
  const config::ServerAuth& auth = server.auth;
  switch (auth.type) {
    case config::AuthType::kBearer:
      return std::make_unique<FixedHeaders>(
          net::HeaderList{{"Authorization", "Bearer " + auth.token}});
    case config::AuthType::kApiKey:
      return std::make_unique<FixedHeaders>(net::HeaderList{{auth.header, auth.api_key}});
    case config::AuthType::kOauth:
    case config::AuthType::kNone: {
      OAP_TRY(std::unique_ptr<StoredOAuth> stored, stored_oauth(settings, server, http, nullptr));
      return std::unique_ptr<mcp::Credentials>(std::move(stored));
    }
  }
  return std::unique_ptr<mcp::Credentials>();
}

Task<Result<void>> log_in(const Settings& settings, std::string server, net::HttpClient& http,
                          mcp::oauth::Consent& consent) {
  OAP_CO_TRY(const config::McpServer* found, oauth_server(settings, server));
  OAP_CO_TRY(const std::unique_ptr<StoredOAuth> stored,
             stored_oauth(settings, *found, http, &consent));
  const std::string none;
  co_return co_await stored->oauth().login(none);
}

Task<Result<void>> log_out(const Settings& settings, std::string server, net::HttpClient& http) {
  OAP_CO_TRY(const config::McpServer* found, oauth_server(settings, server));
  OAP_CO_TRY(const std::unique_ptr<StoredOAuth> stored,
             stored_oauth(settings, *found, http, nullptr));
  co_return co_await stored->oauth().logout();
}

Task<Result<mcp::oauth::SignInStatus>> sign_in_status(const Settings& settings, std::string server,
                                                      net::HttpClient& http) {
  OAP_CO_TRY(const config::McpServer* found, oauth_server(settings, server));
  OAP_CO_TRY(const std::unique_ptr<StoredOAuth> stored,
             stored_oauth(settings, *found, http, nullptr));
  co_return co_await stored->oauth().status();
}

}  // namespace oap::platform
