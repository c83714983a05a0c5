#include "async/deadline.hpp"
#include "async/runtime.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "platform/serving.hpp"

namespace oap::cli {
namespace {

Task<Result<void>> closed(platform::Platform& platform) {
  co_await platform.close();
  co_return Result<void>{};
}

Task<int> serve(platform::Platform& platform, Executor executor, platform::ServingOptions options) {
  const auto ended = co_await platform::serve_mcp(platform, executor, std::move(options));
  co_await async::shielded(closed(platform));
  co_return ended ? 0 : report(ended.error());
}

}  // namespace

int mcp_serve_command(const Common& common, const McpServeArgs& args) {
  if (args.http.empty() && !args.stdio) {
    return report(Error(Code::kUsage, "say --http ADDRESS:PORT or --stdio"), common.json);
  }
  async::Runtime runtime;
  platform::Served served;
  if (!args.naming.empty()) {
    served.naming = args.naming == "passthrough" ? config::ToolNaming::kPassthrough
                                                 : config::ToolNaming::kPrefix;
  }
  SessionSetup setup(runtime, common, {args.yes, "", "", served});
  auto platform = setup.open();
  if (!platform) {
    return report(platform.error(), common.json);
  }
  platform::ServingOptions options;
  options.asks_are_approved = args.yes;
  if (!args.stdio) {
    options.http = args.http;
  }
  options.on_listening = [](const std::string& url) { print_error("MCP endpoint: " + url); };
  return setup.run_until_signal(serve(**platform, runtime.executor(), std::move(options)));
}

}  // namespace oap::cli
