#include "gateway/catalog.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "gateway/trust/clean.hpp"
#include "text/utf8.hpp"

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

/// The member that names an item of such a list.
std::string_view name_member(ListKind kind) {
  switch (kind) {
    case ListKind::kTools:
    case ListKind::kPrompts:
      return "name";
    case ListKind::kResources:
      return "uri";
    case ListKind::kTemplates:
      return "uriTemplate";
  }
  return "name";
}

std::string_view plural_of(ListKind kind) {
  switch (kind) {
    case ListKind::kTools:
      return "tools";
    case ListKind::kPrompts:
      return "prompts";
    case ListKind::kResources:
      return "resources";
    case ListKind::kTemplates:
      return "resource templates";
  }
  return "tools";
}

/// Takes out what cannot be asked for by any name; a sentence about it, or "".
std::string drop_nameless(ListKind kind, std::vector<json::Object>& items) {
  const std::string_view member = name_member(kind);
  const std::size_t dropped = std::erase_if(
      items, [&](const json::Object& item) { return json::get_string(item, member).empty(); });
  return dropped == 0 ? ""
                      : fmt::format("{} of its {} have no {} and are left out", dropped,
                                    plural_of(kind), member);
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
  std::string problem = drop_nameless(kind, items);
  if (!problem.empty()) {
    log::warn("gateway", "a list has items that cannot be used",
              {{"server", server}, {"problem", problem}});
  }
  std::sort(items.begin(), items.end(),
            [](const json::Object& a, const json::Object& b) { return sort_key(a) < sort_key(b); });
  Server& entry = servers_[server];
  List& list = entry.lists[index_of(kind)];
  const bool expected = list.known || list.missed;
  bool changed = list.known ? list.items != items : list.missed && !items.empty();
  list.known = true;
  list.missed = false;
  list.problem = std::move(problem);
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

Task<void> Catalog::load_one(const std::string server, ListKind kind, Deadline deadline) {
  const auto upstream = upstreams_.find(server);
  if (!upstream || server == kBuiltinServer || list_of(server, kind).known) {
    co_return;
  }
  start_loading(**upstream, kind);
  co_await wait_for(server, kind, deadline);
  List& list = list_of(server, kind);
  list.missed = list.missed || !list.known;
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
  co_return known_tools();
}

std::vector<ToolSpec> Catalog::known_tools() const {
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
  return tools;
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

std::string Catalog::why_missing(std::string_view server, ListKind kind) const {
  const auto entry = servers_.find(server);
  return entry == servers_.end() ? "" : entry->second.lists[index_of(kind)].why_missing;
}

std::vector<std::string> Catalog::problems_of(std::string_view server) const {
  std::vector<std::string> problems;
  if (const auto entry = servers_.find(server); entry != servers_.end()) {
    for (const List& list : entry->second.lists) {
      if (!list.problem.empty()) {
        problems.push_back(list.problem);
      }
    }
  }
  return problems;
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

}  // namespace oap::gateway
