#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/scope.hpp"
#include "base/log.hpp"
#include "mcp/oauth/testing/world.hpp"

namespace oap::mcp::oauth {
namespace {

using ::testing::HasSubstr;
using testing::World;

std::string one(const Form& form, std::string_view name) {
  return single(form, name).value_or("<none>");
}

class LifetimeTest : public ::testing::Test {
 protected:
  LifetimeTest() { world.as.gives_refresh_tokens = true; }
  void expect_works() {
    const Result<int> status = world.call();
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_EQ(*status, 200);
  }
  std::string bearer() { return world.server.site().visits().back().header("authorization"); }
  World world;
};

TEST_F(LifetimeTest, RenewsBeforeTheEndAndKeepsTheRotatedToken) {
  expect_works();
  world.clock.advance(Millis(3'545'000));
  expect_works();
  EXPECT_EQ(world.as.authorizations(), 1U);
  EXPECT_EQ(one(world.as.last_token_request().form, "refresh_token"), "refresh-as-1");
  EXPECT_EQ(one(world.as.last_token_request().form, "resource"), world.server.url());
  EXPECT_EQ(bearer(), "Bearer token-as-2");
  world.restart();
  world.clock.advance(Millis(3'600'000));
  expect_works();
  EXPECT_EQ(one(world.as.last_token_request().form, "refresh_token"), "refresh-as-2");
}

TEST_F(LifetimeTest, KeepsTheRefreshTokenWhereNoneComesBack) {
  world.as.rotates = false;
  expect_works();
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(Millis(3'600'000));
    expect_works();
    EXPECT_EQ(one(world.as.last_token_request().form, "refresh_token"), "refresh-as-1");
  }
  EXPECT_EQ(world.as.authorizations(), 1U);
}

TEST_F(LifetimeTest, DoesNotRenewWhatIsStillGood) {
  expect_works();
  world.clock.advance(Millis(3'500'000));
  expect_works();
  EXPECT_EQ(world.as.token_requests(), 1U);
}

TEST_F(LifetimeTest, AShortTokenIsNotRenewedAtEveryCall) {
  world.as.expires_in = 40;
  expect_works();
  expect_works();
  world.clock.advance(Millis(25'000));
  expect_works();
  EXPECT_EQ(world.as.token_requests(), 1U);
  world.clock.advance(Millis(6'000));
  expect_works();
  EXPECT_EQ(world.as.token_requests(), 2U);
}

TEST_F(LifetimeTest, AsksAgainWhereTheRefreshTokenIsDead) {
  expect_works();
  world.as.known_refresh_tokens.clear();
  world.clock.advance(Millis(4'000'000));
  expect_works();
  EXPECT_EQ(world.as.authorizations(), 2U);
  EXPECT_EQ(world.as.registrations(), 1U);
}

TEST_F(LifetimeTest, UsesATokenThatCannotBeRenewedYetToItsEnd) {
  expect_works();
  world.clock.advance(Millis(3'550'000));
  world.as.token_reply = testing::json_reply(503, "busy");
  expect_works();
  expect_works();
  EXPECT_EQ(world.as.token_requests(), 2U);
  world.clock.advance(Millis(3'600'000));
  const Result<int> status = world.call();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kUpstream);
  EXPECT_THAT(status.error().to_string(), HasSubstr("503"));
}

TEST_F(LifetimeTest, RenewsAfterARefusalAndAsksWhereThatDoesNotHelp) {
  expect_works();
  world.server.revoked = {"token-as-1"};
  expect_works();
  EXPECT_EQ(world.as.authorizations(), 1U);
  EXPECT_EQ(bearer(), "Bearer token-as-2");
  world.server.revoked = {"token-as-1", "token-as-2"};
  expect_works();
  EXPECT_EQ(world.as.authorizations(), 2U);
}

TEST_F(LifetimeTest, StopsWhereNewTokensAreRefusedToo) {
  world.server.distrusted = {&world.as};
  for (int i = 0; i < 4; ++i) {
    world.call();
  }
  EXPECT_LE(world.as.authorizations(), 3U);
  const Result<int> status = world.call();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kPermissionDenied);
  world.clock.advance(Millis(61'000));
  world.server.distrusted.clear();
  expect_works();
}

Task<void> call_into(World& world, int& good) {
  const Result<int> status = co_await world.call_task();
  good += status && *status == 200 ? 1 : 0;
}

Task<void> call_at_once(World& world, int count, int& good) {
  const Executor executor = world.runtime.executor();
  async::Scope scope(executor);
  for (int i = 0; i < count; ++i) {
    scope.spawn(call_into(world, good));
  }
  co_await scope.join();
}

TEST_F(LifetimeTest, ManyRequestsGetOneToken) {
  int good = 0;
  world.runtime.run(call_at_once(world, 20, good));
  EXPECT_EQ(good, 20);
  EXPECT_EQ(world.as.authorizations(), 1U);
  world.clock.advance(Millis(3'600'000));
  world.runtime.run(call_at_once(world, 20, good));
  EXPECT_EQ(good, 40);
  EXPECT_EQ(world.as.token_requests(), 2U);
  world.server.revoked = {"token-as-2"};
  world.runtime.run(call_at_once(world, 20, good));
  EXPECT_EQ(good, 60);
  EXPECT_EQ(world.as.token_requests(), 3U);
}

TEST_F(LifetimeTest, ALateRefusalOfAnOldTokenAsksNobody) {
  world.as.gives_refresh_tokens = false;
  expect_works();
  const net::HeaderList old{{"Authorization", "Bearer token-as-1"}};
  world.server.revoked = {"token-as-1"};
  expect_works();
  ASSERT_EQ(world.as.authorizations(), 2U);
  for (const net::HeaderList& sent : {old, net::HeaderList()}) {
    const Result<bool> again = world.runtime.run(world.credentials().refused(
        world.server.url(), 401, "Bearer error=\"invalid_token\"", sent));
    ASSERT_TRUE(again);
    EXPECT_TRUE(*again);
  }
  EXPECT_EQ(world.as.authorizations(), 2U);
}

TEST_F(LifetimeTest, ALateRefusalForAScopeThatIsThereByNowAsksNobody) {
  world.server.challenge_scope = "mcp:write";
  expect_works();
  const std::string challenge = "Bearer error=\"insufficient_scope\", scope=\"mcp:write\"";
  const net::HeaderList old{{"Authorization", "Bearer an-older-one"}};
  const Result<bool> known =
      world.runtime.run(world.credentials().refused(world.server.url(), 403, challenge, old));
  EXPECT_TRUE(known.value_or(false));
  const Result<bool> unknown =
      world.runtime.run(world.credentials().refused(world.server.url(), 403, challenge));
  EXPECT_TRUE(unknown.value_or(false));
  const net::HeaderList current{{"Authorization", "Bearer token-as-1"}};
  const Result<bool> useless =
      world.runtime.run(world.credentials().refused(world.server.url(), 403, challenge, current));
  ASSERT_FALSE(useless);
  EXPECT_EQ(useless.error().code(), Code::kPermissionDenied);
  EXPECT_EQ(world.as.authorizations(), 1U);
}

TEST_F(LifetimeTest, TwoProcessesShareOneRotatingToken) {
  expect_works();
  OAuthCredentials other(world.options, {&world.http, world.store, nullptr, &world.clock});
  ASSERT_TRUE(world.runtime.run(other.headers(world.server.url())));
  world.clock.advance(Millis(3'600'000));
  const auto first = world.runtime.run(other.headers(world.server.url()));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->front().second, "Bearer token-as-2");
  expect_works();
  EXPECT_EQ(bearer(), "Bearer token-as-2");
  EXPECT_EQ(world.as.token_requests(), 2U);
}

/// A store that has lost its disk.
class BrokenStore final : public TokenStore {
 public:
  bool reads = false;
  Task<Result<std::vector<Grant>>> load(GrantOwner /*owner*/) override {
    if (reads) {
      co_return std::vector<Grant>();
    }
    co_return fail(Code::kDataLoss, "the store is damaged");
  }
  Task<Result<void>> save(GrantOwner /*owner*/, Grant /*grant*/) override {
    co_return fail(Code::kResourceExhausted, "disk full");
  }
  Task<Result<void>> erase(GrantOwner /*owner*/, std::string /*issuer*/) override {
    co_return fail(Code::kResourceExhausted, "disk full");
  }
};

TEST_F(LifetimeTest, ADamagedStoreIsAnErrorAndAFullOneIsNot) {
  log::set_level(log::Level::kOff);
  BrokenStore broken;
  world.store = &broken;
  const Result<int> status = world.call();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kDataLoss);
  EXPECT_EQ(world.as.authorizations(), 0U);
  broken.reads = true;
  expect_works();
  expect_works();
  EXPECT_EQ(world.as.authorizations(), 1U);
}

TEST_F(LifetimeTest, ARegistrationThatTheServerForgotIsMadeAnew) {
  world.as.gives_refresh_tokens = false;
  expect_works();
  world.clock.advance(Millis(3'700'000));
  world.as.token_reply = testing::json_reply(401, R"({"error":"invalid_client"})");
  EXPECT_FALSE(world.call());
  world.as.token_reply.reset();
  world.clock.advance(Millis(61'000));
  expect_works();
  EXPECT_EQ(world.as.registrations(), 2U);
}

TEST_F(LifetimeTest, WidensScopesByTheUnion) {
  world.server.challenge_scope = "mcp:basic";
  world.server.scopes_supported = {"mcp:profile"};
  expect_works();
  world.server.needs = {"mcp:write"};
  expect_works();
  EXPECT_EQ(one(world.as.last_authorization().query, "scope"), "mcp:basic mcp:write");
  EXPECT_EQ(world.as.authorizations(), 2U);
  EXPECT_EQ(world.as.registrations(), 1U);
}

TEST_F(LifetimeTest, StopsWideningWhatNeverSuffices) {
  world.server.challenge_scope = "mcp:admin";
  world.server.needs = {"mcp:admin"};
  world.server.refuses_all_scopes = true;
  const Result<int> status = world.call();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kPermissionDenied);
  EXPECT_LE(world.as.authorizations(), 3U);
}

TEST_F(LifetimeTest, StopsWhereTheScopeIsNeverGranted) {
  world.server.challenge_scope = "mcp:basic";
  expect_works();
  world.as.granted_scope = "mcp:basic";
  world.server.needs = {"mcp:admin"};
  Result<int> status = world.call();
  for (int i = 0; i < 3 && status; ++i) {
    status = world.call();
  }
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kPermissionDenied);
  EXPECT_LE(world.as.authorizations(), 3U);
}

TEST_F(LifetimeTest, ADeniedWideningKeepsTheTokenHeld) {
  world.server.challenge_scope = "mcp:basic";
  expect_works();
  world.server.needs = {"mcp:write"};
  world.as.consent_error = "access_denied";
  EXPECT_FALSE(world.call());
  world.server.needs.clear();
  expect_works();
  EXPECT_EQ(bearer(), "Bearer token-as-1");
}

TEST_F(LifetimeTest, AForbiddenThatIsNotAboutScopesIsNotOurs) {
  expect_works();
  for (const std::string challenge :
       {"", "Bearer", "Bearer error=\"invalid_token\"", "Basic x=1"}) {
    const Result<bool> again =
        world.runtime.run(world.credentials().refused(world.server.url(), 403, challenge));
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again);
  }
  EXPECT_EQ(world.as.authorizations(), 1U);
}

TEST_F(LifetimeTest, AnotherSchemeIsSaidToBeOne) {
  const Result<bool> again =
      world.runtime.run(world.credentials().refused(world.server.url(), 401, "Basic realm=\"x\""));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::kUnauthenticated);
}

TEST_F(LifetimeTest, RegistersAnewWithANewAuthorizationServer) {
  expect_works();
  world.server.listed = {&world.other_as};
  world.server.distrusted = {&world.as};
  expect_works();
  EXPECT_EQ(world.other_as.registrations(), 1U);
  EXPECT_EQ(one(world.other_as.last_authorization().query, "client_id"), "client-of-other");
  EXPECT_EQ(one(world.other_as.last_token_request().form, "client_id"), "client-of-other");
  world.server.listed = {&world.as};
  world.server.distrusted = {&world.other_as};
  expect_works();
  EXPECT_EQ(world.as.registrations(), 1U);
}

TEST_F(LifetimeTest, AConfiguredClientStaysWithItsFirstIssuer) {
  world.options.client_id = "mine";
  world.options.client_secret = "secret-of-mine";
  expect_works();
  world.server.listed = {&world.other_as};
  world.server.distrusted = {&world.as};
  const Result<int> status = world.call();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kConfiguration);
  EXPECT_EQ(world.other_as.authorizations() + world.other_as.token_requests(), 0U);
}

