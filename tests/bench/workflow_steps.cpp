// Load for the workflow engine: prints one JSON object a measurement. See
// tests/bench/workflow_steps.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/this_coro.hpp>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "base/ids.hpp"
#include "store/store.hpp"
#include "workflow/engine.hpp"
#include "workflow/machine/plan.hpp"

namespace oap {
namespace {

using workflow::Blueprint;
using workflow::Definition;
using workflow::Engine;
using workflow::RunResult;
using workflow::StartRequest;
using workflow::StepDefinition;
using workflow::StepRequest;
using workflow::StepResult;
using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point then) {
  return std::chrono::duration<double>(SteadyClock::now() - then).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double rss_megabytes() {
  std::ifstream file("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  file >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

double quantile(std::vector<double> values, double part) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

void check(const Result<void>& done) {
  if (!done) {
    std::fprintf(stderr, "%s\n", done.error().to_string().c_str());
    std::exit(1);
  }
}

/// Does nothing, at once; notes when the first attempt of a run began.
class Trivial final : public workflow::StepRunner {
 public:
  Task<Result<StepResult>> run(StepRequest request) override {
    ++calls;
    if (on_begin) {
      on_begin(request);
    }
    StepResult result;
    result.output = static_cast<std::int64_t>(request.attempt);
    co_return result;
  }
  std::uint64_t calls = 0;
  std::function<void(const StepRequest&)> on_begin;
};

StepDefinition tool(std::string id) {
  StepDefinition step;
  step.id = std::move(id);
  workflow::ToolStep body;
  body.tool = "t";
  step.body = std::move(body);
  return step;
}

Definition chain(int steps) {
  Definition definition;
  definition.id = "chain";
  definition.name = "chain";
  for (int i = 0; i < steps; ++i) {
    StepDefinition step = tool(fmt::format("s{}", i));
    if (i > 0) {
      step.needs.push_back(fmt::format("s{}", i - 1));
    }
    definition.steps.push_back(std::move(step));
  }
  return definition;
}

std::shared_ptr<const Blueprint> compiled(Definition definition) {
  std::vector<workflow::Problem> problems;
  auto blueprint = Blueprint::compile(std::move(definition), "", nullptr, problems);
  if (!blueprint) {
    std::fprintf(stderr, "%s\n", workflow::to_text(problems).c_str());
    std::exit(1);
  }
  return blueprint;
}

struct House {
  explicit House(const std::string& dir) : store(open(dir)) {}
  static std::unique_ptr<store::Store> open(const std::string& dir) {
    std::filesystem::create_directories(dir);
    auto opened = store::Store::open(dir + "/oap.db");
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().to_string().c_str());
      std::exit(1);
    }
    return *std::move(opened);
  }
  async::Runtime runtime;
  std::unique_ptr<store::Store> store;
  Trivial runner;
  Engine::Options options;
};

// Floor: the same rows through bare SQLite, `conc` rows a transaction.

void measure_floor(const std::string& dir, int conc, double seconds) {
  std::filesystem::create_directories(dir);
  sqlite3* database = nullptr;
  sqlite3_open((dir + "/floor.db").c_str(), &database);
  sqlite3_exec(database,
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
               "CREATE TABLE event (run TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL,"
               " PRIMARY KEY (run, seq)) WITHOUT ROWID;",
               nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(database, "INSERT INTO event VALUES (?,?,?)", -1, &insert, nullptr);
  std::vector<std::string> runs;
  for (int i = 0; i < conc; ++i) {
    runs.push_back(new_id("run_"));
  }
  const std::string body(200, 'x');
  const auto begun = SteadyClock::now();
  std::int64_t rows = 0;
  std::int64_t seq = 0;
  while (seconds_since(begun) < seconds) {
    ++seq;
    sqlite3_exec(database, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
    for (const std::string& run : runs) {
      sqlite3_bind_text(insert, 1, run.data(), static_cast<int>(run.size()), SQLITE_STATIC);
      sqlite3_bind_int64(insert, 2, seq);
      sqlite3_bind_text(insert, 3, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
      sqlite3_step(insert);
      sqlite3_reset(insert);
      ++rows;
    }
    sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr);
  }
  const double took = seconds_since(begun);
  sqlite3_finalize(insert);
  sqlite3_close(database);
  fmt::print("{{\"measure\":\"floor\",\"conc\":{},\"rows_per_s\":{:.0f},\"commit_ms\":{:.3f}}}\n",
             conc, static_cast<double>(rows) / took, took * 1000 / static_cast<double>(seq));
}

// Throughput.

Task<void> client(Engine& engine, std::shared_ptr<const Blueprint> blueprint,
                  SteadyClock::time_point until, std::vector<double>& times) {
  while (SteadyClock::now() < until) {
    const auto begun = SteadyClock::now();
    StartRequest request;
    request.blueprint = blueprint;
    auto id = co_await engine.start(std::move(request));
    if (!id) {
      check(fail(id.error()));
    }
    const Deadline never = Deadline::never();
    auto result = co_await engine.wait(*id, never);
    if (!result || result->status != workflow::RunState::kCompleted) {
      std::fprintf(stderr, "a run did not complete\n");
      std::exit(1);
    }
    times.push_back(seconds_since(begun) * 1000);
  }
}

Task<void> load(House& house, int conc, int steps, double seconds) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  house.options.limits = {.tenant = 0, .tool = 0, .tools = {}};  // one tool is all there is here
  Engine engine(executor, house.store->runs(), house.runner, system_clock(), house.options);
  auto blueprint = compiled(chain(steps));
  std::vector<double> times;
  const double cpu = cpu_seconds();
  const auto begun = SteadyClock::now();
  const auto until = begun + std::chrono::duration_cast<SteadyClock::duration>(
                                 std::chrono::duration<double>(seconds));
  {
    async::Scope scope(executor);
    for (int i = 0; i < conc; ++i) {
      scope.spawn(client(engine, blueprint, until, times));
    }
    co_await scope.join();
  }
  const double took = seconds_since(begun);
  const double count = static_cast<double>(house.runner.calls);
  fmt::print(
      "{{\"measure\":\"steps\",\"conc\":{},\"steps\":{},\"steps_per_s\":{:.0f},\"runs_per_s\":{:."
      "0f},"
      "\"run_p50_ms\":{:.2f},\"run_p99_ms\":{:.2f},\"cpu_us_per_step\":{:.1f}}}\n",
      conc, steps, count / took, static_cast<double>(times.size()) / took, quantile(times, 0.5),
      quantile(times, 0.99), (cpu_seconds() - cpu) * 1e6 / count);
  const Deadline soon = Deadline::after(Millis(5'000));
  co_await engine.close(soon);
}

// From `start` to the first attempt.

Task<void> dispatch(House& house, int count) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Engine engine(executor, house.store->runs(), house.runner, system_clock(), house.options);
  auto blueprint = compiled(chain(1));
  std::vector<double> times;
  SteadyClock::time_point begun;
  house.runner.on_begin = [&](const StepRequest&) { times.push_back(seconds_since(begun) * 1000); };
  for (int i = 0; i < count; ++i) {
    begun = SteadyClock::now();
    StartRequest request;
    request.blueprint = blueprint;
    auto id = co_await engine.start(std::move(request));
    const Deadline never = Deadline::never();
    (void)co_await engine.wait(*id, never);
  }
  fmt::print("{{\"measure\":\"dispatch\",\"p50_ms\":{:.3f},\"p99_ms\":{:.3f}}}\n",
             quantile(times, 0.5), quantile(times, 0.99));
  const Deadline soon = Deadline::after(Millis(5'000));
  co_await engine.close(soon);
}

// Open runs of an engine that is gone.

/// Never ends by itself.
class Stuck final : public workflow::StepRunner {
 public:
  Task<Result<StepResult>> run(StepRequest request) override {
    ++begun;
    const Executor executor = co_await boost::asio::this_coro::executor;
    async::Event never(executor);
    const Deadline deadline = Deadline::never();
    co_await never.wait(deadline);
    co_return fail(Code::kCancelled, "cancelled");
  }
  int begun = 0;
};

Task<void> until(std::function<bool()> done) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  while (!done()) {
    async::Event pause(executor);
    const Deadline soon = Deadline::after(Millis(1));
    co_await pause.wait(soon);
  }
}

Task<void> start_one(Engine& engine, std::shared_ptr<const Blueprint> blueprint) {
  StartRequest request;
  request.blueprint = std::move(blueprint);
  auto id = co_await engine.start(std::move(request));
  if (!id) {
    check(fail(id.error()));
  }
}

Task<void> start_many(Engine& engine, std::shared_ptr<const Blueprint> blueprint, int count) {
  constexpr int kBatch = 200;
  const Executor executor = co_await boost::asio::this_coro::executor;
  for (int i = 0; i < count; i += kBatch) {
    async::Scope scope(executor);
    for (int k = i; k < std::min(count, i + kBatch); ++k) {
      scope.spawn(start_one(engine, blueprint));
    }
    co_await scope.join();
  }
}

Task<void> resume(House& house, int count) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  house.options.limits = {.tenant = 0, .tool = 0, .tools = {}};
  Stuck stuck;
  {
    Engine engine(executor, house.store->runs(), stuck, system_clock(), house.options);
    auto blueprint = compiled(chain(10));
    co_await start_many(engine, blueprint, count);
    co_await until([&] { return stuck.begun >= count; });
  }
  Stuck again;
  const auto begun = SteadyClock::now();
  Engine engine(executor, house.store->runs(), again, system_clock(), house.options);
  auto ids = co_await engine.resume_all();
  const double claimed = seconds_since(begun) * 1000;
  if (!ids || ids->size() < static_cast<std::size_t>(count)) {
    std::fprintf(stderr, "only %zu of %d runs were taken up\n", ids ? ids->size() : 0, count);
    std::exit(1);
  }
  co_await until([&] { return again.begun >= count; });
  fmt::print(
      "{{\"measure\":\"resume\",\"runs\":{},\"claimed\":{},\"claimed_ms\":{:.1f},"
      "\"all_running_ms\":{:.1f}}}\n",
      count, ids ? ids->size() : 0, claimed, seconds_since(begun) * 1000);
  const Deadline soon = Deadline::after(Millis(10'000));
  co_await engine.close(soon);
}

// Sleeping runs.

Task<void> sleepers(House& house, int count, double idle_seconds) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Engine engine(executor, house.store->runs(), house.runner, system_clock(), house.options);
  Definition definition;
  definition.id = "sleeper";
  StepDefinition step = tool("nap");
  workflow::WaitStep body;
  body.duration = "1d";
  step.body = std::move(body);
  definition.steps.push_back(std::move(step));
  auto blueprint = compiled(std::move(definition));
  const auto begun = SteadyClock::now();
  co_await start_many(engine, blueprint, count);
  co_await until([&] { return engine.live() == 0; });
  const double started = seconds_since(begun);
  async::Event pause(executor);
  const double before = cpu_seconds();
  const auto quiet = SteadyClock::now();
  const Deadline rest = Deadline::after(Millis(static_cast<int>(idle_seconds * 1000)));
  co_await pause.wait(rest);
  const double used = cpu_seconds() - before;
  fmt::print(
      "{{\"measure\":\"sleepers\",\"runs\":{},\"start_s\":{:.1f},\"rss_mb\":{:.1f},"
      "\"idle_cpu_percent\":{:.3f}}}\n",
      count, started, rss_megabytes(), used * 100 / seconds_since(quiet));
  const Deadline soon = Deadline::after(Millis(5'000));
  co_await engine.close(soon);
}

// Large graphs.

void plan(int steps) {
  Definition definition;
  definition.id = "wide";
  for (int i = 0; i < steps; ++i) {
    StepDefinition step = tool(fmt::format("s{}", i));
    for (const int back : {1, 7, 31}) {
      if (i >= back) {
        step.needs.push_back(fmt::format("s{}", i - back));
      }
    }
    definition.steps.push_back(std::move(step));
  }
  const auto begun = SteadyClock::now();
  auto blueprint = compiled(std::move(definition));
  const auto made = workflow::Plan::of(blueprint);
  const double took = seconds_since(begun) * 1000;
  fmt::print("{{\"measure\":\"plan\",\"steps\":{},\"ms\":{:.1f}}}\n", blueprint->size(), took);
}

Task<void> many(House& house, int count, bool in_a_loop) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  house.options.limits = {.tenant = 0, .tool = 0, .tools = {}};
  Engine engine(executor, house.store->runs(), house.runner, system_clock(), house.options);
  Definition definition;
  definition.id = "many";
  StepDefinition step = tool("each");
  if (in_a_loop) {
    workflow::LoopStep loop;
    loop.max_iterations = count;
    loop.body = std::make_unique<workflow::Steps>();
    loop.body->push_back(tool("x"));
    step.body = std::move(loop);
  } else {
    workflow::Foreach fan;
    json::Array items;
    for (int i = 0; i < count; ++i) {
      items.emplace_back(i);
    }
    fan.items = std::move(items);
    fan.max_parallel = 256;
    step.foreach = std::move(fan);
    definition.max_parallel = 256;
  }
  definition.steps.push_back(std::move(step));
  StartRequest request;
  request.blueprint = compiled(std::move(definition));
  const auto begun = SteadyClock::now();
  auto id = co_await engine.start(std::move(request));
  const Deadline never = Deadline::never();
  auto result = co_await engine.wait(*id, never);
  const double took = seconds_since(begun);
  const bool done = result && result->status == workflow::RunState::kCompleted;
  fmt::print(
      "{{\"measure\":\"many\",\"form\":\"{}\",\"steps\":{},\"completed\":{},\"seconds\":{:.1f},"
      "\"steps_per_s\":{:.0f},\"rss_mb\":{:.0f}}}\n",
      in_a_loop ? "loop" : "foreach", house.runner.calls, done, took,
      static_cast<double>(house.runner.calls) / took, rss_megabytes());
  const Deadline soon = Deadline::after(Millis(5'000));
  co_await engine.close(soon);
}

int run(const std::vector<std::string>& args) {
  const auto number = [&](std::size_t at, double fallback) {
    return args.size() > at ? std::atof(args[at].c_str()) : fallback;
  };
  const std::string& dir = args[1];
  const std::string& what = args[2];
  if (what == "floor") {
    measure_floor(dir, static_cast<int>(number(3, 32)), number(4, 3));
    return 0;
  }
  if (what == "plan") {
    plan(static_cast<int>(number(3, 10'000)));
    return 0;
  }
  House house(dir);
  if (what == "steps") {
    house.runtime.run(load(house, static_cast<int>(number(3, 32)), 10, number(4, 5)));
  } else if (what == "dispatch") {
    house.runtime.run(dispatch(house, static_cast<int>(number(3, 1'000))));
  } else if (what == "resume") {
    house.runtime.run(resume(house, static_cast<int>(number(3, 1'000))));
  } else if (what == "sleepers") {
    house.runtime.run(sleepers(house, static_cast<int>(number(3, 100'000)), number(4, 5)));
  } else if (what == "loop" || what == "foreach") {
    house.runtime.run(many(house, static_cast<int>(number(3, 1'000'000)), what == "loop"));
  } else {
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace oap

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv, argv + argc);
  if (args.size() < 3) {
    std::fprintf(stderr,
                 "workflow_steps DIR floor|steps|dispatch|resume|sleepers|plan|foreach|loop"
                 " [number] [seconds]\n");
    return 2;
  }
  return oap::run(args);
}
