#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "async/scope.hpp"
#include "json/print.hpp"
#include "mcp/oauth/api_key.hpp"
#include "mcp/oauth/challenge.hpp"
#include "mcp/oauth/client_assertion.hpp"
#include "mcp/oauth/jwt.hpp"
#include "mcp/oauth/testing/site.hpp"

namespace oap::mcp::oauth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = tl::expected<Principal, Refusal>;

const std::string kUs = "https://gw.example.com/mcp";

ResourceConfig config() {
  ResourceConfig out;
  out.resource = kUs;
  out.authorization_servers = {"https://as.example.com"};
  out.scopes = {"mcp", "offline_access"};
  out.name = "oap";
  return out;
}

net::RequestHead head(net::HeaderList headers, std::string target = "/mcp") {
  net::RequestHead out;
  out.method = "POST";
  out.target = std::move(target);
  out.headers = std::move(headers);
  return out;
}

std::string new_key_pem() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(out, &text));
  std::string pem(text, size);
  BIO_free(out);
  EVP_PKEY_free(key);
  return pem;
}

TEST(Resource, DescribesItself) {
  EXPECT_EQ(json::print(protected_resource_metadata(config())),
            R"({"resource":"https://gw.example.com/mcp",)"
            R"("authorization_servers":["https://as.example.com"],"scopes_supported":["mcp"],)"
            R"("bearer_methods_supported":["header"],"resource_name":"oap"})");
  EXPECT_EQ(resource_metadata_path(kUs), "/.well-known/oauth-protected-resource/mcp");
  EXPECT_EQ(resource_metadata_path("http://127.0.0.1:8080"),
            "/.well-known/oauth-protected-resource");
  EXPECT_EQ(resource_metadata_url(config()),
            "https://gw.example.com/.well-known/oauth-protected-resource/mcp");
  ResourceConfig plain = config();
  plain.authorization_servers.clear();
  EXPECT_EQ(resource_metadata_url(plain), "");
}

class ApiKeyTest : public ::testing::Test {
 protected:
  ApiKeyTest() : verifier_(keys()), chain_({&verifier_}, config()) {}
  static std::vector<ApiKey> keys() {
    ApiKey ann;
    ann.digest = *read_api_key("ann-secret-0123456789");
    ann.principal = Principal{"ann", "planner", "t1"};
    ApiKey bob;
    bob.digest = *read_api_key("sha256:" + crypto::sha256_hex("bob-secret-0123456789"));
    bob.principal = Principal{"bob", "user", "t2"};
    return {ann, bob};
  }
  Outcome ask(net::HeaderList headers, std::string target = "/mcp") {
    return runtime_.run(chain_.authenticate(head(std::move(headers), std::move(target))));
  }
  async::Runtime runtime_;
  ApiKeyVerifier verifier_;
  ChainAuthenticator chain_;
};

TEST_F(ApiKeyTest, KnowsKeysInBothHeaders) {
  const Outcome ann = ask({{"Authorization", "Bearer ann-secret-0123456789"}});
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->user_id, "ann");
  EXPECT_EQ(ann->role, "planner");
  EXPECT_EQ(ann->tenant, "t1");
  EXPECT_EQ(ask({{"x-api-key", " bob-secret-0123456789 "}})->user_id, "bob");
  EXPECT_EQ(ask({{"authorization", "bearer bob-secret-0123456789"}})->user_id, "bob");
}

TEST_F(ApiKeyTest, RefusesTheRestWithAChallenge) {
  const Outcome none = ask({});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().status, 401);
  const auto challenge = bearer_challenge(none.error().challenge);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->error, "");
  EXPECT_EQ(challenge->scope, "mcp offline_access");
  EXPECT_EQ(challenge->resource_metadata,
            "https://gw.example.com/.well-known/oauth-protected-resource/mcp");
  for (const net::HeaderList& wrong :
       std::vector<net::HeaderList>{{{"Authorization", "Bearer ann-secret-012345678"}},
                                    {{"X-API-Key", "carl-secret-0123456789"}},
                                    {{"X-API-Key", crypto::sha256_hex("bob-secret-0123456789")}}}) {
    const Outcome refused = ask(wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 401);
    EXPECT_THAT(refused.error().challenge, HasSubstr("error=\"invalid_token\""));
    EXPECT_THAT(refused.error().challenge + refused.error().message, Not(HasSubstr("secret")));
  }
  EXPECT_EQ(ask({{"Authorization", "Basic YTpi"}}).error().status, 401);
}

