#include "net/http_server.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"
#include "net/testing/serving.hpp"

namespace oap::net {
namespace {

using oap::net::testing::RawClient;
using oap::net::testing::Serving;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Task<void> echo(std::shared_ptr<HttpExchange> exchange) {
  HttpReply reply;
  reply.headers = {{"Content-Type", "text/plain"}, {"X-Method", exchange->head().method}};
  reply.body = exchange->head().target + "|" + exchange->take_body();
  exchange->respond(std::move(reply));
  co_return;
}

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(std::string_view body, std::string_view headers = {}) {
  return fmt::format("POST /p HTTP/1.1\r\nHost: h\r\n{}Content-Length: {}\r\n\r\n{}", headers,
                     body.size(), body);
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  Serving server(echo);
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(post("hello")));
    const std::string answer = client.read_answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr("X-Method: POST\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n/p|hello"));
    EXPECT_THAT(answer, Not(HasSubstr("Connection")));
  }
  EXPECT_TRUE(server.wait_for_connections(1));
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  Serving server(echo);
  RawClient client(server.port());
  std::string all;
  constexpr int kCount = 3000;
  for (int i = 0; i < kCount; ++i) {
    all += post(std::to_string(i));
  }
  std::thread sender([&] { EXPECT_TRUE(client.send(all)); });
  for (int i = 0; i < kCount; ++i) {
    ASSERT_THAT(client.read_answer(), EndsWith("\r\n/p|" + std::to_string(i)));
  }
  sender.join();
}

/// Answers after the loop has turned a few times.
Task<void> answer_later(std::shared_ptr<HttpExchange> exchange) {
  const auto waited = co_await async::sleep_for(Millis(5));
  EXPECT_TRUE(waited);
  co_await echo(std::move(exchange));
}

TEST(HttpServer, AnswersPipelinedRequestsInOrderWhereTheHandlerWaits) {
  Serving server(answer_later);
  RawClient client(server.port());
  ASSERT_TRUE(client.send(post("1") + kGet + "\r\n" + post("3")));
  EXPECT_THAT(client.read_answer(), EndsWith("/p|1"));
  EXPECT_THAT(client.read_answer(), EndsWith("/a|"));
  EXPECT_THAT(client.read_answer(), EndsWith("/p|3"));
}

TEST(HttpServer, TakesARequestInAnyPieces) {
  Serving server(echo);
  RawClient client(server.port());
  const std::string request =
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (const char c : request + post("y")) {
    ASSERT_TRUE(client.send(std::string_view(&c, 1)));
  }
  EXPECT_THAT(client.read_answer(), EndsWith("/x|hello"));
  EXPECT_THAT(client.read_answer(), EndsWith("/p|y"));
}

TEST(HttpServer, CarriesLargeBodiesBothWays) {
  Serving server(echo);
  RawClient client(server.port());
  const std::string body(7U << 20U, 'x');
  for (int i = 0; i < 2; ++i) {
    std::thread sender([&] { EXPECT_TRUE(client.send(post(body))); });
    const std::string answer = client.read_answer();
    sender.join();
    EXPECT_THAT(answer.substr(0, 300), HasSubstr("Content-Length: 7340035\r\n"));
    EXPECT_TRUE(answer.ends_with("/p|" + body));
  }
}

