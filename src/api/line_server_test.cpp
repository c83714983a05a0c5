#include "api/line_server.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "api/daemon_client.hpp"
#include "async/event.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "json/parse.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::api {
namespace {

using testing::HasSubstr;

/// "echo" answers its params, "fail" fails, "throw" throws, "hang" waits until it is cancelled.
Task<Result<json::Value>> answered(jsonrpc::Request request) {
  if (request.method == "fail") {
    co_return fail(Code::kInvalidArgument, "as asked");
  }
  if (request.method == "throw") {
    throw std::runtime_error("boom");
  }
  if (request.method == "hang") {
    OAP_CO_CHECK_OK(co_await async::sleep_until(Deadline::never()));
  }
  co_return json::Value(std::move(request.params));
}

LineServer::Handler handler() {
  return [](std::shared_ptr<Client> /*client*/, jsonrpc::Request request) {
    return answered(std::move(request));
  };
}

/// A real server in a thread and an event loop of its own.
class Serving {
 public:
  explicit Serving(LineServer::Options options = {}) : path_(dir_.path() + "/s") {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_.get(), 64), 0);
    stop_.emplace(runtime_.executor());
    thread_ = std::thread([this, options] { runtime_.run(serve(options)); });
  }
  ~Serving() { close(); }
  void close() {
    if (thread_.joinable()) {
      stop_->notify_from_any_thread();
      thread_.join();
    }
  }
  const std::string& path() const { return path_; }

 private:
  Task<void> serve(LineServer::Options options) {
    LineServer server(runtime_.executor(), std::move(fd_), options, handler());
    async::Scope scope(runtime_.executor());
    scope.spawn(server.serve());
    const Deadline never = Deadline::never();
    co_await stop_->wait(never);
    const Deadline grace = Deadline::after(Millis(200));
    co_await server.close(grace);
    co_await scope.join();
  }

  os::testing::TempDir dir_;
  std::string path_;
  os::UniqueFd fd_;
  async::Runtime runtime_;
  std::optional<async::Event> stop_;
  std::thread thread_;
};

class Raw {
 public:
  explicit Raw(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval wait{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// The next line, "<end>" or "<silence>".
  std::string line() {
    for (;;) {
      if (const std::size_t end = read_.find('\n'); end != std::string::npos) {
        std::string out = read_.substr(0, end);
        read_.erase(0, end + 1);
        return out;
      }
      char piece[4096];
      const ssize_t got = ::recv(fd_.get(), piece, sizeof piece, 0);
      if (got <= 0) {
        return got == 0 || errno == ECONNRESET ? "<end>" : "<silence>";
      }
      read_.append(piece, static_cast<std::size_t>(got));
    }
  }
  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }

 private:
  os::UniqueFd fd_;
  std::string read_;
};

std::string request(int id, std::string_view method, std::string_view params = "{}") {
  return fmt::format("{{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"{}\",\"params\":{}}}\n", id,
                     method, params);
}

TEST(LineServerTest, AnswersOfManyRequestsAndAfterTheLastOne) {
  Serving serving;
  Raw raw(serving.path());
  std::string all;
  for (int i = 0; i < 1'000; ++i) {
    all += request(i, "echo", fmt::format("{{\"i\":{}}}", i));
  }
  std::thread sending([&] {
    raw.send(all);
    raw.end_sending();
  });
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(raw.line(), fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{{"i":{}}}}})", i, i));
  }
  EXPECT_EQ(raw.line(), "<end>");
  sending.join();
}

TEST(LineServerTest, ErrorsOfEveryKindAreAnswered) {
  Serving serving;
  Raw raw(serving.path());
  raw.send("nonsense\n" + request(1, "fail") + request(2, "throw") + request(3, "echo"));
  EXPECT_THAT(raw.line(), HasSubstr("-32700"));
  EXPECT_THAT(raw.line(), HasSubstr("as asked"));
  EXPECT_THAT(raw.line(), HasSubstr("unexpected exception"));
  EXPECT_THAT(raw.line(), HasSubstr("\"result\""));
}

