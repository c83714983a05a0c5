#include "platform/upstreams.hpp"

#include "gateway/upstream/stdio_upstream.hpp"
#include "os/self.hpp"

namespace oap::platform {
namespace {

/// A configured server of a kind that this version cannot reach.
class UnavailableUpstream final : public gateway::Upstream {
 public:
  UnavailableUpstream(std::string name, std::string why)
      : name_(std::move(name)), why_(std::move(why)) {}
  std::string_view name() const override { return name_; }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline /*deadline*/) override {
    co_return fail(Code::kUnimplemented, "{}", why_);
  }
  Task<Result<ToolResult>> call(ToolCall /*call*/) override {
    co_return fail(Code::kUnimplemented, "{}", why_);
  }
  Task<void> close() override { co_return; }

 private:
  std::string name_;
  std::string why_;
};

sandbox::Limits limits_of(const config::ResourceLimits& limits) {
  sandbox::Limits out;
  out.memory_bytes = limits.memory;
  out.cpu_percent = limits.cpu_percent;
  out.disk_bytes = limits.disk;
  out.network = limits.network.value_or(true);
  return out;
}

/// The built-in server runs outside the sandbox and applies the limits to each of its calls.
mcp::ServerSpec builtin_spec(const Settings& settings, const config::McpServer& server) {
  mcp::ServerSpec spec;
  spec.name = kBuiltinServer;
  std::vector<std::string>& argv = spec.process.argv;
  argv = {os::self_path().value_or("/proc/self/exe"), "mcp-server", "sandbox", "--workspace",
          settings.paths.workspace};
  const config::ResourceLimits& limits = server.resource_limits;
  if (limits.memory) {
    argv.insert(argv.end(), {"--memory", std::to_string(*limits.memory)});
  }
  if (limits.cpu_percent) {
    argv.insert(argv.end(), {"--cpu-percent", std::to_string(*limits.cpu_percent)});
  }
  if (limits.disk) {
    argv.insert(argv.end(), {"--disk", std::to_string(*limits.disk)});
  }
  if (limits.network == false) {
    argv.emplace_back("--no-network");
  }
  for (const std::string& capability : server.capabilities) {
    argv.insert(argv.end(), {"--capability", capability});
  }
  spec.process.cwd = settings.paths.workspace;
  spec.process.profile = sandbox::Profile::kService;
  return spec;
}

mcp::ServerSpec configured_spec(const Settings& settings, const config::McpServer& server) {
  mcp::ServerSpec spec;
  spec.name = server.name;
  spec.process.argv = server.command;
  spec.process.cwd = settings.paths.workspace;
  spec.process.env = server.env;
  spec.process.limits = limits_of(server.resource_limits);
  spec.process.profile = sandbox::Profile::kService;
  spec.call_timeout = server.timeout;
  spec.workspace = settings.paths.workspace;
  return spec;
}

}  // namespace

Result<void> add_upstreams(gateway::UpstreamSet& set, const Settings& settings, Executor executor) {
  config::McpServer builtin;
  for (const auto& [name, server] : settings.config.mcp_servers) {
    if (server.builtin) {
      builtin = server;
      continue;
    }
    if (server.type == config::ServerType::kRemote) {
      set.add(std::make_unique<UnavailableUpstream>(
          name, "remote MCP servers are not available in this version (" + server.origin + ")"));
      continue;
    }
    set.add(std::make_unique<gateway::StdioUpstream>(executor, configured_spec(settings, server)));
  }
  set.add(std::make_unique<gateway::StdioUpstream>(executor, builtin_spec(settings, builtin)));
  return {};
}

}  // namespace oap::platform
