#include "gateway/upstream/list_names.hpp"
#include "gateway/upstream/mcp_upstream.hpp"

namespace oap::gateway {

mcp::ClientEvents McpUpstream::link_events() {
  mcp::ClientEvents events;
  events.on_list_changed = [this](mcp::ClientEvents::List list) { list_changed(list); };
  events.on_resource_updated = [this](json::Object params) {
    if (on_resource_) {
      on_resource_(std::move(params));
    }
  };
  events.on_other = [this](std::string method, json::Object params) {
    if (on_other_) {
      on_other_(std::move(method), std::move(params));
    }
  };
  return events;
}

void McpUpstream::list_changed(mcp::ClientEvents::List list) {
  cache_.clear();
  switch (list) {
    case mcp::ClientEvents::List::kTools:
      list_changes_.note(ListKind::kTools);
      break;
    case mcp::ClientEvents::List::kPrompts:
      list_changes_.note(ListKind::kPrompts);
      break;
    case mcp::ClientEvents::List::kResources:
      list_changes_.note(ListKind::kResources);
      list_changes_.note(ListKind::kTemplates);
      break;
  }
}

void McpUpstream::connected(std::shared_ptr<Connection> connection) {
  const bool again = connection->generation > 1;
  if (!subscriptions_.empty()) {
    scope_.spawn(
        Subscriptions::restore(connection, name_, subscriptions_.uris(), subscriptions_.level()));
  }
  if (!again) {
    return;
  }
  cache_.clear();
  const json::Object& can = connection->link->info().capabilities;
  for (const ListKind kind :
       {ListKind::kTools, ListKind::kResources, ListKind::kTemplates, ListKind::kPrompts}) {
    const std::string_view member =
        kind == ListKind::kTemplates ? "resources" : names_of(kind).member;
    if (can.contains(member)) {
      list_changes_.note(kind);
    }
  }
  for (std::string& uri : subscriptions_.uris()) {
    if (on_resource_) {
      on_resource_(json::Object{{"uri", std::move(uri)}});
    }
  }
}

void McpUpstream::on_change(OnListChanged lists, OnResourceUpdated resource) {
  list_changes_.listen(std::move(lists));
  on_resource_ = std::move(resource);
}

}  // namespace oap::gateway
