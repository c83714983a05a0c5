#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "async/sleep.hpp"
#include "json/parse.hpp"
#include "net/http_server.hpp"
#include "net/testing/serving.hpp"

namespace oap::net {
namespace {

using oap::net::testing::RawClient;
using oap::net::testing::Serving;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Exchange = std::shared_ptr<HttpExchange>;

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

Task<void> ok(Exchange exchange) {
  exchange->respond({200, {}, "ok " + exchange->head().target});
  co_return;
}

HttpServer::Options small() {
  HttpServer::Options options;
  options.limits = {1024, 1000};
  options.head_timeout = Millis(150);
  options.body_timeout = Millis(150);
  options.idle_timeout = Millis(400);
  return options;
}

void expect_refused(const std::string& answer, int status) {
  EXPECT_THAT(answer, StartsWith(fmt::format("HTTP/1.1 {} ", status)));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("<reset>")));
  const std::size_t body = answer.find("\r\n\r\n");
  ASSERT_NE(body, std::string::npos);
  const auto parsed = json::parse(std::string_view(answer).substr(body + 4));
  ASSERT_TRUE(parsed) << answer;
  EXPECT_EQ(json::get_string(*parsed, "jsonrpc"), "2.0");
  const json::Object* error = json::find_object(*parsed, "error");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(json::get_int(*error, "code"), -32600);
  EXPECT_NE(json::get_string(*error, "message"), "");
}

