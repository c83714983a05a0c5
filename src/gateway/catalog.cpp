#include "gateway/catalog.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "gateway/trust/clean.hpp"
#include "text/nearest.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t index_of(ListKind kind) { return static_cast<std::size_t>(kind); }

Result<std::vector<json::Object>> objects_of(Result<mcp::Listing> listing) {
  if (!listing) {
    return fail(std::move(listing).error());
  }
  return std::move(listing->items);
}

Task<Result<std::vector<json::Object>>> fetch(Upstream& upstream, ListKind kind,
                                              Deadline deadline) {
  if (kind != ListKind::kTools) {
    co_return objects_of(co_await upstream.list(kind, deadline));
  }
  auto tools = co_await upstream.list_tools(deadline);
  if (!tools) {
    co_return fail(std::move(tools).error());
  }
  std::vector<json::Object> items;
  items.reserve(tools->size());
  for (ToolSpec& tool : *tools) {
    items.push_back(std::move(tool.definition));
  }
  co_return items;
}

std::string_view sort_key(const json::Object& item) {
  const std::string_view name = json::get_string(item, "name");
  return name.empty() ? json::get_string(item, "uri") : name;
}

bool is_usable_name(std::string_view name) { return !name.starts_with(kMethodPrefix); }

bool are_same(const std::vector<ToolSpec>& some, const std::vector<ToolSpec>& others) {
  return std::equal(some.begin(), some.end(), others.begin(), others.end(),
                    [](const ToolSpec& a, const ToolSpec& b) {
                      return a.name == b.name && a.definition == b.definition;
                    });
}

}  // namespace

Catalog::Catalog(Executor executor, UpstreamSet& upstreams, std::vector<ToolSpec> builtin,
                 CatalogOptions options, ToolGate* trust)
    : executor_(executor),
      upstreams_(upstreams),
      builtin_(std::move(builtin)),
      options_(std::move(options)),
      trust_(trust),
      scope_(std::move(executor)) {
  for (Upstream* upstream : upstreams_.all()) {
    const std::string name(upstream->name());
    if (name == kBuiltinServer) {
      continue;
    }
    servers_.try_emplace(name);
    upstream->on_change([this, name](ListKind kind) { list_changed(name, kind); },
                        [this, name](json::Object params) {
                          if (on_resource_) {
                            on_resource_(name, std::move(params));
                          }
                        });
  }
}

Catalog::~Catalog() = default;

Task<void> Catalog::close() {
  scope_.cancel();
  co_await scope_.join();
}

Catalog::List& Catalog::list_of(const std::string& server, ListKind kind) {
  return servers_[server].lists[index_of(kind)];
}

void Catalog::start_loading(Upstream& upstream, ListKind kind) {
  const std::string name(upstream.name());
  List& list = list_of(name, kind);
  if (std::exchange(list.loading, true)) {
    return;
  }
  scope_.spawn(load(name, kind));
}

Task<void> Catalog::load(std::string server, ListKind kind) {
  const auto upstream = upstreams_.find(server);
  const Deadline deadline = Deadline::after(options_.list_timeout);
  list_of(server, kind).stale = false;
  auto items = upstream ? co_await fetch(**upstream, kind, deadline)
                        : Result<std::vector<json::Object>>(fail(upstream.error()));
  List& list = list_of(server, kind);
  list.loading = false;
  if (items) {
    list.why_missing.clear();
    take(server, kind, *std::move(items));
  } else {
    list.why_missing = items.error().to_string();
    log::info("gateway", "a list could not be had",
              {{"server", server}, {"why", list.why_missing}});
  }
  const std::vector<async::Event> waiters = std::exchange(list.waiters, {});
  for (async::Event waiter : waiters) {
    waiter.notify();
  }
  if (list.stale && upstream) {
    start_loading(**upstream, kind);
  }
}

/// Tools keep what they hide, because that holds them back; everything else loses it.
void Catalog::clean_items(ListKind kind, std::vector<json::Object>& items) const {
  for (json::Object& item : items) {
    json::Value value(std::move(item));
    if (options_.clean) {
      value = options_.clean(std::move(value));
    }
    if (kind != ListKind::kTools) {
      clean(value);
    }
    item = value.is_object() ? std::move(value.get_object()) : json::Object{};
  }
}

void Catalog::take(const std::string& server, ListKind kind, std::vector<json::Object> items) {
  clean_items(kind, items);
  std::sort(items.begin(), items.end(),
            [](const json::Object& a, const json::Object& b) { return sort_key(a) < sort_key(b); });
  Server& entry = servers_[server];
  List& list = entry.lists[index_of(kind)];
  const bool expected = list.known || list.missed;
  bool changed = list.known ? list.items != items : list.missed && !items.empty();
  list.known = true;
  list.missed = false;
  list.items = std::move(items);
  if (kind == ListKind::kTools) {
    const bool seen = take_tools(server, entry);
    changed = expected && seen;
  } else if (kind == ListKind::kPrompts) {
    prompts_ = NameTable(names_of(ListKind::kPrompts));
  } else {
    rename_resources();
  }
  if (changed && on_change_) {
    on_change_(kind);
  }
}

