// restart_series SERVER [RESTARTS]: lets a real server (exits_after_call) end after each of its
// calls and be started again by the real supervisor, and counts what is left. Prints one JSON
// object; exits 1 where a process or descriptor is left, or a call fails. RESTARTS: 40, with
// OAP_SERIES=full 1000.

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include <unistd.h>

#include "async/runtime.hpp"
#include "async/sleep.hpp"
#include "crypto/hash.hpp"
#include "gateway/upstream/mcp_upstream.hpp"
#include "json/print.hpp"

namespace {

using namespace oap;

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Processes that were started, however indirectly, with the mark in their environment.
int marked(const std::string& mark) {
  int count = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", none)) {
    const bool process = std::isdigit(static_cast<unsigned char>(*entry.path().filename().c_str()));
    count += process && content_of(entry.path() / "environ").find(mark) != std::string::npos;
  }
  return count;
}

/// Children of this process, those included that have ended and nobody has waited for.
int children() {
  const std::string list =
      content_of("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  return static_cast<int>(std::count(list.begin(), list.end(), ' '));
}

int descriptors() {
  return static_cast<int>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                        std::filesystem::directory_iterator()));
}

long resident_kb() {
  long pages = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

struct Counts {
  int processes = 0;
  int children = 0;
  int descriptors = 0;
  long resident = 0;
};
Counts count(const std::string& mark) {
  return {marked(mark), children(), descriptors(), resident_kb()};
}

Task<bool> until_gone(gateway::McpUpstream& upstream) {
  const Deadline deadline = Deadline::after(Millis(20'000));
  while (upstream.health().state == gateway::Health::State::kReady) {
    if (deadline.passed() || !co_await async::sleep_for(Millis(1))) {
      co_return false;
    }
  }
  co_return true;
}

/// How many calls went well; every third server is killed where it would have ended by itself.
Task<int> run(gateway::McpUpstream& upstream, int restarts) {
  for (int i = 0; i < restarts; ++i) {
    if (i % 3 == 2) {
      const Deadline deadline = Deadline::after(Millis(20'000));
      const auto started = co_await upstream.start(deadline);
      const auto pid = upstream.health().pid;
      if (!started || !pid) {
        std::cerr << "start " << i << " failed\n";
        co_return i;
      }
    }
    ToolCall call;
    call.tool = "go";
    mcp::RequestOptions options;
    options.deadline = Deadline::after(Millis(20'000));
    const auto answer = co_await upstream.call(std::move(call), std::move(options));
    if (!answer) {
      std::cerr << "call " << i << ": " << answer.error().error.to_string() << '\n';
      co_return i;
    }
    if (const auto pid = upstream.health().pid; i % 3 == 2 && pid) {
      ::kill(*pid, SIGKILL);
    }
    if (!co_await until_gone(upstream)) {
      std::cerr << "the server of call " << i << " did not end\n";
      co_return i;
    }
  }
  co_return restarts;
}

gateway::McpUpstreamOptions options_for(const std::string& server, const std::string& mark,
                                        const std::string& folder) {
  gateway::McpUpstreamOptions options;
  options.supervisor.watch_interval = Millis(50);
  mcp::ServerSpec& spec = options.supervisor.server;
  spec.name = "exits";
  spec.process.argv = {server, "parent"};
  spec.process.cwd = folder;
  spec.process.profile = sandbox::Profile::kService;
  spec.process.env["OAP_RESTART_MARK"] = mark;
  spec.era = mcp::Era::kLegacy;
  spec.eof_grace = Millis(200);
  spec.term_grace = Millis(200);
  return options;
}

int restarts_wanted(int argc, char** argv) {
  if (argc > 2) {
    return std::atoi(argv[2]);
  }
  const char* series = std::getenv("OAP_SERIES");
  return series != nullptr && std::string(series) == "full" ? 1000 : 40;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: restart_series SERVER [RESTARTS]\n";
    return 2;
  }
  const int wanted = restarts_wanted(argc, argv);
  const std::string mark = crypto::random_hex(8);
  const std::string folder = std::filesystem::temp_directory_path() / ("oap-restarts-" + mark);
  std::filesystem::create_directory(folder);
  async::Runtime runtime;
  gateway::McpUpstream upstream(runtime.executor(), options_for(argv[1], mark, folder),
                                gateway::mcp_connector());
  runtime.run(run(upstream, 3));  // what is made once is made
  runtime.run(async::sleep_for(Millis(1'000)));
  const Counts before = count(mark);
  const SteadyTime began = std::chrono::steady_clock::now();
  const int done = runtime.run(run(upstream, wanted));
  const auto took = std::chrono::steady_clock::now() - began;
  const std::uint64_t starts = upstream.health().starts;
  runtime.run(async::sleep_for(Millis(1'000)));
  const Counts after = count(mark);
  runtime.run(upstream.close());
  const Counts closed = count(mark);
  json::Object report{{"restarts", done},
                      {"starts", starts},
                      {"seconds", std::chrono::duration<double>(took).count()},
                      {"processes_left", after.processes - before.processes},
                      {"children_left", after.children - before.children},
                      {"descriptors_left", after.descriptors - before.descriptors},
                      {"resident_kb_more", after.resident - before.resident},
                      {"processes_after_close", closed.processes},
                      {"children_after_close", closed.children}};
  std::cout << json::print(json::Value(report)) << '\n';
  const bool clean = done == wanted && after.processes <= before.processes &&
                     after.children <= before.children && after.descriptors <= before.descriptors &&
                     closed.processes == 0 && closed.children == 0;
  std::filesystem::remove_all(folder);
  return clean ? 0 : 1;
}