TEST_F(ApiKeyTest, MalformedCredentialsAre400) {
  const std::string good = "ann-secret-0123456789";
  for (const net::HeaderList& wrong : std::vector<net::HeaderList>{
           {{"Authorization", "Bearer"}},
           {{"Authorization", "Bearer  "}},
           {{"Authorization", "Bearer a b"}},
           {{"Authorization", "Bearer \"a\""}},
           {{"Authorization", "Bearer =="}},
           {{"Authorization", "Bearer " + std::string(20'000, 'a')}},
           {{"X-API-Key", ""}},
           {{"Authorization", "Bearer " + good}, {"Authorization", "Bearer " + good}},
           {{"Authorization", "Bearer " + good}, {"X-API-Key", good}},
           {{"X-API-Key", good}, {"X-API-Key", good}}}) {
    const Outcome refused = ask(wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 400);
    EXPECT_THAT(refused.error().challenge, HasSubstr("invalid_request"));
  }
}

TEST_F(ApiKeyTest, CredentialsInTheUrlAreRefusedEvenBesideGoodOnes) {
  for (const std::string target : {"/mcp?access_token=x", "/mcp?a=b&ACCESS_TOKEN=x",
                                   "/mcp?api_key=x", "/mcp?access%5Ftoken=x"}) {
    const Outcome refused = ask({{"X-API-Key", "ann-secret-0123456789"}}, target);
    ASSERT_FALSE(refused) << target;
    EXPECT_EQ(refused.error().status, 400);
  }
  EXPECT_TRUE(ask({{"X-API-Key", "ann-secret-0123456789"}}, "/mcp?page=2"));
}

TEST(ApiKeyConfig, RefusesGuessableAndBrokenOnes) {
  EXPECT_FALSE(read_api_key("short"));
  EXPECT_FALSE(read_api_key(""));
  EXPECT_FALSE(read_api_key("sha256:"));
  EXPECT_FALSE(read_api_key("sha256:" + std::string(63, 'a')));
  EXPECT_FALSE(read_api_key("sha256:" + std::string(64, 'z')));
  EXPECT_THAT(read_api_key("hunter2").error().message(), Not(HasSubstr("hunter2")));
}

class JwtTest : public ::testing::Test {
 protected:
  JwtTest() : site_(runtime_, [this](const testing::Visit& visit) { return answer(visit); }) {
    trusted_.issuer = site_.url();
    trusted_.jwks_url = site_.url() + "/jwks";
    trusted_.role_claim = "roles";
    trusted_.tenant_claim = "org";
    trusted_.roles = {{"gw-admin", "commander"}};
    options_.audience = kUs;
    options_.required = {"mcp"};
    publish("k1", key_);
  }

  net::HttpReply answer(const testing::Visit& visit) {
    if (visit.path == "/.well-known/openid-configuration") {
      return testing::json_reply(
          200, fmt::format(R"({{"issuer":"{0}","token_endpoint":"{0}/t","jwks_uri":"{0}/jwks"}})",
                           claimed_issuer_.empty() ? site_.url() : claimed_issuer_));
    }
    if (visit.path != "/jwks") {
      return testing::json_reply(404, "{}");
    }
    return is_down_ ? testing::json_reply(503, "") : testing::json_reply(200, jwks());
  }

  static std::string jwk(const std::string& kid, const std::string& pem) {
    json::Object out = crypto::PrivateKey::from_pem(pem)->public_key().jwk();
    out["kid"] = kid;
    return json::print(out);
  }
  void publish(const std::string& kid, const std::string& pem) { published_ = jwk(kid, pem); }
  std::string jwks() const { return R"({"keys":[)" + published_ + "]}"; }

  json::Object claims() const {
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
    json::Object out;
    out["iss"] = trusted_.issuer;
    out["aud"] = kUs;
    out["sub"] = "ann";
    out["exp"] = now + 300;
    out["iat"] = now;
    out["scope"] = "mcp more";
    out["roles"] = json::Array{"other", "gw-admin"};
    out["org"] = "t1";
    return out;
  }
  std::string token(const json::Object& said, const std::string& kid = "k1") const {
    return token_by(key_, said, kid);
  }
  static std::string token_by(const std::string& pem, const json::Object& said,
                              const std::string& kid) {
    json::Object header;
    header["kid"] = kid;
    header["typ"] = "at+jwt";
    return *crypto::sign_jws(*crypto::PrivateKey::from_pem(pem), crypto::Algorithm::kEs256, header,
                             json::print(said));
  }

  JwtVerifier& verifier() {
    if (!verifier_) {
      auto made = JwtVerifier::make(http_, options_, {trusted_}, clock_);
      EXPECT_TRUE(made);
      verifier_ = *std::move(made);
    }
    return *verifier_;
  }
  Outcome ask(const std::string& bearer) {
    ChainAuthenticator chain({&verifier()}, config());
    return runtime_.run(chain.authenticate(head({{"Authorization", "Bearer " + bearer}})));
  }
  int refusal(const json::Object& said) {
    const Outcome outcome = ask(token(said));
    return outcome ? 200 : outcome.error().status;
  }

  async::Runtime runtime_;
  net::HttpClient http_{runtime_.executor()};
  FakeClock clock_;
  std::string key_ = new_key_pem();
  std::string published_;
  std::string claimed_issuer_;
  bool is_down_ = false;
  testing::Site site_;
  TrustedIssuer trusted_;
  JwtOptions options_;
  std::unique_ptr<JwtVerifier> verifier_;
};

TEST_F(JwtTest, ReadsThePrincipal) {
  const Outcome ann = ask(token(claims()));
  ASSERT_TRUE(ann) << ann.error().message;
  EXPECT_EQ(ann->user_id, "ann");
  EXPECT_EQ(ann->role, "commander");
  EXPECT_EQ(ann->tenant, "t1");
  json::Object plain = claims();
  plain.erase("org");
  plain["roles"] = "nothing known";
  plain["aud"] = json::Array{"https://other", kUs};
  plain.erase("scope");
  plain["scp"] = json::Array{"mcp"};
  const Outcome other = ask(token(plain));
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->role, "user");
  EXPECT_EQ(other->tenant, "default");
  EXPECT_EQ(site_.count("/jwks"), 1U);
}

TEST_F(JwtTest, RefusesWhatIsNotForUs) {
  const auto with = [&](std::string_view name, const json::Value& value) {
    json::Object said = claims();
    if (value.is_null()) {
      said.erase(name);
    } else {
      said[name] = value;
    }
    return refusal(said);
  };
  EXPECT_EQ(with("aud", "https://other.example.com/mcp"), 401);
  EXPECT_EQ(with("aud", json::Value(kUs + "/")), 401);
  EXPECT_EQ(with("aud", json::Array{}), 401);
  EXPECT_EQ(with("aud", nullptr), 401);
  EXPECT_EQ(with("exp", nullptr), 401);
  EXPECT_EQ(with("exp", 1'699'999'000), 401);
  EXPECT_EQ(with("nbf", 1'700'000'300), 401);
  EXPECT_EQ(with("sub", nullptr), 401);
  EXPECT_EQ(with("sub", 7), 401);
  EXPECT_EQ(with("iss", "https://evil.example.com"), 401);
  EXPECT_EQ(with("iss", json::Value(trusted_.issuer + "/")), 401);
  EXPECT_EQ(with("scope", "other"), 403);
  EXPECT_EQ(with("scope", nullptr), 403);
}

TEST_F(JwtTest, MissingScopesAreNamed) {
  json::Object said = claims();
  said["scope"] = "other";
  const Outcome refused = ask(token(said));
  ASSERT_FALSE(refused);
  const auto challenge = bearer_challenge(refused.error().challenge);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->error, "insufficient_scope");
  EXPECT_EQ(challenge->scope, "mcp");
  EXPECT_THAT(challenge->resource_metadata, HasSubstr("/.well-known/oauth-protected-resource/mcp"));
}

TEST_F(JwtTest, RefusesForgedOnes) {
  const std::string good = token(claims());
  const std::string forged = token_by(new_key_pem(), claims(), "k1");
  EXPECT_EQ(ask(forged).error().status, 401);
  std::string changed = good;
  changed[good.find('.') + 5] = changed[good.find('.') + 5] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(ask(changed));
  EXPECT_FALSE(ask(good.substr(0, good.rfind('.') + 1)));
  const std::string none = crypto::to_base64url(R"({"alg":"none"})") + "." +
                           crypto::to_base64url(json::print(claims())) + ".";
  EXPECT_FALSE(ask(none));
  EXPECT_FALSE(ask("a.b.c"));
  EXPECT_FALSE(ask("..."));
  trusted_.algorithms = {crypto::Algorithm::kRs256};
  verifier_.reset();
  EXPECT_FALSE(ask(good));
}

TEST_F(JwtTest, FindsKeysByMetadataAndHoldsItAgainstTheIssuer) {
  trusted_.jwks_url.clear();
  ASSERT_TRUE(ask(token(claims())));
  verifier_.reset();
  claimed_issuer_ = "https://evil.example.com";
  EXPECT_FALSE(ask(token(claims())));
}

TEST_F(JwtTest, FetchesAgainForAnUnknownKeyButNotAtWill) {
  ASSERT_TRUE(ask(token(claims())));
  const std::string next = new_key_pem();
  publish("k2", next);
  clock_.advance(Millis(31'000));
  EXPECT_TRUE(ask(token_by(next, claims(), "k2")));
  EXPECT_EQ(site_.count("/jwks"), 2U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(ask(token_by(next, claims(), "made-up-" + std::to_string(i))));
  }
  EXPECT_EQ(site_.count("/jwks"), 2U);
}

TEST_F(JwtTest, OldKeysServeForAWhileWhereNewOnesCannotBeHad) {
  ASSERT_TRUE(ask(token(claims())));
  is_down_ = true;
  clock_.advance(Millis(700'000));
  EXPECT_TRUE(ask(token(claims())));
  clock_.advance(Millis(5'000'000));
  const Outcome refused = ask(token(claims()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 401);
  is_down_ = false;
  clock_.advance(Millis(31'000));
  EXPECT_TRUE(ask(token(claims())));
}

TEST_F(JwtTest, ARememberedTokenEndsWithItsLife) {
  options_.remember_for = Millis(3'600'000);
  const std::string once = token(claims());
  ASSERT_TRUE(ask(once));
  published_ = "{}";
  ASSERT_TRUE(ask(once));
  clock_.advance(Millis(301'000 + 60'000));
  EXPECT_FALSE(ask(once));
}

Task<void> ask_into(ChainAuthenticator& chain, net::RequestHead request, int& good) {
  const Outcome outcome = co_await chain.authenticate(std::move(request));
  good += outcome ? 1 : 0;
}

Task<void> ask_at_once(async::Runtime& runtime, ChainAuthenticator& chain, net::RequestHead request,
                       int& good) {
  const Executor executor = runtime.executor();
  async::Scope scope(executor);
  for (int i = 0; i < 30; ++i) {
    scope.spawn(ask_into(chain, request, good));
  }
  co_await scope.join();
}

TEST_F(JwtTest, ManyAtOnceFetchOnce) {
  ChainAuthenticator chain({&verifier()}, config());
  int good = 0;
  runtime_.run(
      ask_at_once(runtime_, chain, head({{"Authorization", "Bearer " + token(claims())}}), good));
  EXPECT_EQ(good, 30);
  EXPECT_EQ(site_.count("/jwks"), 1U);
}

TEST_F(JwtTest, AChainTakesKeysAndTokens) {
  ApiKey key;
  key.digest = *read_api_key("ann-secret-0123456789");
  key.principal.user_id = "key-holder";
  ApiKeyVerifier keys({key});
  ChainAuthenticator chain({&keys, &verifier()}, config());
  const auto ask_chain = [&](net::HeaderList headers) {
    return runtime_.run(chain.authenticate(head(std::move(headers))));
  };
  EXPECT_EQ(ask_chain({{"Authorization", "Bearer ann-secret-0123456789"}})->user_id, "key-holder");
  EXPECT_EQ(ask_chain({{"Authorization", "Bearer " + token(claims())}})->user_id, "ann");
  EXPECT_FALSE(ask_chain({{"X-API-Key", token(claims())}}));
}

TEST_F(JwtTest, PeopleOfTwoIssuersAreNeverTheSame) {
  TrustedIssuer other = trusted_;
  other.issuer = "https://other.example.com";
  auto both = JwtVerifier::make(http_, options_, {trusted_, other}, clock_);
  ASSERT_TRUE(both);
  ChainAuthenticator chain({both->get()}, config());
  const Outcome ann =
      runtime_.run(chain.authenticate(head({{"Authorization", "Bearer " + token(claims())}})));
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->user_id, trusted_.issuer + "|ann");
}

TEST_F(JwtTest, NeedsAnAudienceAndIssuers) {
  JwtOptions none;
  EXPECT_FALSE(JwtVerifier::make(http_, none, {trusted_}, clock_));
  EXPECT_FALSE(JwtVerifier::make(http_, options_, {}, clock_));
  TrustedIssuer odd;
  odd.issuer = "not a url";
  EXPECT_FALSE(JwtVerifier::make(http_, options_, {odd}, clock_));
}

TEST_F(JwtTest, OurOwnAssertionsVerify) {
  OAuthOptions options;
  options.server_name = "shop";
  options.private_key_pem = key_;
  const auto assertion =
      client_assertion("robot", "https://as.example.com", options, clock_.wall());
  ASSERT_TRUE(assertion);
  const auto verified = crypto::verify_jws(*assertion, *crypto::parse_jwks(jwks()));
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->algorithm, crypto::Algorithm::kEs256);
  EXPECT_THAT(verified->payload,
              HasSubstr(R"("iss":"robot","sub":"robot","aud":"https://as.example.com")"));
  options.signing_algorithm = "none";
  EXPECT_EQ(client_assertion("r", "i", options, clock_.wall()).error().code(),
            Code::kConfiguration);
  options.signing_algorithm = "RS256";
  EXPECT_EQ(client_assertion("r", "i", options, clock_.wall()).error().code(),
            Code::kConfiguration);
  options.private_key_pem = "-----BEGIN PRIVATE KEY-----\nsecretsecret\n-----END PRIVATE KEY-----";
  const auto broken = client_assertion("r", "i", options, clock_.wall());
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().to_string(), Not(HasSubstr("secretsecret")));
}

}  // namespace
}  // namespace oap::mcp::oauth