TEST(HttpServer, HeadHasNoBody) {
  Serving server(echo);
  RawClient client(server.port());
  ASSERT_TRUE(client.send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n" + kGet));
  const std::string answer = client.read_answer(false);
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServer, SpeaksHttp10) {
  Serving server(echo);
  RawClient closing(server.port());
  ASSERT_TRUE(closing.send("GET /a HTTP/1.0\r\n\r\n"));
  const std::string answer = closing.read_all();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("/a|"));
  RawClient keeping(server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(keeping.send("GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_THAT(keeping.read_answer(), HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST(HttpServer, ClosesWhereTheClientOrTheHandlerAsks) {
  Serving server([](std::shared_ptr<HttpExchange> exchange) -> Task<void> {
    HttpReply reply;
    if (exchange->head().target == "/bye") {
      reply.headers = {{"connection", "close"}, {"content-length", "77"}};
    }
    reply.body = "ok";
    exchange->respond(std::move(reply));
    co_return;
  });
  for (const char* request : {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                              "GET /bye HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    RawClient client(server.port());
    ASSERT_TRUE(client.send(request + kGet));
    const std::string answer = client.read_all();
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nok"));
    EXPECT_THAT(answer, Not(HasSubstr("77")));
  }
}

TEST(HttpServer, SendsContinueWhereTheClientWaits) {
  Serving server(echo);
  RawClient client(server.port());
  ASSERT_TRUE(client.send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.send("ab"));
  EXPECT_THAT(client.read_answer(), EndsWith("/|ab"));
}

TEST(HttpServer, ListensOnIpv6) {
  HttpServer::Options options;
  options.address = "[::1]";
  Serving server(
      [](std::shared_ptr<HttpExchange> exchange) -> Task<void> {
        exchange->respond({200, {}, exchange->peer()});
        co_return;
      },
      options);
  RawClient client(server.port(), "::1");
  if (!client.is_connected()) {
    GTEST_SKIP() << "no IPv6 on this machine";
  }
  ASSERT_TRUE(client.send(kGet));
  EXPECT_THAT(client.read_answer(), HasSubstr("\r\n\r\n[::1]:"));
}

TEST(HttpServer, SaysWhyItCannotListen) {
  async::Runtime runtime;
  HttpServer::Options options;
  options.address = "example.com";
  auto named = HttpServer::listen(runtime.executor(), options, echo);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code(), Code::kInvalidArgument);
  options.address = "127.0.0.1";
  auto first = HttpServer::listen(runtime.executor(), options, echo);
  ASSERT_TRUE(first);
  options.port = (*first)->port();
  auto second = HttpServer::listen(runtime.executor(), options, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(second.error().message(), HasSubstr("Address already in use"));
}

TEST(HttpServer, AHandlerThatFailsIsA500) {
  Serving server([](std::shared_ptr<HttpExchange> exchange) -> Task<void> {
    if (exchange->head().target == "/throw") {
      throw std::runtime_error("sk-secret");
    }
    if (exchange->head().target == "/split") {
      exchange->respond({200, {{"X-A", "b\r\nSet-Cookie: c"}}, "x"});
    }
    if (exchange->head().target == "/split-stream") {
      exchange->start_stream(200, {{"X A", "b"}});
    }
    co_return;
  });
  log::set_level(log::Level::kOff);
  RawClient client(server.port());
  for (const char* target : {"/throw", "/nothing", "/split", "/split-stream"}) {
    ASSERT_TRUE(client.send(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", target)));
    const std::string answer = client.read_answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n")) << target;
    EXPECT_THAT(answer, HasSubstr("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,"));
    EXPECT_THAT(answer, Not(HasSubstr("sk-secret")));
    EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie")));
  }
  log::set_level(log::Level::kWarn);
}

TEST(HttpServer, StatusesWithoutBody) {
  Serving server([](std::shared_ptr<HttpExchange> exchange) -> Task<void> {
    exchange->respond({exchange->head().target == "/a" ? 204 : 202, {}, ""});
    exchange->respond({500, {}, "a second answer does not count"});
    co_return;
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.send(kGet + post("")));
  const std::string empty = client.read_answer();
  EXPECT_THAT(empty, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(empty, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(client.read_answer(), HasSubstr("202 Accepted\r\n"));
}

TEST(HttpServer, CloseLetsOpenExchangesEnd) {
  std::promise<void> begun;
  Serving server([&](std::shared_ptr<HttpExchange> exchange) -> Task<void> {
    begun.set_value();
    const auto waited = co_await async::sleep_for(Millis(100));
    EXPECT_TRUE(waited);
    exchange->respond({200, {}, "done"});
  });
  RawClient idle(server.port());
  RawClient client(server.port());
  ASSERT_TRUE(client.send(kGet));
  begun.get_future().wait();
  std::thread closer([&] { server.close(Millis(10'000)); });
  EXPECT_EQ(idle.read_all(), "");
  const std::string answer = client.read_all();
  closer.join();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("done"));
  EXPECT_FALSE(RawClient(server.port()).is_connected());
}

TEST(HttpServer, CloseDropsWhatDoesNotEnd) {
  std::promise<void> begun;
  std::promise<Code> ended;
  std::atomic<bool> gone = false;
  Serving server([&](std::shared_ptr<HttpExchange> exchange) -> Task<void> {
    exchange->on_disconnect([&] { gone = true; });
    begun.set_value();
    const auto waited = co_await async::sleep_for(Millis(60'000));
    ended.set_value(waited ? Code::kInternal : waited.error().code());
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.send(kGet));
  begun.get_future().wait();
  server.close(Millis(20));
  EXPECT_EQ(ended.get_future().get(), Code::kCancelled);
  EXPECT_TRUE(gone);
  EXPECT_EQ(client.read_all(), "");
}

}  // namespace
}  // namespace oap::net
