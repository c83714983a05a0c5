#include "gateway/serve/relay.hpp"

#include <atomic>

#include <fmt/format.h>

#include "mcp/era.hpp"
#include "mcp/server/core.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kTaskPurpose = "task";
/// Of a legacy client that has not said which log messages it wants.
constexpr std::string_view kUsualLogLevel = "info";
constexpr std::string_view kEnvelope[] = {mcp::kMetaVersion, mcp::kMetaCapabilities,
                                          mcp::kMetaClientInfo, mcp::kMetaLogLevel,
                                          "progressToken"};

/// Questions of a server that names no request are put to a caller only where no other could be
/// meant; stateless callers are strangers to each other.
std::string owner_of(const mcp::Caller& caller) {
  if (!caller.session_id.empty()) {
    return caller.session_id;
  }
  static std::atomic<std::uint64_t> next{1};
  return fmt::format("request {}", next.fetch_add(1));
}

/// The calls made for an exchange may not outlive it: that is what its handler awaits.
Task<mcp::Answer<json::Object>> ask(mcp::Exchange* exchange, std::string method,
                                    json::Object params) {
  return exchange->ask(std::move(method), std::move(params));
}

}  // namespace

mcp::RequestOptions relay_to(mcp::Exchange& exchange, json::Object& extra) {
  mcp::RequestOptions options;
  mcp::Exchange* const to = &exchange;
  const mcp::Caller& caller = exchange.caller();
  if (exchange.wants_progress()) {
    options.on_progress = [to](json::Object params) { to->progress(std::move(params)); };
  }
  options.on_notification = [to](std::string method, json::Object params) {
    to->notify(std::move(method), std::move(params));
  };
  options.ask = [to](std::string method, json::Object params) {
    return ask(to, std::move(method), std::move(params));
  };
  options.owner = owner_of(caller);
  options.party = mcp::name_of(caller.principal);
  options.capabilities = caller.capabilities;
  if (!caller.info.empty()) {
    options.client_info = caller.info;
  }
  options.log_level = caller.log_level.empty() && caller.era == mcp::Era::kLegacy
                          ? std::string(kUsualLogLevel)
                          : caller.log_level;
  options.keep_input_required = caller.era == mcp::Era::kModern;
  json::Value* meta = extra.if_contains("_meta");
  if (meta != nullptr && meta->is_object()) {
    json::Object& members = meta->get_object();
    for (const std::string_view key : kEnvelope) {
      members.erase(key);
    }
    if (members.empty()) {
      extra.erase("_meta");
    }
  }
  return options;
}

Task<mcp::Answer<json::Object>> unknown_method(std::string method) {
  co_return mcp::refused(jsonrpc::kMethodNotFound,
                         fmt::format("this server does not know the method {}", method));
}

mcp::Failure peer_failure(const Error& error, const json::Object& rpc) {
  jsonrpc::ErrorObject peer;
  peer.extra = rpc;
  peer.code = static_cast<int>(json::get_int(rpc, "code", jsonrpc::kInternalError));
  peer.message = json::get_string(rpc, "message");
  if (const json::Value* data = json::find(rpc, "data")) {
    peer.data = *data;
  }
  for (const std::string_view key : {"code", "message", "data"}) {
    peer.extra.erase(key);
  }
  return {error, std::move(peer)};
}

bool is_not_found(const mcp::Failure& failure) {
  if (!failure.peer) {
    return false;
  }
  const bool legacy = failure.peer->code == mcp::kResourceNotFoundLegacy;
  const bool modern = failure.peer->code == jsonrpc::kInvalidParams && failure.peer->data &&
                      json::find(*failure.peer->data, "uri") != nullptr;
  return legacy || modern;
}

