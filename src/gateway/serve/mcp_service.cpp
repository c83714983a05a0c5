#include "gateway/serve/mcp_service.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/serve/relay.hpp"
#include "mcp/era.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

using mcp::Answer;
using mcp::Caller;
using mcp::Exchange;
using mcp::refused;

bool is_first_page(const json::Object& params) {
  const json::Value* cursor = json::find(params, "cursor");
  return cursor == nullptr || (cursor->is_string() && cursor->get_string().empty());
}

tl::unexpected<mcp::Failure> bad_cursor() {
  return refused(jsonrpc::kInvalidParams, "this cursor was not given out: all is on one page");
}

std::string_view member_of(ListKind kind) {
  switch (kind) {
    case ListKind::kTools:
      return "tools";
    case ListKind::kResources:
      return "resources";
    case ListKind::kTemplates:
      return "resourceTemplates";
    case ListKind::kPrompts:
      return "prompts";
  }
  return "tools";
}

std::string_view method_of(ListKind kind) {
  switch (kind) {
    case ListKind::kTools:
      return "tools/list";
    case ListKind::kResources:
      return "resources/list";
    case ListKind::kTemplates:
      return "resources/templates/list";
    case ListKind::kPrompts:
      return "prompts/list";
  }
  return "tools/list";
}

}  // namespace

McpService::McpService(Gateway& gateway, Catalog& catalog, UpstreamSet& upstreams, StateSeal& seal,
                       EndpointAudit& audit, ServeOptions options)
    : gateway_(gateway),
      catalog_(catalog),
      upstreams_(upstreams),
      seal_(seal),
      audit_(audit),
      options_(std::move(options)),
      finder_(options_.economy) {
  catalog_.on_change([this](ListKind kind) {
    using Kind = mcp::Change::Kind;
    feed_.publish({kind == ListKind::kTools     ? Kind::kTools
                   : kind == ListKind::kPrompts ? Kind::kPrompts
                                                : Kind::kResources,
                   ""});
  });
  catalog_.on_resource([this](const std::string& server, json::Object params) {
    mcp::Change change{mcp::Change::Kind::kResource,
                       catalog_.uris().public_uri(server, json::get_string(params, "uri"))};
    params = json::Object{{"uri", change.uri}};
    change.params = std::move(params);
    feed_.publish(change);
  });
}

Task<mcp::Face> McpService::face(Caller caller) {
  mcp::Face face;
  face.info = options_.info;
  face.instructions = options_.instructions;
  face.capabilities =
      json::Object{{"tools", json::Object{{"listChanged", true}}},
                   {"resources", json::Object{{"subscribe", true}, {"listChanged", true}}},
                   {"prompts", json::Object{{"listChanged", true}}},
                   {"completions", json::Object{}},
                   {"logging", json::Object{}}};
  if (caller.era == mcp::Era::kModern) {
    json::Object extensions;
    extensions[mcp::kTasksExtension] = json::Object{};
    face.capabilities["extensions"] = std::move(extensions);
  }
  co_return face;
}

Task<Answer<json::Object>> McpService::handle(std::string method, json::Object params,
                                              Exchange& exchange) {
  if (method == "tools/call") {
    return call_tool(std::move(params), exchange);
  }
  if (method == "tools/list") {
    return list_tools(std::move(params), exchange.caller());
  }
  if (method == "resources/list") {
    return list_items(ListKind::kResources, std::move(params), exchange.caller());
  }
  if (method == "resources/templates/list") {
    return list_items(ListKind::kTemplates, std::move(params), exchange.caller());
  }
  if (method == "prompts/list") {
    return list_items(ListKind::kPrompts, std::move(params), exchange.caller());
  }
  if (method == "resources/read") {
    return read_resource(std::move(params), exchange);
  }
  if (method == "prompts/get") {
    return get_prompt(std::move(params), exchange);
  }
  if (method == "completion/complete") {
    return complete(std::move(params), exchange);
  }
  if (method.starts_with("tasks/")) {
    return use_task(std::move(method), std::move(params), exchange);
  }
  return unknown_method(std::move(method));
}

json::Object McpService::missing_servers() const {
  json::Object missing;
  for (const auto& [server, why] : catalog_.unavailable()) {
    missing[server] = options_.clean ? options_.clean(why) : why;
  }
  return missing;
}

