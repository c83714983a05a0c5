#pragma once

#include <string>
#include <string_view>

#include "gateway/catalog.hpp"
#include "gateway/serve/state_seal.hpp"
#include "mcp/server/service.hpp"

namespace oap::gateway {

/// In a list's `_meta`: server → why its part is missing.
inline constexpr std::string_view kMissingServers = "oap/unavailable";
/// In a list's `_meta`: public name → why it is not the name that its server, which has no prefix,
/// gave it.
inline constexpr std::string_view kRenamed = "oap/renamed";

/// How a client's request is made at a server: progress, questions and notifications go back
/// through the exchange, which outlives the request. Takes the client's envelope out of
/// `extra._meta`; what else is there (trace context …) stays. Servers of the modern era are asked
/// for log messages from "info" on for a legacy client that has set no level.
mcp::RequestOptions relay_to(mcp::Exchange& exchange, json::Object& extra);

Task<mcp::Answer<json::Object>> unknown_method(std::string method);

/// A server's JSON-RPC error as it came, and the same in the words of the client's era: a resource
/// that is not there is -32002 to legacy clients and -32602 with data.uri to modern ones.
mcp::Failure peer_failure(const Error& error, const json::Object& rpc);
tl::unexpected<mcp::Failure> for_era(mcp::Failure failure, const ToolCall& call, mcp::Era era);
tl::unexpected<mcp::Failure> not_found(const std::string& uri, mcp::Era era);
bool is_not_found(const mcp::Failure& failure);

/// A tool as clients see it: the definition under its public name, icons of other schemes than
/// https and data left out.
json::Object public_definition(ToolSpec spec);
void drop_bad_icons(json::Object& definition);
/// The same for a prompt or resource; false where its name was refused.
bool give_public_name(ListKind kind, Catalog::Item& item, const Catalog& catalog);
/// Gives the contents of a resources/read result their public URIs.
void rename_contents(json::Object& result, const std::string& server, const UriTable& uris);

/// Whether a modern client may be given tasks, and the answer to one that uses them undeclared.
bool declares_tasks(const mcp::Caller& caller);
tl::unexpected<mcp::Failure> needs_tasks();

/// A task's id names its server and belongs to one principal.
struct TaskRef {
  std::string server;
  std::string id;
};
void seal_task(json::Object& result, const std::string& server, const mcp::Caller& caller,
               StateSeal& seal);
Result<TaskRef> open_task(std::string_view id, const mcp::Caller& caller, const StateSeal& seal);

}  // namespace oap::gateway