tl::unexpected<mcp::Failure> for_era(mcp::Failure failure, const ToolCall& call, mcp::Era era) {
  if (call.method() == "resources/read" && is_not_found(failure)) {
    jsonrpc::ErrorObject& peer = *failure.peer;
    peer.code = era == mcp::Era::kModern ? jsonrpc::kInvalidParams : mcp::kResourceNotFoundLegacy;
    if (!peer.data || !peer.data->is_object()) {
      peer.data = json::Object{};
    }
    json::Object& data = peer.data->get_object();
    if (!data.contains("uri")) {
      data["uri"] = json::get_string(call.arguments, "uri");
    }
  }
  return mcp::failed(std::move(failure));
}

tl::unexpected<mcp::Failure> not_found(const std::string& uri, mcp::Era era) {
  const int code =
      era == mcp::Era::kModern ? jsonrpc::kInvalidParams : mcp::kResourceNotFoundLegacy;
  return mcp::refused(code, "Resource not found", json::Value(json::Object{{"uri", uri}}));
}

void drop_bad_icons(json::Object& definition) {
  json::Value* icons = definition.if_contains("icons");
  if (icons == nullptr || !icons->is_array()) {
    return;
  }
  json::Array kept;
  for (json::Value& icon : icons->get_array()) {
    const std::string_view src = json::get_string(icon, "src");
    if (src.starts_with("https://") || src.starts_with("data:")) {
      kept.push_back(std::move(icon));
    }
  }
  *icons = std::move(kept);
}

json::Object public_definition(ToolSpec spec) {
  const std::string name = spec.public_name();
  json::Object definition = std::move(spec.definition);
  definition["name"] = name;
  drop_bad_icons(definition);
  return definition;
}

bool give_public_name(ListKind kind, Catalog::Item& item, const Catalog& catalog) {
  if (kind == ListKind::kPrompts) {
    const NameTable::Entry* named =
        catalog.prompts().find(item.server, json::get_string(item.definition, "name"));
    if (named == nullptr) {
      return false;
    }
    item.definition["name"] = named->public_name;
    return true;
  }
  const std::string_view key = kind == ListKind::kTemplates ? "uriTemplate" : "uri";
  const std::string own(json::get_string(item.definition, key));
  item.definition[key] = catalog.uris().public_uri(item.server, own);
  return true;
}

void rename_contents(json::Object& result, const std::string& server, const UriTable& uris) {
  json::Value* contents = result.if_contains("contents");
  if (contents == nullptr || !contents->is_array()) {
    return;
  }
  for (json::Value& each : contents->get_array()) {
    json::Value* uri = each.is_object() ? each.get_object().if_contains("uri") : nullptr;
    if (uri != nullptr && uri->is_string()) {
      *uri = uris.public_uri(server, json::view(uri->get_string()));
    }
  }
}

bool declares_tasks(const mcp::Caller& caller) {
  const json::Object* extensions = json::find_object(caller.capabilities, "extensions");
  return extensions != nullptr && json::find(*extensions, mcp::kTasksExtension) != nullptr;
}

tl::unexpected<mcp::Failure> needs_tasks() {
  json::Object extensions;
  extensions[mcp::kTasksExtension] = json::Object{};
  json::Object required{{"extensions", std::move(extensions)}};
  return mcp::refused(mcp::kMissingCapability, "this client did not declare the tasks extension",
                      json::Value(json::Object{{"requiredCapabilities", std::move(required)}}));
}

void seal_task(json::Object& result, const std::string& server, const mcp::Caller& caller,
               StateSeal& seal) {
  const auto put = [&](json::Value* id) {
    if (id != nullptr && id->is_string()) {
      std::string token = server;
      token += '\n';
      token += json::view(id->get_string());
      *id = seal.seal(token, caller.principal, kTaskPurpose);
    }
  };
  put(result.if_contains("taskId"));
  json::Value* task = result.if_contains("task");
  if (task != nullptr && task->is_object()) {
    put(task->get_object().if_contains("taskId"));
  }
}

Result<TaskRef> open_task(std::string_view id, const mcp::Caller& caller, const StateSeal& seal) {
  OAP_TRY(const std::string token, seal.open(id, caller.principal, kTaskPurpose));
  const std::size_t split = token.find('\n');
  return TaskRef{token.substr(0, split), token.substr(split + 1)};
}

}  // namespace oap::gateway