/// Whether what may be seen is other than before.
bool Catalog::take_tools(const std::string& server, Server& entry) {
  std::vector<ToolSpec> tools;
  std::map<std::string, std::string> held;
  for (const json::Object& item : entry.lists[index_of(ListKind::kTools)].items) {
    auto spec = mcp::tool_from_json(server, json::Value(item));
    if (!spec) {
      continue;
    }
    if (!is_usable_name(spec->name)) {
      held[spec->name] = "no tool may be called so";
      continue;
    }
    tools.push_back(*std::move(spec));
  }
  if (trust_ != nullptr) {
    held.merge(trust_->held_back(server, tools));
  }
  std::erase_if(tools, [&](const ToolSpec& tool) { return held.contains(tool.name); });
  const bool changed = !are_same(entry.tools, tools);
  entry.tools = std::move(tools);
  held_back_.erase(server);
  if (!held.empty()) {
    held_back_[server] = std::move(held);
  }
  rename_tools();
  return changed;
}

void Catalog::trust_changed() {
  bool changed = false;
  for (auto& [name, entry] : servers_) {
    if (entry.lists[index_of(ListKind::kTools)].known && take_tools(name, entry)) {
      changed = true;
    }
  }
  if (changed && on_change_) {
    on_change_(ListKind::kTools);
  }
}

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

void Catalog::list_changed(const std::string& server, ListKind kind) {
  List& list = list_of(server, kind);
  if (!list.known && !list.loading) {
    return;
  }
  list.stale = true;
  if (const auto upstream = upstreams_.find(server); upstream) {
    start_loading(**upstream, kind);
  }
}

Task<void> Catalog::wait_for(const std::string server, ListKind kind, Deadline deadline) {
  List& list = list_of(server, kind);
  if (!list.loading) {
    co_return;
  }
  async::Event loaded(executor_);
  list.waiters.push_back(loaded);
  const async::Event::Wake wake = co_await loaded.wait(deadline);
  List& now = list_of(server, kind);
  if (wake == async::Event::Wake::kDeadline && now.loading && now.why_missing.empty()) {
    now.why_missing = "it has not answered in time; it is asked again when it does";
  }
}

Task<void> Catalog::load_all(ListKind kind, Deadline deadline) {
  std::vector<std::string> waiting;
  for (Upstream* upstream : upstreams_.all()) {
    const std::string name(upstream->name());
    if (name == kBuiltinServer) {
      continue;
    }
    if (!list_of(name, kind).known) {
      start_loading(*upstream, kind);
      waiting.push_back(name);
    }
  }
  for (const std::string& name : waiting) {
    co_await wait_for(name, kind, deadline);
    List& list = list_of(name, kind);
    list.missed = list.missed || !list.known;
  }
}

Task<std::vector<ToolSpec>> Catalog::all(Deadline deadline) {
  co_await load_all(ListKind::kTools, deadline);
  std::vector<ToolSpec> tools;
  if (options_.offer_builtin) {
    tools = builtin_;
  }
  for (const auto& [name, entry] : servers_) {
    for (const ToolSpec& tool : entry.tools) {
      if (!tool.alias.empty()) {  // a name that was refused is not offered
        tools.push_back(tool);
      }
    }
  }
  co_return tools;
}

std::vector<Catalog::Item> Catalog::known_items(ListKind kind) const {
  std::vector<Item> all;
  for (const auto& [name, entry] : servers_) {
    for (const json::Object& item : entry.lists[index_of(kind)].items) {
      all.push_back({name, item});
    }
  }
  return all;
}

Task<std::vector<Catalog::Item>> Catalog::items(ListKind kind, Deadline deadline) {
  co_await load_all(kind, deadline);
  co_return known_items(kind);
}

std::map<std::string, std::string> Catalog::unavailable() const {
  std::map<std::string, std::string> missing;
  for (const auto& [name, entry] : servers_) {
    for (const List& list : entry.lists) {
      if (!list.why_missing.empty()) {
        missing.emplace(name, list.why_missing);
      }
    }
  }
  return missing;
}

Result<Catalog::Name> Catalog::parse_name(std::string_view public_name) const {
  if (const NameTable::Entry* found = names_.find(public_name)) {
    return Name{found->server, found->name};
  }
  for (const ToolSpec& tool : builtin_) {
    if (tool.name == public_name) {
      return Name{std::string(kBuiltinServer), tool.name};
    }
  }
  std::vector<std::string> servers = upstreams_.names();
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
  for (const ToolSpec& tool : builtin_) {
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
