#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"
#include "model/permission.hpp"

namespace oap::config {

/// The typed configuration: what the files, the environment and the command line came to, with the
/// defaults filled in. Plain data, made once by `load` and then only read. Names and defaults are
/// the platform guide's section 4 and CONTRACTS "Workspace, state, configuration".

struct Platform {
  std::string version = "2.0";
  std::string compatibility_mode = "claude_code";  ///< claude_code or none
  std::string log_level = "warn";                  ///< debug, info, warn, error
};

struct FastPathRules {
  int max_tokens = 1000;
  int max_tools = 1;
  int max_files = 3;
  bool no_external_deps = true;
};

struct Routing {
  int fast_path_threshold = 1000;     ///< tokens
  double complexity_threshold = 0.3;  ///< 0..1
  Millis agent_timeout{300'000};
  int max_planning_depth = 5;
  FastPathRules fast_path_rules;
};

struct Audit {
  bool enabled = true;
  int retention_days = 90;
  std::optional<std::string> log_file;        ///< absolute; an additional JSON-lines export
  std::optional<std::string> encryption_key;  ///< Fernet keys with commas between, newest first
  bool continue_on_failure = false;           ///< a call runs though its audit was not written
};

/// One accepted finding of the code scanner.
struct AcceptedFinding {
  std::string fingerprint;
  std::string path;     ///< a glob; empty: everywhere
  std::string expires;  ///< YYYY-MM-DD; empty: never
};

struct CodeScanner {
  bool enabled = true;
  Level critical = Level::kAsk;
  Level secret_writes = Level::kAsk;
  std::vector<AcceptedFinding> whitelist;
};

struct Security {
  std::optional<Level> default_permission;  ///< nothing: the built-in policy alone decides
  Audit audit;
  /// Of destructive_operations, external_network_access, sensitive_file_access,
  /// system_administration.
  std::vector<std::string> require_approval_for;
  /// How long an ask that nobody at a terminal can answer waits on the pending list; nothing: not.
  std::optional<Millis> approval_wait;
  CodeScanner scanner;
  std::vector<std::string> approval_tools;  ///< tools.<t>.require_approval
};

struct ResourceLimits {
  std::optional<std::uint64_t> memory;  ///< bytes
  std::optional<int> cpu_percent;       ///< of one core
  std::optional<std::uint64_t> disk;    ///< bytes
  std::optional<bool> network;
};

/// What holds for every program that tools and servers start.
struct Sandbox {
  std::vector<std::string> require;  ///< kinds of isolation that must be enforced
  std::optional<std::vector<std::string>> allowed_hosts;  ///< the network, as far as it is used
  ResourceLimits limits;
  std::optional<int> processes;
  std::vector<std::string> protect;    ///< further names in the workspace
  std::vector<std::string> unprotect;  ///< built-in ones that are not protected
  bool hold_git = true;
};

enum class ServerType { kLocal, kRemote };
enum class AuthType { kNone, kOauth, kBearer, kApiKey };
enum class ServerTrust { kFirstUse, kExplicit };
enum class ToolNaming { kPrefix, kPassthrough };
enum class ServerProtocol { kMcp, kRest };
enum class ServerEra { kFindOut, kLegacy, kModern };

struct ServerAuth {
  AuthType type = AuthType::kNone;
  std::string client_id;
  std::string client_secret;
  std::string token;                 ///< bearer
  std::string api_key;               ///< api_key
  std::string header = "X-API-Key";  ///< carries the api_key
  std::string token_url;
  std::vector<std::string> scopes;
  bool client_credentials = false;  ///< the grant; else authorization_code
  std::string client_metadata_url;
  std::string private_key_file;  ///< absolute, or empty
  std::string key_algorithm;
};

/// One entry of `mcp_servers`. `builtin` marks the platform's own sandbox server, whose command is
/// empty: its resource_limits and capabilities are all that counts.
struct McpServer {
  std::string name;
  ServerType type = ServerType::kLocal;
  bool builtin = false;
  std::vector<std::string> command;  ///< program and arguments; no shell
  std::string url;
  bool auto_start = true;
  std::vector<std::string> capabilities;
  ResourceLimits resource_limits;
  ServerAuth auth;
  Millis timeout{30'000};
  std::map<std::string, std::string> env;      ///< added to the minimal environment
  std::map<std::string, std::string> headers;  ///< sent to a remote server
  std::string health_check_url;
  std::vector<std::string> read_only_tools;
  ServerTrust trust = ServerTrust::kFirstUse;
  ToolNaming naming = ToolNaming::kPrefix;
  ServerProtocol protocol = ServerProtocol::kMcp;
  ServerEra era = ServerEra::kFindOut;
  Millis start_timeout{30'000};
  Millis max_call_time{1'800'000};
  std::map<std::string, Millis> tool_timeouts;
  int max_concurrency = 64;
  int failure_threshold = 5;
  Millis recovery_timeout{60'000};
  Millis cache_ttl{0};
  std::string origin;  ///< "file:line" of the entry, for messages
};

/// One key of `gateway.auth.api_keys`: the key itself or its digest.
struct GatewayKey {
  std::string key;
  std::string sha256;
  std::string user;
  std::string role = "user";
  std::string tenant = "default";
};

struct GatewayJwt {
  std::string issuer;
  std::string jwks_url;
  std::string audience;
  std::vector<std::string> scopes;
  std::string user_claim = "sub";
  std::string role_claim;
  std::string tenant_claim;
};

/// `gateway`: the MCP endpoint of `oap mcp serve`.
struct Gateway {
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  std::string public_url;
  std::optional<ToolNaming> naming;
  std::vector<GatewayKey> api_keys;
  std::optional<GatewayJwt> jwt;
  bool tool_search = true;
  int tool_search_threshold = 100;  ///< tools
  int tool_search_tokens = 25'000;
  std::vector<std::string> always_load;
  std::uint64_t max_message = 16U << 20U;
  Millis list_timeout{5'000};
  Millis call_timeout{1'800'000};
  Millis session_idle{3'600'000};

  bool has_auth() const { return !api_keys.empty() || jwt; }
};

/// What a role may do instead of the built-in matrix's row; nothing set: as there.
struct RoleRights {
  std::optional<std::vector<std::string>> tools;  ///< public names, `*` at the end stands for any
  std::optional<std::vector<std::string>> write;  ///< globs of paths in the workspace
  std::optional<std::string> commands;            ///< none, skills, look, all
  std::optional<bool> delegate;
  std::optional<bool> network;
};

struct AgentConfig {
  std::string model;  ///< provider/model; empty where nothing is set
  std::optional<int> max_tokens;
  std::optional<double> temperature;
  std::string system_prompt_file;  ///< absolute, or empty
  int retry_attempts = 3;
  double quality_threshold = 0.8;  ///< the reviewer's only
  std::optional<int> max_turns;
  RoleRights may;
  std::string description;  ///< of an agent of one's own: what it is for
  std::string prompt;       ///< likewise, where it stands here and not in a file
  std::string origin;       ///< "file:line" of `model`, or empty
};

/// `skills`: where they come from. Of trusted configuration only.
struct Skills {
  std::vector<std::string> trusted_sources;  ///< what agents may add without being asked for
  std::vector<std::string> registries;       ///< files, folders or https URLs that are searched
  std::vector<std::string> paths;            ///< further folders of skills
  std::string base_url = "https://github.com";
  int listing_bytes = 8'000;
};

/// `context`: how long conversations get.
struct Context {
  double compact_at = 0.8;  ///< share of the model's window
  std::uint64_t max_result = 48U << 10U;
};

/// `executor` is the Worker.
struct Agents {
  AgentConfig commander;
  AgentConfig planner;
  AgentConfig executor;
  AgentConfig reviewer;
  std::map<std::string, AgentConfig> others;  ///< agents of one's own, by name
};

/// One entry of `providers`: where a model provider is and which key it takes.
struct ProviderConfig {
  std::string name;
  std::string type;         ///< openai, openai-responses, anthropic
  std::string base_url;     ///< empty: the dialect's own
  std::string api_key;      ///< from api_key or the variable that api_key_env names; may be empty
  std::string api_key_env;  ///< empty: the dialect's own variable, unless `api_key` is given
  std::map<std::string, std::string> headers;
  std::string origin;
};

/// One entry of `models`: overrides of the built-in table. Prices are US dollars a million tokens.
struct ModelOverride {
  std::optional<std::int64_t> context_window;
  std::optional<std::int64_t> max_output_tokens;
  std::optional<double> input_price;
  std::optional<double> output_price;
  std::optional<double> cache_read_price;
  std::optional<double> cache_write_price;
};

/// `orchestration.missions`: what a mission may use up where its command says nothing else. 0 = no
/// limit.
struct Missions {
  int max_iterations = 50;
  int no_progress = 3;
  int max_turns = 500;
  std::int64_t max_tool_calls = 5'000;
  std::int64_t max_tokens = 5'000'000;
  std::optional<double> max_cost_usd;
  Millis max_time{28'800'000};
  int max_depth = 2;
  int max_parallel = 4;
  int max_per_agent = 2;
  int max_tasks = 100;
  Millis countdown{3'000};
};

struct Plugins {
  std::vector<std::string> enabled;
  std::map<std::string, json::Object> settings;  ///< as written; nothing in them is expanded
};

/// A permissions.yaml that exists. The permission engine reads it.
struct PermissionFile {
  std::string tier;  ///< user, project, managed
  std::string path;
  bool trusted = true;  ///< false: only its deny and ask rules count
};

struct Config {
  Platform platform;
  Routing routing;
  Security security;
  Sandbox sandbox;
  std::map<std::string, McpServer> mcp_servers;
  Gateway gateway;
  Agents agents;
  Skills skills;
  Context context;
  std::map<std::string, ProviderConfig> providers;
  std::map<std::string, ModelOverride> models;
  Plugins plugins;
  Missions missions;
  std::map<std::string, std::string> workflow_secrets;  ///< `workflows.secrets`: name → value

  std::vector<PermissionFile> permission_files;  ///< weakest tier first: user, project, managed
  std::vector<std::string> files;                ///< the configuration files that were read
  bool trusted = false;                          ///< the project layer counts in full
  std::vector<std::string> changed;   ///< commands that differ from those the person trusted
  std::vector<std::string> withheld;  ///< "file:line: key": left out because of no trust
  std::map<std::string, std::string> digests;   ///< what `trust::record` is to be given
  std::map<std::string, std::string> commands;  ///< the same keys, in words for a person
  std::vector<std::string> warnings;
  std::vector<std::string> secrets;  ///< values of 8 characters and more to be redacted

  json::Object settings;                       ///< the effective settings as JSON, unmasked
  std::map<std::string, std::string> origins;  ///< JSON Pointer into `settings` → "file:line"
};

}  // namespace oap::config
