#include "net/http_client.hpp"

#include <atomic>
#include <optional>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/loopback_server.hpp"

namespace oap::net {
namespace {

namespace asio = boost::asio;
using oap::net::testing::answer;
using oap::net::testing::event_stream;
using oap::net::testing::LoopbackServer;
using oap::net::testing::Reply;
using ::testing::HasSubstr;
using ::testing::Not;

using Answer = Result<HttpResponse>;

/// Runs one exchange to its end; the client lives on between exchanges.
class HttpClientTest : public ::testing::Test {
 protected:
  Answer run(HttpRequest request, HttpClient::OnBody on_body = {}) {
    std::optional<Answer> result;
    asio::co_spawn(context_, client_.stream(std::move(request), std::move(on_body)),
                   [&](const std::exception_ptr& error, Answer got) {
                     EXPECT_FALSE(error);
                     result.emplace(std::move(got));
                   });
    context_.restart();
    while (!result && context_.run_one() > 0) {
    }
    EXPECT_TRUE(result);
    return result ? *std::move(result) : Answer(fail(Code::kInternal, "no result"));
  }

  static HttpRequest post(const std::string& url, std::string body) {
    HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = std::move(body);
    request.deadline = Deadline::after(Millis(20'000));
    return request;
  }

  asio::io_context context_;
  HttpClient client_{context_.get_executor()};
};

TEST_F(HttpClientTest, SendsAndReceives) {
  LoopbackServer server({answer(201, "{\"ok\":true}", "X-Thing: a\r\n")});
  const Answer got = run(post(server.url() + "/v1/x?y=1", "{\"q\":1}"));
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->status, 201);
  EXPECT_EQ(got->body, "{\"ok\":true}");
  ASSERT_NE(got->header("x-thing"), nullptr);
  EXPECT_EQ(*got->header("x-thing"), "a");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_THAT(requests[0].head, HasSubstr("POST /v1/x?y=1 HTTP/1.1"));
  EXPECT_THAT(requests[0].head, Not(HasSubstr("Expect")));
  EXPECT_THAT(requests[0].head, Not(HasSubstr("Accept-Encoding")));
  EXPECT_THAT(requests[0].head, HasSubstr("Content-Type: application/json"));
  EXPECT_EQ(requests[0].body, "{\"q\":1}");
}

TEST_F(HttpClientTest, KeepsTheConnection) {
  LoopbackServer server({answer(200, "a"), event_stream("data: x\n\n"), answer(404, "c")});
  EXPECT_EQ(run(post(server.url(), "1"))->body, "a");
  EXPECT_EQ(run(post(server.url(), std::string(300'000, 'x')))->status, 200);
  EXPECT_EQ(run(post(server.url(), "3"))->body, "c");
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.requests()[1].body.size(), 300'000U);
}

TEST_F(HttpClientTest, SendsAPostOnce) {
  LoopbackServer server({answer(200, "a"), {{}, Reply::End::kClose}, answer(200, "again")});
  EXPECT_EQ(run(post(server.url(), "1"))->body, "a");
  const Answer got = run(post(server.url(), "2"));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUnavailable);
  EXPECT_THAT(got.error().message(), HasSubstr("may have arrived"));
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(HttpClientTest, NoticesThatAKeptConnectionHasEnded) {
  Reply last = answer(200, "a");
  last.end = Reply::End::kClose;
  LoopbackServer server({last, answer(200, "b")});
  EXPECT_EQ(run(post(server.url(), "1"))->body, "a");
  ASSERT_TRUE(server.wait_for_ended(1));
  const Answer got = run(post(server.url(), "2"));
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->body, "b");
}

TEST_F(HttpClientTest, StreamsOnlySuccess) {
  LoopbackServer server({event_stream("data: one\n\ndata: two\n\n", 4), answer(400, "why")});
  std::string seen;
  const auto collect = [&](std::string_view piece) -> Result<void> {
    seen += piece;
    return {};
  };
  const Answer streamed = run(post(server.url(), ""), collect);
  ASSERT_TRUE(streamed);
  EXPECT_EQ(seen, "data: one\n\ndata: two\n\n");
  EXPECT_EQ(streamed->body, "");
  const Answer refused = run(post(server.url(), ""), collect);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->body, "why");
  EXPECT_EQ(seen, "data: one\n\ndata: two\n\n");
}

TEST_F(HttpClientTest, AnErrorOfTheConsumerEndsTheTransfer) {
  LoopbackServer server({event_stream("data: x\n\n", SIZE_MAX, Reply::End::kStall)});
  const Answer got = run(post(server.url(), ""), [](std::string_view) -> Result<void> {
    return fail(Code::kUpstream, "not for me");
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message(), "not for me");
  EXPECT_TRUE(server.wait_for_ended(1));
}

TEST_F(HttpClientTest, SaysWhenNobodyListens) {
  std::string url;
  {
    LoopbackServer gone({});
    url = gone.url();
  }
  HttpRequest request = post(url + "/?key=sk-secret", "");
  request.headers.emplace_back("authorization", "Bearer sk-secret");
  const Answer got = run(std::move(request));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUnavailable);
  EXPECT_THAT(got.error().message(), HasSubstr("cannot connect to " + url));
  EXPECT_THAT(got.error().message(), Not(HasSubstr("sk-secret")));
}

TEST_F(HttpClientTest, SaysWhenTheConnectionBreaks) {
  LoopbackServer server({{{}, Reply::End::kReset},
                         {{}, Reply::End::kClose},
                         {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}, Reply::End::kReset},
                         {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}, Reply::End::kClose},
                         event_stream("data: x\n\n", 4, Reply::End::kClose)});
  for (int i = 0; i < 5; ++i) {
    const Answer got = run(post(server.url(), ""));
    ASSERT_FALSE(got) << i;
    EXPECT_EQ(got.error().code(), Code::kUnavailable) << got.error().message();
    EXPECT_THAT(got.error().message(), HasSubstr("broke off"));
  }
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST_F(HttpClientTest, SaysWhenItIsNoHttp) {
  LoopbackServer server({{{"SSH-2.0-OpenSSH_9.2\r\n"}, Reply::End::kClose}});
  const Answer got = run(post(server.url(), ""));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUpstream) << got.error().message();
}

TEST_F(HttpClientTest, StallsAreNoticed) {
  LoopbackServer server(
      {{{}, Reply::End::kStall},
       {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}, Reply::End::kStall}});
  for (int i = 0; i < 2; ++i) {
    HttpRequest request = post(server.url(), "");
    request.stall_timeout = Millis(100);
    const Answer got = run(std::move(request));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Code::kDeadlineExceeded);
    EXPECT_THAT(got.error().message(), HasSubstr("stalled"));
  }
  EXPECT_TRUE(server.wait_for_ended(2));
}

TEST_F(HttpClientTest, TheDeadlineCounts) {
  LoopbackServer server({{{}, Reply::End::kStall}});
  HttpRequest request = post(server.url(), "");
  request.deadline = Deadline::after(Millis(100));
  const Answer late = run(std::move(request));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
  EXPECT_THAT(late.error().message(), Not(HasSubstr("stalled")));
  HttpRequest passed = post(server.url(), "");
  passed.deadline = Deadline::after(Millis(-1));
  EXPECT_EQ(run(std::move(passed)).error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(HttpClientTest, ACompleteAnswerNeedsNoProperEnd) {
  LoopbackServer server({event_stream("data: [DONE]\n\n", SIZE_MAX, Reply::End::kStall),
                         event_stream("data: [DONE]\n\n", SIZE_MAX, Reply::End::kReset)});
  for (int i = 0; i < 2; ++i) {
    bool done = false;
    HttpRequest request = post(server.url(), "");
    request.is_complete = [&] { return done; };
    const Answer got = run(std::move(request), [&](std::string_view piece) -> Result<void> {
      done = piece.find("[DONE]") != std::string_view::npos;
      return {};
    });
    EXPECT_TRUE(got) << got.error().message();
    EXPECT_TRUE(done);
  }
}

TEST_F(HttpClientTest, LimitsTheBody) {
  LoopbackServer server({answer(200, std::string(1001, 'x')), answer(200, std::string(1000, 'x'))});
  HttpRequest request = post(server.url(), "");
  request.max_body = 1000;
  EXPECT_EQ(run(request).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(run(request)->body.size(), 1000U);
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
  LoopbackServer server({answer(307, "", "Location: /elsewhere\r\n")});
  EXPECT_EQ(run(post(server.url(), "x"))->status, 307);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(HttpClientTest, LoopbackNeverGoesThroughAProxy) {
  LoopbackServer server({answer(200, "direct")});
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("all_proxy", "http://127.0.0.1:1", 1);
  const Answer got = run(post(server.url(), ""));
  ::unsetenv("http_proxy");
  ::unsetenv("all_proxy");
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->body, "direct");
}

TEST_F(HttpClientTest, RefusesSplittingHeaders) {
  HttpRequest request = post("http://127.0.0.1:1", "");
  request.headers.emplace_back("authorization", "Bearer sk-secret\r\nX: y");
  const Answer got = run(request);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(got.error().message(), Not(HasSubstr("sk-secret")));
  request = post("http://127.0.0.1:1", "");
  request.headers.emplace_back("a b", "c");
  EXPECT_EQ(run(request).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(run(post("file:///etc/passwd", "")).error().code(), Code::kInvalidArgument);
}

TEST_F(HttpClientTest, SkipsInformationalHeads) {
  LoopbackServer server(
      {{{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
         "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok"},
        Reply::End::kKeep}});
  const Answer got = run(post(server.url(), ""));
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->header("Link"), nullptr);
  EXPECT_EQ(got->body, "ok");
}

TEST_F(HttpClientTest, CancellationEndsTheTransfer) {
  LoopbackServer server({event_stream("data: x\n\n", SIZE_MAX, Reply::End::kStall)});
  asio::cancellation_signal cancel;
  std::optional<Answer> result;
  HttpClient::OnBody on_body = [&](std::string_view) -> Result<void> {
    asio::post(context_, [&] { cancel.emit(asio::cancellation_type::terminal); });
    return {};
  };
  asio::co_spawn(
      context_, client_.stream(post(server.url(), ""), std::move(on_body)),
      asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr& error, Answer got) {
        EXPECT_FALSE(error);
        result.emplace(std::move(got));
      }));
  while (!result && context_.run_one() > 0) {
  }
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().code(), Code::kCancelled);
  EXPECT_TRUE(server.wait_for_ended(1));
}

TEST_F(HttpClientTest, RunsRequestsSideBySide) {
  constexpr int kCount = 8;
  std::vector<Reply> replies(kCount, answer(200, "x"));
  LoopbackServer server(std::move(replies));
  std::atomic<int> done = 0;
  std::atomic<int> ended = 0;
  for (int i = 0; i < kCount; ++i) {
    asio::co_spawn(context_, client_.send(post(server.url(), "")),
                   [&](const std::exception_ptr& error, const Answer& got) {
                     done += !error && got && got->body == "x" ? 1 : 0;
                     if (++ended == kCount) {
                       context_.stop();
                     }
                   });
  }
  std::thread second([&] { context_.run(); });
  context_.run();
  second.join();
  EXPECT_EQ(done, kCount);
}

TEST(HttpClientLife, AnUnusedOrAbandonedClientIsFine) {
  LoopbackServer server({{{}, Reply::End::kStall}});
  asio::io_context context;
  {
    HttpClient unused(context.get_executor());
  }
  context.run();
  std::optional<Answer> result;
  auto client = std::make_unique<HttpClient>(context.get_executor());
  HttpRequest request;
  request.url = server.url();
  asio::co_spawn(context, client->send(std::move(request)),
                 [&](const std::exception_ptr&, Answer got) { result.emplace(std::move(got)); });
  asio::steady_timer timer(context, Millis(50));
  timer.async_wait([&](const boost::system::error_code&) { client.reset(); });
  context.restart();
  context.run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().code(), Code::kCancelled);
}

}  // namespace
}  // namespace oap::net
