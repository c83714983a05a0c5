#include "config/decode.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "config/expand.hpp"
#include "model/tool.hpp"
#include "text/strings.hpp"

namespace oap::config {
namespace {

Millis seconds(const json::Value& value, std::string_view key) {
  return Millis(static_cast<Millis::rep>(std::llround(json::get_double(value, key) * 1000)));
}

int whole(const json::Value& value, std::string_view key) {
  return static_cast<int>(json::get_int(value, key));
}

std::string text_of(const json::Value& value, std::string_view key) {
  return std::string(json::get_string(value, key));
}

std::vector<std::string> texts(const json::Value& value, std::string_view key) {
  std::vector<std::string> out;
  if (const json::Array* const items = json::find_array(value, key)) {
    for (const json::Value& item : *items) {
      out.emplace_back(json::view(item.get_string()));
    }
  }
  return out;
}

std::map<std::string, std::string> text_map(const json::Value& value, std::string_view key) {
  std::map<std::string, std::string> out;
  if (const json::Object* const members = json::find_object(value, key)) {
    for (const auto& pair : *members) {
      out.emplace(std::string(pair.key()), std::string(json::view(pair.value().get_string())));
    }
  }
  return out;
}

template <class T>
std::optional<T> number(const json::Value& value, std::string_view key) {
  if (json::find(value, key) == nullptr) {
    return std::nullopt;
  }
  return static_cast<T>(json::get_double(value, key));
}

std::optional<std::uint64_t> size(const json::Value& value, std::string_view key) {
  if (json::find(value, key) == nullptr) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(json::get_int(value, key));
}

const json::Value& section(const json::Object& settings, std::string_view key) {
  static const json::Value kEmpty = json::Object();
  const json::Value* const found = json::find(settings, key);
  return found != nullptr ? *found : kEmpty;
}

const json::Value& section(const json::Value& settings, std::string_view key) {
  return section(settings.get_object(), key);
}

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

class Decoder {
 public:
  Decoder(const Merged& merged, const Paths& paths, const Env& env, std::vector<Problem>& problems)
      : merged_(merged), paths_(paths), env_(env), problems_(problems) {}

  Config run() {
    const json::Object& settings = merged_.settings();
    platform(section(settings, "platform"));
    routing(section(settings, "routing"));
    security(section(settings, "security"));
    sandbox(section(settings, "sandbox"));
    for (const auto& pair : section(settings, "mcp_servers").as_object()) {
      server(pair.key(), pair.value());
    }
    const json::Value& agents = section(settings, "agents");
    config_.agents.commander = agent(agents, "commander");
    config_.agents.planner = agent(agents, "planner");
    config_.agents.executor = agent(agents, "executor");
    config_.agents.reviewer = agent(agents, "reviewer");
    own_agents(agents);
    skills(section(settings, "skills"));
    const json::Value& context = section(settings, "context");
    config_.context.compact_at = json::get_double(context, "compact_at", 0.8);
    config_.context.max_result = static_cast<std::uint64_t>(
        json::get_int(context, "max_result", static_cast<std::int64_t>(48U << 10U)));
    for (const auto& pair : section(settings, "providers").as_object()) {
      provider(pair.key(), pair.value());
    }
    for (const auto& pair : section(settings, "models").as_object()) {
      model(pair.key(), pair.value());
    }
    plugins(section(settings, "plugins"));
    missions(section(section(settings, "orchestration"), "missions"));
    config_.workflow_secrets = text_map(section(settings, "workflows"), "secrets");
    gateway(section(settings, "gateway"));
    return std::move(config_);
  }

 private:
  void platform(const json::Value& value) {
    config_.platform.version = text_of(value, "version");
    config_.platform.compatibility_mode = text_of(value, "compatibility_mode");
    config_.platform.log_level = text_of(value, "log_level");
  }

