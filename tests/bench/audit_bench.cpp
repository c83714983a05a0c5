// The audit log beside its floor, in one run: audit_bench [FOLDER [EVENTS]]. The folder (default:
// the current one) says which disk. Times of one event are microseconds; CPU is that of the whole
// process. The floor is a bare pwrite and fdatasync of a record's bytes, appended and overwriting.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "audit/chain.hpp"
#include "audit/log.hpp"
#include "audit/verify.hpp"
#include "base/ids.hpp"

namespace {

using namespace oap;
using audit::Durability;
using Steady = std::chrono::steady_clock;

double micros_since(Steady::time_point start) {
  return std::chrono::duration<double, std::micro>(Steady::now() - start).count();
}

double cpu_micros() {
  timespec at{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) * 1e6 + static_cast<double>(at.tv_nsec) / 1e3;
}

void require(bool good, std::string_view what) {
  if (!good) {
    fmt::print(stderr, "audit_bench: {} failed\n", what);
    std::exit(1);
  }
}

void show(std::string_view name, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&times](double part) {
    return times[static_cast<std::size_t>(static_cast<double>(times.size() - 1) * part)];
  };
  fmt::print("{:<46} p50 {:>8.1f}  p99 {:>8.1f}  ({} events)\n", name, at(0.5), at(0.99),
             times.size());
}

template <class Work>
std::vector<double> timed(int count, Work work) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto start = Steady::now();
    work();
    times.push_back(micros_since(start));
  }
  return times;
}

/// What the gateway writes of a call: about 700 bytes.
audit::Event sample() {
  audit::Event event;
  event.event_type = "tool_execution";
  event.user_id = "somebody";
  event.role = "user";
  event.session_id = new_id("ses_");
  event.task_id = new_id("task_");
  event.call_id = new_id("call_");
  event.server = "everything";
  event.tool = "echo";
  event.action = "invoke";
  event.resource = "everything__echo";
  event.arguments = {{"message", "hello, this is a message of the usual length"}};
  event.permission_decision = "allow";
  event.rule = "permissions.yaml:12";
  event.hook_trail = {{{"hook", "StrictRoleGuard"}, {"verdict", "allow"}},
                      {{"hook", "Permission"}, {"verdict", "allow"}}};
  event.success = true;
  event.result_summary = "Echo: hello, this is a message of the usual length";
  event.execution_time_ms = 3;
  return event;
}

