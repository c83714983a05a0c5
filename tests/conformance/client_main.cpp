#include <cstdio>
#include <cstdlib>
#include <string>

#include "async/runtime.hpp"
#include "client_run.hpp"
#include "json/parse.hpp"
#include "mcp/oauth/consent.hpp"
#include "mcp/oauth/credentials.hpp"
#include "mcp/oauth/token_store.hpp"

// mcp_conformance_client URL: the client under test of the conformance suite, which says in the
// environment what is to be done (MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_CONTEXT). The era is
// found out, not taken from MCP_CONFORMANCE_PROTOCOL_VERSION. Exit: 0 done, 1 with the cause on
// standard error.
namespace {

using namespace oap;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

mcp::oauth::OAuthOptions oauth_options(const std::string& url,
                                       const conformance::Scenario& scenario) {
  const json::Object& context = scenario.context;
  mcp::oauth::OAuthOptions options;
  options.server_name = "conformance";
  options.server_url = url;
  options.client_metadata_url = "https://conformance-test.local/client-metadata.json";
  options.client_id = json::get_string(context, "client_id");
  options.client_secret = json::get_string(context, "client_secret");
  options.private_key_pem = json::get_string(context, "private_key_pem");
  options.signing_algorithm = json::get_string(context, "signing_algorithm");
  options.idp_token_endpoint = json::get_string(context, "idp_token_endpoint");
  options.idp_client_id = json::get_string(context, "idp_client_id");
  options.idp_id_token = json::get_string(context, "idp_id_token");
  options.workload_token = json::get_string(context, "valid_jwt");
  options.private_network = true;
  if (scenario.name.rfind("auth/client-credentials-", 0) == 0) {
    options.flow = mcp::oauth::Flow::kClientCredentials;
  } else if (!options.idp_token_endpoint.empty()) {
    options.flow = mcp::oauth::Flow::kEnterprise;
  } else if (!options.workload_token.empty()) {
    options.flow = mcp::oauth::Flow::kWorkload;
  }
  return options;
}

mcp::ServerSpec server_spec(const std::string& url, net::HttpClient& http,
                            mcp::Credentials& credentials) {
  mcp::ServerSpec spec;
  spec.name = "conformance";
  spec.url = url;
  spec.http = &http;
  spec.credentials = &credentials;
  spec.capabilities = {{"roots", json::Object{}},
                       {"sampling", json::Object{}},
                       {"elicitation", json::Object{{"form", json::Object{}}}}};
  return spec;
}

Task<Result<void>> run(Executor executor, std::string url, conformance::Scenario scenario) {
  net::HttpClient http(executor);
  mcp::oauth::MemoryTokenStore store;
  mcp::oauth::FollowRedirectConsent consent(http);
  mcp::oauth::OAuthCredentials::Parts parts;
  parts.http = &http;
  parts.store = &store;
  parts.consent = &consent;
  mcp::oauth::OAuthCredentials credentials(oauth_options(url, scenario), parts);
  mcp::ServerSpec spec = server_spec(url, http, credentials);
  mcp::ClientEvents events;
  OAP_CO_TRY(auto client,
             co_await mcp::Client::connect(executor, std::move(spec), std::move(events)));
  auto done = co_await conformance::exercise(*client, std::move(scenario));
  co_await client->close();
  co_return done;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: MCP_CONFORMANCE_SCENARIO=NAME mcp_conformance_client URL\n", stderr);
    return 2;
  }
  conformance::Scenario scenario;
  scenario.name = environment("MCP_CONFORMANCE_SCENARIO");
  if (const std::string context = environment("MCP_CONFORMANCE_CONTEXT"); !context.empty()) {
    auto parsed = json::parse_object(context);
    if (!parsed) {
      std::fprintf(stderr, "MCP_CONFORMANCE_CONTEXT: %s\n", parsed.error().to_string().c_str());
      return 2;
    }
    scenario.context = *std::move(parsed);
  }
  async::Runtime runtime;
  auto done = runtime.run(run(runtime.executor(), argv[argc - 1], std::move(scenario)));
  if (!done) {
    std::fprintf(stderr, "%s\n", done.error().to_string().c_str());
    return 1;
  }
  return 0;
}
