#include "migration/server_names.hpp"

#include <algorithm>

#include "config/expand.hpp"
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

std::string missing_for(const json::Object& server, const config::Env& env) {
  std::string why;
  const auto look = [&](const json::Value& value) {
    if (value.is_string() && why.empty()) {
      const auto expanded = config::expand(json::view(value.get_string()), env);
      why = expanded ? "" : expanded.error().message();
    }
  };
  for (const std::string_view key : {"command", "url", "args"}) {
    const json::Value* const value = json::find(server, key);
    if (value != nullptr && value->is_array()) {
      std::for_each(value->get_array().begin(), value->get_array().end(), look);
    } else if (value != nullptr) {
      look(*value);
    }
  }
  return why;
}

json::Object with_empty_defaults(json::Object server, bool& changed) {
  for (const std::string_view key : {"env", "headers"}) {
    const auto found = server.find(key);
    if (found == server.end() || !found->value().is_object()) {
      continue;
    }
    for (auto& one : found->value().get_object()) {
      if (!one.value().is_string()) {
        continue;
      }
      std::string text(json::view(one.value().get_string()));
      for (std::size_t at = text.find("${"); at != std::string::npos;
           at = text.find("${", at + 2)) {
        const std::size_t end = text.find('}', at);
        if (end != std::string::npos && text.substr(at, end - at).find(":-") == std::string::npos) {
          text.insert(end, ":-");
          changed = true;
        }
      }
      one.value() = text;
    }
  }
  return server;
}

}  // namespace oap::migration
