#include "config/shape_sections.hpp"

namespace oap::config {
namespace {

using Format = Shape::Format;
using Names = Shape::Names;

Shape auth_shape() {
  Shape type =
      choice("How a remote server is told who is calling.", {"none", "oauth", "bearer", "api_key"});
  return object("Credentials for a remote server.",
                {{"type", type},
                 {"client_id", text("OAuth client.")},
                 {"client_secret", text("OAuth client secret; write ${VARIABLE}.").is_secret()},
                 {"token", text("Bearer token; write ${VARIABLE}.").is_secret()},
                 {"api_key", text("API key; write ${VARIABLE}.").is_secret()},
                 {"header", text("Header that carries the API key; X-API-Key where absent.",
                                 Format::kHeaderValue)},
                 {"token_url", text("OAuth token endpoint.", Format::kUrl)},
                 {"scopes", list("OAuth scopes.", text("A scope."))},
                 {"grant", choice("authorization_code: a person logs in (oap mcp login); "
                                  "client_credentials: the program itself.",
                                  {"authorization_code", "client_credentials"})},
                 {"client_metadata_url",
                  text("URL of this client's metadata document, where the authorization server "
                       "takes it as client_id.",
                       Format::kUrl)},
                 {"private_key_file", text("PEM key for private_key_jwt.")},
                 {"key_algorithm", choice("Its algorithm.", {"RS256", "ES256", "EdDSA"})}});
}

Shape limits_shape() {
  return object("What the server and its tools may use. They only ever tighten the sandbox.",
                {{"memory", bytes("Memory, e.g. 512MB.")},
                 {"cpu_percent", integer("Per cent of one core.", 1, 6400)},
                 {"disk", bytes("Bytes that may be written, e.g. 1GB.")},
                 {"network", boolean("Whether the network may be used.")}});
}

}  // namespace

Shape server_shape() {
  Shape type = choice(
      "local: a program that speaks MCP on its standard streams (stdio); remote: "
      "MCP over HTTP. Found from command or url where absent.",
      {"local", "remote"});
  type.aliases = {{"stdio", "local"}, {"http", "remote"}};
  Shape protocol = choice(
      "The protocol that the server speaks: mcp, or rest: POST url/tools/invoke with {tool, "
      "arguments}.",
      {"mcp", "rest"});
  protocol.by_default("mcp");
  Shape server = object(
      "An MCP server.",
      {{"type", type},
       {"command", command("The program and its arguments; no shell is involved.")},
       {"args", list("Further arguments.", text("An argument.", Format::kAnything))},
       {"url", text("Address of a remote server.", Format::kUrl)},
       {"auto_start", boolean("Start with the platform, not at the first call.").by_default(true)},
       {"capabilities", list("What the server is for; shown to people.", text("A capability."))},
       {"resource_limits", limits_shape()},
       {"auth", auth_shape()},
       {"timeout", number("Seconds that a call may take.", 0.001, 86'400).by_default(30)},
       {"env", map("Environment variables that the server gets beside the minimal environment.",
                   Names::kVariable, text("A value.", Format::kAnything).is_secret())},
       {"headers", map("HTTP headers sent to a remote server.", Names::kHeader,
                       text("A value.", Format::kHeaderValue).is_secret())},
       {"health_check_url", text("Answers 2xx when the server is well.", Format::kUrl)},
       {"read_only_tools",
        list("Tools that change nothing; their audit may reach the disk a little later.",
             text("A tool's name."))},
       {"trust",
        choice("first_use pins the tools at first sight; explicit asks.", {"first_use", "explicit"})
            .by_default("first_use")},
       {"naming", choice("prefix: tools are called server__tool; passthrough: by their own name.",
                         {"prefix", "passthrough"})
                      .by_default("prefix")},
       {"protocol", protocol},
       {"era",
        choice("The protocol's era, where it is not to be found out.", {"legacy", "modern"})},
       {"start_timeout", number("Seconds until it must be ready.", 0.001, 3600).by_default(30)},
       {"max_call_time", number("Seconds that a call may take whatever it reports.", 0.001, 604'800)
                             .by_default(1800)},
       {"tool_timeouts", map("Seconds that a call of one tool may take.", Names::kAnything,
                             number("Seconds.", 0.001, 604'800))},
       {"max_concurrency", integer("Calls at once.", 1, 100'000).by_default(64)},
       {"failure_threshold",
        integer("Failures of a tool's calls after which its circuit opens.", 1, 100'000)
            .by_default(5)},
       {"recovery_timeout",
        number("Seconds until an open circuit lets a call try.", 0.001, 86'400).by_default(60)},
       {"cache_ttl",
        number("Seconds that results of read_only_tools are kept; 0: none are.", 0, 604'800)
            .by_default(0)}});
  server.identity = {"type", "command", "url"};
  return server;
}

}  // namespace oap::config