TEST(LineServerTest, AHandlerThatHangsIsAnError) {
  LineServer::Options options;
  options.request = Millis(30);
  Serving serving(options);
  Raw raw(serving.path());
  raw.send(request(1, "hang"));
  EXPECT_THAT(raw.line(), HasSubstr("did not finish"));
}

TEST(LineServerTest, ALineThatIsTooLongEndsTheConnection) {
  LineServer::Options options;
  options.max_line = 1'000;
  Serving serving(options);
  Raw raw(serving.path());
  raw.send(std::string(2'000, 'x'));
  EXPECT_THAT(raw.line(), HasSubstr("1000 bytes"));
  EXPECT_EQ(raw.line(), "<end>");
}

TEST(LineServerTest, WhoSaysNothingOrHalfALineIsLetGo) {
  LineServer::Options options;
  options.first_line = Millis(30);
  options.whole_line = Millis(30);
  Serving serving(options);
  Raw silent(serving.path());
  EXPECT_EQ(silent.line(), "<end>");
  Raw half(serving.path());
  half.send(request(1, "echo") + "{\"jsonrpc\":");
  EXPECT_THAT(half.line(), HasSubstr("result"));
  EXPECT_EQ(half.line(), "<end>");
}

TEST(LineServerTest, TheLongestIdleMakesRoom) {
  LineServer::Options options;
  options.max_connections = 2;
  Serving serving(options);
  Raw first(serving.path());
  first.send(request(1, "echo"));
  first.line();
  Raw second(serving.path());
  second.send(request(1, "echo"));
  second.line();
  Raw third(serving.path());
  third.send(request(1, "echo"));
  EXPECT_THAT(third.line(), HasSubstr("result"));
  EXPECT_EQ(first.line(), "<end>");
}

TEST(LineServerTest, AllBusyIsSaid) {
  LineServer::Options options;
  options.max_connections = 1;
  options.request = Millis(2'000);
  Serving serving(options);
  Raw busy(serving.path());
  busy.send(request(1, "echo") + request(2, "hang"));
  busy.line();
  Raw other(serving.path());
  EXPECT_THAT(other.line(), HasSubstr("too many connections"));
}

TEST(LineServerTest, WhoDoesNotReadIsDroppedAndOthersAreServed) {
  LineServer::Options options;
  options.max_unread = 100'000;
  Serving serving(options);
  Raw deaf(serving.path());
  const std::string large = request(1, "echo", "{\"x\":\"" + std::string(50'000, 'x') + "\"}");
  bool taken = true;
  for (int i = 0; i < 1'000 && taken; ++i) {
    taken = deaf.send(large);
  }
  EXPECT_FALSE(taken);
  Raw other(serving.path());
  other.send(request(1, "echo"));
  EXPECT_THAT(other.line(), HasSubstr("result"));
}

TEST(LineServerTest, TheEndWaitsOnlySoLong) {
  Serving serving;
  Raw raw(serving.path());
  raw.send(request(1, "echo") + request(2, "hang"));
  raw.line();
  serving.close();
  EXPECT_NE(raw.line(), "<silence>");
}

TEST(DaemonClientTest, AsksOnceAndSaysWhatWentWrong) {
  Serving serving;
  const Deadline soon = Deadline::after(Millis(10'000));
  const auto answer = ask_daemon(serving.path(), "echo", {{"a", 1}}, soon);
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(json::get_int(*answer, "a"), 1);
  EXPECT_THAT(ask_daemon(serving.path(), "fail", {}, soon).error().message(),
              HasSubstr("as asked"));
  EXPECT_EQ(ask_daemon(serving.path(), "hang", {}, Deadline::after(Millis(30))).error().code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(ask_daemon(serving.path() + "2", "echo", {}, soon).error().code(), Code::kNotFound);
  EXPECT_EQ(ask_daemon(std::string(200, 'x'), "echo", {}, soon).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace oap::api
