#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/clip.hpp"
#include "sandbox/run.hpp"

namespace oap::sandbox {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kMega = 1u << 20;

Output run_with(Limits limits, std::string script, Profile profile = Profile::kTool) {
  async::Runtime runtime;
  const os::testing::TempDir dir;
  Spec spec;
  spec.argv = {"bash", "--noprofile", "--norc", "-c", std::move(script)};
  spec.cwd = dir.path();
  spec.limits = limits;
  spec.profile = profile;
  RunOptions options;
  options.deadline = Deadline::after(Millis{30'000});
  const auto output = runtime.run(run(runtime.executor(), spec, options));
  EXPECT_TRUE(output) << output.error().to_string();
  return output.value_or(Output{});
}

TEST(Limits, NothingAskedForIsReportedAsNone) {
  EXPECT_EQ(run_with({}, "true", Profile::kOwn).isolation, Isolation{});
  const Isolation isolation = run_with({}, "true").isolation;
  EXPECT_EQ(isolation.net, Layer::kNone);
  EXPECT_EQ(isolation.cpu, Layer::kNone);
  EXPECT_NE(isolation.mem, Layer::kNone) << "a tool always has these limits";
  EXPECT_NE(isolation.disk, Layer::kNone);
  EXPECT_NE(isolation.pids, Layer::kNone);
}

TEST(Limits, ATreeOverItsMemoryIsKilledAndSaysSo) {
  Limits limits;
  limits.memory_bytes = 64 * kMega;
  const Output output =
      run_with(limits,
               "(x=$(head -c 40000000 /dev/zero | tr '\\0' x); sleep 20) & (x=$(head -c 40000000 "
               "/dev/zero | tr '\\0' x); sleep 20) & wait");
  EXPECT_NE(output.isolation.mem, Layer::kNone);
  EXPECT_EQ(output.signal, SIGKILL);
  EXPECT_THAT(output.note, HasSubstr("more than 64 MB of memory"));
  EXPECT_FALSE(output.timed_out);
}

TEST(Limits, OneHugeAllocationIsRefusedToATool) {
  Limits limits;
  limits.memory_bytes = 64 * kMega;
  const Output output =
      run_with(limits, "head -c 1000000000 /dev/zero | sort > /dev/null; echo $?");
  EXPECT_NE(output.out, "0\n");
}

TEST(Limits, TooManyProcessesAreKilled) {
  Limits limits;
  limits.processes = 20;
  const Output output = run_with(limits, "for i in $(seq 100); do sleep 20 & done; wait");
  EXPECT_NE(output.isolation.pids, Layer::kNone);
  EXPECT_EQ(output.signal, SIGKILL);
  EXPECT_THAT(output.note, HasSubstr("more than 20 processes"));
}

TEST(Limits, AServiceIsWatchedToo) {
  Limits limits;
  limits.processes = 3;
  const Output output =
      run_with(limits, "for i in $(seq 10); do sleep 20 & done; wait", Profile::kService);
  EXPECT_THAT(output.note, HasSubstr("more than 3 processes"));
}

TEST(Limits, FilesProcessorTimeAndDescriptors) {
  Limits limits;
  limits.file_bytes = 8192;
  limits.disk_bytes = 4096;
  limits.cpu_seconds = 1;
  limits.open_files = 64;
  const Output output = run_with(limits, "ulimit -f; ulimit -t; ulimit -n; ulimit -c");
  EXPECT_EQ(output.out, "4\n1\n64\n0\n");
  EXPECT_EQ(output.isolation.disk, Layer::kDegraded);
  EXPECT_EQ(output.isolation.cpu, Layer::kDegraded);
  EXPECT_EQ(run_with(limits, "exec head -c 10000 /dev/zero > f").signal, SIGXFSZ);
}

TEST(Limits, ALimitAboveTheHardOneIsNoFailure) {
  Limits limits;
  limits.open_files = 2'000'000'000;
  EXPECT_EQ(run_with(limits, "echo ok").out, "ok\n");
}

TEST(Limits, WithoutNetworkOnlyLoopbackIsLeft) {
  Limits limits;
  limits.network = false;
  const Output output =
      run_with(limits, "id -u; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '");
  if (output.isolation.net == Layer::kNone) {
    GTEST_SKIP() << "this kernel gives no network namespace to this user";
  }
  EXPECT_EQ(output.isolation.net, Layer::kEnforced);
  EXPECT_THAT(output.out, ::testing::EndsWith("\nlo\n"));
  EXPECT_THAT(output.out, ::testing::Not(::testing::StartsWith("0\n"))) << "never as root";
}

TEST(Limits, LoopbackWorksWithoutNetwork) {
  Limits limits;
  limits.network = false;
  const Output output =
      run_with(limits,
               "python3 -c 'import socket; s=socket.create_server((\"127.0.0.1\", 0)); "
               "c=socket.create_connection(s.getsockname()); print(\"linked\")'");
  if (output.exit_code == 127) {
    GTEST_SKIP() << "no python3";
  }
  if (output.isolation.net == Layer::kEnforced) {
    EXPECT_EQ(output.out, "linked\n") << output.err;
  }
}

TEST(Isolation, IsToldInOneLineAndAsJson) {
  Isolation isolation;
  isolation.net = Layer::kEnforced;
  isolation.mem = Layer::kDegraded;
  EXPECT_EQ(to_string(isolation),
            "fs=none net=enforced pid=none seccomp=none mem=degraded cpu=none pids=none disk=none");
  const json::Object object = to_json(isolation);
  EXPECT_EQ(object.size(), 8u);
  EXPECT_EQ(object.at("net").as_string(), "enforced");
}

struct ClipCase {
  std::size_t limit;
  const char* text;
  const char* expected;
};

constexpr ClipCase kClips[] = {
    {10, "", ""},
    {10, "0123456789", "0123456789"},
    {10, "0123456789a", "01234\n[… 1 bytes left out …]\n6789a"},
    {4, "abcdefgh", "ab\n[… 4 bytes left out …]\ngh"},
    {0, "abc", "\n[… 3 bytes left out …]\n"},
    {1, "abc", "\n[… 2 bytes left out …]\nc"},
    {6, "aä€uvwxyz€", "aä\n[… 9 bytes left out …]\n€"},
    {6, "€€€€", "€\n[… 6 bytes left out …]\n€"},
    {8, "€€€€", "€\n[… 6 bytes left out …]\n€"},
    {10, "ää€€ää", "ää\n[… 6 bytes left out …]\nää"},
};

TEST(ClipTest, KeepsHeadAndTailHoweverThePiecesFall) {
  for (const ClipCase& row : kClips) {
    const std::string_view text = row.text;
    for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
      Clip clip(row.limit);
      for (std::size_t at = 0; at < text.size(); at += piece) {
        clip.add(text.substr(at, piece));
      }
      EXPECT_EQ(clip.clipped(), text.size() > row.limit);
      EXPECT_EQ(clip.take(), row.expected) << row.limit << " " << row.text << " " << piece;
    }
  }
}

}  // namespace
}  // namespace oap::sandbox