TEST_F(LifetimeTest, OfSeveralIssuersTheOneHeldStays) {
  expect_works();
  world.server.listed = {&world.other_as, &world.as};
  world.server.revoked = {"token-as-1"};
  expect_works();
  EXPECT_EQ(world.other_as.site().visits().size(), 0U);
}

TEST_F(LifetimeTest, LogsInAndOutOnRequest) {
  world.server.metadata_path = "/custom.json";
  world.server.challenge_scope = "mcp:basic";
  const Result<void> in = world.runtime.run(world.credentials().login(""));
  ASSERT_TRUE(in) << in.error().to_string();
  const auto status = world.runtime.run(world.credentials().status());
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->has_token);
  EXPECT_TRUE(status->can_renew);
  EXPECT_EQ(status->issuer, world.as.issuer());
  EXPECT_EQ(join_scopes(status->scopes), "mcp:basic");
  world.has_person = false;
  world.restart();
  expect_works();
  ASSERT_TRUE(world.runtime.run(world.credentials().logout()));
  EXPECT_FALSE(world.call());
}

TEST_F(LifetimeTest, TwoUsersDoNotShareATokenNorDoTwoServers) {
  expect_works();
  world.restart();
  world.options.user = "bob";
  world.has_person = false;
  EXPECT_FALSE(world.call());
  EXPECT_EQ(world.server.site().visits().back().header("authorization"), "");
}

