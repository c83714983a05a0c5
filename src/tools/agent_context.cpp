#include "tools/agent_context.hpp"

namespace oap::tools {

json::Object to_json(const AgentContext& context) {
  return {{"skills", skills::to_json(context.skills)},
          {"skill_base", context.skill_base},
          {"outputs_dir", context.outputs_dir},
          {"staging", context.staging}};
}

AgentContext agent_context_from(const json::Value& value) {
  AgentContext context;
  if (const json::Value* const skills = json::find(value, "skills")) {
    context.skills = skills::library_options_from(*skills);
  }
  context.skill_base = json::get_string(value, "skill_base");
  context.outputs_dir = json::get_string(value, "outputs_dir");
  context.staging = json::get_string(value, "staging");
  return context;
}

}  // namespace oap::tools
