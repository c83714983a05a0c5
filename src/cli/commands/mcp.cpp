#include "async/deadline.hpp"
#include "async/runtime.hpp"
#include "base/log.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/mcp_views.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"

namespace oap::cli {
namespace {

Task<int> chosen(platform::Platform& platform, Executor executor, McpArgs args, bool as_json) {
  switch (args.action) {
    case McpArgs::Action::kList:
      return list_servers(platform, std::move(executor), std::move(args), as_json);
    case McpArgs::Action::kTools:
      return list_tools(platform, std::move(args), as_json);
    case McpArgs::Action::kResources:
      return list_resources(platform, std::move(args), as_json);
    case McpArgs::Action::kPrompts:
      return list_prompts(platform, std::move(args), as_json);
    case McpArgs::Action::kInspect:
      return inspect(platform, std::move(args), as_json);
    case McpArgs::Action::kRead:
      return read_resource(platform, std::move(executor), std::move(args), as_json);
    case McpArgs::Action::kPrompt:
      return get_prompt(platform, std::move(executor), std::move(args), as_json);
    case McpArgs::Action::kCall:
      break;
  }
  return call_tool(platform, std::move(executor), std::move(args), as_json);
}

/// What servers do wrong is in the answer; unless asked for, nobody needs it as log lines too.
void quieten(const config::Config& config) {
  if (!config.origins.contains("/platform/log_level")) {
    log::set_level(log::Level::kError);
  }
}

Task<Result<void>> closed(platform::Platform& platform) {
  co_await platform.close();
  co_return Result<void>{};
}

Task<int> dispatch(platform::Platform& platform, Executor executor, McpArgs args, bool as_json) {
  const std::string server = args.server;
  const bool walks = args.action == McpArgs::Action::kCall ||
                     args.action == McpArgs::Action::kRead ||
                     args.action == McpArgs::Action::kPrompt;
  if (!server.empty() && !walks) {  // a call of an unknown server is audited on its walk
    if (const auto found = platform.upstreams().find(server); !found) {
      co_return report(found.error(), as_json);
    }
  }
  auto work = chosen(platform, std::move(executor), std::move(args), as_json);
  const int code = co_await std::move(work);
  co_await async::shielded(closed(platform));
  co_return code;
}

}  // namespace

int mcp_command(const Common& common, const McpArgs& args) {
  async::Runtime runtime;
  SessionSetup setup(runtime, common, {args.yes, "", "", {}});
  auto platform = setup.open();
  if (!platform) {
    return report(platform.error(), common.json);
  }
  quieten((*platform)->settings().config);
  return setup.run(dispatch(**platform, runtime.executor(), args, common.json));
}

}  // namespace oap::cli
