#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "cli/version.hpp"
#include "json/parse.hpp"
#include "platform/agents.hpp"
#include "platform/settings.hpp"
#include "router/router.hpp"
#include "text/strings.hpp"
#include "tools/serve.hpp"

namespace oap::cli {

int route_command(const Common& common, const RouteArgs& args) {
  if (text::trim(args.prompt).empty()) {
    return report(Error(Code::kUsage, "the task is empty"), common.json);
  }
  const auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  const auto options = platform::orchestrator_options(settings->config);
  const router::RouteDecision decision = router::route(args.prompt, options.routing);
  if (common.json) {
    print_json(router::to_json(decision));
    return 0;
  }
  std::string text = fmt::format("{}\n  decided by {}: {}\n", to_string(decision.path),
                                 decision.rule, decision.reason);
  for (const router::Check& check : decision.checks) {
    text += fmt::format("  {} {:<22} {} (limit {})\n", check.passed ? "✓" : "✗", check.name,
                        check.value, check.limit);
  }
  print(text);
  return 0;
}

int sandbox_server_command(const Common& common, const SandboxServerArgs& args) {
  config::PathOptions where;
  if (!common.workspace.empty()) {
    where.workspace = common.workspace;
  }
  const auto paths = config::resolve_paths(where);
  if (!paths) {
    return report(paths.error());
  }
  tools::ServeOptions options;
  options.workspace = paths->workspace;
  sandbox::Spec& child = options.child;
  child.limits.memory_bytes = args.memory_bytes;
  child.limits.cpu_percent = args.cpu_percent;
  child.limits.disk_bytes = args.disk_bytes;
  child.limits.processes = args.processes;
  child.limits.network = !args.no_network && args.hosts.empty();
  child.hosts = args.no_network ? std::vector<std::string>() : args.hosts;
  child.protect = args.protect;
  child.unprotect = args.unprotect;
  child.readable = args.readable;
  child.hold_git = !args.tell_git;
  auto require = sandbox::parse_kinds(args.require);
  if (!require) {
    return report(require.error());
  }
  child.require = *std::move(require);
  if (const char* const given = std::getenv("OAP_TOOL_ENVIRONMENT"); given != nullptr) {
    const auto variables = json::parse_object(given);
    for (const auto& one : variables.value_or(json::Object{})) {
      if (one.value().is_string()) {
        child.env[one.key()] = json::view(one.value().get_string());
      }
    }
  }
  options.capabilities = args.capabilities;
  if (!args.agent_tools.empty()) {
    const auto context = json::parse(args.agent_tools);
    if (!context || !context->is_object()) {
      return report(Error(Code::kUsage, "--agent-tools is for this program itself"));
    }
    options.agent = tools::agent_context_from(*context);
  }
  return tools::serve_sandbox(options);
}

int version_command(const Common& common, const VersionArgs& /*args*/) {
  if (common.json) {
    print_json(json::Object{{"name", "oap"}, {"version", version().substr(4)}});
  } else {
    print(std::string(version()) + "\n");
  }
  return 0;
}

}  // namespace oap::cli
