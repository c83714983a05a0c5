#include "platform/assembly.hpp"
#include "platform/change_owner.hpp"
#include "platform/checkpoints.hpp"
#include "tools/builtin.hpp"

namespace oap::platform {
namespace {

/// What the built-in server offers: to MCP clients less than to our own agents.
std::vector<ToolSpec> builtin_tools(bool for_agents) {
  std::vector<ToolSpec> specs = tools::builtin_specs();
  if (for_agents) {
    for (const auto& more : {orchestration::mission_tool_specs(), tools::agent_specs()}) {
      specs.insert(specs.end(), more.begin(), more.end());
    }
  }
  return specs;
}

}  // namespace

BuiltinParts Assembly::builtin_parts() {
  BuiltinParts parts{!options.served, mission_tools(mission_desk)};
  if (!options.served) {
    parts.wrap = [this](std::unique_ptr<gateway::Upstream> server) {
      if (options.around_builtin) {
        server = options.around_builtin(std::move(server));
      }
      return watched(std::move(server), *checkpoints, options.settings.paths.workspace,
                     [this](const ToolCall& call) { return turn_of(*store, mission_desk, call); });
    };
  }
  return parts;
}

Result<void> Assembly::make_servers() {
  const Settings& settings = options.settings;
  http = std::make_unique<net::HttpClient>(options.executor);
  OAP_CHECK_OK(
      add_upstreams(upstreams, credentials, settings, options.executor, *http, builtin_parts()));
  trust = std::make_unique<ToolPins>(settings);
  gateway::CatalogOptions lists = catalog_options(settings, options.served);
  lists.clean = [this](json::Value definition) {
    const bool found = definition.is_object() && redactor->has_secret(definition.get_object());
    return found ? redactor->redact(definition) : std::move(definition);
  };
  catalog = std::make_unique<gateway::Catalog>(
      options.executor, upstreams, builtin_tools(!options.served), std::move(lists), trust.get());
  return {};
}

void Assembly::make_gateway() {
  const Settings& settings = options.settings;
  desk = std::make_unique<ApprovalDesk>(
      ApprovalDesk::Parts{settings, policy->engine(), store->approvals(), *redactor, *audit});
  asked.emplace(options.approver != nullptr ? *options.approver : nobody, desk->timer());
  gateway = std::make_unique<gateway::Gateway>(
      gateway::Gateway::Parts{hooks, *asked, *audit, *redactor, upstreams, *catalog, system_clock(),
                              settings.paths.workspace, Millis(300'000), Millis(300'000),
                              audit_class_of(settings), desk.get()});
  invoker = std::make_unique<GatewayInvoker>(*gateway);
}

}  // namespace oap::platform
