#include "config/decode.hpp"
#include "config/decode_sections.hpp"
#include "config/decode_values.hpp"
#include "model/tool.hpp"

namespace oap::config {
namespace {

/// `sh -c TEXT`, `npx -c TEXT`: what runs then is not what is written there.
bool runs_shell_text(const std::vector<std::string>& command) {
  if (command.size() < 2) {
    return false;
  }
  const std::string program = command[0].substr(command[0].rfind('/') + 1);
  const bool shell = program == "sh" || program == "bash" || program == "dash" ||
                     program == "zsh" || program == "ksh" || program == "fish";
  const bool runner = program == "npx" || program == "npm" || program == "pnpm";
  if (!shell && !runner) {
    return false;
  }
  for (std::size_t i = 1; i < command.size(); ++i) {
    const std::string& argument = command[i];
    if (argument.empty() || argument[0] != '-') {
      return false;
    }
    const bool clustered = shell && argument[1] != '-' && argument.find('c') != std::string::npos;
    if (argument == "-c" || argument.starts_with("--call") || clustered) {
      return true;
    }
  }
  return false;
}

ServerAuth server_auth(const json::Value& value, Decoding& at) {
  const std::string_view type = json::get_string(value, "type");
  ServerAuth auth;
  auth.type = type == "oauth"     ? AuthType::kOauth
              : type == "bearer"  ? AuthType::kBearer
              : type == "api_key" ? AuthType::kApiKey
                                  : AuthType::kNone;
  auth.client_id = text_of(value, "client_id");
  auth.client_secret = text_of(value, "client_secret");
  auth.token = text_of(value, "token");
  auth.api_key = text_of(value, "api_key");
  auth.header = std::string(json::get_string(value, "header", "X-API-Key"));
  auth.token_url = text_of(value, "token_url");
  auth.scopes = texts(value, "scopes");
  auth.client_credentials = json::get_string(value, "grant") == "client_credentials";
  auth.client_metadata_url = text_of(value, "client_metadata_url");
  auth.private_key_file = at.absolute(text_of(value, "private_key_file"));
  auth.key_algorithm = text_of(value, "key_algorithm");
  return auth;
}

void check_auth(const McpServer& server, const json::Value& value, Decoding& at) {
  const std::string pointer = "/mcp_servers/" + server.name + "/auth";
  const ServerAuth& auth = server.auth;
  if (json::find(value, "auth") == nullptr) {
    return;
  }
  if (auth.type == AuthType::kBearer && auth.token.empty()) {
    at.problem(pointer, "type bearer needs token");
  }
  if (auth.type == AuthType::kApiKey && auth.api_key.empty()) {
    at.problem(pointer, "type api_key needs api_key");
  }
  const bool something = !auth.token.empty() || !auth.api_key.empty() || !auth.client_id.empty() ||
                         !auth.client_secret.empty();
  if (auth.type == AuthType::kNone && something) {
    at.problem(pointer, "type is missing; it is one of oauth, bearer, api_key");
  }
}

void check_server(const McpServer& server, const json::Value& value, Decoding& at) {
  const std::string pointer = "/mcp_servers/" + server.name;
  if (server.name == kBuiltinServer) {
    if (server.type == ServerType::kRemote ||
        (!server.command.empty() && !is_sandbox_command(server.command))) {
      at.problem(pointer, "this is the built-in server's name; give your server another name");
    }
    return;
  }
  check_auth(server, value, at);
  if (server.type == ServerType::kRemote) {
    if (server.url.empty()) {
      at.problem(pointer, "a remote server needs url");
    }
    if (!server.command.empty()) {
      at.problem(pointer + "/command",
                 "a remote server has no command; write type: local, or remove it");
    }
    for (const char* const key : {"env", "resource_limits"}) {
      if (has(value, key)) {
        at.warn(pointer + "/" + key, "has no effect on a remote server");
      }
    }
    return;
  }
  if (json::find_array(value, "command") == nullptr) {
    at.problem(pointer, "a local server needs command, a list of the program and its arguments");
  }
  if (runs_shell_text(server.command)) {
    at.problem(pointer + "/command",
               "hands a text to a shell; name the program and its arguments themselves");
  }
  for (const char* const key : {"url", "auth", "headers"}) {
    if (has(value, key)) {
      at.problem(pointer + "/" + key,
                 "belongs to remote servers; write type: remote, or remove it");
    }
  }
}

void protocol(const json::Value& value, McpServer& server) {
  server.trust = json::get_string(value, "trust") == "explicit" ? ServerTrust::kExplicit
                                                                : ServerTrust::kFirstUse;
  server.naming = json::get_string(value, "naming") == "passthrough" ? ToolNaming::kPassthrough
                                                                     : ToolNaming::kPrefix;
  server.protocol =
      json::get_string(value, "protocol") == "rest" ? ServerProtocol::kRest : ServerProtocol::kMcp;
  const std::string_view era = json::get_string(value, "era");
  server.era = era == "legacy"   ? ServerEra::kLegacy
               : era == "modern" ? ServerEra::kModern
                                 : ServerEra::kFindOut;
}

void timing(const json::Value& value, McpServer& server) {
  server.timeout = seconds(value, "timeout");
  server.start_timeout = seconds(value, "start_timeout");
  server.max_call_time = seconds(value, "max_call_time");
  if (const json::Object* const times = json::find_object(value, "tool_timeouts")) {
    for (const auto& pair : *times) {
      server.tool_timeouts[std::string(pair.key())] = seconds(json::Value(*times), pair.key());
    }
  }
  server.max_concurrency = whole(value, "max_concurrency");
  server.failure_threshold = whole(value, "failure_threshold");
  server.recovery_timeout = seconds(value, "recovery_timeout");
  server.cache_ttl = seconds(value, "cache_ttl");
}

}  // namespace

bool is_sandbox_command(const std::vector<std::string>& command) {
  if (command.size() != 3 || command[1] != "-m" || command[2] != "mcp_sandbox") {
    return false;
  }
  const std::string_view program = std::string_view(command[0]).substr(command[0].rfind('/') + 1);
  if (program.substr(0, 6) != "python") {
    return false;
  }
  const std::string_view version = program.substr(6);
  return version.find_first_not_of("0123456789.") == std::string_view::npos;
}

void decode_server(std::string_view name, const json::Value& value, Decoding& at) {
  McpServer server;
  server.name = std::string(name);
  server.command = texts(value, "command");
  for (std::string& argument : texts(value, "args")) {
    server.command.push_back(std::move(argument));
  }
  server.url = text_of(value, "url");
  const std::string_view type = json::get_string(value, "type");
  const bool remote =
      type.empty() ? server.command.empty() && !server.url.empty() : type == "remote";
  server.type = remote ? ServerType::kRemote : ServerType::kLocal;
  server.auto_start = json::get_bool(value, "auto_start");
  server.capabilities = texts(value, "capabilities");
  server.resource_limits = resource_limits(section(value, "resource_limits"));
  server.auth = server_auth(section(value, "auth"), at);
  server.env = text_map(value, "env");
  server.headers = text_map(value, "headers");
  server.health_check_url = text_of(value, "health_check_url");
  server.read_only_tools = texts(value, "read_only_tools");
  protocol(value, server);
  timing(value, server);
  server.origin = at.origin("/mcp_servers/" + server.name).to_string();
  check_server(server, value, at);
  if (is_sandbox_command(server.command)) {
    at.warn("/mcp_servers/" + server.name + "/command",
            "runs the built-in tool server in place of the Python program mcp_sandbox");
    server.builtin = true;
    server.command.clear();
  }
  server.builtin = server.builtin || server.name == kBuiltinServer;
  at.config.mcp_servers.emplace(server.name, std::move(server));
}

}  // namespace oap::config
