#include "platform/upstreams.hpp"

#include <set>

#include "gateway/upstream/mcp_upstream.hpp"
#include "gateway/upstream/rest_upstream.hpp"
#include "json/print.hpp"
#include "os/self.hpp"
#include "platform/agents.hpp"
#include "platform/credentials.hpp"
#include "platform/nesting.hpp"
#include "platform/platform.hpp"
#include "platform/skill_settings.hpp"

namespace oap::platform {
namespace {

/// A server's own limits, and where it has none those of every child.
config::ResourceLimits limits_for(const Settings& settings, const config::McpServer& server) {
  config::ResourceLimits limits = server.resource_limits;
  const config::ResourceLimits& common = settings.config.sandbox.limits;
  limits.memory = limits.memory ? limits.memory : common.memory;
  limits.cpu_percent = limits.cpu_percent ? limits.cpu_percent : common.cpu_percent;
  limits.disk = limits.disk ? limits.disk : common.disk;
  return limits;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ",") + word;
  }
  return text;
}

/// What the configuration says for every child.
Result<void> confine(const Settings& settings, const config::McpServer& server,
                     sandbox::Spec& process) {
  const config::Sandbox& policy = settings.config.sandbox;
  const config::ResourceLimits limits = limits_for(settings, server);
  process.limits.memory_bytes = limits.memory;
  process.limits.cpu_percent = limits.cpu_percent;
  process.limits.disk_bytes = limits.disk;
  process.limits.network = limits.network.value_or(true);
  if (policy.processes) {
    process.limits.processes = static_cast<std::uint32_t>(*policy.processes);
  }
  if (process.limits.network && policy.allowed_hosts) {
    process.limits.network = false;
    process.hosts = *policy.allowed_hosts;
  }
  process.protect = policy.protect;
  process.unprotect = policy.unprotect;
  process.hold_git = policy.hold_git;
  OAP_TRY(process.require, sandbox::parse_kinds(joined(policy.require)));
  return {};
}

void add_each(std::vector<std::string>& argv, const char* option,
              const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    argv.insert(argv.end(), {option, value});
  }
}

/// The built-in server runs outside the sandbox and applies the limits to each of its calls.
mcp::ServerSpec builtin_spec(const Settings& settings, const config::McpServer& server,
                             const std::string& folder, const BuiltinParts& parts) {
  mcp::ServerSpec spec;
  spec.name = kBuiltinServer;
  std::vector<std::string>& argv = spec.process.argv;
  argv = {os::self_path().value_or("/proc/self/exe"), "mcp-server", "sandbox", "--workspace",
          folder};
  const config::Sandbox& policy = settings.config.sandbox;
  const config::ResourceLimits limits = limits_for(settings, server);
  if (limits.memory) {
    argv.insert(argv.end(), {"--memory", std::to_string(*limits.memory)});
  }
  if (limits.cpu_percent) {
    argv.insert(argv.end(), {"--cpu-percent", std::to_string(*limits.cpu_percent)});
  }
  if (limits.disk) {
    argv.insert(argv.end(), {"--disk", std::to_string(*limits.disk)});
  }
  if (policy.processes) {
    argv.insert(argv.end(), {"--pids", std::to_string(*policy.processes)});
  }
  const bool has_hosts = policy.allowed_hosts && !policy.allowed_hosts->empty();
  if (limits.network == false || (!has_hosts && !(limits.network && !policy.allowed_hosts))) {
    argv.emplace_back("--no-network");  // by default
  } else if (has_hosts) {
    add_each(argv, "--allow-host", *policy.allowed_hosts);
  }
  if (!policy.require.empty()) {
    argv.insert(argv.end(), {"--require", joined(policy.require)});
  }
  add_each(argv, "--protect", policy.protect);
  add_each(argv, "--unprotect", policy.unprotect);
  add_each(argv, "--readable", parts.readable);
  if (!policy.hold_git) {
    argv.emplace_back("--tell-git");
  }
  for (const std::string& capability : server.capabilities) {
    argv.insert(argv.end(), {"--capability", capability});
  }
  if (parts.for_agents) {
    argv.insert(argv.end(),
                {"--agent-tools", json::print(json::Value(to_json(agent_context(settings))))});
  }
  spec.process.cwd = folder;
  spec.process.profile = sandbox::Profile::kOwn;
  spec.process.env["OPENCODE_DATA_PATH"] = settings.paths.state_root;  // to keep it from its calls
  json::Object variables;
  for (const auto& [name, value] : settings.hooks.environment()) {
    variables[name] = value;
  }
  if (!variables.empty()) {
    spec.process.env["OAP_TOOL_ENVIRONMENT"] = json::print(json::Value(std::move(variables)));
  }
  return spec;
}

