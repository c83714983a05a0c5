// Many missions side by side in one process, against a model on loopback: how many turns a second
// they do together, and what the process then holds. `mission_turns WORKSPACE MISSIONS TURNS MODEL
// PROMPT`; the state is $OPENCODE_DATA_PATH. One JSON line.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <unistd.h>

#include "approval/approver.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "os/self.hpp"
#include "platform/missions.hpp"
#include "platform/platform.hpp"

namespace oap {
namespace {

using orchestration::MissionReport;

struct Order {
  std::string workspace;
  std::size_t missions = 8;
  int turns = 20;
  std::string model;
  std::string prompt;
};

std::size_t resident_kb() {
  const std::string status = os::read_file("/proc/self/status", 65'536).value_or("");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::strtoul(status.c_str() + at + 6, nullptr, 10);
}

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
  const std::size_t before = resident_kb();
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
                                               {"rss_kb", resident_kb()},
                                               {"right", right}})
                          .c_str());
  co_await platform.close();
  co_return right ? 0 : 1;
}

int run(const Order& order) {
  async::Runtime runtime;
  platform::SettingsOptions where;
  where.workspace = order.workspace;
  auto settings = platform::load_settings(where);
  if (!settings) {
    std::fprintf(stderr, "%s\n", settings.error().to_string().c_str());
    return 2;
  }
  approval::FixedApprover yes = approval::FixedApprover::yes();
  platform::PlatformOptions options;
  options.settings = *std::move(settings);
  options.executor = runtime.executor();
  options.approver = &yes;
  options.model = order.model;
  auto platform = platform::Platform::open(std::move(options));
  if (!platform) {
    std::fprintf(stderr, "%s\n", platform.error().to_string().c_str());
    return 2;
  }
  return runtime.run(all(**platform, order));
}

}  // namespace
}  // namespace oap

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "mcp-server") == 0) {  // the tools' server is the program's
    const std::string self = oap::os::self_path().value_or("");
    const std::string program = self.substr(0, self.rfind('/')) + "/../../oap";
    ::execv(program.c_str(), argv);
    return 126;
  }
  if (argc != 6) {
    std::fprintf(stderr, "mission_turns WORKSPACE MISSIONS TURNS MODEL PROMPT\n");
    return 2;
  }
  return oap::run(
      {argv[1], std::strtoul(argv[2], nullptr, 10), std::atoi(argv[3]), argv[4], argv[5]});
}
