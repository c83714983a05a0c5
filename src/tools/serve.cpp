#include "tools/serve.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "base/log.hpp"
#include "mcp/server/front.hpp"
#include "mcp/server/tool_service.hpp"
#include "tools/builtin.hpp"

namespace oap::tools {
namespace {

constexpr std::size_t kMaxCalls = 64;
constexpr Millis kEofGrace{1000};

int report(const Error& error) {
  log::error("tools", error.to_string());
  return exit_code(error.code());
}

std::string name_of(const mcp::Tool& tool) {
  const json::Value* name = json::find(tool.definition(), "name");
  return name != nullptr && name->is_string() ? std::string(json::view(name->get_string())) : "";
}

}  // namespace

int serve_sandbox(const ServeOptions& options) {
  os::UniqueFd in(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  os::UniqueFd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!in || !out) {
    return report(Error(Code::kFailedPrecondition, "stdin and stdout must be open"));
  }
  const os::UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup2(nothing.get(), STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);

  async::Runtime runtime;
  Context context{options.workspace, options.more_roots, options.child, runtime.executor(),
                  options.agent};
  auto tools = builtin_tools(context);
  if (!tools) {
    return report(tools.error());
  }
  auto wanted = tools_of_capabilities(options.capabilities);
  if (!wanted) {
    return report(wanted.error());
  }
  if (options.agent) {
    add_agent_tools(*wanted);
  }
  std::erase_if(*tools, [&](const std::unique_ptr<mcp::Tool>& tool) {
    return std::find(wanted->begin(), wanted->end(), name_of(*tool)) == wanted->end();
  });
  mcp::ServerIdentity identity;
  identity.name = "oap-sandbox";
  identity.title = "oap built-in tools";
  mcp::ToolService service(runtime.executor(), *std::move(tools), std::move(identity));
  mcp::FrontLimits limits;
  limits.max_requests = kMaxCalls;
  mcp::StdioFront front(runtime.executor(), service, limits, {});
  const Result<void> served = runtime.run(front.serve(std::move(in), std::move(out), kEofGrace));
  if (!served && served.error().code() != Code::kUnavailable) {
    return report(served.error());
  }
  return 0;
}

}  // namespace oap::tools
