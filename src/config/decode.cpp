#include "config/decode.hpp"

#include "config/decode_sections.hpp"
#include "config/decode_values.hpp"

namespace oap::config {
namespace {

void platform(const json::Value& value, Decoding& at) {
  at.config.platform.version = text_of(value, "version");
  at.config.platform.compatibility_mode = text_of(value, "compatibility_mode");
  at.config.platform.log_level = text_of(value, "log_level");
}

void missions(const json::Value& value, Decoding& at) {
  Missions& missions = at.config.missions;
  missions.max_iterations = whole(value, "max_iterations");
  missions.no_progress = whole(value, "no_progress");
  missions.max_turns = whole(value, "max_turns");
  missions.max_tool_calls = json::get_int(value, "max_tool_calls");
  missions.max_tokens = json::get_int(value, "max_tokens");
  missions.max_cost_usd = number<double>(value, "max_cost_usd");
  missions.max_time = seconds(value, "max_time");
  missions.max_depth = whole(value, "max_depth");
  missions.max_parallel = whole(value, "max_parallel");
  missions.max_per_agent = whole(value, "max_per_agent");
  missions.max_tasks = whole(value, "max_tasks");
  missions.countdown = seconds(value, "countdown");
}

void routing(const json::Value& value, Decoding& at) {
  Routing& routing = at.config.routing;
  routing.fast_path_threshold = whole(value, "fast_path_threshold");
  routing.complexity_threshold = json::get_double(value, "complexity_threshold");
  routing.agent_timeout = seconds(value, "agent_timeout");
  routing.max_planning_depth = whole(value, "max_planning_depth");
  const json::Value& rules = section(value, "fast_path_rules");
  routing.fast_path_rules = {whole(rules, "max_tokens"), whole(rules, "max_tools"),
                             whole(rules, "max_files"), json::get_bool(rules, "no_external_deps")};
}

void skills(const json::Value& value, Decoding& at) {
  Skills& skills = at.config.skills;
  skills.trusted_sources = texts(value, "trusted_sources");
  skills.registries = texts(value, "registries");
  for (const std::string& path : texts(value, "paths")) {
    skills.paths.push_back(at.absolute(path));
  }
  if (const std::string base = text_of(value, "base_url"); !base.empty()) {
    skills.base_url = base;
  }
  skills.listing_bytes = static_cast<int>(json::get_int(value, "listing_bytes", 8'000));
}

void plugins(const json::Value& value, Decoding& at) {
  at.config.plugins.enabled = texts(value, "enabled");
  for (const auto& pair : value.as_object()) {
    if (pair.key() != "enabled" && pair.value().is_object()) {
      at.config.plugins.settings.emplace(std::string(pair.key()), pair.value().get_object());
    }
  }
}

void context(const json::Value& value, Decoding& at) {
  at.config.context.compact_at = json::get_double(value, "compact_at", 0.8);
  at.config.context.max_result = static_cast<std::uint64_t>(
      json::get_int(value, "max_result", static_cast<std::int64_t>(48U << 10U)));
}

using Named = void(std::string_view name, const json::Value& value, Decoding& at);

void each(const json::Value& map, Named& decode, Decoding& at) {
  for (const auto& pair : map.as_object()) {
    decode(pair.key(), pair.value(), at);
  }
}

}  // namespace

Config decode(const Merged& merged, const Paths& paths, const Env& env,
              std::vector<Problem>& problems) {
  Decoding at(merged, paths, env, problems);
  const json::Value settings(merged.settings());
  platform(section(settings, "platform"), at);
  routing(section(settings, "routing"), at);
  decode_security(section(settings, "security"), at);
  decode_sandbox(section(settings, "sandbox"), at);
  each(section(settings, "mcp_servers"), decode_server, at);
  decode_agents(section(settings, "agents"), at);
  skills(section(settings, "skills"), at);
  context(section(settings, "context"), at);
  each(section(settings, "providers"), decode_provider, at);
  each(section(settings, "models"), decode_model, at);
  plugins(section(settings, "plugins"), at);
  missions(section(section(settings, "orchestration"), "missions"), at);
  at.config.workflow_secrets = text_map(section(settings, "workflows"), "secrets");
  decode_gateway(section(settings, "gateway"), at);
  return std::move(at.config);
}

}  // namespace oap::config