  void missions(const json::Value& value) {
    Missions& missions = config_.missions;
    missions.max_iterations = whole(value, "max_iterations");
    missions.no_progress = whole(value, "no_progress");
    missions.max_turns = whole(value, "max_turns");
    missions.max_tool_calls = json::get_int(value, "max_tool_calls");
    missions.max_tokens = json::get_int(value, "max_tokens");
    missions.max_cost_usd = number<double>(value, "max_cost_usd");
    missions.max_time = seconds(value, "max_time");
    missions.max_depth = whole(value, "max_depth");
    missions.max_parallel = whole(value, "max_parallel");
    missions.max_per_agent = whole(value, "max_per_agent");
    missions.max_tasks = whole(value, "max_tasks");
    missions.countdown = seconds(value, "countdown");
  }

  void routing(const json::Value& value) {
    Routing& routing = config_.routing;
    routing.fast_path_threshold = whole(value, "fast_path_threshold");
    routing.complexity_threshold = json::get_double(value, "complexity_threshold");
    routing.agent_timeout = seconds(value, "agent_timeout");
    routing.max_planning_depth = whole(value, "max_planning_depth");
    const json::Value& rules = section(value, "fast_path_rules");
    routing.fast_path_rules = {whole(rules, "max_tokens"), whole(rules, "max_tools"),
                               whole(rules, "max_files"),
                               json::get_bool(rules, "no_external_deps")};
  }

  void security(const json::Value& value) {
    Security& security = config_.security;
    const std::string_view level = json::get_string(value, "default_permission");
    if (!level.empty()) {
      security.default_permission = level == "allow"  ? Level::kAllow
                                    : level == "deny" ? Level::kDeny
                                                      : Level::kAsk;
    }
    const json::Value& audit = section(value, "audit");
    security.audit.enabled = json::get_bool(audit, "enabled");
    security.audit.retention_days = whole(audit, "retention_days");
    if (const std::string file = text_of(audit, "log_file"); !file.empty()) {
      security.audit.log_file = absolute(file);
    }
    if (const std::string key = text_of(audit, "encryption_key"); !key.empty()) {
      security.audit.encryption_key = key;
    }
    security.audit.continue_on_failure = json::get_string(audit, "failure_policy") == "continue";
    security.require_approval_for = texts(value, "require_approval_for");
    const json::Value& approvals = section(value, "approvals");
    if (json::find(approvals, "wait") != nullptr) {
      security.approval_wait = seconds(approvals, "wait");
    }
    scanner(section(value, "scanner"));
    if (const json::Object* const tools = json::find_object(value, "tools")) {
      for (const auto& tool : *tools) {
        if (json::get_bool(tool.value(), "require_approval")) {
          security.approval_tools.emplace_back(tool.key());
        }
      }
    }
  }

  void scanner(const json::Value& value) {
    const auto level = [&](std::string_view key) {
      const std::string_view word = json::get_string(value, key);
      return word == "deny" ? Level::kDeny : word == "allow" ? Level::kAllow : Level::kAsk;
    };
    CodeScanner& scanner = config_.security.scanner;
    scanner.enabled = json::get_bool(value, "enabled", true);
    scanner.critical = level("critical");
    scanner.secret_writes = level("secret_writes");
    if (const json::Array* const accepted = json::find_array(value, "whitelist")) {
      for (const json::Value& entry : *accepted) {
        scanner.whitelist.push_back(
            {text_of(entry, "fingerprint"), text_of(entry, "path"), text_of(entry, "expires")});
      }
    }
  }

  std::string absolute(const std::string& path) const {
    if (path.substr(0, 2) == "~/" && !paths_.home.empty()) {
      return paths_.home + path.substr(1);
    }
    return path.empty() || path[0] == '/' ? path : paths_.workspace + "/" + path;
  }