struct Folder {
  explicit Folder(const std::string& parent) : path(parent + "/audit-bench-XXXXXX") {
    require(mkdtemp(path.data()) != nullptr, "mkdtemp");
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::unique_ptr<audit::Log> open(const std::string& name) const {
    audit::Log::Options options;
    options.dir = path + "/" + name;
    options.workspace = path;
    auto log = audit::Log::open(options);
    require(static_cast<bool>(log), "opening the log");
    return std::move(*log);
  }
  std::string path;
};

void floor_of(const Folder& folder, int count, std::size_t bytes) {
  const std::string record(bytes, 'x');
  for (const bool ahead : {false, true}) {
    const std::string path = folder.path + "/floor";
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    require(fd >= 0, "open");
    if (ahead) {
      const std::string zeros(static_cast<std::size_t>(count) * bytes, '\0');
      require(pwrite(fd, zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()) &&
                  fdatasync(fd) == 0,
              "making room");
    }
    off_t at = 0;
    show(ahead ? "floor: overwrite + fdatasync" : "floor: append + fdatasync", timed(count, [&] {
           require(pwrite(fd, record.data(), bytes, at) == static_cast<ssize_t>(bytes), "pwrite");
           at += static_cast<off_t>(bytes);
           require(fdatasync(fd) == 0, "fdatasync");
         }));
    close(fd);
  }
}

void await(audit::Log& log, const audit::Event& event, Durability durability) {
  std::atomic<bool> done = false;
  log.append_async(event, durability, [&done](const Result<void>& result) {
    require(static_cast<bool>(result), "append");
    done = true;
    done.notify_one();
  });
  done.wait(false);
}

void single_events(const Folder& folder, int count) {
  const audit::Event event = sample();
  const auto log = folder.open("single");
  const auto append = [&](Durability durability) {
    require(static_cast<bool>(log->append(event, durability)), "append");
  };
  timed(500, [&] { append(Durability::kSync); });
  show("sync, the caller writes", timed(count, [&] { append(Durability::kSync); }));
  show("sync, through the writer thread",
       timed(count, [&] { await(*log, event, Durability::kSync); }));
  show("written", timed(count, [&] { await(*log, event, Durability::kWritten); }));
  show("deferred", timed(count, [&] { await(*log, event, Durability::kDeferred); }));
  show("a call: sync, then written", timed(count, [&] {
         await(*log, event, Durability::kSync);
         await(*log, event, Durability::kWritten);
       }));
  show("a call: sync, then deferred", timed(count, [&] {
         await(*log, event, Durability::kSync);
         await(*log, event, Durability::kDeferred);
       }));
}

/// Producers that keep a number of durable events under way each.
void sustained(const Folder& folder, int events, int producers, int window) {
  const auto log = folder.open(fmt::format("sustained{}", window));
  std::vector<std::vector<double>> times(static_cast<std::size_t>(producers));
  const int share = events / producers;
  const double cpu = cpu_micros();
  const auto start = Steady::now();
  std::vector<std::thread> threads;
  for (auto& mine : times) {
    mine.resize(static_cast<std::size_t>(share));
    threads.emplace_back([&log, &mine, window] {
      const audit::Event event = sample();
      std::atomic<int> under_way = 0;
      for (double& took : mine) {
        for (int now = under_way; now >= window; now = under_way) {
          under_way.wait(now);
        }
        ++under_way;
        const auto begun = Steady::now();
        log->append_async(event, Durability::kSync, [&, begun](const Result<void>& result) {
          require(static_cast<bool>(result), "append");
          took = micros_since(begun);
          --under_way;
          under_way.notify_one();
        });
      }
      for (int now = under_way; now > 0; now = under_way) {
        under_way.wait(now);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const double seconds = micros_since(start) / 1e6;
  std::vector<double> all;
  for (const auto& mine : times) {
    all.insert(all.end(), mine.begin(), mine.end());
  }
  show(fmt::format("sustained: {} producers, {} durable each", producers, window), all);
  fmt::print("{:<46} {:.0f} events/s, {:.2f} us CPU an event\n", "",
             static_cast<double>(all.size()) / seconds,
             (cpu_micros() - cpu) / static_cast<double>(all.size()));
}

void cpu_costs(const Folder& folder, int events) {
  const audit::Event event = sample();
  const audit::Body body = audit::encode(event, {new_id("evt_"), format_time({})});
  std::string lines;
  audit::Link link;
  double cpu = cpu_micros();
  for (int i = 0; i < events; ++i) {
    lines.clear();
    audit::seal(lines, link, body);
  }
  fmt::print("{:<46} {:.2f} us CPU an event of {} bytes\n", "chain and seal",
             (cpu_micros() - cpu) / events, lines.size());
  cpu = cpu_micros();
  for (int i = 0; i < events; ++i) {
    lines.clear();
    const audit::Body made =
        audit::encode(event, {new_id("evt_"), format_time(system_clock().wall())});
    audit::seal(lines, link, made);
  }
  fmt::print("{:<46} {:.2f} us CPU an event\n", "encode, chain and seal",
             (cpu_micros() - cpu) / events);
  const auto log = folder.open("cpu");
  cpu = cpu_micros();
  for (int i = 0; i < events; ++i) {
    require(static_cast<bool>(log->append(event, Durability::kDeferred)), "append");
    if (i % 1'000 == 999) {
      require(static_cast<bool>(log->append(event, Durability::kSync)), "append");
    }
  }
  fmt::print("{:<46} {:.2f} us CPU an event\n", "all in, deferred, a sync each thousand",
             (cpu_micros() - cpu) / events);
}

void verify_speed(const Folder& folder) {
  const std::string dir = folder.path + "/sustained2000";
  audit::VerifyReport report;
  const auto start = Steady::now();
  auto verified = audit::verify(dir);
  require(verified && verified->ok, "verify");
  const double seconds = micros_since(start) / 1e6;
  fmt::print("{:<46} {:.0f} MB/s ({} events, {:.0f} MB)\n", "verify",
             static_cast<double>(verified->bytes) / 1e6 / seconds, verified->events,
             static_cast<double>(verified->bytes) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const Folder folder(argc > 1 ? argv[1] : ".");
  const int events = argc > 2 ? std::atoi(argv[2]) : 400'000;
  floor_of(folder, 2'000, 760);
  single_events(folder, 2'000);
  cpu_costs(folder, 200'000);
  sustained(folder, events / 4, 4, 100);
  sustained(folder, events, 4, 2'000);
  verify_speed(folder);
  return 0;
}
