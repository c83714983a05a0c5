#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "async/sleep.hpp"
#include "base/mutex.hpp"
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
const HeaderList kEvents = {{"Content-Type", "text/event-stream"}};

Task<void> three_pieces(Exchange exchange) {
  EXPECT_EQ(exchange->write("early").error().code(), Code::kFailedPrecondition);
  exchange->start_stream(200, kEvents);
  EXPECT_TRUE(exchange->write("one"));
  EXPECT_TRUE(exchange->write(""));
  const auto waited = co_await async::sleep_for(Millis(1));
  EXPECT_TRUE(waited);
  EXPECT_TRUE(exchange->write("two"));
  EXPECT_TRUE(exchange->write(std::string(20, '3')));
  EXPECT_FALSE(exchange->ended());
  exchange->finish();
  EXPECT_TRUE(exchange->ended());
  EXPECT_EQ(exchange->write("late").error().code(), Code::kUnavailable);
  exchange->respond({500, {}, "late"});
}

TEST(HttpStream, ComesInChunksAndKeepsTheConnection) {
  Serving server(three_pieces);
  RawClient client(server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.send(kGet));
    const std::string answer = client.read_until("\r\n0\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/event-stream\r\n"));
    EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n14\r\n" + std::string(20, '3') +
                                 "\r\n0\r\n\r\n"));
  }
}

TEST(HttpStream, EndsWithTheConnectionForHttp10) {
  Serving server(three_pieces);
  RawClient client(server.port());
  ASSERT_TRUE(client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nonetwo" + std::string(20, '3')));
}

TEST(HttpStream, HeadGetsOnlyTheHead) {
  Serving server([](Exchange exchange) -> Task<void> {
    exchange->start_stream(200, kEvents);
    EXPECT_TRUE(exchange->ended());
    EXPECT_EQ(exchange->write("x").error().code(), Code::kUnavailable);
    co_return;
  });
  RawClient client(server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_THAT(client.read_answer(), EndsWith("Transfer-Encoding: chunked\r\n\r\n"));
  }
}

/// Keeps every exchange that it gets, as a hub of event streams does.
class Kept {
 public:
  HttpServer::Handler handler() {
    return [this](Exchange exchange) -> Task<void> {
      exchange->start_stream(200, kEvents);
      exchange->on_disconnect([this] { ++gone_; });
      const MutexLock lock(mutex_);
      all_.push_back(std::move(exchange));
      co_return;
    };
  }
  std::size_t count() const {
    const MutexLock lock(mutex_);
    return all_.size();
  }
  int gone() const { return gone_; }
  std::vector<Exchange> take() {
    const MutexLock lock(mutex_);
    return std::exchange(all_, {});
  }

 private:
  mutable Mutex mutex_;
  std::vector<Exchange> all_ OAP_GUARDED_BY(mutex_);
  std::atomic<int> gone_ = 0;
};

bool wait_for(const std::function<bool()>& what) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!what() && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  return what();
}

TEST(HttpStream, OutlivesItsHandlerAndNoticesTheClientLeaving) {
  Kept kept;
  Serving server(kept.handler());
  RawClient closing(server.port());
  RawClient resetting(server.port());
  RawClient half(server.port());
  for (RawClient* each : {&closing, &resetting, &half}) {
    ASSERT_TRUE(each->send(kGet));
    EXPECT_THAT(each->read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
  }
  EXPECT_EQ(kept.count(), 3U);
  EXPECT_EQ(kept.gone(), 0);
  closing.close();
  EXPECT_TRUE(wait_for([&] { return kept.gone() == 1; }));
  resetting.reset();
  EXPECT_TRUE(wait_for([&] { return kept.gone() == 2; }));
  half.end_sending();
  EXPECT_TRUE(wait_for([&] { return kept.gone() == 3; }));
  EXPECT_TRUE(server.wait_for_connections(0));
  server.close();
  for (const Exchange& each : kept.take()) {
    EXPECT_TRUE(each->ended());
    EXPECT_EQ(each->write("x").error().code(), Code::kUnavailable);
    each->finish();
  }
}

TEST(HttpStream, OneThatNobodyHoldsBreaksOff) {
  Serving server([](Exchange exchange) -> Task<void> {
    exchange->start_stream(200, kEvents);
    EXPECT_TRUE(exchange->write("some"));
    co_return;
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.send(kGet));
  const std::string chunked = client.read_all();
  EXPECT_THAT(chunked, EndsWith("\r\n\r\n4\r\nsome\r\n"));
  RawClient old(server.port());
  ASSERT_TRUE(old.send("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_THAT(old.read_all(), EndsWith("<reset>"));
}

TEST(HttpStream, AFloodedClientIsAnErrorThenGone) {
  std::promise<Code> refused;
  std::promise<void> gone;
  HttpServer::Options options;
  options.max_queued_bytes = 1U << 20U;
  options.write_timeout = Millis(200);
  Serving server(
      [&](Exchange exchange) -> Task<void> {
        exchange->on_disconnect([&, exchange] { gone.set_value(); });
        exchange->start_stream(200, kEvents);
        while (true) {
          const auto written = exchange->write(std::string(100'000, 'x'));
          if (!written) {
            refused.set_value(written.error().code());
            co_return;
          }
          const auto waited = co_await async::sleep_for(Millis(1));
          EXPECT_TRUE(waited);
        }
      },
      options);
  RawClient client(server.port());
  client.shrink_receive_buffer();
  ASSERT_TRUE(client.send(kGet));
  EXPECT_EQ(refused.get_future().get(), Code::kResourceExhausted);
  gone.get_future().get();
  EXPECT_TRUE(server.wait_for_connections(0));
}

TEST(HttpStream, AnIdleOneCostsLittleMemory) {
  constexpr std::size_t kCount = 1000;
  Kept kept;
  Serving server(kept.handler());
  std::vector<RawClient> clients;
  const auto open = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      RawClient& client = clients.emplace_back(server.port());
      ASSERT_TRUE(
          client.send("GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: text/event-stream\r\n"
                      "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: "
                      "0123456789abcdef0123456789abcdef\r\nUser-Agent: test/1.0\r\n\r\n"));
      client.read_until("\r\n\r\n");
    }
  };
  clients.reserve(kCount + 50);
  open(50);
  const std::size_t before = ::mallinfo2().uordblks;
  open(kCount);
  const std::size_t after = ::mallinfo2().uordblks;
  EXPECT_EQ(kept.count(), kCount + 50);
  EXPECT_LT((after - before) / kCount, 6000U) << "bytes for each stream";
  RecordProperty("bytes_per_stream", static_cast<int>((after - before) / kCount));
  clients.clear();
  EXPECT_TRUE(wait_for([&] { return kept.gone() == static_cast<int>(kCount + 50); }));
}

}  // namespace
}  // namespace oap::net
