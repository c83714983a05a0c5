#include <algorithm>

#include "gateway/catalog.hpp"
#include "text/nearest.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t index_of(ListKind kind) { return static_cast<std::size_t>(kind); }

}  // namespace

std::vector<ServerNames> Catalog::names_of(ListKind kind) const {
  std::vector<ServerNames> given;
  for (const auto& [name, entry] : servers_) {
    ServerNames& server = given.emplace_back();
    server.server = name;
    server.passthrough = passes_through(name);
    if (kind == ListKind::kTools) {
      for (const ToolSpec& tool : entry.tools) {
        server.names.push_back(tool.name);
      }
      continue;
    }
    for (const json::Object& item : entry.lists[index_of(kind)].items) {
      server.names.emplace_back(json::get_string(item, "name"));
    }
  }
  return given;
}

bool Catalog::passes_through(const std::string& server) const {
  const auto found = options_.passthrough.find(server);
  return found != options_.passthrough.end() && found->second;
}

void Catalog::rename_tools() {
  ++version_;
  schemas_.clear();
  std::vector<ServerNames> given = names_of(ListKind::kTools);
  if (options_.offer_builtin) {
    ServerNames& own = given.emplace_back();
    own.server = kBuiltinServer;
    own.builtin = true;
    for (const ToolSpec& tool : builtin_) {
      own.names.push_back(tool.name);
    }
  }
  names_ = NameTable(std::move(given));
  for (auto& [name, entry] : servers_) {
    entry.by_name.clear();
    for (std::size_t i = 0; i < entry.tools.size(); ++i) {
      ToolSpec& tool = entry.tools[i];
      entry.by_name.emplace(tool.name, i);
      const NameTable::Entry* named = names_.find(name, tool.name);
      tool.alias = named != nullptr ? named->public_name : "";
    }
  }
}

void Catalog::rename_resources() {
  std::vector<ServerUris> given;
  for (const auto& [name, entry] : servers_) {
    ServerUris& server = given.emplace_back();
    server.server = name;
    server.passthrough = passes_through(name);
    for (const json::Object& item : entry.lists[index_of(ListKind::kResources)].items) {
      server.uris.emplace_back(json::get_string(item, "uri"));
    }
    for (const json::Object& item : entry.lists[index_of(ListKind::kTemplates)].items) {
      server.uris.emplace_back(json::get_string(item, "uriTemplate"));
    }
  }
  uris_ = UriTable(std::move(given));
}

std::vector<std::string> Catalog::name_problems() const {
  std::vector<std::string> all = names_.problems();
  all.insert(all.end(), prompts_.problems().begin(), prompts_.problems().end());
  all.insert(all.end(), uris_.problems().begin(), uris_.problems().end());
  return all;
}

Result<Catalog::Name> Catalog::parse_name(std::string_view public_name) const {
  if (const NameTable::Entry* found = names_.find(public_name)) {
    return Name{found->server, found->name};
  }
  static const std::vector<ToolSpec> kNone;
  const std::vector<ToolSpec>& builtin = options_.offer_builtin ? builtin_ : kNone;
  for (const ToolSpec& tool : builtin) {
    if (tool.name == public_name) {
      return Name{std::string(kBuiltinServer), tool.name};
    }
  }
  std::vector<std::string> servers = upstreams_.names();
  if (!options_.offer_builtin) {
    std::erase(servers, kBuiltinServer);
  }
  std::sort(servers.begin(), servers.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  for (const std::string& server : servers) {
    const std::string prefix = server + "__";
    if (public_name.starts_with(prefix + std::string(kMethodPrefix))) {
      return fail(Code::kNotFound, "Unknown tool: {}", public_name);
    }
    if (public_name.starts_with(prefix)) {
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
  for (const ToolSpec& tool : builtin) {
    names.push_back(tool.name);
  }
  for (const auto& [server, entry] : servers_) {
    for (const ToolSpec& tool : entry.tools) {
      names.push_back(tool.public_name());
    }
  }
  return fail(Code::kNotFound, "Unknown tool: {}{}", public_name,
              text::did_you_mean(std::string(public_name), names));
}

Result<const ToolSpec*> Catalog::find_known(const std::string& server,
                                            const std::string& tool) const {
  OAP_CHECK_OK(upstreams_.find(server));
  if (server == kBuiltinServer) {
    const auto found = std::find_if(builtin_.begin(), builtin_.end(),
                                    [&](const ToolSpec& spec) { return spec.name == tool; });
    if (found != builtin_.end()) {
      return &*found;
    }
  }
  const auto entry = servers_.find(server);
  if (entry == servers_.end() && server != kBuiltinServer) {
    return nullptr;
  }
  if (entry != servers_.end()) {
    const auto index = entry->second.by_name.find(tool);
    if (index != entry->second.by_name.end()) {
      return &entry->second.tools[index->second];
    }
    if (!entry->second.lists[index_of(ListKind::kTools)].known) {
      return nullptr;
    }
  }
  if (const auto held = held_back_.find(server); held != held_back_.end()) {
    if (const auto why = held->second.find(tool); why != held->second.end()) {
      return fail(Code::kPermissionDenied, "the tool {} of server {} is held back: {}", tool,
                  server, why->second);
    }
  }
  std::vector<std::string> names;
  for (const ToolSpec& spec : server == kBuiltinServer ? builtin_ : entry->second.tools) {
    names.push_back(spec.name);
  }
  return fail(Code::kNotFound, "Unknown tool: {} on server {}{}", tool, server,
              text::did_you_mean(tool, names));
}

Task<Result<ToolSpec>> Catalog::find(std::string server, std::string tool, Deadline deadline) {
  OAP_CO_TRY(const ToolSpec* spec, find_known(server, tool));
  if (spec == nullptr) {
    OAP_CO_TRY(Upstream * upstream, upstreams_.find(server));
    // The start has the caller's time; only the list that follows has `list_timeout`.
    if (const auto started = co_await upstream->start(deadline); !started) {
      co_return fail(Code::kUnavailable, "{}", started.error().to_string());
    }
    start_loading(*upstream, ListKind::kTools);
    co_await wait_for(server, ListKind::kTools, deadline);
    OAP_CO_TRY(spec, find_known(server, tool));
  }
  if (spec == nullptr) {
    co_return fail(Code::kUnavailable, "{}", list_of(server, ListKind::kTools).why_missing);
  }
  co_return *spec;
}

std::optional<std::string> Catalog::check_arguments(const ToolSpec& spec, json::Object& arguments) {
  std::string key = spec.server;
  key += '\n';
  key += spec.name;
  auto it = schemas_.find(key);
  if (it == schemas_.end()) {
    it = schemas_.emplace(std::move(key), json::Schema::compile(spec.input_schema)).first;
  }
  if (!it->second) {
    return "the tool's own input schema cannot be used: " + it->second.error().to_string();
  }
  json::Value instance(std::move(arguments));
  const auto violations = it->second->validate(instance, 4);
  arguments = std::move(instance.get_object());
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
