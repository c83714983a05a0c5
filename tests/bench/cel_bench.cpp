// What a condition costs: compiled once, evaluated many times, beside the same condition written in
// C++ over the same data (the floor). Prints medians and 99th percentiles of one evaluation.
//   cel_bench [rounds]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "expr/condition.hpp"
#include "json/parse.hpp"

namespace {

using namespace oap;
using namespace oap::expr;
using Clock = std::chrono::steady_clock;

constexpr int kBatch = 64;

struct Spread {
  double median = 0;
  double high = 0;
};

Spread measure(int rounds, const std::function<bool()>& once) {
  std::vector<double> costs;
  costs.reserve(static_cast<std::size_t>(rounds));
  int held = 0;
  for (int i = 0; i < rounds; ++i) {
    const Clock::time_point begin = Clock::now();
    for (int j = 0; j < kBatch; ++j) {
      held += once() ? 1 : 0;
    }
    costs.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count() /
                    kBatch);
  }
  if (held != rounds * kBatch) {
    fmt::print(stderr, "a condition did not hold\n");
    std::exit(1);
  }
  std::sort(costs.begin(), costs.end());
  return {costs[costs.size() / 2], costs[costs.size() * 99 / 100]};
}

void report(const std::string& name, Spread cel, Spread floor) {
  fmt::print("{:<44} p50 {:7.3f} us  p99 {:7.3f} us   C++ floor p50 {:7.4f} us\n", name, cel.median,
             cel.high, floor.median);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 100) : 20'000;
  const json::Value request = *json::parse(
      R"({"user":"alice","roles":["dev","ops"],"labels":{"env":"staging","team":"core"}})");
  std::string path = "/src/main.cpp";
  double risk = 0.25;

  Environment environment;
  environment.add_variable("request");
  environment.add_variable("path", TypeKind::kString);
  environment.add_variable("risk", TypeKind::kDouble);
  const std::vector<Value> values = {Value::borrowed_json(request), Value::borrowed_string(path),
                                     Value::real(risk)};

  struct Row {
    std::string source;
    std::function<bool()> floor;
  };
  const std::vector<Row> rows = {
      {R"(request.user == "alice" && path.startsWith("/src/") && risk < 0.5)",
       [&] {
         return json::get_string(request, "user") == "alice" && path.starts_with("/src/") &&
                risk < 0.5;
       }},
      {R"(risk < 0.5)", [&] { return risk < 0.5; }},
      {R"("ops" in request.roles && request.labels.env in ["dev", "staging"])",
       [&] {
         const json::Array* roles = json::find_array(request, "roles");
         const std::string_view env = json::get_string(*json::find(request, "labels"), "env");
         return std::find(roles->begin(), roles->end(), json::Value("ops")) != roles->end() &&
                (env == "dev" || env == "staging");
       }},
      {R"(request.roles.exists(r, r.startsWith("op")))",
       [&] {
         const json::Array* roles = json::find_array(request, "roles");
         return std::any_of(roles->begin(), roles->end(), [](const json::Value& role) {
           return json::view(role.get_string()).starts_with("op");
         });
       }},
      {R"(path.matches("\\.cpp$") && !path.contains(".."))",
       [&] { return path.ends_with(".cpp") && path.find("..") == std::string::npos; }},
  };
  for (const Row& row : rows) {
    const Result<Program> program = compile_condition(row.source, environment);
    if (!program) {
      fmt::print(stderr, "{}\n", program.error().message());
      return 1;
    }
    const Spread cel = measure(rounds, [&] { return holds(*program, values).value_or(false); });
    report(row.source.substr(0, 44), cel, measure(rounds, row.floor));
  }
  const Spread compile = measure(std::max(rounds / 100, 10), [&] {
    return compile_condition(rows.front().source, environment).has_value();
  });
  fmt::print("{:<44} p50 {:7.3f} us  p99 {:7.3f} us\n", "compile of the first", compile.median,
             compile.high);
  return 0;
}
