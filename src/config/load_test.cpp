#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/testing/layers.hpp"
#include "config/trust.hpp"
#include "json/print.hpp"

namespace oap::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class Load : public testing::Layers {};

TEST_F(Load, NoFilesAtAllGivesTheDefaultsOfTheStructs) {
  const Config config = loaded();
  const Config fresh;
  EXPECT_EQ(config.platform.version, fresh.platform.version);
  EXPECT_EQ(config.platform.compatibility_mode, fresh.platform.compatibility_mode);
  EXPECT_EQ(config.platform.log_level, fresh.platform.log_level);
  EXPECT_EQ(config.routing.fast_path_threshold, fresh.routing.fast_path_threshold);
  EXPECT_EQ(config.routing.complexity_threshold, fresh.routing.complexity_threshold);
  EXPECT_EQ(config.routing.agent_timeout, fresh.routing.agent_timeout);
  EXPECT_EQ(config.routing.max_planning_depth, fresh.routing.max_planning_depth);
  const FastPathRules& rules = config.routing.fast_path_rules;
  EXPECT_EQ(rules.max_tokens, fresh.routing.fast_path_rules.max_tokens);
  EXPECT_EQ(rules.max_tools, fresh.routing.fast_path_rules.max_tools);
  EXPECT_EQ(rules.max_files, fresh.routing.fast_path_rules.max_files);
  EXPECT_EQ(rules.no_external_deps, fresh.routing.fast_path_rules.no_external_deps);
  EXPECT_EQ(config.security.default_permission, std::nullopt);
  EXPECT_EQ(config.security.audit.enabled, fresh.security.audit.enabled);
  EXPECT_EQ(config.security.audit.retention_days, fresh.security.audit.retention_days);
  EXPECT_EQ(config.security.audit.log_file, std::nullopt);
  for (const AgentConfig* agent : {&config.agents.commander, &config.agents.planner,
                                   &config.agents.executor, &config.agents.reviewer}) {
    EXPECT_EQ(agent->model, "");
    EXPECT_EQ(agent->retry_attempts, AgentConfig{}.retry_attempts);
    EXPECT_EQ(agent->quality_threshold, AgentConfig{}.quality_threshold);
    EXPECT_EQ(agent->max_tokens, std::nullopt);
  }
  EXPECT_THAT(config.mcp_servers, IsEmpty());
  EXPECT_THAT(config.files, IsEmpty());
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST_F(Load, EachKeyReachesItsStruct) {
  user("config.yaml",
       "platform: {compatibility_mode: none, log_level: error}\n"
       "routing: {fast_path_threshold: 1, complexity_threshold: 0.5, agent_timeout: 1.5,\n"
       "  max_planning_depth: 2, fast_path_rules: {max_tokens: 3, max_tools: 4, max_files: 5,\n"
       "  no_external_deps: false}}\n"
       "security: {default_permission: deny, audit: {enabled: false, retention_days: 7,\n"
       "  log_file: ~/a.log}, require_approval_for: [system_administration]}\n"
       "agents: {commander: {model: c}, planner: {max_tokens: 9, temperature: 0.25,\n"
       "  system_prompt_file: p.md}, executor: {retry_attempts: 8},\n"
       "  reviewer: {quality_threshold: 0.5}}\n"
       "providers: {x: {type: openai-responses, base_url: 'http://h/', api_key: '${K}',\n"
       "  headers: {A: b}}}\n"
       "models: {m: {context_window: 5, max_output_tokens: 6, input_price: 1, output_price: 2,\n"
       "  cache_read_price: 3, cache_write_price: 4}}\n");
  variables_["K"] = "key-from-environment";
  const Config c = loaded();
  EXPECT_EQ(c.platform.compatibility_mode, "none");
  EXPECT_EQ(c.platform.log_level, "error");
  EXPECT_EQ(c.routing.fast_path_threshold, 1);
  EXPECT_EQ(c.routing.complexity_threshold, 0.5);
  EXPECT_EQ(c.routing.agent_timeout, Millis(1500));
  EXPECT_EQ(c.routing.max_planning_depth, 2);
  EXPECT_EQ(c.routing.fast_path_rules.max_tokens, 3);
  EXPECT_EQ(c.routing.fast_path_rules.max_tools, 4);
  EXPECT_EQ(c.routing.fast_path_rules.max_files, 5);
  EXPECT_FALSE(c.routing.fast_path_rules.no_external_deps);
  EXPECT_EQ(c.security.default_permission, Level::kDeny);
  EXPECT_FALSE(c.security.audit.enabled);
  EXPECT_EQ(c.security.audit.retention_days, 7);
  EXPECT_EQ(c.security.audit.log_file, dir_ / "home/a.log");
  EXPECT_THAT(c.security.require_approval_for, ElementsAre("system_administration"));
  EXPECT_EQ(c.agents.commander.model, "c");
  EXPECT_EQ(c.agents.commander.origin, dir_ / "user/config.yaml:7");
  EXPECT_EQ(c.agents.planner.max_tokens, 9);
  EXPECT_EQ(c.agents.planner.temperature, 0.25);
  EXPECT_EQ(c.agents.planner.system_prompt_file, dir_ / "user/p.md");
  EXPECT_EQ(c.agents.executor.retry_attempts, 8);
  EXPECT_EQ(c.agents.reviewer.quality_threshold, 0.5);
  const ProviderConfig& provider = c.providers.at("x");
  EXPECT_EQ(provider.type, "openai-responses");
  EXPECT_EQ(provider.base_url, "http://h/");
  EXPECT_EQ(provider.api_key, "key-from-environment");
  EXPECT_EQ(provider.headers.at("A"), "b");
  const ModelOverride& model = c.models.at("m");
  EXPECT_EQ(model.context_window, 5);
  EXPECT_EQ(model.max_output_tokens, 6);
  EXPECT_EQ(model.input_price, 1);
  EXPECT_EQ(model.output_price, 2);
  EXPECT_EQ(model.cache_read_price, 3);
  EXPECT_EQ(model.cache_write_price, 4);
  EXPECT_THAT(c.secrets, ElementsAre("key-from-environment"));
}

TEST_F(Load, EachKeyOfAServerReachesItsStruct) {
  user("mcp-servers.yaml",
       "mcp_servers:\n"
       "  l: {command: [a], args: [b], auto_start: false, capabilities: [c], timeout: 2,\n"
       "    resource_limits: {memory: 1KiB, cpu_percent: 150, disk: 2kB, network: true},\n"
       "    env: {E: f}, read_only_tools: [r], trust: explicit, naming: passthrough}\n"
       "  r: {url: 'http://r/', auth: {type: oauth, client_id: i, client_secret: '${K}',\n"
       "    token_url: 'http://t/', scopes: [s]}, headers: {H: v}, health_check_url: "
       "'http://h/'}\n");
  variables_["K"] = "key-from-environment";
  const Config c = loaded();
  const McpServer& local = c.mcp_servers.at("l");
  EXPECT_EQ(local.type, ServerType::kLocal);
  EXPECT_FALSE(local.builtin);
  EXPECT_THAT(local.command, ElementsAre("a", "b"));
  EXPECT_FALSE(local.auto_start);
  EXPECT_THAT(local.capabilities, ElementsAre("c"));
  EXPECT_EQ(local.timeout, Millis(2000));
  EXPECT_EQ(local.resource_limits.memory, 1024U);
  EXPECT_EQ(local.resource_limits.cpu_percent, 150);
  EXPECT_EQ(local.resource_limits.disk, 2000U);
  EXPECT_EQ(local.resource_limits.network, true);
  EXPECT_EQ(local.env.at("E"), "f");
  EXPECT_THAT(local.read_only_tools, ElementsAre("r"));
  EXPECT_EQ(local.trust, ServerTrust::kExplicit);
  EXPECT_EQ(local.naming, ToolNaming::kPassthrough);
  EXPECT_EQ(local.origin, dir_ / "user/mcp-servers.yaml:2");
  const McpServer& remote = c.mcp_servers.at("r");
  EXPECT_EQ(remote.type, ServerType::kRemote);
  EXPECT_EQ(remote.auth.type, AuthType::kOauth);
  EXPECT_EQ(remote.auth.client_id, "i");
  EXPECT_EQ(remote.auth.client_secret, "key-from-environment");
  EXPECT_EQ(remote.auth.token_url, "http://t/");
  EXPECT_THAT(remote.auth.scopes, ElementsAre("s"));
  EXPECT_EQ(remote.headers.at("H"), "v");
  EXPECT_EQ(remote.health_check_url, "http://h/");
}

TEST_F(Load, LaterLayersWin) {
  user("config.yaml",
       "routing: {agent_timeout: 1, max_planning_depth: 1, fast_path_threshold: 1}\n"
       "platform: {log_level: debug}\n");
  project("config.yaml", "routing: {agent_timeout: 2, max_planning_depth: 2}\n");
  managed("config.yaml", "routing: {agent_timeout: 4}\n");
  options_.settings = {"routing.max_planning_depth=3", "routing.agent_timeout=3"};
  const Config config = loaded();
  EXPECT_EQ(config.routing.fast_path_threshold, 1);
  EXPECT_EQ(config.routing.max_planning_depth, 3);
  EXPECT_EQ(config.routing.agent_timeout, Millis(4000));
  EXPECT_EQ(config.origins.at("/routing/fast_path_threshold"), dir_ / "user/config.yaml:1");
  EXPECT_EQ(config.origins.at("/routing/max_planning_depth"), "--set routing.max_planning_depth");
  EXPECT_EQ(config.origins.at("/routing/agent_timeout"), dir_ / "managed/config.yaml:1");
  EXPECT_THAT(config.files, ElementsAre(dir_ / "user/config.yaml", dir_ / "w/.opencode/config.yaml",
                                        dir_ / "managed/config.yaml"));
}

TEST_F(Load, ListsAreReplacedAndMapsMerged) {
  user("config.yaml",
       "security: {require_approval_for: [system_administration]}\n"
       "mcp_servers: {a: {command: [x], timeout: 5, env: {A: '1', B: '2'}}}\n");
  project("config.yaml",
          "security: {require_approval_for: [destructive_operations]}\n"
          "mcp_servers: {a: {env: {B: '3'}}, b: {command: [y]}}\n");
  const Config config = loaded();
  EXPECT_THAT(config.security.require_approval_for, ElementsAre("destructive_operations"));
  EXPECT_THAT(config.mcp_servers, SizeIs(2));
  EXPECT_EQ(config.mcp_servers.at("a").timeout, Millis(5000));
  EXPECT_EQ(config.mcp_servers.at("a").env.at("A"), "1");
  EXPECT_EQ(config.mcp_servers.at("a").env.at("B"), "3");
}

TEST_F(Load, ANewCommandOrAddressTakesNoSecretsFromTheLayerBelow) {
  variables_["K"] = "key-of-the-user";
  user("config.yaml",
       "mcp_servers: {a: {url: 'https://mine/', auth: {type: bearer, token: '${K}'}}}\n"
       "providers: {openai: {api_key: '${K}', base_url: 'https://mine/'}}\n");
  project("config.yaml",
          "mcp_servers: {a: {url: 'https://theirs/'}}\n"
          "providers: {openai: {base_url: 'https://theirs/'}}\n");
  const Config config = loaded();
  EXPECT_EQ(config.mcp_servers.at("a").url, "https://theirs/");
  EXPECT_EQ(config.mcp_servers.at("a").auth.token, "");
  EXPECT_EQ(config.providers.at("openai").base_url, "https://theirs/");
  EXPECT_EQ(config.providers.at("openai").api_key, "");
}

TEST_F(Load, OneKeyInTwoFilesOfALayer) {
  project("config.yaml", "platform: {}\nagents: {}\nmcp_servers: {}\nplugins: {}\n");
  project("agents.yaml", "\nagents: {}\n");
  project("mcp-servers.yaml", "mcp_servers: {}\n");
  project("plugins.yaml", "plugins: {}\n");
  const std::string message = refused();
  EXPECT_THAT(message, HasSubstr("config.yaml:2: agents: is also in " +
                                 (dir_ / "w/.opencode/agents.yaml") + ":2"));
  EXPECT_THAT(message, HasSubstr("config.yaml:3: mcp_servers: is also in"));
  EXPECT_THAT(message, HasSubstr("config.yaml:4: plugins: is also in"));
}

TEST_F(Load, OneKeyInTwoLayersIsFine) {
  user("config.yaml", "agents: {planner: {model: a}}\n");
  project("agents.yaml", "agents: {planner: {model: b}}\n");
  EXPECT_EQ(loaded().agents.planner.model, "b");
}

TEST_F(Load, FaultsOfAllFilesAreListed) {
  user("config.yaml", "x1: 1\n");
  project("config.yaml", "routing: [\n");
  project("agents.yaml", "agents: 5\n");
  managed("config.yaml", "platform: {log_level: no}\n");
  const Loaded all = load_all(options_);
  EXPECT_THAT(all.problems, SizeIs(4));
  const std::string message = refused();
  EXPECT_THAT(message, HasSubstr("user/config.yaml:1: x1: unknown key"));
  EXPECT_THAT(message, HasSubstr("w/.opencode/config.yaml:2: a '[' is not closed"));
  EXPECT_THAT(message, HasSubstr("agents.yaml:1: agents: expected"));
  EXPECT_THAT(message, HasSubstr("managed/config.yaml:1: platform.log_level: expected"));
}

TEST_F(Load, LogLevelOfTheEnvironment) {
  project("config.yaml", "platform: {log_level: error}\n");
  variables_["LOG_LEVEL"] = "DEBUG";
  EXPECT_EQ(loaded().platform.log_level, "debug");
  variables_["LOG_LEVEL"] = "warning";
  EXPECT_EQ(loaded().platform.log_level, "warn");
  variables_["LOG_LEVEL"] = "";
  EXPECT_EQ(loaded().platform.log_level, "error");
  variables_["LOG_LEVEL"] = "chatty";
  const Config config = loaded();
  EXPECT_EQ(config.platform.log_level, "error");
  EXPECT_THAT(config.warnings, Contains(HasSubstr("LOG_LEVEL")));
  managed("config.yaml", "platform: {log_level: info}\n");
  variables_["LOG_LEVEL"] = "debug";
  EXPECT_EQ(loaded().platform.log_level, "info");
}

TEST_F(Load, CommandLineSettings) {
  options_.settings = {"agents.planner.model=openai/x",
                       "security.require_approval_for=[system_administration]",
                       "security.audit.log_file=a.log"};
  const Config config = loaded();
  EXPECT_EQ(config.agents.planner.model, "openai/x");
  EXPECT_THAT(config.security.require_approval_for, ElementsAre("system_administration"));
  EXPECT_EQ(config.security.audit.log_file, dir_ / "w/a.log");
  for (const auto& [setting, message] : std::map<std::string, std::string>{
           {"routing", "--set routing: expected KEY=VALUE"},
           {"=5", "expected KEY=VALUE"},
           {"routing.agent_timout=5",
            "--set routing.agent_timout: routing.agent_timout: unknown key"},
           {"routing.agent_timeout=soon", "expected a number"},
           {"routing.agent_timeout=[", "--set routing.agent_timeout: "},
           {"agents.planner.model=", "expected text, not nothing"},
           {"routing..x=1", "unknown key"}}) {
    SCOPED_TRACE(setting);
    options_.settings = {setting};
    EXPECT_THAT(refused(), HasSubstr(message));
  }
}

TEST_F(Load, ManagedFilesThatOthersMayWriteAreRefused) {
  managed("config.yaml", "routing: {agent_timeout: 4}\n");
  ::chmod((dir_ / "managed/config.yaml").c_str(), 0664);
  EXPECT_THAT(refused(), HasSubstr("managed settings must belong to root"));
  ::chmod((dir_ / "managed/config.yaml").c_str(), 0644);
  EXPECT_EQ(loaded().routing.agent_timeout, Millis(4000));
  ::chmod((dir_ / "managed").c_str(), 0777);
  EXPECT_THAT(refused(), HasSubstr("managed settings must belong to root"));
  ::chmod((dir_ / "managed").c_str(), 0755);
  options_.managed_owner = ::geteuid() + 1;
  EXPECT_THAT(refused(), HasSubstr("managed settings must belong to root"));
}

TEST_F(Load, ManagedPermissionsThatOthersMayWriteAreRefused) {
  managed("permissions.yaml", "permissions: []\n");
  ::chmod((dir_ / "managed/permissions.yaml").c_str(), 0666);
  EXPECT_THAT(refused(), HasSubstr("managed/permissions.yaml: managed settings"));
}

TEST_F(Load, PermissionFilesByTier) {
  user("permissions.yaml", "");
  project("permissions.yaml", "");
  managed("permissions.yaml", "");
  const Config config = loaded();
  ASSERT_THAT(config.permission_files, SizeIs(3));
  EXPECT_EQ(config.permission_files[0].tier, "user");
  EXPECT_EQ(config.permission_files[1].tier, "project");
  EXPECT_EQ(config.permission_files[1].path, dir_ / "w/.opencode/permissions.yaml");
  EXPECT_TRUE(config.permission_files[1].trusted);
  EXPECT_EQ(config.permission_files[2].tier, "managed");
  options_.trust = false;
  EXPECT_FALSE(loaded().permission_files[1].trusted);
  EXPECT_TRUE(loaded().permission_files[0].trusted);
}

TEST_F(Load, FilesUnderAWrongName) {
  project("config.yml", "routing: {}\n");
  project("permision.yaml", "permissions: []\n");
  project("notes.yaml", "x: 1\n");
  EXPECT_THAT(refused(), HasSubstr("config.yml: is not read under this name; call it config.yaml"));
  std::filesystem::remove(dir_ / "w/.opencode/config.yml");
  const Config config = loaded();
  EXPECT_THAT(config.warnings, SizeIs(1));
  EXPECT_THAT(config.warnings, Contains(HasSubstr("did you mean permissions.yaml?")));
}

TEST_F(Load, WhatIsNoReadableFile) {
  std::filesystem::create_directories(dir_ / "w/.opencode/config.yaml");
  EXPECT_THAT(refused(), HasSubstr("config.yaml: is not a file"));
  std::filesystem::remove(dir_ / "w/.opencode/config.yaml");
  ASSERT_EQ(::mkfifo((dir_ / "w/.opencode/config.yaml").c_str(), 0600), 0);
  EXPECT_THAT(refused(), HasSubstr("config.yaml: is not a file"));
  std::filesystem::remove(dir_ / "w/.opencode/config.yaml");
  std::filesystem::create_symlink("nowhere", dir_ / "w/.opencode/config.yaml");
  EXPECT_THAT(refused(), HasSubstr("symbolic link to nothing"));
  std::filesystem::remove(dir_ / "w/.opencode/config.yaml");
  project("config.yaml", "a: \xff\n");
  EXPECT_THAT(refused(), HasSubstr("config.yaml:1: the text is not UTF-8"));
  if (::geteuid() != 0) {
    project("config.yaml", "routing: {}\n");
    ::chmod((dir_ / "w/.opencode/config.yaml").c_str(), 0);
    EXPECT_THAT(refused(), HasSubstr("config.yaml"));
  }
}

TEST_F(Load, ShownSettingsHoldNoSecret) {
  variables_["K"] = "key-of-the-user";
  user("config.yaml",
       "mcp_servers: {a: {command: [x, '--t=${K}'], env: {E: short, P: '${K}'}},\n"
       "  b: {url: 'https://b/', auth: {type: bearer, token: '${K}'}, headers: {H: v}}}\n"
       "providers: {openai: {api_key: '${K}'}}\n");
  const std::string shown = json::print(to_json(loaded()));
  EXPECT_THAT(shown, Not(HasSubstr("key-of-the-user")));
  EXPECT_THAT(shown, HasSubstr(R"("command":["x","--t=***"])"));
  EXPECT_THAT(shown, HasSubstr(R"("env":{"E":"***","P":"***"})"));
  EXPECT_THAT(shown, HasSubstr(R"("api_key":"***")"));
  EXPECT_THAT(shown,
              HasSubstr("\"/providers/openai/api_key\":\"" + (dir_ / "user/config.yaml") + ":3\""));
}

TEST_F(Load, TheSandboxServerIsBuiltIn) {
  project("config.yaml",
          "mcp_servers: {sandbox: {command: [/usr/bin/python3.11, -m, mcp_sandbox]},\n"
          "  tools: {command: [python], args: [-m, mcp_sandbox]}, py: {command: [python, -m, "
          "other]}}\n");
  const Config config = loaded();
  EXPECT_TRUE(config.mcp_servers.at("sandbox").builtin);
  EXPECT_THAT(config.mcp_servers.at("sandbox").command, IsEmpty());
  EXPECT_TRUE(config.mcp_servers.at("tools").builtin);
  EXPECT_FALSE(config.mcp_servers.at("py").builtin);
  EXPECT_THAT(config.warnings, SizeIs(2));
}

TEST_F(Load, AMissingKeyVariableOfAProviderIsItsOwnMatter) {
  user("config.yaml", "providers: {openai: {api_key_env: NOT_THERE}}\n");
  EXPECT_EQ(loaded().providers.at("openai").api_key, "");
  EXPECT_EQ(loaded().providers.at("openai").api_key_env, "NOT_THERE");
}

}  // namespace
}  // namespace oap::config
