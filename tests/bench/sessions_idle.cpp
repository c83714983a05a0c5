// Many sessions in one process that have each done a task and now wait: what the process holds, the
// tools' server with it. `sessions_idle WORKSPACE SESSIONS MODEL PROMPT`; the state is
// $OPENCODE_DATA_PATH. One JSON line.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench_platform.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap {
namespace {

struct Order {
  std::size_t sessions = 1000;
  std::string prompt;
};

/// This process and its children, of which there are the tools' server and its supervisor.
std::size_t tree_kb() {
  std::size_t sum = 0;
  std::string open = "self";
  while (!open.empty()) {
    const std::size_t end = open.find(' ');
    const std::string pid = open.substr(0, end);
    open = end == std::string::npos ? "" : open.substr(end + 1);
    sum += bench::resident_kb(pid);
    const std::string tasks = "/proc/" + pid + "/task";
    for (const std::string& task : os::list_dir(tasks).value_or(std::vector<std::string>())) {
      std::string children = os::read_file(tasks + "/" + task + "/children", 65'536).value_or("");
      if (!children.empty()) {
        open = children + open;
      }
    }
  }
  return sum;
}

Task<int> all(platform::Platform& platform, Order order) {
  std::size_t good = 0;
  std::size_t before = 0;
  for (std::size_t i = 0; i <= order.sessions; ++i) {
    platform::RunRequest request;
    request.prompt = order.prompt;
    auto report = co_await platform.run_task(std::move(request), {});
    if (!report || !report->success()) {
      std::fprintf(stderr, "%s\n",
                   report ? report->content.c_str() : report.error().to_string().c_str());
      break;
    }
    if (i == 0) {  // starts the tools' server
      before = tree_kb();
    } else {
      ++good;
    }
  }
  const bool right = good == order.sessions;
  std::printf("%s\n", json::print(json::Object{{"sessions", good},
                                               {"rss_kb_before", before},
                                               {"rss_kb", tree_kb()},
                                               {"rss_kb_self", bench::resident_kb("self")},
                                               {"right", right}})
                          .c_str());
  co_return right ? 0 : 1;
}

}  // namespace
}  // namespace oap

int main(int argc, char** argv) {
  oap::bench::become_tool_server(argc, argv);
  if (argc != 5) {
    std::fprintf(stderr, "sessions_idle WORKSPACE SESSIONS MODEL PROMPT\n");
    return 2;
  }
  const oap::Order order{std::strtoul(argv[2], nullptr, 10), argv[4]};
  return oap::bench::in_platform(argv[1], argv[3],
                                 [&order](auto& platform) { return oap::all(platform, order); });
}