json::Object McpService::list_meta(const std::function<bool(const NameTable::Entry&)>& shown,
                                   const NameTable& names) const {
  json::Object meta;
  if (json::Object missing = missing_servers(); !missing.empty()) {
    meta[kMissingServers] = std::move(missing);
  }
  json::Object renamed;
  for (const NameTable::Entry& entry : names.entries()) {
    if (entry.renamed && shown(entry)) {
      renamed[entry.public_name] =
          fmt::format("its own name, {}, is another's here", text::escape_visible(entry.name));
    }
  }
  if (!renamed.empty()) {
    meta[kRenamed] = std::move(renamed);
  }
  return meta;
}

Task<std::vector<ToolSpec>> McpService::visible_tools(const Principal principal) {
  std::vector<ToolSpec> tools = co_await catalog_.all(Deadline::after(options_.list_patience));
  if (options_.may_list) {
    std::erase_if(tools, [&](const ToolSpec& spec) { return !options_.may_list(principal, spec); });
  }
  co_return tools;
}

Task<Answer<json::Object>> McpService::list_tools(json::Object params, Caller caller) {
  if (!is_first_page(params)) {
    co_return bad_cursor();
  }
  std::vector<ToolSpec> tools = co_await visible_tools(caller.principal);
  const auto shown = [&](const NameTable::Entry& entry) {
    return std::any_of(tools.begin(), tools.end(), [&](const ToolSpec& tool) {
      return tool.server == entry.server && tool.name == entry.name;
    });
  };
  json::Object meta = list_meta(shown, catalog_.tools());
  json::Array listed = finder_.listed(std::move(tools));
  auto written = co_await audit_.listed(std::move(caller), "tools/list", listed.size());
  if (!written) {
    co_return mcp::failed(std::move(written).error());
  }
  json::Object result{{"tools", std::move(listed)}};
  if (!meta.empty()) {
    result["_meta"] = std::move(meta);
  }
  co_return result;
}

bool McpService::may_request(const Principal& principal, const std::string& server,
                             std::string_view method) const {
  if (!options_.may_list) {
    return true;
  }
  ToolSpec request;
  request.server = server;
  request.name = std::string(kMethodPrefix) + std::string(method);
  return options_.may_list(principal, request);
}

Task<Answer<json::Object>> McpService::list_items(ListKind kind, json::Object params,
                                                  Caller caller) {
  if (!is_first_page(params)) {
    co_return bad_cursor();
  }
  co_await catalog_.load_all(kind, Deadline::after(options_.list_patience));
  json::Array listed;
  const std::string_view method = kind == ListKind::kPrompts ? "prompts/get" : "resources/read";
  for (Catalog::Item& item : catalog_.known_items(kind)) {
    if (may_request(caller.principal, item.server, method) &&
        give_public_name(kind, item, catalog_)) {
      drop_bad_icons(item.definition);
      listed.emplace_back(std::move(item.definition));
    }
  }
  const auto shown = [&](const NameTable::Entry& entry) {
    return may_request(caller.principal, entry.server, method);
  };
  json::Object meta =
      list_meta(shown, kind == ListKind::kPrompts ? catalog_.prompts() : NameTable());
  auto written = co_await audit_.listed(caller, std::string(method_of(kind)), listed.size());
  if (!written) {
    co_return mcp::failed(std::move(written).error());
  }
  json::Object result{{member_of(kind), std::move(listed)}};
  if (!meta.empty()) {
    result["_meta"] = std::move(meta);
  }
  co_return result;
}

Task<void> McpService::log_level(std::string level, Caller /*caller*/) {
  for (Upstream* upstream : upstreams_.all()) {
    co_await upstream->set_log_level(level);
  }
}

const std::vector<mcp::MirroredParam>* McpService::mirrored(std::string_view tool,
                                                            const Caller& /*caller*/) {
  if (mirrored_version_ != catalog_.version()) {
    mirrored_.clear();
    mirrored_version_ = catalog_.version();
  }
  const auto known = mirrored_.find(tool);
  if (known != mirrored_.end()) {
    return known->second.empty() ? nullptr : &known->second;
  }
  const auto name = catalog_.parse_name(tool);
  const auto spec =
      name ? catalog_.find_known(name->server, name->tool) : Result<const ToolSpec*>(nullptr);
  if (!spec || *spec == nullptr) {
    return nullptr;
  }
  const json::Object* schema = (*spec)->input_schema.if_object();
  const auto [entry, added] =
      mirrored_.emplace(std::string(tool), schema == nullptr ? std::vector<mcp::MirroredParam>{}
                                                             : mcp::mirrored_params(*schema));
  return entry->second.empty() ? nullptr : &entry->second;
}

}  // namespace oap::gateway
