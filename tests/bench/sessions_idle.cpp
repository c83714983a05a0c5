// Many sessions in one process that have each done a task and now wait: what the process holds, the
// tools' server with it. `sessions_idle WORKSPACE SESSIONS MODEL PROMPT`; the state is
// $OPENCODE_DATA_PATH. One JSON line.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <unistd.h>

#include "approval/approver.hpp"
#include "async/runtime.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "os/self.hpp"
#include "platform/platform.hpp"

namespace oap {
namespace {

struct Order {
  std::string workspace;
  std::size_t sessions = 1000;
  std::string model;
  std::string prompt;
};

std::size_t resident_kb(const std::string& pid) {
  const std::string status = os::read_file("/proc/" + pid + "/status", 65'536).value_or("");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::strtoul(status.c_str() + at + 6, nullptr, 10);
}

/// This process and its children, of which there are the tools' server and its supervisor.
std::size_t tree_kb() {
  std::size_t sum = 0;
  std::string open = "self";
  while (!open.empty()) {
    const std::size_t end = open.find(' ');
    const std::string pid = open.substr(0, end);
    open = end == std::string::npos ? "" : open.substr(end + 1);
    sum += resident_kb(pid);
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
                                               {"rss_kb_self", resident_kb("self")},
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
  if (argc != 5) {
    std::fprintf(stderr, "sessions_idle WORKSPACE SESSIONS MODEL PROMPT\n");
    return 2;
  }
  return oap::run({argv[1], std::strtoul(argv[2], nullptr, 10), argv[3], argv[4]});
}
