#include <string>

#include "config/embedded.hpp"
#include "config/load.hpp"

namespace oap::config {

std::string schema(std::string_view name) {
  constexpr std::string_view kYaml = ".yaml";
  if (name.size() > kYaml.size() && name.substr(name.size() - kYaml.size()) == kYaml) {
    name.remove_suffix(kYaml.size());
  }
  return std::string(embedded(std::string(name) + ".schema.json"));
}

std::vector<std::string> schema_names() {
  return {"config", "agents", "mcp-servers", "permissions", "plugins"};
}

}  // namespace oap::config
