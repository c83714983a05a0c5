#include "config/shape_sections.hpp"

namespace oap::config {
namespace {

using Format = Shape::Format;

Shape key_shape() {
  return object("A key and who sends it.",
                {{"key", text("The key; write ${VARIABLE}.").is_secret()},
                 {"sha256", text("Or its SHA-256 in hex.")},
                 {"user", text("The user that calls with it.")},
                 {"role", text("Their role.").by_default("user")},
                 {"tenant", text("Their tenant.").by_default("default")}});
}

Shape jwt_shape() {
  return object(
      "Tokens of an authorization server (OAuth 2.1 resource server).",
      {{"issuer", text("Its issuer identifier.", Format::kUrl)},
       {"jwks_url", text("Its keys; found through the issuer where absent.", Format::kUrl)},
       {"audience", text("What tokens must be for; public_url where absent.")},
       {"scopes", list("Scopes that a token must have.", text("A scope."))},
       {"user_claim", text("The claim with the user's name; sub where absent.")},
       {"role_claim", text("The claim with the role.")},
       {"tenant_claim", text("The claim with the tenant.")}});
}

Shape tool_search_shape() {
  return object(
      "Long tool lists are replaced by search_tools and call_tool.",
      {{"enabled", boolean("Whether they are.").by_default(true)},
       {"threshold", integer("More tools than this.", 1, 1'000'000).by_default(100)},
       {"max_tokens",
        integer("Or definitions of more tokens, estimated.", 1, 100'000'000).by_default(25'000)},
       {"always_load",
        list("Patterns of public names that are listed all the same.", text("A pattern."))}});
}

}  // namespace

Shape gateway_shape() {
  return object(
      "The MCP endpoint: oap mcp serve.",
      {{"allowed_hosts",
        list("Host names under which it may be reached, beside loopback.", text("A host name."))},
       {"allowed_origins",
        list("Web origins that may call it.", text("An origin, e.g. https://app.example."))},
       {"public_url", text("Its address as clients see it.", Format::kUrl)},
       {"naming",
        choice("How tools are called; instead of each server's own.", {"prefix", "passthrough"})},
       {"auth",
        object("Who may call. Without it: everyone on a loopback address, nobody elsewhere.",
               {{"api_keys", list("API keys.", key_shape())}, {"jwt", jwt_shape()}})},
       {"tool_search", tool_search_shape()},
       {"max_message", bytes("Largest message, either way.").by_default(16'777'216)},
       {"list_timeout",
        number("Seconds that a list waits for servers that have not answered.", 0.001, 3600)
            .by_default(5)},
       {"call_timeout",
        number("Seconds that any call may take at most.", 0.001, 86'400).by_default(1800)},
       {"session_idle",
        number("Seconds after which an idle session ends.", 1, 31'536'000).by_default(3600)}});
}

}  // namespace oap::config
