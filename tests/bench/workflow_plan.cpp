// What it costs to plan a workflow: typed definition → checked, compiled Blueprint, with its hash,
// in processor time of the one thread that does it. Beside it, as a floor, building the plain list
// of edges and sorting it (Kahn).
//   workflow_plan [steps]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "workflow/definition/blueprint.hpp"

namespace {

using namespace oap;
using namespace oap::workflow;

enum class Form { kPlain, kTemplates, kConditions };

Definition layered(int count, Form form) {
  Definition definition;
  definition.id = "bench";
  definition.steps.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    StepDefinition step;
    step.id = fmt::format("s{}", i);
    ToolStep tool;
    tool.tool = "read_file";
    tool.arguments["path"] = fmt::format("file{}.txt", i);
    for (int back : {1, 7}) {
      if (i >= back) {
        step.needs.push_back(fmt::format("s{}", i - back));
      }
    }
    if (form != Form::kPlain && i > 0) {
      tool.arguments["path"] = fmt::format("${{{{ steps.s{}.outputs.path }}}}", i - 1);
    }
    if (form == Form::kConditions && i > 0) {
      step.condition =
          fmt::format("steps.s{}.outputs.ok && size(steps.s{}.status) > 3", i - 1, i - 1);
    }
    step.body = std::move(tool);
    definition.steps.push_back(std::move(step));
  }
  return definition;
}

double now_millis() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double floor_millis(const Definition& definition) {
  const double begin = now_millis();
  std::unordered_map<std::string_view, std::uint32_t> index;
  for (std::uint32_t i = 0; i < definition.steps.size(); ++i) {
    index.emplace(definition.steps[i].id, i);
  }
  std::vector<std::vector<std::uint32_t>> successors(definition.steps.size());
  std::vector<std::uint32_t> unmet(definition.steps.size());
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < definition.steps.size(); ++i) {
    for (const std::string& need : definition.steps[i].needs) {
      successors[index[need]].push_back(i);
      ++unmet[i];
    }
    if (unmet[i] == 0) {
      order.push_back(i);
    }
  }
  for (std::size_t done = 0; done < order.size(); ++done) {
    for (const std::uint32_t next : successors[order[done]]) {
      if (--unmet[next] == 0) {
        order.push_back(next);
      }
    }
  }
  if (order.size() != definition.steps.size()) {
    std::exit(1);
  }
  return now_millis() - begin;
}

void report(int count, Form form, std::string_view name) {
  std::vector<double> costs;
  std::vector<double> floors;
  const int rounds = count > 50'000 ? 1 : 7;
  std::fflush(stdout);
  for (int round = 0; round < rounds; ++round) {
    Definition definition = layered(count, form);
    floors.push_back(floor_millis(definition));
    std::vector<Problem> problems;
    const double begin = now_millis();
    const auto made = Blueprint::compile(std::move(definition), "", nullptr, problems);
    costs.push_back(now_millis() - begin);
    if (made == nullptr) {
      fmt::print(stderr, "{}", to_text(problems));
      std::exit(1);
    }
  }
  std::sort(costs.begin(), costs.end());
  std::sort(floors.begin(), floors.end());
  fmt::print("{:>9} steps, {:<28} {:9.1f} ms   bare edges and order {:8.1f} ms\n", count, name,
             costs[costs.size() / 2], floors[floors.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 10'000;
  report(count, Form::kPlain, "literal arguments");
  report(count, Form::kTemplates, "a template each");
  report(count, Form::kConditions, "a template, a condition each");
}
