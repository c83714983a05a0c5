#include "mcp/oauth/consent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/deadline.hpp"
#include "mcp/oauth/testing/world.hpp"
#include "net/url.hpp"

namespace oap::mcp::oauth {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class LoopbackConsentTest : public ::testing::Test {
 protected:
  /// What the browser does once it is shown the URL.
  std::vector<std::pair<std::string, net::HeaderList>> visits_;
  std::vector<int> statuses_;
  async::Runtime runtime_;
  net::HttpClient http_{runtime_.executor()};
  async::Branch browser_{runtime_.executor()};

  static Task<void> browse(LoopbackConsentTest* test) {
    for (const auto& [url, headers] : test->visits_) {
      net::HttpRequest request;
      request.url = url;
      request.headers = headers;
      request.deadline = Deadline::after(Millis(5000));
      const auto response = co_await test->http_.send(std::move(request));
      test->statuses_.push_back(response ? response->status : -1);
    }
  }
  LoopbackConsent::Show show() {
    return [this](const std::string&) { browser_.start(browse(this)); };
  }
  static Task<void> settled(async::Branch branch) { co_await branch.settle_shielded(); }
};

TEST_F(LoopbackConsentTest, WaitsForTheRightVisitor) {
  LoopbackConsent consent(runtime_.executor(), show(), Millis(5000));
  const auto redirect = runtime_.run(consent.prepare(""));
  ASSERT_TRUE(redirect);
  EXPECT_THAT(*redirect, StartsWith("http://127.0.0.1:"));
  const std::string host = redirect->substr(7, redirect->find("/callback") - 7);
  visits_ = {{*redirect, {}},
             {*redirect + "?state=other&code=evil", {}},
             {*redirect + "?state=right&state=right&code=evil", {}},
             {*redirect + "?state=right&code=evil", {{"Host", "evil.example.com"}}},
             {"http://" + host + "/favicon.ico", {}},
             {*redirect + "?state=right&code=good", {}}};
  const auto back =
      runtime_.run(consent.authorize("https://as.example.com/a?state=right", *redirect));
  runtime_.run(settled(browser_));
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_EQ(*back, *redirect + "?state=right&code=good");
  EXPECT_EQ(statuses_, (std::vector<int>{400, 400, 400, 404, 404, 200}));
}

TEST_F(LoopbackConsentTest, ServesTheRegisteredPortAgainWhereItIsFree) {
  LoopbackConsent consent(runtime_.executor(), show(), Millis(5000));
  const auto first = runtime_.run(consent.prepare(""));
  ASSERT_TRUE(first);
  runtime_.run(consent.release());
  const auto again = runtime_.run(consent.prepare(*first));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *first);
  LoopbackConsent other(runtime_.executor(), show(), Millis(5000));
  const auto elsewhere = runtime_.run(other.prepare(*first));
  ASSERT_TRUE(elsewhere);
  EXPECT_NE(*elsewhere, *first);
  runtime_.run(consent.release());
  runtime_.run(other.release());
}

TEST_F(LoopbackConsentTest, GivesUpAndLetsGoOfThePort) {
  LoopbackConsent consent(runtime_.executor(), [](const std::string&) {}, Millis(20));
  const auto redirect = runtime_.run(consent.prepare(""));
  const auto back = runtime_.run(consent.authorize("https://as.example.com/a?state=s", *redirect));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(
      runtime_.run(consent.authorize("https://as.example.com/a?state=s", *redirect)).error().code(),
      Code::kFailedPrecondition);
  const auto again = runtime_.run(consent.prepare(*redirect));
  EXPECT_EQ(again.value_or(""), *redirect);
  runtime_.run(consent.release());
}

TEST_F(LoopbackConsentTest, ACancelledWaitLetsGoToo) {
  LoopbackConsent consent(runtime_.executor(), [](const std::string&) {}, Millis(60'000));
  const auto redirect = runtime_.run(consent.prepare(""));
  const auto back = runtime_.run(async::with_deadline(
      Deadline::after(Millis(20)), consent.authorize("https://as.example.com/a?state=s", *redirect),
      "the sign-in"));
  EXPECT_EQ(back.error().code(), Code::kDeadlineExceeded);
  const auto again = runtime_.run(consent.prepare(*redirect));
  EXPECT_EQ(again.value_or(""), *redirect);
  runtime_.run(consent.release());
}

TEST(FollowRedirectConsent, NeedsARedirect) {
  async::Runtime runtime;
  net::HttpClient http(runtime.executor());
  testing::Site site(runtime, [](const testing::Visit& visit) {
    return visit.path == "/go" ? testing::redirect_to("http://x/callback?code=1")
                               : testing::json_reply(200, "{}");
  });
  FollowRedirectConsent consent(http);
  EXPECT_EQ(runtime.run(consent.authorize(site.url() + "/go", "")).value_or(""),
            "http://x/callback?code=1");
  EXPECT_EQ(runtime.run(consent.authorize(site.url() + "/stay", "")).error().code(),
            Code::kUnauthenticated);
}

/// The whole way with a real listener: the "browser" follows the authorization server's redirect.
TEST_F(LoopbackConsentTest, SignsInThroughTheListener) {
  testing::World world;
  async::Branch browser(world.runtime.executor());
  struct Browser {
    static Task<void> visit(net::HttpClient* http, std::string url) {
      for (int hop = 0; hop < 2; ++hop) {
        net::HttpRequest request;
        request.url = url;
        request.deadline = Deadline::after(Millis(5000));
        const auto response = co_await http->send(std::move(request));
        const std::string* location = response ? response->header("location") : nullptr;
        url = location != nullptr ? *location : url;
      }
    }
  };
  LoopbackConsent consent(
      world.runtime.executor(),
      [&](const std::string& url) { browser.start(Browser::visit(&world.http, url)); },
      Millis(5000));
  OAuthCredentials credentials(world.options, {&world.http, &world.memory, &consent, &world.clock});
  const auto done = world.runtime.run(credentials.login(""));
  EXPECT_TRUE(done) << done.error().to_string();
  world.runtime.run(settled(browser));
  EXPECT_EQ(world.as.token_requests(), 1U);
}

}  // namespace
}  // namespace oap::mcp::oauth
