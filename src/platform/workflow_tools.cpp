#include "platform/workflow_tools.hpp"

#include <algorithm>

#include "text/nearest.hpp"

namespace oap::platform {
namespace {

class CatalogSchemas final : public workflow::ToolSchemas {
 public:
  CatalogSchemas(const gateway::Catalog& catalog, const Settings& settings)
      : catalog_(catalog), settings_(settings) {}

  Result<const json::Value*> input_schema(std::string_view server,
                                          std::string_view tool) const override {
    std::string of(server.empty() || server == "default" ? kBuiltinServer : server);
    std::string name(tool);
    if (const std::size_t split = name.find("__"); of == kBuiltinServer && split != name.npos) {
      of = name.substr(0, split);
      name = name.substr(split + 2);
    }
    if (of == kBuiltinServer) {
      return builtin(name);
    }
    if (!is_configured(of)) {
      return fail(Code::kNotFound, "there is no MCP server '{}'{}; add it with 'oap mcp add {}'",
                  of, text::did_you_mean(of, servers()), of);
    }
    const auto known = catalog_.find_known(of, name);
    if (!known) {
      return fail(Code::kNotFound, "{}", known.error().message());
    }
    return *known != nullptr ? &(*known)->input_schema : nullptr;
  }

 private:
  Result<const json::Value*> builtin(const std::string& name) const {
    std::vector<std::string> names;
    for (const ToolSpec& spec : catalog_.builtin()) {
      if (spec.name == name) {
        return &spec.input_schema;
      }
      names.push_back(spec.name);
    }
    return fail(Code::kNotFound, "there is no tool '{}'{}", name, text::did_you_mean(name, names));
  }

  std::vector<std::string> servers() const {
    std::vector<std::string> names{std::string(kBuiltinServer)};
    for (const auto& [name, server] : settings_.config.mcp_servers) {
      names.push_back(name);
    }
    return names;
  }

  /// Also one that is configured here but does not count because the folder is not trusted.
  bool is_configured(const std::string& name) const {
    const auto& withheld = settings_.config.withheld;
    return settings_.config.mcp_servers.contains(name) ||
           std::any_of(withheld.begin(), withheld.end(), [&](const std::string& item) {
             return item.ends_with("mcp_servers") || item.find("mcp_servers." + name) != item.npos;
           });
  }

  const gateway::Catalog& catalog_;
  const Settings& settings_;
};

}  // namespace

std::unique_ptr<workflow::ToolSchemas> tool_schemas(const gateway::Catalog& catalog,
                                                    const Settings& settings) {
  return std::make_unique<CatalogSchemas>(catalog, settings);
}

}  // namespace oap::platform
