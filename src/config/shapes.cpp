#include "config/shapes.hpp"

#include <array>

#include "config/shape_sections.hpp"

namespace oap::config {
namespace {

using Names = Shape::Names;

constexpr double kWeek = 7 * 86'400;

Shape platform_shape() {
  return object(
      "The platform as a whole.",
      {{"version", choice("Version of this configuration's format.", {"2.0"}).by_default("2.0")},
       {"compatibility_mode",
        choice("claude_code also reads CLAUDE.md and .claude/; none does not.",
               {"claude_code", "none"})
            .by_default("claude_code")},
       {"log_level",
        choice("The least severe log lines that are written. LOG_LEVEL in the environment wins.",
               {"debug", "info", "warn", "error"})
            .by_default("warn")}});
}

Shape routing_shape() {
  return object(
      "Which tasks take the fast path and how long agents may work.",
      {{"fast_path_threshold",
        integer("Tasks of more tokens take the agent path.", 0, 10'000'000).by_default(1000)},
       {"complexity_threshold",
        number("Tasks of a higher complexity score take the agent path.", 0, 1).by_default(0.3)},
       {"agent_timeout", number("Seconds that a task may take.", 0.001, kWeek).by_default(300)},
       {"max_planning_depth",
        integer("How often a failing plan is made anew.", 0, 100).by_default(5)},
       {"fast_path_rules",
        object("All of these must hold for the fast path.",
               {{"max_tokens", integer("Most tokens.", 0, 10'000'000).by_default(1000)},
                {"max_tools", integer("Most tools.", 0, 1000).by_default(1)},
                {"max_files", integer("Most files.", 0, 100'000).by_default(3)},
                {"no_external_deps",
                 boolean("No network, database or remote service.").by_default(true)}})}});
}

Shape plugins_shape() {
  Shape shape = object("Plugins.", {{"enabled", list("Names of the plugins that are used. Plugins "
                                                     "are not available in this version.",
                                                     text("A plugin's name."))}});
  Shape settings = any("A plugin's own settings; read only when it is enabled.");
  shape.element = std::make_shared<const Shape>(std::move(settings));
  shape.names = Names::kName;
  return shape;
}

Shape workflows_shape() {
  return object("Workflows.",
                {{"secrets", map("What a workflow's secrets.NAME is; write ${VARIABLE}.",
                                 Names::kVariable, text("The value.").is_secret())}});
}

}  // namespace

Shape config_shape() {
  return object(
      "Settings of the OpenCode agent platform.",
      {{"platform", platform_shape()},
       {"routing", routing_shape()},
       {"security", security_shape()},
       {"sandbox", sandbox_shape()},
       {"mcp_servers", map("MCP servers by name.", Names::kServer, server_shape()).needs_trust()},
       {"gateway", gateway_shape().needs_trust()},
       {"agents", agents_shape()},
       {"skills", skills_shape().needs_trust()},
       {"context", context_shape()},
       {"providers",
        map("Model providers by name.", Names::kProvider, provider_shape()).needs_trust()},
       {"models", map("Models by provider/model.", Names::kAnything, model_shape())},
       {"plugins", plugins_shape().needs_trust()},
       {"orchestration", orchestration_shape().needs_trust()},
       {"workflows", workflows_shape().needs_trust()}});
}

const std::vector<OwnFile>& own_files() {
  static const std::vector<OwnFile> files = {
      {"agents.yaml", "agents"}, {"mcp-servers.yaml", "mcp_servers"}, {"plugins.yaml", "plugins"}};
  return files;
}

const UnbuiltKey* find_unbuilt(std::string_view key) {
  static constexpr std::array<UnbuiltKey, 12> kKeys{{
      {"buffer_size", "buffering of audit events is"},
      {"cache", "the cache is"},
      {"redis_url", "the cache is"},
      {"cache_ttl", "the cache is"},
      {"max_workers", "a limit of workers is"},
      {"failure_threshold", "the setting of circuit breakers is"},
      {"recovery_timeout", "the setting of circuit breakers is"},
      {"metrics", "the export of metrics is"},
      {"export_interval", "the export of metrics is"},
      {"export_url", "the export of metrics is"},
      {"max_buffer_size", "the export of metrics is"},
      {"plugin_paths", "plugins are"},
  }};
  for (const UnbuiltKey& unbuilt : kKeys) {
    if (unbuilt.key == key) {
      return &unbuilt;
    }
  }
  return nullptr;
}

std::string_view advice_for(std::string_view parent_key, std::string_view key) {
  if (parent_key.empty() && (key == "permissions" || key == "roles")) {
    return "belongs in permissions.yaml, beside this file";
  }
  if (parent_key.empty() && (key == "scanner" || key == "whitelist")) {
    return key == "scanner" ? "belongs under 'security'" : "belongs under 'security: scanner:'";
  }
  if (parent_key == "agents" && key == "worker") {
    return "unknown key; the Worker's settings are under 'executor'";
  }
  if (parent_key == "security" && key == "precedence") {
    return "belongs in permissions.yaml, beside this file";
  }
  return {};
}

}  // namespace oap::config
