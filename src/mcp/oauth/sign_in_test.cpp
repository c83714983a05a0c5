#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/print.hpp"
#include "mcp/oauth/testing/world.hpp"

namespace oap::mcp::oauth {
namespace {

using testing::AuthServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::World;

std::string one(const Form& form, std::string_view name) {
  return single(form, name).value_or("<none>");
}

class SignInTest : public ::testing::Test {
 protected:
  void expect_works() {
    const Result<int> status = world.call();
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_EQ(*status, 200);
  }
  Error expect_fails(Code code) {
    const Result<int> status = world.call();
    EXPECT_FALSE(status);
    Error error = status ? Error(Code::kInternal, "it worked") : status.error();
    EXPECT_EQ(error.code(), code) << error.to_string();
    EXPECT_THAT(error.to_string(), Not(HasSubstr("token-as")));
    return error;
  }
  World world;
};

TEST_F(SignInTest, WalksFromChallengeToToken) {
  expect_works();
  const testing::Visit asked = world.as.last_authorization();
  EXPECT_EQ(one(asked.query, "response_type"), "code");
  EXPECT_EQ(one(asked.query, "client_id"), "client-of-as");
  EXPECT_EQ(one(asked.query, "resource"), world.server.url());
  EXPECT_EQ(one(asked.query, "code_challenge_method"), "S256");
  EXPECT_EQ(one(asked.query, "scope"), "<none>");
  EXPECT_EQ(one(asked.query, "state").size(), 43U);
  const testing::Visit token = world.as.last_token_request();
  EXPECT_EQ(one(token.form, "resource"), world.server.url());
  EXPECT_EQ(one(token.form, "redirect_uri"), one(asked.query, "redirect_uri"));
  EXPECT_EQ(one(token.form, "client_id"), "client-of-as");
  EXPECT_EQ(token.header("authorization"), "");
  EXPECT_EQ(world.server.site().visits().back().header("authorization"), "Bearer token-as-1");

  expect_works();
  EXPECT_EQ(world.as.authorizations(), 1U);
}

TEST_F(SignInTest, RegistersAsNativeProgram) {
  expect_works();
  EXPECT_EQ(json::print(world.as.last_registration()),
            R"({"client_name":"oap","application_type":"native",)"
            R"("redirect_uris":["http://127.0.0.1:33418/callback"],)"
            R"("grant_types":["authorization_code","refresh_token"],"response_types":["code"],)"
            R"("token_endpoint_auth_method":"none"})");
}

TEST_F(SignInTest, FindsMetadataAtEachPlace) {
  struct Place {
    std::string resource, server, prefix;
    bool named;
    bool at_root;
  };
  const std::vector<Place> places{
      {"/.well-known/oauth-protected-resource/mcp", "/.well-known/openid-configuration", "", false,
       false},
      {"/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server/t1", "/t1",
       false, true},
      {"/custom/place.json", "/t1/.well-known/openid-configuration", "/t1", true, false},
      {"/.well-known/oauth-protected-resource/mcp", "/.well-known/openid-configuration/t1", "/t1",
       true, false},
  };
  for (const Place& place : places) {
    World each;
    each.server.metadata_path = place.resource;
    each.server.names_metadata = place.named;
    if (place.at_root) {
      each.server.resource = each.server.site().url();
    }
    each.as.metadata_path = place.server;
    each.as.prefix = place.prefix;
    const Result<int> status = each.call();
    ASSERT_TRUE(status) << place.resource << ": " << status.error().to_string();
    EXPECT_EQ(*status, 200);
    if (!place.prefix.empty()) {
      EXPECT_EQ(each.as.site().count("/.well-known/oauth-authorization-server"), 0U);
    }
    if (!place.at_root) {
      EXPECT_EQ(each.server.site().count("/.well-known/oauth-protected-resource"), 0U);
    }
  }
}

TEST_F(SignInTest, RefusesMetadataOfAnotherResource) {
  world.server.resource = "https://evil.example.com/mcp";
  EXPECT_THAT(expect_fails(Code::kPermissionDenied).message(), HasSubstr("another resource"));
  EXPECT_EQ(world.as.site().visits().size(), 0U);
}

TEST_F(SignInTest, RefusesMetadataOfAnotherPathOfTheSameOrigin) {
  world.server.resource = world.server.site().url() + "/mc";
  expect_fails(Code::kPermissionDenied);
  EXPECT_EQ(world.as.authorizations(), 0U);
}

TEST_F(SignInTest, RefusesMetadataOfAnotherIssuer) {
  world.as.issuer_claim = "https://attacker.example.com";
  EXPECT_THAT(expect_fails(Code::kPermissionDenied).message(), HasSubstr("another issuer"));
  EXPECT_EQ(world.as.registrations() + world.as.authorizations() + world.as.token_requests(), 0U);
}

TEST_F(SignInTest, RefusesAServerWithoutPkce) {
  for (const json::Value& methods :
       {json::Value(nullptr), json::Value(json::Array{"plain"}), json::Value(json::Array{})}) {
    world.restart();
    world.as.more_metadata["code_challenge_methods_supported"] = methods;
    EXPECT_THAT(expect_fails(Code::kUpstream).message(), HasSubstr("PKCE"));
  }
  EXPECT_EQ(world.as.authorizations(), 0U);
}

TEST_F(SignInTest, KnowsServersWithoutResourceMetadata) {
  for (const bool has_document : {true, false}) {
    async::Runtime runtime;
    net::HttpClient http(runtime.executor());
    std::string origin;
    testing::Site site(runtime, [&](const testing::Visit& visit) {
      const std::string prefix = has_document ? "/oauth" : "";
      if (has_document && visit.path == "/.well-known/oauth-authorization-server") {
        return testing::json_reply(
            200, fmt::format(R"({{"issuer":"{0}","authorization_endpoint":"{0}/oauth/authorize",)"
                             R"("token_endpoint":"{0}/oauth/token",)"
                             R"("registration_endpoint":"{0}/oauth/register",)"
                             R"("code_challenge_methods_supported":["S256"]}})",
                             origin));
      }
      if (visit.path == prefix + "/register") {
        return testing::json_reply(201, R"({"client_id":"c"})");
      }
      if (visit.path == prefix + "/authorize") {
        return testing::redirect_to(
            with_query(one(visit.query, "redirect_uri"),
                       {{"state", one(visit.query, "state")}, {"code", "x"}}));
      }
      if (visit.path == prefix + "/token") {
        return testing::json_reply(200, R"({"access_token":"t","token_type":"bearer"})");
      }
      return testing::json_reply(404, "{}");
    });
    origin = site.url();
    MemoryTokenStore store;
    FollowRedirectConsent consent(http);
    OAuthOptions options;
    options.server_name = "old";
    options.server_url = origin + "/mcp";
    OAuthCredentials credentials(options, {&http, &store, &consent});
    const Result<bool> done = runtime.run(credentials.refused(options.server_url, 401, "Bearer"));
    ASSERT_TRUE(done) << done.error().to_string();
    const auto headers = runtime.run(credentials.headers(options.server_url));
    ASSERT_TRUE(headers);
    EXPECT_THAT(*headers,
                ElementsAre(std::pair<std::string, std::string>("Authorization", "Bearer t")));
  }
}

TEST_F(SignInTest, PagesInsteadOfMetadataCountAsNone) {
  world.server.metadata_path = "/.well-known/oauth-protected-resource";
  world.server.names_metadata = false;
  world.server.resource = world.server.site().url();
  expect_works();
}

TEST_F(SignInTest, UsesTheConfiguredClient) {
  world.as.more_metadata["registration_endpoint"] = nullptr;
  world.as.more_metadata["token_endpoint_auth_methods_supported"] =
      json::Array{"client_secret_basic"};
  world.options.client_id = "a client";
  world.options.client_secret = "s:1";
  expect_works();
  EXPECT_EQ(world.as.last_token_request().header("authorization"),
            "Basic YSUyMGNsaWVudDpzJTNBMQ==");
  EXPECT_EQ(one(world.as.last_token_request().form, "client_secret"), "<none>");
}

TEST_F(SignInTest, UsesTheMetadataDocumentWhereThatIsSupported) {
  world.options.client_metadata_url = "https://conformance-test.local/client-metadata.json";
  world.as.more_metadata["client_id_metadata_document_supported"] = true;
  expect_works();
  EXPECT_EQ(one(world.as.last_authorization().query, "client_id"),
            "https://conformance-test.local/client-metadata.json");
  EXPECT_EQ(world.as.registrations(), 0U);

  World without;
  without.options.client_metadata_url = world.options.client_metadata_url;
  EXPECT_EQ(without.call().value_or(0), 200);
  EXPECT_EQ(without.as.registrations(), 1U);
}

TEST_F(SignInTest, RefusesAMetadataDocumentThatIsNotHttpsWithAPath) {
  world.as.more_metadata["client_id_metadata_document_supported"] = true;
  for (const std::string url : {"http://a.example.com/c.json", "https://a.example.com/",
                                "https://a.example.com", "https://u:p@a.example.com/c.json"}) {
    world.restart();
    world.options.client_metadata_url = url;
    expect_fails(Code::kConfiguration);
  }
}

TEST_F(SignInTest, SaysHowToGoOnWhereNobodyCanRegister) {
  world.as.more_metadata["registration_endpoint"] = nullptr;
  EXPECT_THAT(expect_fails(Code::kConfiguration).message(), HasSubstr("client_id"));
  world.restart();
  world.as.more_metadata.clear();
  world.as.registration_status = 403;
  EXPECT_THAT(expect_fails(Code::kUpstream).message(), HasSubstr("by hand"));
}

TEST_F(SignInTest, ProvesItselfAsTheServerWantsIt) {
  struct Row {
    std::string method, secret;
    bool basic, post;
  };
  for (const Row& row :
       {Row{"client_secret_basic", "s3", true, false}, Row{"client_secret_post", "s3", false, true},
        Row{"none", "", false, false}, Row{"none", "s3", false, false}}) {
    World each;
    each.as.more_metadata["token_endpoint_auth_methods_supported"] =
        json::Array{row.method.c_str()};
    if (!row.secret.empty()) {
      each.as.registration_answer["client_secret"] = row.secret;
    }
    ASSERT_EQ(each.call().value_or(0), 200) << row.method;
    EXPECT_EQ(json::get_string(each.as.last_registration(), "token_endpoint_auth_method"),
              row.method);
    const testing::Visit token = each.as.last_token_request();
    EXPECT_EQ(token.header("authorization").starts_with("Basic "), row.basic);
    EXPECT_EQ(one(token.form, "client_secret") == "s3", row.post);
  }
}

TEST_F(SignInTest, AcceptsTheRightIssuerAndAnAbsentOneThatWasNotPromised) {
  expect_works();
  World silent;
  silent.as.more_metadata["authorization_response_iss_parameter_supported"] = nullptr;
  silent.as.iss = AuthServer::Iss::kAbsent;
  EXPECT_EQ(silent.call().value_or(0), 200);
}

TEST_F(SignInTest, RefusesAnswersOfAnotherIssuer) {
  for (const bool promised : {true, false}) {
    for (const AuthServer::Iss iss :
         {AuthServer::Iss::kWrong, AuthServer::Iss::kSlash, AuthServer::Iss::kTwice}) {
      World each;
      if (!promised) {
        each.as.more_metadata["authorization_response_iss_parameter_supported"] = nullptr;
      }
      each.as.iss = iss;
      const Result<int> status = each.call();
      ASSERT_FALSE(status);
      EXPECT_EQ(status.error().code(), Code::kPermissionDenied);
      EXPECT_EQ(each.as.authorizations(), 1U);
      EXPECT_EQ(each.as.token_requests(), 0U);
    }
  }
}

TEST_F(SignInTest, RefusesAnAbsentIssuerThatWasPromised) {
  world.as.iss = AuthServer::Iss::kAbsent;
  expect_fails(Code::kPermissionDenied);
  EXPECT_EQ(world.as.token_requests(), 0U);
}

TEST_F(SignInTest, LooksAtTheIssuerBeforeTheError) {
  world.as.consent_error = "access_denied";
  EXPECT_THAT(expect_fails(Code::kUnauthenticated).message(), HasSubstr("access_denied"));
  world.restart();
  world.as.iss = AuthServer::Iss::kWrong;
  EXPECT_THAT(expect_fails(Code::kPermissionDenied).message(), Not(HasSubstr("access_denied")));
}

TEST_F(SignInTest, RefusesAnotherState) {
  world.as.other_state = "mine";
  expect_fails(Code::kPermissionDenied);
  EXPECT_EQ(world.as.token_requests(), 0U);
}

TEST_F(SignInTest, TakesScopesFromChallengeElseFromMetadata) {
  world.server.challenge_scope = "mcp:basic";
  world.server.scopes_supported = {"mcp:other"};
  expect_works();
  EXPECT_EQ(one(world.as.last_authorization().query, "scope"), "mcp:basic");

  World listed;
  listed.server.scopes_supported = {"mcp:basic", "mcp:read", "mcp:write"};
  EXPECT_EQ(listed.call().value_or(0), 200);
  EXPECT_EQ(one(listed.as.last_authorization().query, "scope"), "mcp:basic mcp:read mcp:write");
}

TEST_F(SignInTest, AsksForOfflineAccessOnlyWhereItIsListed) {
  world.server.scopes_supported = {"mcp:basic"};
  world.as.more_metadata["scopes_supported"] = json::Array{"mcp:basic", "offline_access"};
  expect_works();
  EXPECT_EQ(one(world.as.last_authorization().query, "scope"), "mcp:basic offline_access");

  World unlisted;
  unlisted.server.scopes_supported = {"mcp:basic", "offline_access"};
  unlisted.as.more_metadata["scopes_supported"] = json::Array{"mcp:basic"};
  EXPECT_EQ(unlisted.call().value_or(0), 200);
  EXPECT_EQ(one(unlisted.as.last_authorization().query, "scope"), "mcp:basic");
}

TEST_F(SignInTest, SaysHowToSignInWhereNobodyCanBeAsked) {
  world.has_person = false;
  EXPECT_THAT(expect_fails(Code::kUnauthenticated).message(), HasSubstr("oap mcp login shop"));
  EXPECT_EQ(world.as.authorizations() + world.as.registrations(), 0U);
}

TEST_F(SignInTest, RefusesUnusableTokenAnswers) {
  const std::vector<std::string> answers{"no json",
                                         "{}",
                                         R"({"access_token":"t"})",
                                         R"({"access_token":"t","token_type":"mac"})",
                                         R"({"access_token":"a b","token_type":"Bearer"})",
                                         R"({"access_token":"a\r\nX: y","token_type":"Bearer"})"};
  for (const std::string& body : answers) {
    world.restart();
    world.clock.advance(Millis(120'000));
    world.as.token_reply = testing::json_reply(200, body);
    expect_fails(Code::kUpstream);
  }
  world.restart();
  world.as.token_reply = testing::redirect_to("http://127.0.0.1:1/token");
  EXPECT_THAT(expect_fails(Code::kUpstream).message(), HasSubstr("redirect"));
}

TEST_F(SignInTest, ARemoteServersAddressesMayNotPointHere) {
  async::Runtime runtime;
  net::HttpClient http(runtime.executor());
  Web remote(http, "https://mcp.example.com/mcp", Millis(1000));
  EXPECT_FALSE(remote.check("http://127.0.0.1/token"));
  EXPECT_FALSE(remote.check("https://localhost/token"));
  EXPECT_FALSE(remote.check("http://as.example.com/token"));
  EXPECT_FALSE(remote.check("https://user:pass@as.example.com/token"));
  EXPECT_FALSE(remote.check("file:///etc/passwd"));
  EXPECT_FALSE(remote.check("javascript:alert(1)"));
  EXPECT_TRUE(remote.check("https://as.example.com/token"));
  Web local(http, "http://localhost:3000/mcp", Millis(1000));
  EXPECT_TRUE(local.check("http://127.0.0.1/token"));
  EXPECT_FALSE(local.check("http://as.example.com/token"));
}

TEST_F(SignInTest, TheTokenGoesToTheServersOriginOnly) {
  expect_works();
  for (const std::string& url :
       {world.as.issuer() + "/mcp", std::string("https://evil.example.com/"),
        std::string("nonsense")}) {
    const auto headers = world.runtime.run(world.credentials().headers(url));
    ASSERT_FALSE(headers) << url;
    EXPECT_EQ(headers.error().code(), Code::kPermissionDenied);
    EXPECT_FALSE(world.runtime.run(world.credentials().refused(url, 401, "Bearer")));
  }
}

}  // namespace
}  // namespace oap::mcp::oauth
