#include "config/decode_sections.hpp"
#include "config/decode_values.hpp"

namespace oap::config {
namespace {

RoleRights rights(const json::Value& value) {
  RoleRights may;
  const auto list = [&](const char* key, std::optional<std::vector<std::string>>& into) {
    if (json::find_array(value, key) != nullptr) {
      into = texts(value, key);
    }
  };
  list("tools", may.tools);
  list("write", may.write);
  if (const std::string commands = text_of(value, "commands"); !commands.empty()) {
    may.commands = commands;
  }
  for (const auto& [key, into] :
       {std::pair{"delegate", &may.delegate}, std::pair{"network", &may.network}}) {
    if (const json::Value* const flag = json::find(value, key);
        flag != nullptr && flag->is_bool()) {
      *into = flag->get_bool();
    }
  }
  return may;
}

AgentConfig agent(const json::Value& agents, const std::string& role, Decoding& at) {
  const json::Value& value = section(agents, role);
  AgentConfig agent;
  agent.model = text_of(value, "model");
  agent.max_tokens = number<int>(value, "max_tokens");
  agent.temperature = number<double>(value, "temperature");
  agent.system_prompt_file = at.absolute(text_of(value, "system_prompt_file"));
  agent.retry_attempts = whole(value, "retry_attempts");
  agent.quality_threshold = json::get_double(value, "quality_threshold", 0.8);
  agent.max_turns = number<int>(value, "max_turns");
  agent.may = rights(section(value, "may"));
  if (!agent.model.empty()) {
    agent.origin = at.origin("/agents/" + role + "/model").to_string();
  }
  return agent;
}

void own_agents(const json::Value& agents, Decoding& at) {
  const json::Object* const map = agents.if_object();
  if (map == nullptr) {
    return;
  }
  for (const auto& pair : *map) {
    const std::string name(pair.key());
    if (name == "commander" || name == "planner" || name == "executor" || name == "reviewer") {
      continue;
    }
    AgentConfig own = agent(agents, name, at);
    own.description = text_of(pair.value(), "description");
    own.prompt = text_of(pair.value(), "prompt");
    if (name == "user" || name.find("__") != std::string::npos) {
      at.problem("/agents/" + name, "no agent can have this name");
    } else {
      at.config.agents.others.emplace(name, std::move(own));
    }
  }
}

}  // namespace

void decode_agents(const json::Value& value, Decoding& at) {
  at.config.agents.commander = agent(value, "commander", at);
  at.config.agents.planner = agent(value, "planner", at);
  at.config.agents.executor = agent(value, "executor", at);
  at.config.agents.reviewer = agent(value, "reviewer", at);
  own_agents(value, at);
}

}  // namespace oap::config
