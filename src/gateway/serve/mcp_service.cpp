#include "gateway/serve/mcp_service.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "gateway/serve/elicitation_approver.hpp"
#include "gateway/serve/relay.hpp"
#include "gateway/serve/uri_template.hpp"
#include "json/print.hpp"
#include "mcp/protocol.hpp"

namespace oap::gateway {
namespace {

using mcp::Answer;
using mcp::Caller;
using mcp::Exchange;
using mcp::refused;

constexpr std::string_view kState = "requestState";

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

/// What the state of a multi-round request belongs to: retries must be of the same request.
std::string purpose_of(const ToolCall& call) {
  return call.server + '\n' + call.tool + '\n' +
         crypto::sha256_hex(json::canonical(json::Value(call.arguments)));
}

}  // namespace

McpService::McpService(Gateway& gateway, Catalog& catalog, UpstreamSet& upstreams, StateSeal& seal,
                       ServeOptions options)
    : gateway_(gateway),
      catalog_(catalog),
      upstreams_(upstreams),
      seal_(seal),
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
  json::Object result{{"tools", finder_.listed(std::move(tools))}};
  if (json::Object missing = missing_servers(); !missing.empty()) {
    result["_meta"] = json::Object{{kMissingServers, std::move(missing)}};
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
  json::Object result{{member_of(kind), std::move(listed)}};
  if (json::Object missing = missing_servers(); !missing.empty()) {
    result["_meta"] = json::Object{{kMissingServers, std::move(missing)}};
  }
  co_return result;
}

std::string McpService::version_for(const Principal& principal) const {
  return fmt::format("{} {}:{} {}:{} {}", catalog_.version(), principal.tenant.size(),
                     principal.tenant, principal.role.size(), principal.role, principal.user_id);
}

Task<Answer<json::Object>> McpService::search(json::Object params, Caller caller) {
  const json::Object* arguments = json::find_object(params, "arguments");
  const std::vector<ToolSpec> tools = co_await visible_tools(caller.principal);
  co_return mcp::to_json(finder_.search(arguments == nullptr ? json::Object{} : *arguments, tools,
                                        version_for(caller.principal)));
}

Task<Answer<json::Object>> McpService::call_tool(json::Object params, Exchange& exchange) {
  json::Value* name = params.if_contains("name");
  if (name == nullptr || !name->is_string()) {
    co_return refused(jsonrpc::kInvalidParams, "tools/call needs the tool's name");
  }
  json::Value* arguments = params.if_contains("arguments");
  if (arguments != nullptr && !arguments->is_object()) {
    co_return refused(jsonrpc::kInvalidParams, fmt::format("arguments must be an object, not {}",
                                                           json::type_name(*arguments)));
  }
  std::string wanted(json::view(name->get_string()));
  const bool own = wanted == kSearchTools || wanted == kCallTool;
  auto found = own ? Result<Catalog::Name>(fail(Code::kNotFound, "Unknown tool: {}", wanted))
                   : catalog_.parse_name(wanted);
  if (!found) {
    const std::vector<ToolSpec> tools = co_await visible_tools(exchange.caller().principal);
    const bool collapsed = finder_.is_collapsed(tools);
    if (collapsed && wanted == kSearchTools) {
      co_return co_await search(std::move(params), exchange.caller());
    }
    if (collapsed && wanted == kCallTool) {
      auto inner =
          call_request(arguments == nullptr ? json::Object{} : std::move(arguments->get_object()));
      if (!inner) {
        co_return mcp::to_json(ToolResult::text(inner.error().message(), true));
      }
      wanted = std::move(inner->name);
      params["arguments"] = std::move(inner->arguments);
    }
    found = catalog_.parse_name(wanted);
  }
  if (!found) {
    co_return refused(jsonrpc::kInvalidParams, found.error().message());
  }
  Target target{std::move(found->server), std::move(found->tool)};
  co_return co_await run_tool(std::move(target), std::move(params), exchange);
}

Task<Answer<json::Object>> McpService::run_tool(Target target, json::Object params,
                                                Exchange& exchange) {
  ToolCall call;
  call.server = std::move(target.server);
  call.tool = std::move(target.name);
  if (json::Value* arguments = params.if_contains("arguments")) {
    call.arguments = std::move(arguments->get_object());
  }
  params.erase("name");
  params.erase("arguments");
  call.extra = std::move(params);
  co_return co_await invoke(std::move(call), exchange);
}

Task<Answer<json::Object>> McpService::forward(std::string server, std::string method,
                                               json::Object params, Exchange& exchange) {
  ToolCall call;
  call.server = std::move(server);
  call.tool = std::string(kMethodPrefix) + method;
  for (const std::string_view key : {"_meta", "inputResponses", "requestState"}) {
    if (json::Value* value = params.if_contains(key)) {
      call.extra[key] = std::move(*value);
      params.erase(key);
    }
  }
  call.arguments = std::move(params);
  co_return co_await invoke(std::move(call), exchange);
}

Task<Answer<json::Object>> McpService::invoke(ToolCall call, Exchange& exchange) {
  Caller caller;  // the exchange's own may be another once the client has been asked
  caller.era = exchange.caller().era;
  caller.principal = exchange.caller().principal;
  call.id = new_id("call_");
  call.principal = caller.principal;
  call.session_id = exchange.caller().session_id;
  call.origin = Origin::kMcpClient;
  const bool modern = caller.era == mcp::Era::kModern;
  const std::string purpose = modern ? purpose_of(call) : std::string();
  if (json::Value* state = call.extra.if_contains(kState); state != nullptr && modern) {
    const std::string_view sealed =
        state->is_string() ? json::view(state->get_string()) : std::string_view();
    auto opened = seal_.open(sealed, caller.principal, purpose);
    if (!opened) {
      co_return refused(jsonrpc::kInvalidParams, "requestState: " + opened.error().message());
    }
    *state = *std::move(opened);
  }
  CallLink link;
  link.request = relay_to(exchange, call.extra);
  ElicitationApprover approver(exchange);
  if (options_.ask_clients) {
    link.approver = &approver;
  }
  ToolCall told;
  told.server = call.server;
  told.tool = call.tool;
  if (!call.method().empty()) {
    told.arguments["uri"] = json::get_string(call.arguments, "uri");
  }
  ToolOutcome outcome = co_await gateway_.invoke(std::move(call), std::move(link));
  auto reply = reply_of(std::move(outcome), told, caller);
  if (reply && modern) {
    if (json::Value* state = reply->if_contains(kState); state != nullptr && state->is_string()) {
      *state = seal_.seal(json::view(state->get_string()), caller.principal, purpose);
    }
  }
  co_return reply;
}

McpService::Reply McpService::reply_of(ToolOutcome outcome, const ToolCall& call,
                                       const Caller& caller) {
  const bool is_tool = call.method().empty();
  if (outcome.result) {
    json::Object result =
        is_tool ? mcp::to_json(*std::move(outcome.result)) : std::move(outcome.result->extra);
    seal_task(result, call.server, caller, seal_);
    return result;
  }
  if (outcome.denial) {
    if (is_tool) {
      return mcp::to_json(ToolResult::text(outcome.text_for_model(), true));
    }
    return refused(jsonrpc_code(Code::kPermissionDenied), outcome.text_for_model());
  }
  const Error error = outcome.error.value_or(Error(Code::kInternal, "no outcome"));
  if (outcome.peer_error) {
    return for_era(peer_failure(error, *outcome.peer_error), call, caller.era);
  }
  if (is_tool && error.code() == Code::kInvalidArgument) {
    return mcp::to_json(ToolResult::text(error.to_string(), true));
  }
  json::Object data{{"server", call.server}, {"reason", to_string(error.code())}};
  return refused(jsonrpc_code(error.code()), error.to_string(), json::Value(std::move(data)));
}

Task<Result<McpService::Target>> McpService::find_prompt(std::string name) {
  const NameTable::Entry* found = catalog_.prompts().find(name);
  if (found == nullptr) {
    co_await catalog_.load_all(ListKind::kPrompts, Deadline::after(options_.list_patience));
    found = catalog_.prompts().find(name);
  }
  if (found == nullptr) {
    co_return fail(Code::kNotFound, "Unknown prompt: {}", name);
  }
  co_return Target{found->server, found->name};
}

Task<Answer<json::Object>> McpService::get_prompt(json::Object params, Exchange& exchange) {
  auto target = co_await find_prompt(std::string(json::get_string(params, "name")));
  if (!target) {
    co_return refused(jsonrpc::kInvalidParams, target.error().message());
  }
  params["name"] = target->name;
  co_return co_await forward(std::move(target->server), "prompts/get", std::move(params), exchange);
}

std::vector<std::string> McpService::servers_with(std::string_view capability) const {
  std::vector<std::string> servers;
  for (Upstream* upstream : upstreams_.all()) {
    const auto info = upstream->info();
    if (info && info->capabilities.contains(capability)) {
      servers.emplace_back(upstream->name());
    }
  }
  return servers;
}

std::vector<McpService::Target> McpService::owners_of(const std::string& uri) const {
  if (auto known = catalog_.uris().resolve(uri)) {
    return {{std::move(known->server), std::move(known->uri)}};
  }
  std::vector<Target> owners;
  for (const Catalog::Item& item : catalog_.known_items(ListKind::kTemplates)) {
    const bool named = std::any_of(owners.begin(), owners.end(), [&](const Target& owner) {
      return owner.server == item.server;
    });
    if (!named && matches_template(json::get_string(item.definition, "uriTemplate"), uri)) {
      owners.push_back({item.server, uri});
    }
  }
  if (owners.empty()) {
    for (std::string& server : servers_with("resources")) {
      owners.push_back({std::move(server), uri});
    }
  }
  return owners;
}

Task<void> McpService::load_resources() {
  const Deadline patience = Deadline::after(options_.list_patience);
  co_await catalog_.load_all(ListKind::kResources, patience);
  co_await catalog_.load_all(ListKind::kTemplates, patience);
}

Task<Answer<json::Object>> McpService::read_resource(json::Object params, Exchange& exchange) {
  const std::string uri(json::get_string(params, "uri"));
  if (uri.empty()) {
    co_return refused(jsonrpc::kInvalidParams, "resources/read needs a uri");
  }
  co_await load_resources();
  Reply reply = not_found(uri, exchange.caller().era);
  for (const Target& owner : owners_of(uri)) {
    json::Object copy = params;
    copy["uri"] = owner.name;
    reply = co_await forward(owner.server, "resources/read", std::move(copy), exchange);
    if (reply && owner.name != uri) {
      rename_contents(*reply, owner.server, catalog_.uris());
    }
    const bool elsewhere = !reply && is_not_found(reply.error());
    if (!elsewhere) {
      break;
    }
  }
  co_return reply;
}

Task<Answer<json::Object>> McpService::complete(json::Object params, Exchange& exchange) {
  json::Value* ref = params.if_contains("ref");
  if (ref == nullptr || !ref->is_object()) {
    co_return refused(jsonrpc::kInvalidParams, "completion/complete needs a ref");
  }
  json::Object& object = ref->get_object();
  std::string server;
  if (json::get_string(object, "type") == "ref/prompt") {
    auto target = co_await find_prompt(std::string(json::get_string(object, "name")));
    if (!target) {
      co_return refused(jsonrpc::kInvalidParams, target.error().message());
    }
    server = std::move(target->server);
    object["name"] = std::move(target->name);
  } else {
    const std::string uri(json::get_string(object, "uri"));
    co_await load_resources();
    const std::vector<Target> owners = owners_of(uri);
    if (!owners.empty()) {
      server = owners.front().server;
      object["uri"] = owners.front().name;
    }
  }
  if (server.empty()) {
    co_return refused(jsonrpc::kInvalidParams, "nobody can complete this reference");
  }
  Reply reply =
      co_await forward(std::move(server), "completion/complete", std::move(params), exchange);
  const bool unknown =
      !reply && reply.error().peer && reply.error().peer->code == jsonrpc::kMethodNotFound;
  if (unknown) {
    co_return json::Object{{"completion", json::Object{{"values", json::Array{}}}}};
  }
  co_return reply;
}

Task<Answer<json::Object>> McpService::use_task(std::string method, json::Object params,
                                                Exchange& exchange) {
  if (exchange.caller().era == mcp::Era::kModern && !declares_tasks(exchange.caller())) {
    co_return needs_tasks();
  }
  json::Value* id = params.if_contains("taskId");
  auto opened = id != nullptr && id->is_string()
                    ? open_task(json::view(id->get_string()), exchange.caller(), seal_)
                    : Result<TaskRef>(fail(Code::kInvalidArgument, "needs a taskId"));
  if (!opened) {
    co_return refused(jsonrpc::kInvalidParams, method + ": unknown task");
  }
  *id = opened->id;
  co_return co_await forward(std::move(opened->server), std::move(method), std::move(params),
                             exchange);
}

Task<Answer<json::Object>> McpService::watch(std::string uri, Caller caller) {
  co_await load_resources();
  Reply reply = not_found(uri, caller.era);
  for (const Target& owner : owners_of(uri)) {
    const auto upstream = upstreams_.find(owner.server);
    if (upstream && may_request(caller.principal, owner.server, "resources/subscribe")) {
      reply = co_await (*upstream)->watch(owner.name);
    }
    if (reply) {
      break;
    }
  }
  co_return reply;
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

Task<void> McpService::unwatch(std::string uri, Caller /*caller*/) {
  for (const Target& owner : owners_of(uri)) {
    if (const auto upstream = upstreams_.find(owner.server)) {
      co_await (*upstream)->unwatch(owner.name);
    }
  }
}

}  // namespace oap::gateway
