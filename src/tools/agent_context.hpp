#pragma once

#include <string>
#include <vector>

#include "json/value.hpp"
#include "skills/library.hpp"

namespace oap::tools {

/// What the tools for agents (skill, read_output, run_command) work with. Data.
struct AgentContext {
  skills::LibraryOptions skills;
  std::vector<std::string> registries = {};  ///< what is searched for skills
  std::string skill_base;                    ///< where `owner/repo` is, e.g. https://github.com
  std::string outputs_dir;                   ///< of results that were cut; empty: there are none
  std::string staging;                       ///< an existing private folder for what is fetched
};
json::Object to_json(const AgentContext& context);
AgentContext agent_context_from(const json::Value& value);

}  // namespace oap::tools