TEST(HttpHostile, BodiesThatDoNotEndAreBoundedTogether) {
  HttpServer::Options options = small();
  options.body_timeout = Millis(60'000);
  Serving server(ok, options);
  std::vector<RawClient> clients;
  const std::string begun =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(999, 'x');
  for (int i = 0; i < 40; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().send(begun));
  }
  std::vector<bool> refused(clients.size());
  const Deadline patience = Deadline::after(Millis(20'000));
  while (std::count(refused.begin(), refused.end(), true) < 8 && !patience.passed()) {
    for (std::size_t i = 0; i < clients.size(); ++i) {
      refused[i] = refused[i] || clients[i].has_bytes(Millis(1));
    }
  }
  EXPECT_EQ(std::count(refused.begin(), refused.end(), true), 8);
  RawClient modest(server.port());
  ASSERT_TRUE(modest.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n"));
  ASSERT_TRUE(modest.send(std::string(100, 'x')));
  EXPECT_THAT(modest.read_answer(), HasSubstr("ok /"));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (refused[i]) {
      expect_refused(clients[i].read_all(), 503);
    } else {
      ASSERT_TRUE(clients[i].send("x"));
      EXPECT_THAT(clients[i].read_answer(), HasSubstr("ok /"));
    }
  }
}

TEST(HttpHostile, MalformedRequestsAreRefusedAndNothingBehindThemIsServed) {
  std::atomic<int> served = 0;
  Serving server(
      [&](Exchange exchange) -> Task<void> {
        ++served;
        return ok(std::move(exchange));
      },
      small());
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string smuggled = "GET /admin HTTP/1.1\r\nHost: h\r\n\r\n";
  struct Case {
    std::string bytes;
    int status;
  };
  const std::vector<Case> cases = {
      {"hello\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n" + smuggled, 400},
      {head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
      {head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled, 400},
      {head + "Content-Length: 0\r\nContent-Length: 34\r\n\r\n" + smuggled, 400},
      {head + "Content-Length: +0\r\n\r\n" + smuggled, 400},
      {head + "Transfer-Encoding: xchunked\r\n\r\n" + smuggled, 400},
      {head + "Transfer-Encoding: identity\r\n\r\n" + smuggled, 400},
      {head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
      {head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + smuggled, 400},
      {head + "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n" + smuggled, 413},
      {head + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n" + smuggled, 400},
      {head + "X: " + std::string(2000, 'x') + "\r\n\r\n", 431},
      {head + "X: " + std::string(500'000, 'x'), 431},
      {"GET /" + std::string(3000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
      {head + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x'), 413},
      {head + "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", 413},
      {head + "Content-Length: 5000000\r\n\r\n" + std::string(5'000'000, 'x'), 413},
  };
  for (const Case& each : cases) {
    RawClient client(server.port());
    client.send(each.bytes);
    client.end_sending();
    const std::string answer = client.read_all();
    SCOPED_TRACE(each.bytes.substr(0, 120));
    expect_refused(answer, each.status);
    EXPECT_THAT(answer, Not(HasSubstr("/admin")));
  }
  EXPECT_EQ(served, 0);
}

TEST(HttpHostile, AGoodRequestBeforeABadOneIsAnswered) {
  Serving server(ok, small());
  RawClient client(server.port());
  ASSERT_TRUE(client.send(kGet + "BAD\r\n\r\n" + kGet));
  EXPECT_THAT(client.read_answer(), EndsWith("ok /"));
  expect_refused(client.read_all(), 400);
}

TEST(HttpHostile, SlowClientsAreAnswered408) {
  Serving server(ok, small());
  RawClient head(server.port());
  RawClient body(server.port());
  RawClient dripping(server.port());
  ASSERT_TRUE(head.send("GET / HTTP/1.1\r\nHos"));
  ASSERT_TRUE(body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  bool taken = dripping.send("GET / HTTP/1.1\r\nX: ");
  std::string answer;
  while (taken && std::chrono::steady_clock::now() < until && !dripping.has_bytes(Millis(20))) {
    taken = dripping.send("y");
  }
  expect_refused(head.read_all(), 408);
  expect_refused(body.read_all(), 408);
  EXPECT_THAT(dripping.read_answer(), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpHostile, IdleConnectionsAreClosedWithoutAWord) {
  Serving server(ok, small());
  RawClient fresh(server.port());
  RawClient used(server.port());
  ASSERT_TRUE(used.send(kGet));
  EXPECT_THAT(used.read_answer(), EndsWith("ok /"));
  EXPECT_EQ(fresh.read_all(), "");
  EXPECT_EQ(used.read_all(), "");
  EXPECT_TRUE(server.wait_for_connections(0));
}

TEST(HttpHostile, AHalfClosedClientGetsItsAnswers) {
  Serving server([](Exchange exchange) -> Task<void> {
    const auto waited = co_await async::sleep_for(Millis(20));
    EXPECT_TRUE(waited);
    co_await ok(std::move(exchange));
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.send(kGet + kGet));
  client.end_sending();
  EXPECT_THAT(client.read_answer(), EndsWith("ok /"));
  EXPECT_THAT(client.read_answer(), EndsWith("ok /"));
  EXPECT_EQ(client.read_all(), "");
  RawClient partial(server.port());
  ASSERT_TRUE(partial.send("GET / HTTP/1.1\r\nHo"));
  partial.end_sending();
  expect_refused(partial.read_all(), 400);
}

TEST(HttpHostile, LeavingIsNoticedWhileTheHandlerRuns) {
  std::promise<void> begun;
  std::promise<bool> gone;
  Serving server([&](Exchange exchange) -> Task<void> {
    exchange->on_disconnect([&] { gone.set_value(true); });
    begun.set_value();
    while (!exchange->ended()) {
      const auto waited = co_await async::sleep_for(Millis(1));
      EXPECT_TRUE(waited);
    }
    exchange->respond({200, {}, std::string(1U << 20U, 'x')});
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.send(kGet));
  begun.get_future().wait();
  ASSERT_TRUE(server.wait_for_connections(1));
  client.close();
  EXPECT_TRUE(gone.get_future().get());
  EXPECT_TRUE(server.wait_for_connections(0));
}

TEST(HttpHostile, ResetsInMidAnswerHurtNobodyElse) {
  Serving server([](Exchange exchange) -> Task<void> {
    exchange->respond({200, {}, std::string(4U << 20U, 'x')});
    co_return;
  });
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.port());
    ASSERT_TRUE(client.send(kGet + kGet + kGet));
    client.read_until("\r\n\r\n");
    client.reset();
  }
  RawClient fine(server.port());
  ASSERT_TRUE(fine.send(kGet));
  EXPECT_EQ(fine.read_answer().size() > (4U << 20U), true);
  fine.close();
  EXPECT_TRUE(server.wait_for_connections(0));
}

TEST(HttpHostile, AClientThatNeverReadsIsDropped) {
  std::atomic<int> served = 0;
  HttpServer::Options options;
  options.write_timeout = Millis(200);
  Serving server(
      [&](Exchange exchange) -> Task<void> {
        ++served;
        exchange->respond({200, {}, std::string(1U << 20U, 'x')});
        co_return;
      },
      options);
  RawClient client(server.port());
  client.shrink_receive_buffer();
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += kGet;
  }
  ASSERT_TRUE(client.send(many));
  ASSERT_TRUE(server.wait_for_connections(1));
  EXPECT_TRUE(server.wait_for_connections(0));
  EXPECT_LT(served, 100);
}

TEST(HttpHostile, TooManyConnectionsPushOutTheLongestIdle) {
  HttpServer::Options options;
  options.max_connections = 3;
  Serving server(ok, options);
  std::vector<RawClient> clients;
  for (int i = 0; i < 6; ++i) {
    RawClient& client = clients.emplace_back(server.port());
    ASSERT_TRUE(client.send(kGet));
    EXPECT_THAT(client.read_answer(), EndsWith("ok /"));
  }
  EXPECT_EQ(clients[0].read_all(), "");
  ASSERT_TRUE(clients[5].send(kGet));
  EXPECT_THAT(clients[5].read_answer(), EndsWith("ok /"));
}

/// Takes descriptors until few are left, and gives them back.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t left) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(next) + left;
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(HttpHostile, RunningOutOfDescriptorsNeitherSpinsNorKills) {
  std::atomic<bool> release = false;
  Serving server([&](Exchange exchange) -> Task<void> {
    while (!release) {
      const auto waited = co_await async::sleep_for(Millis(2));
      EXPECT_TRUE(waited);
    }
    co_await ok(std::move(exchange));
  });
  std::vector<RawClient> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(server.port());
  }
  ASSERT_TRUE(server.wait_for_connections(8));
  for (RawClient& each : clients) {
    ASSERT_TRUE(each.send(kGet));
  }
  {
    const FewDescriptors scarce(1);
    RawClient waiting(server.port());
    ASSERT_TRUE(waiting.is_connected());
    ASSERT_TRUE(waiting.send(kGet));
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    EXPECT_FALSE(waiting.has_bytes(Millis(300)));
    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    const auto micros = [](const timeval& t) { return t.tv_sec * 1'000'000 + t.tv_usec; };
    EXPECT_LT(micros(after.ru_utime) + micros(after.ru_stime) - micros(before.ru_utime) -
                  micros(before.ru_stime),
              200'000);
    release = true;
    EXPECT_THAT(waiting.read_answer(), EndsWith("ok /"));
  }
}

}  // namespace
}  // namespace oap::net
