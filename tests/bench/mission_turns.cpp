// Many missions side by side in one process, against a model on loopback: how many turns a second
// they do together, and what the process then holds. `mission_turns WORKSPACE MISSIONS TURNS MODEL
// PROMPT`; the state is $OPENCODE_DATA_PATH. One JSON line.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "async/scope.hpp"
#include "bench_platform.hpp"
#include "json/print.hpp"
#include "platform/missions.hpp"

namespace oap {
namespace {

using orchestration::MissionReport;

struct Order {
  std::size_t missions = 8;
  int turns = 20;
  std::string prompt;
};

Task<void> one(platform::Missions& missions, const Order& order, std::vector<int>& calls) {
  platform::MissionRequest request;
  request.objective = order.prompt;
  request.limits = missions.limits();
  request.limits.iterations = 1;
  Result<MissionReport> report = co_await missions.start(std::move(request), {});
  calls.push_back(report ? static_cast<int>(report->tool_calls) : -1);
  if (!report) {
    std::fprintf(stderr, "%s\n", report.error().to_string().c_str());
  }
}

Task<int> all(platform::Platform& platform, Order order) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  std::vector<int> calls;
  std::size_t good = 0;
  platform.watch_calls([&good](const gateway::Progress& progress) {
    if (progress.kind != gateway::Progress::Kind::kFinished) {
      return;
    }
    good += progress.outcome->ok() ? 1 : 0;
    if (!progress.outcome->ok()) {
      std::fprintf(stderr, "%s\n", progress.outcome->text_for_model().c_str());
    }
  });
  co_await one(platform.missions(), order, calls);  // starts the tools' server
  const std::size_t before = bench::resident_kb("self");
  calls.clear();
  good = 0;
  const auto began = std::chrono::steady_clock::now();
  async::Scope scope(executor);
  for (std::size_t i = 0; i < order.missions; ++i) {
    scope.spawn(one(platform.missions(), order, calls));
  }
  co_await scope.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  platform.watch_calls({});
  const bool right =
      good == order.missions * static_cast<std::size_t>(order.turns) &&
      std::all_of(calls.begin(), calls.end(), [&order](int made) { return made == order.turns; });
  const auto turns = static_cast<double>(order.missions) * order.turns;
  std::printf("%s\n", json::print(json::Object{{"missions", order.missions},
                                               {"turns_each", order.turns},
                                               {"seconds", seconds},
                                               {"turns_per_second", turns / seconds},
                                               {"rss_kb_before", before},
                                               {"rss_kb", bench::resident_kb("self")},
                                               {"right", right}})
                          .c_str());
  co_return right ? 0 : 1;
}

}  // namespace
}  // namespace oap

int main(int argc, char** argv) {
  oap::bench::become_tool_server(argc, argv);
  if (argc != 6) {
    std::fprintf(stderr, "mission_turns WORKSPACE MISSIONS TURNS MODEL PROMPT\n");
    return 2;
  }
  const oap::Order order{std::strtoul(argv[2], nullptr, 10), std::atoi(argv[3]), argv[5]};
  return oap::bench::in_platform(argv[1], argv[4],
                                 [&order](auto& platform) { return oap::all(platform, order); });
}