Result<mcp::ServerSpec> configured_spec(const Settings& settings, const config::McpServer& server,
                                        net::HttpClient& http) {
  mcp::ServerSpec spec;
  spec.name = server.name;
  if (server.type == config::ServerType::kRemote) {
    spec.url = server.url;
    spec.http = &http;
    spec.headers.assign(server.headers.begin(), server.headers.end());
  } else {
    spec.process.argv = server.command;
    spec.process.cwd = settings.paths.workspace;
    spec.process.env = server.env;
    spec.process.env[kNestingVariable] = nesting_mark(settings);
    spec.process.profile = sandbox::Profile::kService;
    OAP_CHECK_OK(confine(settings, server, spec.process));
  }
  if (server.era != config::ServerEra::kFindOut) {
    spec.era = server.era == config::ServerEra::kModern ? mcp::Era::kModern : mcp::Era::kLegacy;
  }
  spec.start_timeout = server.start_timeout;
  spec.call_timeout = server.timeout;
  spec.call_hard_timeout = server.max_call_time;
  spec.max_message_bytes = settings.config.gateway.max_message;
  spec.workspace = settings.paths.workspace;
  spec.capabilities = json::Object{
      {"roots", json::Object{{"listChanged", false}}},
      {"sampling", json::Object{{"tools", json::Object{}}}},
      {"elicitation", json::Object{{"form", json::Object{}}, {"url", json::Object{}}}}};
  return spec;
}

gateway::McpUpstreamOptions upstream_options(const config::McpServer& server,
                                             mcp::ServerSpec spec) {
  gateway::McpUpstreamOptions options;
  options.supervisor.server = std::move(spec);
  options.supervisor.auto_start = server.auto_start;
  options.supervisor.probe.url = server.health_check_url;
  options.breaker.failure_threshold = static_cast<std::size_t>(server.failure_threshold);
  options.breaker.recovery_timeout = server.recovery_timeout;
  options.max_concurrent = static_cast<std::size_t>(server.max_concurrency);
  options.read_only_tools = server.read_only_tools;
  options.cache_ttl = server.cache_ttl;
  for (const auto& [tool, time] : server.tool_timeouts) {
    options.tools[tool].idle_timeout = time;
  }
  return options;
}

}  // namespace

Result<void> add_upstreams(gateway::UpstreamSet& set, CredentialList& credentials,
                           const Settings& settings, Executor executor, net::HttpClient& http,
                           BuiltinParts builtin) {
  for (const auto& [name, server] : settings.config.mcp_servers) {
    if (server.builtin) {
      continue;
    }
    OAP_TRY(mcp::ServerSpec spec, configured_spec(settings, server, http));
    if (server.type == config::ServerType::kRemote) {
      OAP_TRY(std::unique_ptr<mcp::Credentials> own, credentials_of(settings, server, http));
      spec.credentials = own.get();
      credentials.push_back(std::move(own));
    }
    if (server.protocol == config::ServerProtocol::kRest) {
      set.add(std::make_unique<gateway::RestUpstream>(std::move(spec)));
      continue;
    }
    set.add(std::make_unique<gateway::McpUpstream>(
        executor, upstream_options(server, std::move(spec)), gateway::mcp_connector()));
  }
  set.add(builtin_at(settings, executor, settings.paths.workspace, std::move(builtin)));
  return {};
}

std::unique_ptr<gateway::Upstream> builtin_at(const Settings& settings, Executor executor,
                                              const std::string& folder, BuiltinParts parts) {
  config::McpServer builtin;
  for (const auto& [name, server] : settings.config.mcp_servers) {
    if (server.builtin) {
      builtin = server;
    }
  }
  std::unique_ptr<gateway::Upstream> server = std::make_unique<gateway::McpUpstream>(
      executor, upstream_options(builtin, builtin_spec(settings, builtin, folder, parts)),
      gateway::mcp_connector());
  if (parts.wrap) {
    server = parts.wrap(std::move(server));
  }
  return std::make_unique<BuiltinUpstream>(std::move(server), std::move(parts.local),
                                           role_matrix(settings));
}

gateway::CatalogOptions catalog_options(const Settings& settings,
                                        const std::optional<Served>& served) {
  gateway::CatalogOptions options;
  for (const auto& [name, server] : settings.config.mcp_servers) {
    const config::ToolNaming naming =
        !served ? config::ToolNaming::kPrefix
                : served->naming.value_or(settings.config.gateway.naming.value_or(server.naming));
    options.passthrough[name] = naming == config::ToolNaming::kPassthrough;
  }
  options.offer_builtin =
      !served || settings.config.mcp_servers.contains(std::string(kBuiltinServer));
  return options;
}

gateway::AuditClass audit_class_of(const Settings& settings) {
  std::set<std::pair<std::string, std::string>, std::less<>> read_only;
  for (const auto& [name, server] : settings.config.mcp_servers) {
    for (const std::string& tool : server.read_only_tools) {
      read_only.emplace(name, tool);
    }
  }
  return [read_only](const ToolCall& call) {
    return read_only.contains({call.server, call.tool}) ? audit::Durability::kWritten
                                                        : audit::Durability::kSync;
  };
}

}  // namespace oap::platform
