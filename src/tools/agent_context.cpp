#include "tools/agent_context.hpp"

namespace oap::tools {

json::Object to_json(const AgentContext& context) {
  json::Array registries;
  for (const std::string& registry : context.registries) {
    registries.emplace_back(registry);
  }
  return {{"skills", skills::to_json(context.skills)},
          {"registries", std::move(registries)},
          {"skill_base", context.skill_base},
          {"outputs_dir", context.outputs_dir},
          {"staging", context.staging}};
}

AgentContext agent_context_from(const json::Value& value) {
  AgentContext context;
  if (const json::Value* const skills = json::find(value, "skills")) {
    context.skills = skills::library_options_from(*skills);
  }
  if (const json::Array* const registries = json::find_array(value, "registries")) {
    for (const json::Value& registry : *registries) {
      if (registry.is_string()) {
        context.registries.emplace_back(json::view(registry.get_string()));
      }
    }
  }
  context.skill_base = json::get_string(value, "skill_base");
  context.outputs_dir = json::get_string(value, "outputs_dir");
  context.staging = json::get_string(value, "staging");
  return context;
}

}  // namespace oap::tools
