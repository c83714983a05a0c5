#include "gateway/catalog.hpp"

#include <algorithm>

#include "text/nearest.hpp"

namespace oap::gateway {

Catalog::Catalog(UpstreamSet& upstreams, std::vector<ToolSpec> builtin)
    : upstreams_(upstreams), builtin_(std::move(builtin)) {
  known_[std::string(kBuiltinServer)] = builtin_;
}

Task<Result<void>> Catalog::load(Upstream& upstream, Deadline deadline) {
  auto listed = co_await upstream.list_tools(deadline);
  if (!listed) {
    co_return fail(std::move(listed).error());
  }
  std::sort(listed->begin(), listed->end(),
            [](const ToolSpec& a, const ToolSpec& b) { return a.name < b.name; });
  known_[std::string(upstream.name())] = *std::move(listed);
  co_return Result<void>{};
}

Task<std::vector<ToolSpec>> Catalog::all(Deadline deadline) {
  unavailable_.clear();
  std::vector<ToolSpec> tools = builtin_;
  for (Upstream* upstream : upstreams_.all()) {
    const std::string name(upstream->name());
    if (name == kBuiltinServer) {
      continue;
    }
    if (!known_.contains(name)) {
      const auto loaded = co_await load(*upstream, deadline);
      if (!loaded) {
        unavailable_[name] = loaded.error().to_string();
        continue;
      }
    }
    const auto& specs = known_[name];
    tools.insert(tools.end(), specs.begin(), specs.end());
  }
  co_return tools;
}

Result<Catalog::Name> Catalog::parse_name(std::string_view public_name) const {
  const auto is_builtin = [&](std::string_view name) {
    return std::any_of(builtin_.begin(), builtin_.end(),
                       [&](const ToolSpec& spec) { return spec.name == name; });
  };
  if (is_builtin(public_name)) {
    return Name{std::string(kBuiltinServer), std::string(public_name)};
  }
  std::vector<std::string> servers = upstreams_.names();
  std::sort(servers.begin(), servers.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  for (const std::string& server : servers) {
    if (public_name.starts_with(server + "__")) {
      return Name{server, std::string(public_name.substr(server.size() + 2))};
    }
  }
  const std::size_t separator = public_name.find("__");
  if (separator != std::string_view::npos) {
    const std::string server(public_name.substr(0, separator));
    return fail(Code::kNotFound, "Unknown MCP server: {}{}", server,
                text::did_you_mean(server, servers));
  }
  std::vector<std::string> names;
  for (const auto& [server, specs] : known_) {
    for (const ToolSpec& spec : specs) {
      names.push_back(spec.public_name());
    }
  }
  return fail(Code::kNotFound, "Unknown tool: {}{}", public_name,
              text::did_you_mean(std::string(public_name), names));
}

Result<std::optional<ToolSpec>> Catalog::find_known(const std::string& server,
                                                    const std::string& tool) const {
  OAP_TRY(const Upstream* upstream, upstreams_.find(server));
  const auto known = known_.find(std::string(upstream->name()));
  if (known == known_.end()) {
    return std::optional<ToolSpec>{};
  }
  std::vector<std::string> names;
  for (const ToolSpec& spec : known->second) {
    if (spec.name == tool) {
      return std::optional<ToolSpec>(spec);
    }
    names.push_back(spec.name);
  }
  return fail(Code::kNotFound, "Unknown tool: {} on server {}{}", tool, server,
              text::did_you_mean(tool, names));
}

Task<Result<ToolSpec>> Catalog::find(std::string server, std::string tool, Deadline deadline) {
  OAP_CO_TRY(std::optional<ToolSpec> spec, find_known(server, tool));
  if (!spec) {
    OAP_CO_TRY(Upstream * upstream, upstreams_.find(server));
    const auto loaded = co_await load(*upstream, deadline);
    if (!loaded) {
      co_return fail(loaded.error());
    }
    OAP_CO_TRY(spec, find_known(server, tool));
  }
  co_return *std::move(spec);
}

std::optional<std::string> Catalog::check_arguments(const ToolSpec& spec,
                                                    const json::Object& arguments) {
  const std::string key = spec.public_name();
  auto it = schemas_.find(key);
  if (it == schemas_.end()) {
    it = schemas_.emplace(key, json::Schema::compile(spec.input_schema)).first;
  }
  if (!it->second) {
    return "the tool's own input schema cannot be used: " + it->second.error().to_string();
  }
  const auto violations = it->second->validate(json::Value(arguments), 4);
  if (violations.empty()) {
    return std::nullopt;
  }
  std::string message = "the arguments do not fit the tool's input schema:";
  for (const json::Violation& violation : violations) {
    message += fmt::format("\n- {}: {}",
                           violation.instance_path.empty() ? "(all)" : violation.instance_path,
                           violation.message);
  }
  return message;
}

}  // namespace oap::gateway
