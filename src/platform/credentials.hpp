#pragma once

#include <memory>
#include <string>

#include "mcp/client/client.hpp"
#include "mcp/oauth/consent.hpp"
#include "net/http_client.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// What a remote server is told of who calls: fixed headers, or tokens of its authorization server
/// from the user's token store. Null where it takes none. kConfiguration.
Result<std::unique_ptr<mcp::Credentials>> credentials_of(const Settings& settings,
                                                         const config::McpServer& server,
                                                         Executor executor, net::HttpClient& http);

/// `oap mcp login`: asks a person, whatever is stored. Errors as of mcp::Credentials.
Task<Result<void>> log_in(const Settings& settings, std::string server, Executor executor,
                          net::HttpClient& http, mcp::oauth::Consent& consent);
/// Forgets what is stored for the server; false where nothing was.
Result<bool> log_out(const Settings& settings, const std::string& server);

}  // namespace oap::platform