TEST_F(LifetimeTest, AProgramGetsItsOwnToken) {
  world.as.gives_refresh_tokens = false;
  world.options.flow = Flow::kClientCredentials;
  world.options.client_id = "robot";
  world.options.client_secret = "pa ss";
  world.as.more_metadata["token_endpoint_auth_methods_supported"] =
      json::Array{"client_secret_basic"};
  world.has_person = false;
  world.server.challenge_scope = "mcp:basic";
  expect_works();
  EXPECT_EQ(one(world.as.last_token_request().form, "grant_type"), "client_credentials");
  EXPECT_EQ(one(world.as.last_token_request().form, "scope"), "mcp:basic");
  EXPECT_EQ(world.as.last_token_request().header("authorization"), "Basic cm9ib3Q6cGElMjBzcw==");
  world.clock.advance(Millis(3'600'000));
  expect_works();
  EXPECT_EQ(world.as.token_requests(), 2U);
  EXPECT_EQ(world.as.authorizations(), 0U);
}

TEST_F(LifetimeTest, AnIdentityProviderVouches) {
  testing::Site idp(world.runtime, [&](const testing::Visit& visit) {
    const bool right =
        one(visit.form, "grant_type") == "urn:ietf:params:oauth:grant-type:token-exchange" &&
        one(visit.form, "subject_token") == "id-token" &&
        one(visit.form, "audience") == world.as.issuer() &&
        one(visit.form, "resource") == world.server.url() &&
        one(visit.form, "client_id") == "idp-client";
    return right ? testing::json_reply(
                       200, R"({"access_token":"jag","token_type":"N_A",)"
                            R"("issued_token_type":"urn:ietf:params:oauth:token-type:id-jag"})")
                 : testing::json_reply(400, R"({"error":"invalid_request"})");
  });
  world.options.flow = Flow::kEnterprise;
  world.options.client_id = "robot";
  world.options.client_secret = "secret";
  world.options.idp_token_endpoint = idp.url() + "/token";
  world.options.idp_client_id = "idp-client";
  world.options.idp_id_token = "id-token";
  world.has_person = false;
  expect_works();
  EXPECT_EQ(one(world.as.last_token_request().form, "assertion"), "jag");
  EXPECT_EQ(one(world.as.last_token_request().form, "grant_type"),
            "urn:ietf:params:oauth:grant-type:jwt-bearer");
  world.restart();
  world.memory = MemoryTokenStore();
  world.options.idp_id_token = "forged";
  const Result<int> status = world.call();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kUnauthenticated);
}

TEST_F(LifetimeTest, ThePlatformVouchesForTheWorkload) {
  world.options.flow = Flow::kWorkload;
  world.options.client_id = "robot";
  world.has_person = false;
  const Result<int> unarmed = world.call();
  ASSERT_FALSE(unarmed);
  EXPECT_EQ(unarmed.error().code(), Code::kConfiguration);
  EXPECT_EQ(world.as.token_requests(), 0U);
  world.options.workload_token = "workload-jwt";
  world.restart();
  expect_works();
  const testing::Visit asked = world.as.last_token_request();
  EXPECT_EQ(one(asked.form, "grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
  EXPECT_EQ(one(asked.form, "assertion"), "workload-jwt");
  EXPECT_EQ(one(asked.form, "client_id"), "robot");
  EXPECT_EQ(one(asked.form, "resource"), world.server.url());
}

}  // namespace
}  // namespace oap::mcp::oauth
