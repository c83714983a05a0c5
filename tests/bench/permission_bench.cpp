// The decision of a compiled policy, with N rules of the shape of docs/design: (tool_i, execute,
// /proj/dir_i/*), or file patterns. "Evaluate" is the decision alone; "Decide" also derives the
// facets and resolves paths on the file system; "Command" parses a shell command besides; "shell"
// takes the commands of src/permission/cases (everyday, bypass_*) with their own rules, p50 and p99
// over all calls.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "permission/policy.hpp"

namespace {

using namespace oap;
using namespace oap::permission;

std::shared_ptr<const Policy> compile(std::string yaml, std::vector<std::string> tools) {
  PolicyOptions options;
  options.workspace = "/proj";
  options.known_tools = std::move(tools);
  auto policy = Policy::compile({{Tier::kUser, "p", std::move(yaml)}}, std::move(options));
  if (!policy) {
    fmt::print(stderr, "{}\n", policy.error().message());
    std::abort();
  }
  return *policy;
}

std::string level_of(std::int64_t i) { return i % 10 == 0 ? "deny" : "allow"; }

/// The rules as a file's text, and the tools that they name.
std::string tool_rules_text(std::int64_t count, std::vector<std::string>& tools) {
  std::string yaml = "permissions:\n";
  for (std::int64_t i = 0; i < count; ++i) {
    yaml += fmt::format(
        "  - {{tool: tool_{0}, action: execute, pattern: '/proj/dir_{0}/*', level: {1}}}\n", i,
        level_of(i));
    tools.push_back(fmt::format("tool_{}", i));
  }
  return yaml;
}

std::shared_ptr<const Policy> tool_rules(std::int64_t count) {
  std::vector<std::string> tools;
  std::string yaml = tool_rules_text(count, tools);
  return compile(std::move(yaml), std::move(tools));
}

std::shared_ptr<const Policy> file_rules(std::int64_t count) {
  std::string yaml = "permissions:\n";
  for (std::int64_t i = 0; i < count; ++i) {
    yaml += fmt::format("  - {{pattern: '/proj/dir_{}/*', level: {}}}\n", i, level_of(i));
  }
  return compile(std::move(yaml), {});
}

std::shared_ptr<const Policy> command_rules(std::int64_t count) {
  std::string yaml = "permissions:\n";
  for (std::int64_t i = 0; i < count; ++i) {
    yaml += fmt::format("  - {{argv: [prog{}, run], level: {}}}\n", i, level_of(i));
  }
  return compile(std::move(yaml), {});
}

Request tool_request(std::int64_t i) {
  Request request;
  request.tool = fmt::format("tool_{}", i);
  request.action = "execute";
  request.resource = fmt::format("/proj/dir_{}/file.txt", i);
  return request;
}

Request file_request(std::int64_t i) {
  Request request;
  request.tool = "read_file";
  request.action = "execute";
  request.arguments["path"] = fmt::format("/proj/dir_{}/file.txt", i);
  return request;
}

Request command_request(std::int64_t i) {
  Request request;
  request.tool = "bash";
  request.action = "execute";
  request.arguments["command"] = fmt::format("prog{} run --fast x", i);
  return request;
}

using Rules = std::shared_ptr<const Policy> (*)(std::int64_t);
using Ask = Request (*)(std::int64_t);

void decide(benchmark::State& state, Rules rules, Ask ask) {
  const auto policy = rules(state.range(0));
  std::vector<Request> requests;
  for (std::int64_t i = 0; i < 64; ++i) {
    requests.push_back(ask(i * 7919 % state.range(0)));
  }
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy->decide(requests[at++ % requests.size()]));
  }
}

void evaluate(benchmark::State& state, Rules rules, Ask ask) {
  const auto policy = rules(state.range(0));
  std::vector<Facets> facets;
  for (std::int64_t i = 0; i < 64; ++i) {
    facets.push_back(policy->facets(ask(i * 7919 % state.range(0))));
  }
  const Principal principal;
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy->evaluate(facets[at++ % facets.size()], principal));
  }
}

/// A file that was not read before.
void load(benchmark::State& state) {
  std::vector<std::string> tools;
  const std::string yaml = tool_rules_text(state.range(0), tools);
  int time = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(compile(yaml + fmt::format("# {}\n", ++time), tools));
  }
}

/// The same file again, beside another that has changed.
void reload(benchmark::State& state) {
  std::vector<std::string> tools;
  const std::string yaml = tool_rules_text(state.range(0), tools);
  benchmark::DoNotOptimize(compile(yaml, tools));
  int time = 0;
  for (auto _ : state) {
    const std::string small =
        fmt::format("permissions:\n  - {{tool: new_{}, level: ask}}\n", ++time);
    auto policy =
        Policy::compile({{Tier::kUser, "p", yaml}, {Tier::kProject, "project.yaml", small}},
                        {.workspace = "/", .known_tools = tools});
    benchmark::DoNotOptimize(policy);
  }
}

/// The first policy of a case file, and its "bash …" rows.
struct Table {
  std::shared_ptr<const Policy> policy;
  std::vector<Request> requests;
};

Table read_table(const std::string& name) {
  std::ifstream file(std::string(OAP_SOURCE_DIR "/src/permission/cases/") + name + ".case");
  std::string yaml;
  Table table;
  for (std::string line; std::getline(file, line);) {
    const std::size_t arrow = line.rfind(" => ");
    if (line.starts_with("| ")) {
      yaml += line.substr(2) + "\n";
    } else if (line.starts_with("bash ") && arrow != std::string::npos) {
      Request request;
      request.tool = "bash";
      request.action = "execute";
      request.arguments["command"] = line.substr(5, arrow - 5);
      table.requests.push_back(std::move(request));
    }
  }
  table.policy = compile(yaml, {});
  return table;
}

void shell(benchmark::State& state, const char* name) {
  const Table table = read_table(name);
  std::vector<double> nanoseconds;
  std::size_t at = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(table.policy->decide(table.requests[at++ % table.requests.size()]));
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    nanoseconds.push_back(took.count());
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  state.counters["p50_ns"] = nanoseconds[nanoseconds.size() / 2];
  state.counters["p99_ns"] = nanoseconds[nanoseconds.size() * 99 / 100];
}

BENCHMARK_CAPTURE(shell, everyday, "everyday");
BENCHMARK_CAPTURE(shell, bypass_structure, "bypass_structure");
BENCHMARK_CAPTURE(shell, bypass_wrappers, "bypass_wrappers");
BENCHMARK_CAPTURE(shell, bypass_files, "bypass_files");
BENCHMARK_CAPTURE(evaluate, tool_rules, tool_rules, tool_request)->Arg(10)->Arg(1000)->Arg(10000);
BENCHMARK_CAPTURE(evaluate, file_rules, file_rules, file_request)->Arg(10)->Arg(1000)->Arg(10000);
BENCHMARK_CAPTURE(evaluate, command_rules, command_rules, command_request)
    ->Arg(10)
    ->Arg(1000)
    ->Arg(10000);
BENCHMARK_CAPTURE(decide, tool_rules, tool_rules, tool_request)->Arg(10)->Arg(1000)->Arg(10000);
BENCHMARK_CAPTURE(decide, file_rules, file_rules, file_request)->Arg(10)->Arg(1000)->Arg(10000);
BENCHMARK_CAPTURE(decide, command_rules, command_rules, command_request)
    ->Arg(10)
    ->Arg(1000)
    ->Arg(10000);
BENCHMARK(load)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(reload)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
