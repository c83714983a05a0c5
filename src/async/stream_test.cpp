#include "async/stream.hpp"

#include <array>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "async/deadline.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/signal.hpp"
#include "async/sleep.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::async {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Ends {
  os::UniqueFd read;
  os::UniqueFd write;
  Ends() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
  void put(std::string_view text) const {
    EXPECT_EQ(::write(write.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
};

TEST(ReadPipeTest, GivesBytesThenTheEnd) {
  Runtime runtime;
  Ends ends;
  ends.put("hello");
  ends.write.reset();
  ReadPipe pipe(runtime.executor(), std::move(ends.read));
  EXPECT_EQ(runtime.run(pipe.read_some(3)), "hel");
  EXPECT_EQ(runtime.run(pipe.read_some(100)), "lo");
  EXPECT_EQ(runtime.run(pipe.read_some(100)), "");
  EXPECT_EQ(runtime.run(pipe.read_some(100)), "");
}

TEST(ReadPipeTest, IsCancelledByADeadlineAndLosesNothing) {
  Runtime runtime;
  Ends ends;
  ReadPipe pipe(runtime.executor(), std::move(ends.read));
  const auto late =
      runtime.run(with_deadline(Deadline::after(Millis{5}), pipe.read_some(10), "reading"));
  EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
  ends.put("later");
  EXPECT_EQ(runtime.run(pipe.read_some(10)), "later");
}

TEST(ReadPipeTest, ReadsPlainFilesAndNull) {
  Runtime runtime;
  const os::testing::TempDir dir;
  const std::string path = dir.write("f", "text");
  ReadPipe file(runtime.executor(), os::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  EXPECT_EQ(runtime.run(file.read_some(10)), "text");
  EXPECT_EQ(runtime.run(file.read_some(10)), "");
  ReadPipe null(runtime.executor(), os::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  EXPECT_EQ(runtime.run(null.read_some(10)), "");
  ReadPipe none(runtime.executor(), os::UniqueFd());
  EXPECT_EQ(runtime.run(none.read_some(10)).error().code(), Code::kUnavailable);
}

TEST(WritePipeTest, WritesMoreThanAPipeHoldsAndSeesAClosedReader) {
  Runtime runtime;
  Ends ends;
  WritePipe out(runtime.executor(), std::move(ends.write));
  ReadPipe in(runtime.executor(), std::move(ends.read));
  const std::string text(1u << 20, 'x');
  const auto late =
      runtime.run(with_deadline(Deadline::after(Millis{5}), out.write_all(text), "writing"));
  EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
  in.close();
  const auto broken = runtime.run(out.write_all("x"));
  EXPECT_EQ(broken.error().code(), Code::kUnavailable);
  EXPECT_THAT(broken.error().message(), HasSubstr("reader has closed"));
}

Task<void> write_and_close(WritePipe& pipe, std::string text) {
  co_await pipe.write_all(std::move(text));
  pipe.close();
}

Task<Result<std::size_t>> pump(WritePipe& out, ReadPipe& in, std::size_t size) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  scope.spawn(write_and_close(out, std::string(size, 'x')));
  std::size_t total = 0;
  while (true) {
    const auto piece = co_await in.read_some(4096);
    if (!piece || piece->empty()) {
      break;
    }
    total += piece->size();
  }
  co_await scope.join();
  co_return total;
}

TEST(WritePipeTest, PumpsThroughAPipe) {
  Runtime runtime;
  Ends ends;
  WritePipe out(runtime.executor(), std::move(ends.write));
  ReadPipe in(runtime.executor(), std::move(ends.read));
  EXPECT_EQ(runtime.run(pump(out, in, 3'000'000)), 3'000'000u);
}

std::vector<std::string> lines_of(std::string_view text, std::size_t max_line) {
  Runtime runtime;
  Ends ends;
  ends.put(text);
  ends.write.reset();
  ReadPipe pipe(runtime.executor(), std::move(ends.read));
  LineReader reader(pipe, max_line);
  std::vector<std::string> lines;
  while (true) {
    auto line = runtime.run(reader.next());
    if (!line) {
      lines.push_back("!" + std::string(to_string(line.error().code())));
    } else if (!*line) {
      return lines;
    } else {
      lines.push_back(**line);
    }
  }
}

TEST(LineReaderTest, SplitsLines) {
  EXPECT_THAT(lines_of("", 10), ElementsAre());
  EXPECT_THAT(lines_of("\n", 10), ElementsAre(""));
  EXPECT_THAT(lines_of("a\nbc\r\n\nlast", 10), ElementsAre("a", "bc", "", "last"));
  EXPECT_THAT(lines_of("1234567890\n1234567890\r\n", 10), ElementsAre("1234567890", "1234567890"));
}

TEST(LineReaderTest, SkipsAnOverlongLineOnce) {
  const std::string error = "!" + std::string(to_string(Code::kResourceExhausted));
  EXPECT_THAT(lines_of("12345678901\nok\n", 10), ElementsAre(error, "ok"));
  EXPECT_THAT(lines_of("a\n" + std::string(60'000, 'x') + "\nok\n12345678901", 10),
              ElementsAre("a", error, "ok", error));
  EXPECT_THAT(lines_of("a\n" + std::string(60'000, 'x'), 10), ElementsAre("a", error));
}

TEST(LineReaderTest, SkipsALineLongerThanAllBuffers) {
  Runtime runtime;
  Ends ends;
  WritePipe out(runtime.executor(), std::move(ends.write));
  ReadPipe in(runtime.executor(), std::move(ends.read));
  const auto body = [](WritePipe& pipe, ReadPipe& source) -> Task<Result<std::string>> {
    const Executor executor = co_await boost::asio::this_coro::executor;
    Scope scope(executor);
    scope.spawn(write_and_close(pipe, std::string(1'000'000, 'x') + "\nnext\n"));
    LineReader reader(source, 1000);
    std::string seen;
    auto first = co_await reader.next();
    seen += first ? "line," : "error,";
    auto second = co_await reader.next();
    seen += second && *second ? **second : "?";
    auto third = co_await reader.next();
    seen += third && !*third ? ",end" : ",?";
    co_await scope.join();
    co_return seen;
  };
  EXPECT_EQ(runtime.run(body(out, in)), "error,next,end");
}

TEST(LineReaderTest, KeepsHalfALineAcrossADeadline) {
  Runtime runtime;
  Ends ends;
  ends.put("hal");
  ReadPipe pipe(runtime.executor(), std::move(ends.read));
  LineReader reader(pipe);
  const auto late = runtime.run(with_deadline(Deadline::after(Millis{5}), reader.next(), "a line"));
  EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
  ends.put("f\n");
  const auto line = runtime.run(reader.next());
  EXPECT_EQ(line.value(), "half");
}

TEST(SignalsTest, CountsAndGivesBackTheOldEffect) {
  Runtime runtime;
  std::string seen;
  {
    const Signals signals(runtime.executor(), [&seen](int number, int count) {
      seen += number == SIGINT ? "I" : "T";
      seen += std::to_string(count);
    });
    const auto body = [](std::string& text) -> Task<Result<void>> {
      ::kill(::getpid(), SIGINT);
      while (text.size() < 2) {
        OAP_CO_CHECK_OK(co_await sleep_for(Millis{1}));
      }
      ::kill(::getpid(), SIGTERM);
      while (text.size() < 4) {
        OAP_CO_CHECK_OK(co_await sleep_for(Millis{1}));
      }
      co_return Result<void>();
    };
    EXPECT_TRUE(runtime.run(with_deadline(Deadline::after(Millis{10'000}), body(seen), "signals")));
  }
  EXPECT_EQ(seen, "I1T2");
  struct sigaction now{};
  ::sigaction(SIGINT, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

}  // namespace
}  // namespace oap::async
