#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "net/fetch.hpp"
#include "net/testing/loopback_server.hpp"
#include "net/testing/serving.hpp"

namespace oap::net {
namespace {

using oap::net::testing::answer;
using oap::net::testing::event_stream;
using oap::net::testing::LoopbackServer;
using oap::net::testing::Reply;
using oap::net::testing::Serving;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Answer = Result<HttpResponse>;

class HttpReach : public ::testing::Test {
 protected:
  Answer send(HttpRequest request, HttpClient::OnBody on_body = {}) {
    return runtime_.run(client_.stream(std::move(request), std::move(on_body)));
  }
  Answer get(const std::string& url, FetchOptions options, HeaderList headers = {}) {
    HttpRequest request = to(url);
    request.headers = std::move(headers);
    return runtime_.run(fetch(client_, std::move(request), options));
  }
  static HttpRequest to(const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.deadline = Deadline::after(Millis(10'000));
    return request;
  }
  static FetchOptions local() { return {3, true, Reach::kPublicOrLoopback}; }
  static std::string port_of(const LoopbackServer& server) {
    return server.url().substr(server.url().rfind(':'));
  }

  async::Runtime runtime_;
  HttpClient client_{runtime_.executor()};
};

TEST_F(HttpReach, OnHeadComesBeforeTheBody) {
  LoopbackServer server({event_stream("data: x\n\n"), answer(404, "no", "X-Why: b\r\n")});
  std::vector<std::string> seen;
  for (int i = 0; i < 2; ++i) {
    HttpRequest request = to(server.url());
    request.on_head = [&](int status, const HeaderList& headers) -> Result<void> {
      seen.push_back(fmt::format("head {}", status));
      EXPECT_EQ(find_header(headers, "X-Why") != nullptr, status == 404);
      return {};
    };
    const Answer got = send(std::move(request), [&](std::string_view piece) -> Result<void> {
      seen.emplace_back(piece);
      return {};
    });
    ASSERT_TRUE(got);
  }
  EXPECT_THAT(seen, ElementsAre("head 200", "data: x\n\n", "head 404"));
}

TEST_F(HttpReach, AnErrorOfOnHeadEndsTheTransfer) {
  LoopbackServer server({event_stream("data: x\n\n", SIZE_MAX, Reply::End::kStall)});
  HttpRequest request = to(server.url());
  request.on_head = [](int, const HeaderList&) -> Result<void> {
    return fail(Code::kUpstream, "no event stream");
  };
  bool had_body = false;
  const Answer got = send(std::move(request), [&](std::string_view) -> Result<void> {
    had_body = true;
    return {};
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message(), "no event stream");
  EXPECT_FALSE(had_body);
  EXPECT_TRUE(server.wait_for_ended(1));
}

/// Each piece is sent only after the client has told, with another request, that it has the one
/// before: a piece held back anywhere would end in the deadline.
TEST_F(HttpReach, PiecesOfAStreamComeAtOnceAndNothingEndsIt) {
  std::shared_ptr<HttpExchange> open;
  Serving server([&](std::shared_ptr<HttpExchange> exchange) -> Task<void> {
    if (exchange->head().target == "/stream") {
      open = exchange;
      exchange->start_stream(200, {{"Content-Type", "text/event-stream"}});
      EXPECT_TRUE(exchange->write(": 0\n\n"));
    } else {
      EXPECT_TRUE(open->write(": next\n\n"));
      exchange->respond({202, {}, ""});
    }
    co_return;
  });
  int pieces = 0;
  async::Scope scope(runtime_.executor());
  std::optional<Answer> streamed;
  HttpRequest request;
  request.url = server.url() + "/stream";
  request.stall_timeout = Millis(0);
  HttpClient::OnBody on_body = [&](std::string_view) -> Result<void> {
    ++pieces;
    return {};
  };
  struct Local {
    static Task<void> stream(HttpClient& client, HttpRequest request, HttpClient::OnBody on_body,
                             std::optional<Answer>& into) {
      into.emplace(co_await client.stream(std::move(request), std::move(on_body)));
    }
    static Task<void> poke(HttpClient& client, std::string url, async::Scope& scope,
                           const int& pieces) {
      const Deadline until = Deadline::after(Millis(5'000));
      for (int i = 0; i < 20; ++i) {
        while (pieces <= i && !until.passed()) {
          const auto waited = co_await async::sleep_for(Millis(1));
          EXPECT_TRUE(waited);
        }
        HttpRequest next;
        next.url = url;
        auto sending = client.send(std::move(next));
        const Answer told = co_await std::move(sending);
        EXPECT_TRUE(told);
      }
      while (pieces <= 20 && !until.passed()) {
        const auto waited = co_await async::sleep_for(Millis(1));
        EXPECT_TRUE(waited);
      }
      scope.cancel();
      co_await scope.join();
    }
  };
  scope.spawn(Local::stream(client_, std::move(request), std::move(on_body), streamed));
  runtime_.run(Local::poke(client_, server.url() + "/poke", scope, pieces));
  EXPECT_EQ(pieces, 21);
  ASSERT_TRUE(streamed);
  EXPECT_EQ(streamed->error().code(), Code::kCancelled);
  server.close();
  EXPECT_TRUE(open->ended());
}

TEST_F(HttpReach, RefusesAddressesByWhatIsConnectedTo) {
  LoopbackServer server({answer(200, "a"), answer(200, "b"), answer(200, "c")});
  const std::string port = port_of(server);
  ASSERT_TRUE(send(to(server.url())));  // leaves a connection in the pool
  for (const std::string& host :
       {std::string("127.0.0.1"), std::string("localhost"), std::string("127.1"),
        std::string("2130706433"), std::string("0x7f000001"), std::string("[::ffff:127.0.0.1]")}) {
    HttpRequest request = to("http://" + host + port + "/secret?key=1");
    request.reach = Reach::kPublicOnly;
    const Answer got = send(std::move(request));
    ASSERT_FALSE(got) << host;
    EXPECT_EQ(got.error().code(), Code::kPermissionDenied) << host << got.error().message();
    EXPECT_THAT(got.error().message(), HasSubstr("is at a loopback address"));
    EXPECT_THAT(got.error().message(), Not(HasSubstr("secret")));
  }
  EXPECT_EQ(server.requests().size(), 1U);
  HttpRequest request = to(server.url());
  request.reach = Reach::kPublicOrLoopback;
  EXPECT_TRUE(send(request));
  EXPECT_TRUE(send(request));
  EXPECT_EQ(server.requests().size(), 3U);
  for (const auto& [url, what] :
       {std::pair("http://169.254.169.254/latest/meta-data", "link-local"),
        std::pair("http://10.0.0.1/", "private"), std::pair("http://0.0.0.0/", "unspecified"),
        std::pair("http://[fd00:ec2::254]/", "private")}) {
    request = to(url);
    request.reach = Reach::kPublicOrLoopback;
    const Answer got = send(request);
    ASSERT_FALSE(got) << url;
    EXPECT_EQ(got.error().code(), Code::kPermissionDenied) << got.error().message();
    EXPECT_THAT(got.error().message(), HasSubstr(what));
  }
}

TEST_F(HttpReach, AProxyIsNoWayAroundIt) {
  LoopbackServer proxy({answer(200, "from the proxy")});
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  HttpRequest request = to("http://10.0.0.1/");
  request.reach = Reach::kPublicOnly;
  const Answer got = send(std::move(request));
  ::unsetenv("http_proxy");
  EXPECT_EQ(got.error().code(), Code::kPermissionDenied);
  EXPECT_TRUE(proxy.requests().empty());
}

TEST_F(HttpReach, FetchFollowsRedirectsOfGet) {
  LoopbackServer server({answer(301, "", "Location: /b/c?x=1\r\n"),
                         answer(307, "", "Location: ../d#frag\r\n"), answer(200, "here")});
  const Answer got = get(server.url() + "/a", local(), {{"Authorization", "Bearer sk-secret"}});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->body, "here");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_THAT(requests[1].head, HasSubstr("GET /b/c?x=1 HTTP/1.1"));
  EXPECT_THAT(requests[2].head, HasSubstr("GET /d HTTP/1.1"));
  EXPECT_THAT(requests[2].head, HasSubstr("sk-secret"));
}

TEST_F(HttpReach, FetchDropsCredentialsOnAnotherOrigin) {
  LoopbackServer other({answer(200, "here")});
  LoopbackServer server({answer(302, "", "Location: " + other.url() + "/x\r\n")});
  const Answer got = get(server.url(), local(),
                         {{"authorization", "Bearer sk-secret"},
                          {"Cookie", "sk-secret"},
                          {"X-Api-Key", "sk-secret"},
                          {"Mcp-Session-Id", "sk-secret"},
                          {"accept", "application/json"}});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_THAT(server.requests()[0].head, HasSubstr("sk-secret"));
  EXPECT_THAT(other.requests()[0].head, Not(HasSubstr("sk-secret")));
  EXPECT_THAT(other.requests()[0].head, HasSubstr("application/json"));
}

TEST_F(HttpReach, FetchRefusesBadHops) {
  struct Case {
    std::string location;
    Code code;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"Location: http://169.254.169.254/latest\r\n", Code::kPermissionDenied, "https"},
      {"Location: http://example.com/\r\n", Code::kPermissionDenied, "only https"},
      {"Location: https://10.0.0.1/\r\n", Code::kPermissionDenied, "private address"},
      {"Location: file:///etc/passwd\r\n", Code::kPermissionDenied, "no http or https URL"},
      {"Location: http://user:sk-secret@127.0.0.1/\r\n", Code::kPermissionDenied, "user name"},
      {"", Code::kUpstream, "without saying where"},
  };
  for (const Case& each : cases) {
    LoopbackServer server({answer(302, "", each.location)});
    const Answer got = get(server.url(), local());
    ASSERT_FALSE(got) << each.location;
    EXPECT_EQ(got.error().code(), each.code) << got.error().message();
    EXPECT_THAT(got.error().message(), HasSubstr(each.says));
    EXPECT_THAT(got.error().message(), Not(HasSubstr("sk-secret")));
  }
  FetchOptions plain = local();
  plain.https_only = false;
  LoopbackServer server({answer(302, "", "Location: http://169.254.169.254/latest\r\n")});
  const Answer got = get(server.url(), plain);
  EXPECT_EQ(got.error().code(), Code::kPermissionDenied);
  EXPECT_THAT(got.error().message(), HasSubstr("link-local"));
}

TEST_F(HttpReach, FetchCountsHopsAndLeavesOtherMethodsAlone) {
  const Reply loop = answer(302, "", "Location: /again\r\n");
  LoopbackServer server({loop, loop, loop, loop, loop, loop});
  const Answer endless = get(server.url(), local());
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code(), Code::kUpstream);
  EXPECT_EQ(server.requests().size(), 4U);
  HttpRequest post = to(server.url());
  post.method = "POST";
  EXPECT_EQ(runtime_.run(fetch(client_, post, local()))->status, 302);
  FetchOptions none = local();
  none.max_redirects = 0;
  EXPECT_EQ(get(server.url(), none)->status, 302);
}

TEST(FetchUrl, OnlyHttpsButForLoopback) {
  const FetchOptions strict;
  EXPECT_TRUE(check_fetch_url("https://example.com/", strict));
  EXPECT_FALSE(check_fetch_url("http://example.com/", strict));
  EXPECT_FALSE(check_fetch_url("http://localhost/", strict));
  const FetchOptions local{3, true, Reach::kPublicOrLoopback};
  EXPECT_TRUE(check_fetch_url("http://localhost:1/", local));
  EXPECT_FALSE(check_fetch_url("http://localhost.evil.com/", local));
  const FetchOptions plain{3, false, Reach::kPublicOnly};
  EXPECT_TRUE(check_fetch_url("http://example.com/", plain));
  EXPECT_FALSE(check_fetch_url("ftp://example.com/", plain));
}

TEST(FetchRedirect, NeverFromHttpsToHttp) {
  FetchOptions options{3, false, Reach::kAnywhere};
  HttpRequest request;
  request.url = "https://example.com/a/b";
  HttpResponse response;
  response.status = 302;
  response.headers = {{"location", "http://example.com/c"}};
  const auto refused = redirect(request, response, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kPermissionDenied);
  EXPECT_EQ(request.url, "https://example.com/a/b");
  response.headers = {{"location", "c"}};
  ASSERT_TRUE(redirect(request, response, options));
  EXPECT_EQ(request.url, "https://example.com/a/c");
}

TEST(FetchRedirect, AnotherPortIsAnotherOrigin) {
  const FetchOptions options;
  HttpRequest request;
  request.url = "https://example.com/";
  request.headers = {{"Authorization", "x"}, {"User-Agent", "y"}};
  HttpResponse response;
  response.headers = {{"Location", "//EXAMPLE.com:443/c"}};
  ASSERT_TRUE(redirect(request, response, options));
  EXPECT_EQ(request.headers.size(), 2U);
  response.headers = {{"Location", "//example.com:8443/c"}};
  ASSERT_TRUE(redirect(request, response, options));
  EXPECT_THAT(request.headers, ElementsAre(std::pair<std::string, std::string>("User-Agent", "y")));
}

}  // namespace
}  // namespace oap::net
