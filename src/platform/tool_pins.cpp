#include "platform/tool_pins.hpp"

#include "base/log.hpp"
#include "config/digests.hpp"
#include "crypto/hash.hpp"
#include "gateway/trust/inspect.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

/// Values of the environment and headers decide what a server is, and are no one's to read.
gateway::ServerSource source(const config::McpServer& server) {
  gateway::ServerSource out;
  out.command =
      server.type == config::ServerType::kRemote ? server.url : text::join(server.command, " ");
  std::string all;
  const auto add = [&all](std::string_view part) {
    all += std::to_string(part.size()) + ":" + std::string(part) + ",";
  };
  add(server.url);
  for (const std::string& argument : server.command) {
    add(argument);
  }
  for (const auto& [name, value] : server.env) {
    add(name);
  }
  out.digest = crypto::sha256_hex(all);
  return out;
}

bool hides_something(const ToolSpec& tool) {
  for (const gateway::Finding& finding : gateway::inspect_definition(tool.definition)) {
    if (finding.kind == gateway::FindingKind::kHidden) {
      return true;
    }
  }
  return false;
}

}  // namespace

ToolPins::ToolPins(const Settings& settings) : store_(settings.paths.state_dir) {
  for (const auto& [name, server] : settings.config.mcp_servers) {
    servers_[name] = {source(server), server.trust};
  }
}

gateway::ServerSource ToolPins::source_of(const std::string& server) const {
  const auto found = servers_.find(server);
  return found == servers_.end() ? gateway::ServerSource{} : found->second.source;
}

/// At the first sight of a server only tools that show all of themselves are pinned; the others
/// then are new ones.
Result<gateway::Judgement> ToolPins::judge(const std::string& server, const Server& entry,
                                           const std::vector<ToolSpec>& tools) {
  std::vector<ToolSpec> plain;
  for (const ToolSpec& tool : tools) {
    if (!hides_something(tool)) {
      plain.push_back(tool);
    }
  }
  if (plain.size() != tools.size()) {
    OAP_TRY(const gateway::Pins pins, store_.read());
    if (!pins.servers.contains(server)) {
      OAP_CHECK_OK(store_.judge(server, entry.source, entry.policy, plain));
    }
  }
  return store_.judge(server, entry.source, entry.policy, tools);
}

std::map<std::string, std::string> ToolPins::held_back(const std::string& server,
                                                       const std::vector<ToolSpec>& tools) {
  std::map<std::string, std::string> held;
  const auto known = servers_.find(server);
  const Server entry = known == servers_.end() ? Server{} : known->second;
  const auto judged = judge(server, entry, tools);
  if (!judged) {
    log::error("gateway", "the pinned tools cannot be read; no tool of the server is offered",
               {{"server", server}, {"error", judged.error().to_string()}});
    for (const ToolSpec& tool : tools) {
      held[tool.name] = judged.error().to_string();
    }
    return held;
  }
  for (const gateway::ToolVerdict& verdict : judged->tools) {
    if (verdict.trust == gateway::ToolTrust::kPinnedNow) {
      log::info("gateway", "a tool was pinned at first sight",
                {{"server", server}, {"tool", verdict.tool}});
    }
    if (!gateway::may_be_used(verdict.trust) && verdict.trust != gateway::ToolTrust::kRemoved) {
      held[verdict.tool] =
          verdict.reason + "; see: oap mcp trust diff " + server + " " + verdict.tool;
    }
  }
  return held;
}

}  // namespace oap::platform
