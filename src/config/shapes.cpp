#include "config/shapes.hpp"

#include <array>

namespace oap::config {
namespace {

using Format = Shape::Format;
using Names = Shape::Names;

constexpr double kWeek = 7 * 86'400;

Shape platform_shape() {
  return object(
      "The platform as a whole.",
      {{"version", choice("Version of this configuration's format.", {"2.0"}).by_default("2.0")},
       {"compatibility_mode",
        choice("claude_code also reads CLAUDE.md and .claude/; none does not.",
               {"claude_code", "none"})
            .by_default("claude_code")},
       {"log_level",
        choice("The least severe log lines that are written. LOG_LEVEL in the environment wins.",
               {"debug", "info", "warn", "error"})
            .by_default("warn")}});
}

Shape routing_shape() {
  return object(
      "Which tasks take the fast path and how long agents may work.",
      {{"fast_path_threshold",
        integer("Tasks of more tokens take the agent path.", 0, 10'000'000).by_default(1000)},
       {"complexity_threshold",
        number("Tasks of a higher complexity score take the agent path.", 0, 1).by_default(0.3)},
       {"agent_timeout", number("Seconds that a task may take.", 0.001, kWeek).by_default(300)},
       {"max_planning_depth",
        integer("How often a failing plan is made anew.", 0, 100).by_default(5)},
       {"fast_path_rules",
        object("All of these must hold for the fast path.",
               {{"max_tokens", integer("Most tokens.", 0, 10'000'000).by_default(1000)},
                {"max_tools", integer("Most tools.", 0, 1000).by_default(1)},
                {"max_files", integer("Most files.", 0, 100'000).by_default(3)},
                {"no_external_deps",
                 boolean("No network, database or remote service.").by_default(true)}})}});
}

Shape scanner_shape() {
  return object(
             "What the SecurityPolicy guard does with dangerous code and secrets in tool calls.",
             {{"enabled", boolean("Whether code and arguments are looked at.").by_default(true)},
              {"critical", choice("The answer to code with a critical finding.", {"ask", "deny"})
                               .by_default("ask")},
              {"secret_writes",
               choice("The answer to an agent's call whose arguments hold a secret.",
                      {"allow", "ask", "deny"})
                   .by_default("ask")},
              {"whitelist",
               list("Findings that are accepted.",
                    object("One finding.",
                           {{"fingerprint", text("As `oap scan code` prints it.")},
                            {"path", text("Where: a glob; everywhere where absent.")},
                            {"expires", text("The last day, YYYY-MM-DD; never where absent.")}}))}})
      .needs_trust();
}

Shape tool_policies_shape() {
  return map("Policies of single tools, by the name that models see.", Names::kAnything,
             object("One tool.", {{"require_approval",
                                   boolean("Every call is asked for, whatever the rules allow.")
                                       .by_default(false)}}))
      .needs_trust();
}

Shape security_shape() {
  return object(
      "What is asked, denied and recorded. Rules are in permissions.yaml.",
      {{"default_permission",
        choice("The answer where no rule matches, in place of the built-in policy's ask.",
               {"allow", "ask", "deny"})},
       {"audit",
        object("The audit log.",
               {{"enabled", boolean("Whether events are recorded.").by_default(true)},
                {"retention_days",
                 integer("Days after which segments are removed.", 1, 36'500).by_default(90)},
                {"log_file", text("A file that also gets each event as a JSON line.")},
                {"encryption_key",
                 text("Encrypts the log: a Fernet key (32 bytes, base64url); older keys may follow "
                      "after commas.")
                     .is_secret()},
                {"failure_policy",
                 choice("What a call does whose audit cannot be written: not run, or run all the "
                        "same with an alarm.",
                        {"block", "continue"})
                     .by_default("block")}})
            .needs_trust()},
       {"approvals",
        object(
            "What becomes of an ask when nobody is at a terminal.",
            {{"wait", number("Seconds that it waits for oap approvals approve; without it, it is "
                             "refused at once.",
                             0.001, 604'800)}})
            .needs_trust()},
       {"scanner", scanner_shape()},
       {"tools", tool_policies_shape()},
       {"require_approval_for",
        list("Kinds of operation that are asked for whatever the rules allow.",
             choice("A kind of operation.", {"destructive_operations", "external_network_access",
                                             "sensitive_file_access", "system_administration"}))}});
}

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

Shape gateway_shape() {
  Shape key =
      object("A key and who sends it.", {{"key", text("The key; write ${VARIABLE}.").is_secret()},
                                         {"sha256", text("Or its SHA-256 in hex.")},
                                         {"user", text("The user that calls with it.")},
                                         {"role", text("Their role.").by_default("user")},
                                         {"tenant", text("Their tenant.").by_default("default")}});
  Shape jwt =
      object("Tokens of an authorization server (OAuth 2.1 resource server).",
             {{"issuer", text("Its issuer identifier.", Format::kUrl)},
              {"jwks_url", text("Its keys; found through the issuer where absent.", Format::kUrl)},
              {"audience", text("What tokens must be for; public_url where absent.")},
              {"scopes", list("Scopes that a token must have.", text("A scope."))},
              {"user_claim", text("The claim with the user's name; sub where absent.")},
              {"role_claim", text("The claim with the role.")},
              {"tenant_claim", text("The claim with the tenant.")}});
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
               {{"api_keys", list("API keys.", key)}, {"jwt", jwt}})},
       {"tool_search",
        object("Long tool lists are replaced by search_tools and call_tool.",
               {{"enabled", boolean("Whether they are.").by_default(true)},
                {"threshold", integer("More tools than this.", 1, 1'000'000).by_default(100)},
                {"max_tokens", integer("Or definitions of more tokens, estimated.", 1, 100'000'000)
                                   .by_default(25'000)},
                {"always_load", list("Patterns of public names that are listed all the same.",
                                     text("A pattern."))}})},
       {"max_message", bytes("Largest message, either way.").by_default(16'777'216)},
       {"list_timeout",
        number("Seconds that a list waits for servers that have not answered.", 0.001, 3600)
            .by_default(5)},
       {"call_timeout",
        number("Seconds that any call may take at most.", 0.001, 86'400).by_default(1800)},
       {"session_idle",
        number("Seconds after which an idle session ends.", 1, 31'536'000).by_default(3600)}});
}

Shape limits_shape() {
  return object("What the server and its tools may use. They only ever tighten the sandbox.",
                {{"memory", bytes("Memory, e.g. 512MB.")},
                 {"cpu_percent", integer("Per cent of one core.", 1, 6400)},
                 {"disk", bytes("Bytes that may be written, e.g. 1GB.")},
                 {"network", boolean("Whether the network may be used.")}});
}

Shape sandbox_shape() {
  return object(
      "The sandbox of every program that tools and servers start.",
      {{"require", list("What must be enforced, else nothing is run.",
                        choice("A kind of isolation.",
                               {"fs", "net", "pid", "seccomp", "mem", "cpu", "pids", "disk"}))},
       {"allowed_hosts", list("The hosts that may be connected to, in place of the whole network.",
                              text("A host, as example.org, *.example.org or example.org:8443."))
                             .needs_trust()},
       {"limits", object("What one program and all that it starts may use, where a server has no "
                         "resource_limits of its own.",
                         {{"memory", bytes("Memory, e.g. 2GB.")},
                          {"cpu_percent", integer("Per cent of one core.", 1, 6400)},
                          {"disk", bytes("Bytes that may be written, e.g. 1GB.")},
                          {"processes", integer("Processes and threads at a time.", 1, 4'000'000)}})
                      .needs_trust()},
       {"protect", list("Further names in the workspace that cannot be changed.",
                        text("A path relative to the workspace."))},
       {"unprotect", list("Names of the built-in list that may be changed all the same.",
                          text("A path relative to the workspace."))
                         .needs_trust()},
       {"git", choice("What becomes of files by which git on the host would run what a program has "
                      "chosen: they are renamed (hold), or only told (tell).",
                      {"hold", "tell"})
                   .by_default("hold")
                   .needs_trust()}});
}

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

Shape agent_shape(bool reviewer) {
  Shape may = object(
      "What the agent may do, in place of its row of the built-in role matrix.",
      {{"tools", list("The tools, by public name; what is not named is denied.",
                      text("A name, or the beginning of names with * at its end."))},
       {"write", list("The files it may write.", text("A glob, relative to the workspace."))},
       {"commands", choice("Which commands: none; skills: only npx skills add; look: none that "
                           "change files; all.",
                           {"none", "skills", "look", "all"})},
       {"delegate", boolean("Whether it may give tasks to others.")},
       {"network", boolean("Whether its commands may be programs for the network.")}});
  Shape shape = object(
      "An agent's settings.",
      {{"model", text("provider/model, e.g. anthropic/claude-sonnet-4-5.")},
       {"max_tokens", integer("Most tokens of one answer.", 1, 10'000'000)},
       {"temperature", number("Sampling temperature.", 0, 2)},
       {"system_prompt_file",
        text("A file that replaces the built-in prompt; relative to the workspace.").needs_trust()},
       {"retry_attempts", integer("How often a failed step is tried again.", 0, 100).by_default(3)},
       {"max_turns",
        integer("Most questions to the model in one go; no limit where absent.", 1, 1'000'000)},
       {"may", may.needs_trust()}});
  if (reviewer) {
    shape.fields.push_back(
        {"quality_threshold", number("Least quality score of a success.", 0, 1).by_default(0.8)});
  }
  return shape;
}

Shape agents_shape() {
  Shape shape = object("The agents; further names are agents of one's own.",
                       {{"commander", agent_shape(false)},
                        {"planner", agent_shape(false)},
                        {"executor", agent_shape(false)},
                        {"reviewer", agent_shape(true)}});
  Shape own = agent_shape(false);
  own.fields.push_back({"description", text("What it is for; who may delegate to it reads it.")});
  own.fields.push_back({"prompt", text("Its prompt, in place of system_prompt_file.")});
  own.needs_trust();
  shape.element = std::make_shared<const Shape>(std::move(own));
  shape.names = Names::kName;
  shape.told_by = {"prompt", "system_prompt_file"};
  return shape;
}

Shape provider_shape() {
  Shape provider =
      object("A provider of language models.",
             {{"type", choice("The wire dialect. Needed unless the name is one of these.",
                              {"openai", "openai-responses", "anthropic"})},
              {"base_url", text("Where it is, e.g. http://127.0.0.1:11434/v1.", Format::kUrl)},
              {"api_key_env", text("Environment variable that holds the key.", Format::kVariable)},
              {"api_key", text("The key; write ${VARIABLE}.").is_secret()},
              {"headers", map("Further HTTP headers.", Names::kHeader,
                              text("A value.", Format::kHeaderValue).is_secret())}});
  provider.identity = {"type", "base_url"};
  return provider;
}

Shape model_shape() {
  const auto price = [](const char* what) {
    return number(std::string("US dollars for a million ") + what + " tokens.", 0, 1e6);
  };
  return object("What is known of a model, in place of the built-in table.",
                {{"context_window", integer("Tokens of its context.", 1, 1e9)},
                 {"max_output_tokens", integer("Most tokens of an answer.", 1, 1e9)},
                 {"input_price", price("input")},
                 {"output_price", price("output")},
                 {"cache_read_price", price("cached input")},
                 {"cache_write_price", price("cache-writing input")}});
}

Shape plugins_shape() {
  Shape shape = object("Plugins.", {{"enabled", list("Names of the plugins that are used. Plugins "
                                                     "are not available in this version.",
                                                     text("A plugin's name."))}});
  Shape settings = any("A plugin's own settings; read only when it is enabled.");
  shape.element = std::make_shared<const Shape>(std::move(settings));
  shape.names = Names::kName;
  return shape;
}

Shape orchestration_shape() {
  constexpr double kMany = 1'000'000'000;
  return object(
      "How agents work together.",
      {{"missions",
        object(
            "What a mission may use up; 0 is no limit.",
            {{"max_iterations", integer("Continuations.", 0, 1'000'000).by_default(50)},
             {"no_progress",
              integer("Continuations in a row that change nothing, until it is paused.", 0, 1000)
                  .by_default(3)},
             {"max_turns",
              integer("Model requests within one continuation.", 0, 1'000'000).by_default(500)},
             {"max_tool_calls", integer("Tool calls.", 0, kMany).by_default(5000)},
             {"max_tokens", integer("Tokens, in and out.", 0, 1e15).by_default(5'000'000)},
             {"max_cost_usd", number("US dollars.", 0, 1'000'000)},
             {"max_time", number("Seconds at work.", 0, 31'536'000).by_default(28'800)},
             {"max_depth", integer("How deep delegation goes.", 0, 8).by_default(2)},
             {"max_parallel", integer("Delegated tasks at once.", 0, 64).by_default(4)},
             {"max_per_agent",
              integer("Delegated tasks of one agent at once.", 0, 64).by_default(2)},
             {"max_tasks", integer("Delegated tasks in all.", 0, 100'000).by_default(100)},
             {"countdown", number("Seconds before a continuation, where a person watches.", 0, 60)
                               .by_default(3)}})}});
}

Shape workflows_shape() {
  return object("Workflows.",
                {{"secrets", map("What a workflow's secrets.NAME is; write ${VARIABLE}.",
                                 Names::kVariable, text("The value.").is_secret())}});
}

Shape skills_shape() {
  return object(
      "Where skills (SKILL.md) come from.",
      {{"trusted_sources", list("Sources of which agents may add skills without being asked for.",
                                text("owner/repo, owner/* or a repository's URL."))},
       {"registries",
        list("What oap skills search searches: a JSON file, a folder of skills, or an "
             "https URL ({query} stands for the words).",
             text("A file, folder or URL."))},
       {"paths", list("Further folders of skills.", text("A folder."))},
       {"base_url", text("Where owner/repo is.").by_default("https://github.com")},
       {"listing_bytes",
        integer("Most bytes of the list of skills in a prompt.", 0, 1'000'000).by_default(8'000)}});
}

Shape context_shape() {
  return object("How long a conversation with a model may get.",
                {{"compact_at",
                  number("The share of the model's window at which it is shortened.", 0.05, 0.95)
                      .by_default(0.8)},
                 {"max_result",
                  bytes("The longest result that a model is shown whole.").by_default(49'152)}});
}

}  // namespace

Shape config_shape() {
  return object(
      "Settings of the OpenCode agent platform.",
      {{"platform", platform_shape()},
       {"routing", routing_shape()},
       {"security", security_shape()},
       {"sandbox", sandbox_shape()},
       {"mcp_servers", map("MCP servers by name.", Names::kServer, server_shape()).needs_trust()},
       {"gateway", gateway_shape().needs_trust()},
       {"agents", agents_shape()},
       {"skills", skills_shape().needs_trust()},
       {"context", context_shape()},
       {"providers",
        map("Model providers by name.", Names::kProvider, provider_shape()).needs_trust()},
       {"models", map("Models by provider/model.", Names::kAnything, model_shape())},
       {"plugins", plugins_shape().needs_trust()},
       {"orchestration", orchestration_shape().needs_trust()},
       {"workflows", workflows_shape().needs_trust()}});
}

const std::vector<OwnFile>& own_files() {
  static const std::vector<OwnFile> files = {
      {"agents.yaml", "agents"}, {"mcp-servers.yaml", "mcp_servers"}, {"plugins.yaml", "plugins"}};
  return files;
}

const UnbuiltKey* find_unbuilt(std::string_view key) {
  static constexpr std::array<UnbuiltKey, 12> kKeys{{
      {"buffer_size", "buffering of audit events is"},
      {"cache", "the cache is"},
      {"redis_url", "the cache is"},
      {"cache_ttl", "the cache is"},
      {"max_workers", "a limit of workers is"},
      {"failure_threshold", "the setting of circuit breakers is"},
      {"recovery_timeout", "the setting of circuit breakers is"},
      {"metrics", "the export of metrics is"},
      {"export_interval", "the export of metrics is"},
      {"export_url", "the export of metrics is"},
      {"max_buffer_size", "the export of metrics is"},
      {"plugin_paths", "plugins are"},
  }};
  for (const UnbuiltKey& unbuilt : kKeys) {
    if (unbuilt.key == key) {
      return &unbuilt;
    }
  }
  return nullptr;
}

std::string_view advice_for(std::string_view parent_key, std::string_view key) {
  if (parent_key.empty() && (key == "permissions" || key == "roles")) {
    return "belongs in permissions.yaml, beside this file";
  }
  if (parent_key.empty() && (key == "scanner" || key == "whitelist")) {
    return key == "scanner" ? "belongs under 'security'" : "belongs under 'security: scanner:'";
  }
  if (parent_key == "agents" && key == "worker") {
    return "unknown key; the Worker's settings are under 'executor'";
  }
  if (parent_key == "security" && key == "precedence") {
    return "belongs in permissions.yaml, beside this file";
  }
  return {};
}

}  // namespace oap::config