  void skills(const json::Value& value) {
    Skills& skills = config_.skills;
    skills.trusted_sources = texts(value, "trusted_sources");
    skills.registries = texts(value, "registries");
    for (const std::string& path : texts(value, "paths")) {
      skills.paths.push_back(absolute(path));
    }
    if (const std::string base = text_of(value, "base_url"); !base.empty()) {
      skills.base_url = base;
    }
    skills.listing_bytes = static_cast<int>(json::get_int(value, "listing_bytes", 8'000));
  }

  void own_agents(const json::Value& agents) {
    const json::Object* const map = agents.if_object();
    if (map == nullptr) {
      return;
    }
    for (const auto& pair : *map) {
      const std::string name(pair.key());
      if (name == "commander" || name == "planner" || name == "executor" || name == "reviewer") {
        continue;
      }
      AgentConfig own = agent(agents, name);
      own.description = text_of(pair.value(), "description");
      own.prompt = text_of(pair.value(), "prompt");
      if (name == "user" || name.find("__") != std::string::npos) {
        problem("/agents/" + name, "no agent can have this name");
      } else {
        config_.agents.others.emplace(name, std::move(own));
      }
    }
  }

  AgentConfig agent(const json::Value& agents, const std::string& role) {
    const json::Value& value = section(agents, role);
    AgentConfig agent;
    agent.model = text_of(value, "model");
    agent.max_tokens = number<int>(value, "max_tokens");
    agent.temperature = number<double>(value, "temperature");
    agent.system_prompt_file = absolute(text_of(value, "system_prompt_file"));
    agent.retry_attempts = whole(value, "retry_attempts");
    agent.quality_threshold = json::get_double(value, "quality_threshold", 0.8);
    agent.max_turns = number<int>(value, "max_turns");
    const json::Value& may = section(value, "may");
    const auto list = [&](const char* key, std::optional<std::vector<std::string>>& into) {
      if (json::find_array(may, key) != nullptr) {
        into = texts(may, key);
      }
    };
    list("tools", agent.may.tools);
    list("write", agent.may.write);
    if (const std::string commands = text_of(may, "commands"); !commands.empty()) {
      agent.may.commands = commands;
    }
    for (const auto& [key, into] :
         {std::pair{"delegate", &agent.may.delegate}, std::pair{"network", &agent.may.network}}) {
      if (const json::Value* const flag = json::find(may, key);
          flag != nullptr && flag->is_bool()) {
        *into = flag->get_bool();
      }
    }
    if (!agent.model.empty()) {
      agent.origin = merged_.origin("/agents/" + role + "/model").to_string();
    }
    return agent;
  }

  void server(std::string_view name, const json::Value& value);
  void sandbox(const json::Value& value);
  void gateway(const json::Value& value);
  void check_server(const McpServer& server, const json::Value& value);
  ServerAuth auth(const json::Value& value);
  void check_auth(const McpServer& server, const json::Value& value);

  void provider(std::string_view name, const json::Value& value) {
    const std::string pointer = "/providers/" + std::string(name);
    ProviderConfig provider;
    provider.name = std::string(name);
    provider.type = text_of(value, "type");
    const bool dialect = name == "openai" || name == "openai-responses" || name == "anthropic";
    if (provider.type.empty() && dialect) {
      provider.type = provider.name;
    } else if (provider.type.empty()) {
      problem(pointer, "type is missing; it is one of openai, openai-responses, anthropic");
    }
    provider.base_url = text_of(value, "base_url");
    provider.api_key = text_of(value, "api_key");
    provider.api_key_env = text_of(value, "api_key_env");
    if (!provider.api_key.empty() && !provider.api_key_env.empty()) {
      problem(pointer + "/api_key", "stands beside api_key_env; keep one of the two");
    }
    if (!provider.api_key_env.empty()) {
      provider.api_key = env_(provider.api_key_env).value_or("");
      if (provider.api_key.size() >= 8) {
        config_.secrets.push_back(provider.api_key);
      }
    }
    provider.headers = text_map(value, "headers");
    provider.origin = merged_.origin(pointer).to_string();
    config_.providers.emplace(provider.name, std::move(provider));
  }

  void model(std::string_view name, const json::Value& value) {
    ModelOverride& model = config_.models[std::string(name)];
    model.context_window = number<std::int64_t>(value, "context_window");
    model.max_output_tokens = number<std::int64_t>(value, "max_output_tokens");
    model.input_price = number<double>(value, "input_price");
    model.output_price = number<double>(value, "output_price");
    model.cache_read_price = number<double>(value, "cache_read_price");
    model.cache_write_price = number<double>(value, "cache_write_price");
  }

  void plugins(const json::Value& value) {
    config_.plugins.enabled = texts(value, "enabled");
    for (const auto& pair : value.as_object()) {
      if (pair.key() != "enabled" && pair.value().is_object()) {
        config_.plugins.settings.emplace(std::string(pair.key()), pair.value().get_object());
      }
    }
  }

  /// `pointer` names a setting by plain keys, so that it also makes the dotted key.
  void problem(const std::string& pointer, std::string message) {
    const Origin origin = merged_.origin(pointer);
    problems_.push_back({origin.file, origin.line, text::replace_all(pointer.substr(1), "/", "."),
                         std::move(message)});
  }
  void warn(const std::string& pointer, std::string_view message) {
    config_.warnings.push_back(fmt::format("{}: {}: {}", merged_.origin(pointer).to_string(),
                                           text::replace_all(pointer.substr(1), "/", "."),
                                           message));
  }

  const Merged& merged_;
  const Paths& paths_;
  const Env& env_;
  std::vector<Problem>& problems_;
  Config config_;
};

void Decoder::server(std::string_view name, const json::Value& value) {
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
  const json::Value& limits = section(value, "resource_limits");
  server.resource_limits = {size(limits, "memory"), number<int>(limits, "cpu_percent"),
                            size(limits, "disk"), std::nullopt};
  if (json::find(limits, "network") != nullptr) {
    server.resource_limits.network = json::get_bool(limits, "network");
  }
  server.auth = auth(section(value, "auth"));
  server.timeout = seconds(value, "timeout");
  server.env = text_map(value, "env");
  server.headers = text_map(value, "headers");
  server.health_check_url = text_of(value, "health_check_url");
  server.read_only_tools = texts(value, "read_only_tools");
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
  server.origin = merged_.origin("/mcp_servers/" + server.name).to_string();
  check_server(server, value);
  if (is_sandbox_command(server.command)) {
    warn("/mcp_servers/" + server.name + "/command",
         "runs the built-in tool server in place of the Python program mcp_sandbox");
    server.builtin = true;
    server.command.clear();
  }
  server.builtin = server.builtin || server.name == kBuiltinServer;
  config_.mcp_servers.emplace(server.name, std::move(server));
}

void Decoder::check_server(const McpServer& server, const json::Value& value) {
  const std::string pointer = "/mcp_servers/" + server.name;
  if (server.name == kBuiltinServer) {
    if (server.type == ServerType::kRemote ||
        (!server.command.empty() && !is_sandbox_command(server.command))) {
      problem(pointer, "this is the built-in server's name; give your server another name");
    }
    return;
  }
  check_auth(server, value);
  if (server.type == ServerType::kRemote) {
    if (server.url.empty()) {
      problem(pointer, "a remote server needs url");
    }
    if (!server.command.empty()) {
      problem(pointer + "/command",
              "a remote server has no command; write type: local, or remove it");
    }
    for (const char* const key : {"env", "resource_limits"}) {
      if (json::find(value, key) != nullptr) {
        warn(pointer + "/" + key, "has no effect on a remote server");
      }
    }
    return;
  }
  if (json::find_array(value, "command") == nullptr) {
    problem(pointer, "a local server needs command, a list of the program and its arguments");
  }
  if (runs_shell_text(server.command)) {
    problem(pointer + "/command",
            "hands a text to a shell; name the program and its arguments themselves");
  }
  for (const char* const key : {"url", "auth", "headers"}) {
    if (json::find(value, key) != nullptr) {
      problem(pointer + "/" + key, "belongs to remote servers; write type: remote, or remove it");
    }
  }
}

ServerAuth Decoder::auth(const json::Value& value) {
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
  auth.private_key_file = absolute(text_of(value, "private_key_file"));
  auth.key_algorithm = text_of(value, "key_algorithm");
  return auth;
}

void Decoder::sandbox(const json::Value& value) {
  Sandbox& sandbox = config_.sandbox;
  sandbox.require = texts(value, "require");
  if (json::find(value, "allowed_hosts") != nullptr) {
    sandbox.allowed_hosts = texts(value, "allowed_hosts");
  }
  const json::Value& limits = section(value, "limits");
  sandbox.limits = {size(limits, "memory"), number<int>(limits, "cpu_percent"),
                    size(limits, "disk"), std::nullopt};
  sandbox.processes = number<int>(limits, "processes");
  sandbox.protect = texts(value, "protect");
  sandbox.unprotect = texts(value, "unprotect");
  sandbox.hold_git = json::get_string(value, "git") != "tell";
  for (const auto* names : {&sandbox.protect, &sandbox.unprotect}) {
    for (const std::string& name : *names) {
      if (name.empty() || name.starts_with('/') ||
          ("/" + name + "/").find("/../") != std::string::npos) {
        problem(names == &sandbox.protect ? "/sandbox/protect" : "/sandbox/unprotect",
                "'" + name + "' is no path in the workspace; write it relative, without ..");
      }
    }
  }
}

void Decoder::gateway(const json::Value& value) {
  Gateway& gateway = config_.gateway;
  gateway.allowed_hosts = texts(value, "allowed_hosts");
  gateway.allowed_origins = texts(value, "allowed_origins");
  gateway.public_url = text_of(value, "public_url");
  const std::string_view naming = json::get_string(value, "naming");
  if (!naming.empty()) {
    gateway.naming = naming == "passthrough" ? ToolNaming::kPassthrough : ToolNaming::kPrefix;
  }
  const json::Value& auth = section(value, "auth");
  if (const json::Array* const keys = json::find_array(auth, "api_keys")) {
    for (const json::Value& each : *keys) {
      GatewayKey key{text_of(each, "key"), text_of(each, "sha256"), text_of(each, "user"),
                     text_of(each, "role"), text_of(each, "tenant")};
      if (key.key.empty() == key.sha256.empty()) {
        problem("/gateway/auth/api_keys", "each entry has either key or sha256");
      }
      if (key.user.empty()) {
        problem("/gateway/auth/api_keys", "each entry needs user");
      }
      gateway.api_keys.push_back(std::move(key));
    }
  }
  if (json::find(auth, "jwt") != nullptr) {
    const json::Value& jwt = section(auth, "jwt");
    gateway.jwt = GatewayJwt{text_of(jwt, "issuer"),
                             text_of(jwt, "jwks_url"),
                             text_of(jwt, "audience"),
                             texts(jwt, "scopes"),
                             std::string(json::get_string(jwt, "user_claim", "sub")),
                             text_of(jwt, "role_claim"),
                             text_of(jwt, "tenant_claim")};
    if (gateway.jwt->issuer.empty()) {
      problem("/gateway/auth/jwt", "needs issuer");
    }
    if (gateway.jwt->audience.empty() && gateway.public_url.empty()) {
      problem("/gateway/auth/jwt", "needs audience, or gateway.public_url: whom tokens are for");
    }
  }
  const json::Value& search = section(value, "tool_search");
  gateway.tool_search = json::get_bool(search, "enabled", true);
  gateway.tool_search_threshold = static_cast<int>(json::get_int(search, "threshold", 100));
  gateway.tool_search_tokens = static_cast<int>(json::get_int(search, "max_tokens", 25'000));
  gateway.always_load = texts(search, "always_load");
  gateway.max_message = size(value, "max_message").value_or(gateway.max_message);
  gateway.list_timeout = seconds(value, "list_timeout");
  gateway.call_timeout = seconds(value, "call_timeout");
  gateway.session_idle = seconds(value, "session_idle");
}

void Decoder::check_auth(const McpServer& server, const json::Value& value) {
  const std::string pointer = "/mcp_servers/" + server.name + "/auth";
  const ServerAuth& auth = server.auth;
  if (json::find(value, "auth") == nullptr) {
    return;
  }
  if (auth.type == AuthType::kBearer && auth.token.empty()) {
    problem(pointer, "type bearer needs token");
  }
  if (auth.type == AuthType::kApiKey && auth.api_key.empty()) {
    problem(pointer, "type api_key needs api_key");
  }
  const bool something = !auth.token.empty() || !auth.api_key.empty() || !auth.client_id.empty() ||
                         !auth.client_secret.empty();
  if (auth.type == AuthType::kNone && something) {
    problem(pointer, "type is missing; it is one of oauth, bearer, api_key");
  }
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

Config decode(const Merged& merged, const Paths& paths, const Env& env,
              std::vector<Problem>& problems) {
  return Decoder(merged, paths, env, problems).run();
}

}  // namespace oap::config
