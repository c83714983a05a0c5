#include "bench_platform.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include "approval/approver.hpp"
#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/self.hpp"

namespace oap::bench {
namespace {

constexpr std::size_t kMostStatus = 65'536;

int fails(const Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 2;
}

Task<int> work_and_close(platform::Platform& platform, const Work& work) {
  const int code = co_await work(platform);
  co_await platform.close();
  co_return code;
}

}  // namespace

int in_platform(const std::string& workspace, const std::string& model, const Work& work) {
  async::Runtime runtime;
  platform::SettingsOptions where;
  where.workspace = workspace;
  auto settings = platform::load_settings(where);
  if (!settings) {
    return fails(settings.error());
  }
  approval::FixedApprover yes = approval::FixedApprover::yes();
  platform::PlatformOptions options;
  options.settings = *std::move(settings);
  options.executor = runtime.executor();
  options.approver = &yes;
  options.model = model;
  auto platform = platform::Platform::open(std::move(options));
  if (!platform) {
    return fails(platform.error());
  }
  return runtime.run(work_and_close(**platform, work));
}

void become_tool_server(int argc, char** argv) {
  if (argc < 2 || std::strcmp(argv[1], "mcp-server") != 0) {
    return;
  }
  const std::string self = os::self_path().value_or("");
  const std::string program = self.substr(0, self.rfind('/')) + "/../../oap";
  ::execv(program.c_str(), argv);
  std::_Exit(126);
}

std::size_t resident_kb(const std::string& pid) {
  const std::string status = os::read_file("/proc/" + pid + "/status", kMostStatus).value_or("");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::strtoul(status.c_str() + at + 6, nullptr, 10);
}

}  // namespace oap::bench
