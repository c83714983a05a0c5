#include "migration/server_names.hpp"

#include "config/mcp_json.hpp"
#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::migration {

std::string rule_name(std::string_view server) {
  std::string out;
  for (const char c : server) {
    out += text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-' ? c : '_';
  }
  return out;
}

std::map<std::string, std::string> server_names(const json::Object& servers) {
  std::map<std::string, std::string> out;
  for (const auto& one : servers) {
    const std::string name(one.key());
    if (rule_name(name) != name) {
      out[rule_name(name)] = name;
    }
  }
  return out;
}

std::map<std::string, std::string> server_names(const Tree& tree) {
  const auto text = tree.read(".mcp.json", 4U << 20U);
  if (!text) {
    return {};
  }
  const config::ForeignServers found = config::parse_mcp_json(text->text, ".mcp.json");
  const json::Object* const servers =
      found.source ? json::find_object(found.source->document.value, "mcp_servers") : nullptr;
  return servers == nullptr ? std::map<std::string, std::string>() : server_names(*servers);
}

std::set<std::string> gateway_names(const Tree& tree) {
  std::set<std::string> out;
  const auto text = tree.read(".mcp.json", 4U << 20U);
  const auto value =
      text ? json::parse_object(text->text, {64, 4U << 20U}) : Result<json::Object>(json::Object{});
  const json::Object* const servers = value ? json::find_object(*value, "mcpServers") : nullptr;
  if (servers == nullptr) {
    return out;
  }
  for (const auto& one : *servers) {
    const std::string_view program = json::get_string(one.value(), "command");
    const json::Array* const args = json::find_array(one.value(), "args");
    if (program.substr(program.rfind('/') + 1) == "oap" && args != nullptr && args->size() >= 2 &&
        (*args)[0] == "mcp" && (*args)[1] == "serve") {
      out.insert(rule_name(one.key()));
    }
  }
  return out;
}

}  // namespace oap::migration
