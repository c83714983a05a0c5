#pragma once

#include <memory>
#include <string>

#include "mcp/client/client.hpp"
#include "mcp/oauth/consent.hpp"
#include "mcp/oauth/credentials.hpp"
#include "net/http_client.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// What a remote server is told of who calls: fixed headers, or tokens of its authorization server
/// from the user's token store. Null where it takes none. kConfiguration.
Result<std::unique_ptr<mcp::Credentials>> credentials_of(const Settings& settings,
                                                         const config::McpServer& server,
                                                         net::HttpClient& http);

/// Signs in to a server now, asking a person, whatever is stored. kNotFound, kConfiguration where
/// its `auth.type` is another than oauth; else as mcp::oauth::OAuthCredentials.
Task<Result<void>> log_in(const Settings& settings, std::string server, net::HttpClient& http,
                          mcp::oauth::Consent& consent);
/// Forgets what is stored for the server.
Task<Result<void>> log_out(const Settings& settings, std::string server, net::HttpClient& http);
Task<Result<mcp::oauth::SignInStatus>> sign_in_status(const Settings& settings, std::string server,
                                                      net::HttpClient& http);

}  // namespace oap::platform
