#include "mcp/oauth/metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "mcp/oauth/authorization.hpp"
#include "mcp/oauth/form.hpp"
#include "mcp/oauth/registration.hpp"

namespace oap::mcp::oauth {
namespace {

using ::testing::ElementsAre;

TEST(Metadata, PlacesOfResourceMetadata) {
  EXPECT_THAT(resource_metadata_urls("https://h.example.com/public/mcp"),
              ElementsAre("https://h.example.com/.well-known/oauth-protected-resource/public/mcp",
                          "https://h.example.com/.well-known/oauth-protected-resource"));
  EXPECT_THAT(resource_metadata_urls("https://h.example.com/"),
              ElementsAre("https://h.example.com/.well-known/oauth-protected-resource"));
  EXPECT_TRUE(resource_metadata_urls("h.example.com").empty());
}

TEST(Metadata, PlacesOfServerMetadata) {
  EXPECT_THAT(server_metadata_urls("https://a.example.com/t1"),
              ElementsAre("https://a.example.com/.well-known/oauth-authorization-server/t1",
                          "https://a.example.com/.well-known/openid-configuration/t1",
                          "https://a.example.com/t1/.well-known/openid-configuration"));
  EXPECT_THAT(server_metadata_urls("https://a.example.com"),
              ElementsAre("https://a.example.com/.well-known/oauth-authorization-server",
                          "https://a.example.com/.well-known/openid-configuration"));
}

TEST(Metadata, SpeaksForItsOwnServerOnly) {
  const std::string server = "https://h.example.com/a/mcp";
  for (const std::string good :
       {"https://h.example.com/a/mcp", "https://h.example.com/a/mcp/", "https://h.example.com/a",
        "https://h.example.com", "https://h.example.com/", "https://H.example.com:443/a/mcp"}) {
    EXPECT_TRUE(speaks_for(good, server)) << good;
  }
  for (const std::string bad :
       {"https://h.example.com/a/mc", "https://h.example.com/a/mcp/b", "https://h.example.com/b",
        "http://h.example.com/a/mcp", "https://h.example.com:8443/a/mcp",
        "https://h.example.com.evil.com/a/mcp", "https://x@h.example.com/a/mcp",
        "https://h.example.com/a/mcp#f", "https://h.example.com/a/mcp?x=1", "", "nonsense"}) {
    EXPECT_FALSE(speaks_for(bad, server)) << bad;
  }
}

TEST(Metadata, CanonicalResources) {
  EXPECT_EQ(canonical_resource("HTTPS://H.example.com:443/Mcp#x").value_or(""),
            "https://h.example.com/Mcp");
  EXPECT_EQ(canonical_resource("https://h.example.com/").value_or(""), "https://h.example.com");
  EXPECT_FALSE(canonical_resource("ftp://h.example.com"));
}

TEST(Metadata, WrongMembersAreRefused) {
  for (
      const std::string_view text :
      {R"({})", R"({"resource":1,"authorization_servers":["https://a"]})",
       R"({"resource":"https://r"})", R"({"resource":"https://r","authorization_servers":[]})",
       R"({"resource":"https://r","authorization_servers":"https://a"})",
       R"({"resource":"https://r","authorization_servers":[1]})",
       R"({"resource":"https://r","authorization_servers":["https://a"],"scopes_supported":"x"})"}) {
    EXPECT_FALSE(read_resource_metadata(*json::parse_object(text))) << text;
  }
  for (const std::string_view text :
       {R"({"token_endpoint":"https://t"})", R"({"issuer":"https://i"})",
        R"({"issuer":"https://i","token_endpoint":"https://t","scopes_supported":{}})",
        R"({"issuer":"https://i","token_endpoint":"https://t",)"
        R"("code_challenge_methods_supported":"S256"})"}) {
    EXPECT_FALSE(read_server_metadata(*json::parse_object(text))) << text;
  }
}

TEST(Scopes, LeaveOutWhatIsNone) {
  EXPECT_THAT(parse_scopes(" a  b a \"x c\\d \x01 e:f/g"), ElementsAre("a", "b", "e:f/g"));
  EXPECT_TRUE(covers({"a", "b"}, {"b"}));
  EXPECT_FALSE(covers({"a"}, {"a", "b"}));
  EXPECT_TRUE(covers({}, {}));
  EXPECT_THAT(unite({"a", "b"}, {"c", "a"}), ElementsAre("a", "b", "c"));
}

TEST(Forms, RoundTripAndKeepDoubles) {
  const Form form{{"a b", "ü&=+%"}, {"c", ""}};
  EXPECT_EQ(write_form(form), "a%20b=%C3%BC%26%3D%2B%25&c=");
  EXPECT_EQ(parse_form(write_form(form)), form);
  const Form doubled = parse_form("x=1&x=2&y=%zz&&=");
  EXPECT_FALSE(single(doubled, "x"));
  EXPECT_EQ(single(doubled, "y"), "%zz");
  EXPECT_EQ(with_query("https://a/b?c=d#e", {{"f", "g"}}), "https://a/b?c=d&f=g");
}

class AnswerTest : public ::testing::Test {
 protected:
  AnswerTest() {
    server.issuer = "https://as.example.com";
    ClientRegistration client;
    client.client_id = "c";
    attempt = begin_attempt(client, "http://127.0.0.1:7/callback", "https://r", {});
  }
  Result<std::string> answer(const std::string& query) const {
    return code_of("http://127.0.0.1:7/callback?" + query, attempt, server);
  }
  ServerMetadata server;
  Attempt attempt;
};

TEST_F(AnswerTest, TakesACodeAndNothingElse) {
  const std::string good = "state=" + attempt.state;
  EXPECT_EQ(answer(good + "&code=x%20y").value_or(""), "x y");
  EXPECT_FALSE(answer(good));
  EXPECT_FALSE(answer(good + "&code="));
  EXPECT_FALSE(answer("code=x"));
  EXPECT_FALSE(answer("state=&code=x"));
  EXPECT_FALSE(answer(good + "&code=x&code=y"));
  EXPECT_FALSE(answer(good + "&code=x&" + good));
  EXPECT_FALSE(answer(good + "x&code=x"));
  EXPECT_FALSE(code_of("http://127.0.0.1:8/callback?code=x&" + good, attempt, server));
  EXPECT_FALSE(code_of("https://127.0.0.1:7/callback?code=x&" + good, attempt, server));
  EXPECT_FALSE(code_of("http://127.0.0.1:7/other?code=x&" + good, attempt, server));
  EXPECT_FALSE(code_of("", attempt, server));
}

TEST_F(AnswerTest, ErrorsAreQuotedWithoutControlCharacters) {
  const auto refused =
      answer("state=" + attempt.state + "&error=access_denied&error_description=a%0Ab%1B");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kUnauthenticated);
  EXPECT_EQ(
      refused.error().message(),
      "the authorization server https://as.example.com refused the sign-in: access_denied (a b )");
}

TEST_F(AnswerTest, NoTwoAttemptsAreAlike) {
  ClientRegistration client;
  const Attempt other = begin_attempt(client, "u", "r", {});
  EXPECT_NE(other.state, attempt.state);
  EXPECT_NE(other.verifier, attempt.verifier);
  EXPECT_GE(other.verifier.size(), 43U);
}

TEST(AuthMethod, IsTheServersElseTheSafest) {
  ServerMetadata open;
  EXPECT_EQ(choose_auth_method(open, true, false, ""), kAuthBasic);
  EXPECT_EQ(choose_auth_method(open, false, false, ""), kAuthNone);
  EXPECT_EQ(choose_auth_method(open, true, false, "client_secret_post"), kAuthPost);
  EXPECT_EQ(choose_auth_method(open, false, true, ""), kAuthPrivateKey);
  ServerMetadata listed;
  listed.token_endpoint_auth_methods_supported = {"none", "client_secret_post"};
  EXPECT_EQ(choose_auth_method(listed, true, false, ""), kAuthPost);
  EXPECT_EQ(choose_auth_method(listed, true, false, "private_key_jwt"), kAuthPost);
  listed.token_endpoint_auth_methods_supported = {"none"};
  EXPECT_EQ(choose_auth_method(listed, true, false, ""), kAuthNone);
}

TEST(Registration, IsNativeOnLoopbackElseWeb) {
  OAuthOptions options;
  ServerMetadata server;
  EXPECT_EQ(json::get_string(registration_request(options, server, "http://127.0.0.1:1/c", {}),
                             "application_type"),
            "native");
  EXPECT_EQ(json::get_string(registration_request(options, server, "https://gw.example.com/c", {}),
                             "application_type"),
            "web");
}

TEST(Registration, AnExpiredSecretOrAnotherRedirectIsOfNoUse) {
  ServerMetadata server;
  const auto client = read_registration(
      201, R"({"client_id":"c","client_secret":"s","client_secret_expires_at":1700000100})", server,
      "http://127.0.0.1:1/c");
  ASSERT_TRUE(client);
  FakeClock clock;
  EXPECT_TRUE(is_usable(*client, "http://127.0.0.1:1/c", clock.wall()));
  EXPECT_FALSE(is_usable(*client, "http://127.0.0.1:2/c", clock.wall()));
  clock.advance(Millis(100'000));
  EXPECT_FALSE(is_usable(*client, "http://127.0.0.1:1/c", clock.wall()));
  EXPECT_FALSE(read_registration(201, "{}", server, ""));
  EXPECT_FALSE(read_registration(201, "[]", server, ""));
  EXPECT_FALSE(read_registration(400, R"({"client_id":"c"})", server, ""));
}

}  // namespace
}  // namespace oap::mcp::oauth
