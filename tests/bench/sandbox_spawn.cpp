// What a confined child costs: `true` started and reaped, again and again, beside the floor.
//   sandbox_spawn [rounds] [--landlock-only]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "sandbox/child.hpp"
#include "sandbox/testing/world.hpp"

extern char** environ;

namespace {

using oap::sandbox::Child;
using oap::sandbox::Spec;
using Clock = std::chrono::steady_clock;

double micros(Clock::time_point began) {
  return std::chrono::duration<double, std::micro>(Clock::now() - began).count();
}

void spawn(const std::vector<const char*>& argv) {
  pid_t pid = 0;
  if (::posix_spawnp(&pid, argv[0], nullptr, nullptr, const_cast<char* const*>(argv.data()),
                     environ) != 0) {
    std::exit(1);
  }
  ::waitpid(pid, nullptr, 0);
}

Spec spec_of(oap::sandbox::Profile profile, const std::string& workspace) {
  Spec spec;
  spec.argv = {"/bin/true"};
  spec.cwd = workspace;
  spec.profile = profile;
  spec.limits.network = false;
  spec.limits.memory_bytes = 512u << 20;
  spec.limits.cpu_percent = 50;
  spec.limits.disk_bytes = 1u << 30;
  spec.limits.processes = 256;
  return spec;
}

oap::Task<std::string> run_child(oap::Executor executor, Spec spec) {
  auto child = Child::start(executor, std::move(spec));
  if (!child) {
    std::fprintf(stderr, "%s\n", child.error().message().c_str());
    std::exit(1);
  }
  (void)co_await (*child)->wait();
  co_return oap::sandbox::to_string((*child)->isolation());
}

struct Series {
  std::string name;
  std::vector<double> times;
  std::string note;
};

void print(Series series, double floor) {
  std::sort(series.times.begin(), series.times.end());
  const auto at = [&series](double part) {
    return series.times[static_cast<std::size_t>(part * double(series.times.size() - 1))];
  };
  std::printf("%-28s min %7.0f  p50 %7.0f  p99 %7.0f us", series.name.c_str(), at(0), at(0.5),
              at(0.99));
  if (floor > 0) {
    std::printf("  adds %6.0f", at(0.5) - floor);
  }
  std::printf("  %s\n", series.note.c_str());
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(10, std::atoi(argv[1])) : 500;
  const bool landlock_only = argc > 2 && std::strcmp(argv[2], "--landlock-only") == 0;
  char workspace[] = "/tmp/oap-bench-XXXXXX";
  if (::mkdtemp(workspace) == nullptr ||
      (landlock_only && !oap::sandbox::testing::enter_world(oap::sandbox::testing::World::kBare))) {
    return 1;
  }
  oap::async::Runtime runtime;
  Series floor{"posix_spawn", {}, ""};
  Series own{"supervised only", {}, ""};
  Series tool{landlock_only ? "landlock and seccomp" : "everything on", {}, ""};
  const bool bwrap = !landlock_only && ::access("/usr/bin/bwrap", X_OK) == 0;
  Series peer{"bwrap --unshare-all", {}, "no limits, no seccomp, no Landlock"};
  for (int i = 0; i < rounds; ++i) {  // in turns, so that the machine's mood is everyone's
    auto began = Clock::now();
    spawn({"/bin/true", nullptr});
    floor.times.push_back(micros(began));
    began = Clock::now();
    Spec plain = spec_of(oap::sandbox::Profile::kOwn, workspace);
    plain.limits = {};
    runtime.run(run_child(runtime.executor(), plain));
    own.times.push_back(micros(began));
    began = Clock::now();
    tool.note = runtime.run(
        run_child(runtime.executor(), spec_of(oap::sandbox::Profile::kTool, workspace)));
    tool.times.push_back(micros(began));
    if (bwrap) {
      began = Clock::now();
      spawn({"/usr/bin/bwrap", "--unshare-all", "--ro-bind", "/usr",      "/usr",
             "--symlink",      "usr/bin",       "/bin",      "--symlink", "usr/lib",
             "/lib",           "--symlink",     "usr/lib64", "/lib64",    "--proc",
             "/proc",          "--dev",         "/dev",      "--tmpfs",   "/tmp",
             "--bind",         workspace,       workspace,   "/bin/true", nullptr});
      peer.times.push_back(micros(began));
    }
  }
  const double base = median(floor.times);
  print(floor, 0);
  print(own, base);
  print(tool, base);
  if (bwrap) {
    print(peer, base);
  }
  ::rmdir(workspace);
  return 0;
}
