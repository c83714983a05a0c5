#pragma once

#include <map>
#include <memory>
#include <string>

#include "gateway/catalog.hpp"
#include "gateway/trust/pin_store.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// The workspace's pinned tools as what the catalog asks: a new or changed tool is held back until
/// `oap mcp trust approve`, and so is one that hides characters in what models read of it.
class ToolPins final : public gateway::ToolGate {
 public:
  explicit ToolPins(const Settings& settings);

  std::map<std::string, std::string> held_back(const std::string& server,
                                               const std::vector<ToolSpec>& tools) override;
  const gateway::PinStore& store() const { return store_; }
  /// What a server is started or reached by, as its pins know it.
  gateway::ServerSource source_of(const std::string& server) const;

 private:
  struct Server {
    gateway::ServerSource source;
    config::ServerTrust policy = config::ServerTrust::kFirstUse;
  };
  Result<gateway::Judgement> judge(const std::string& server, const Server& entry,
                                   const std::vector<ToolSpec>& tools);

  gateway::PinStore store_;
  std::map<std::string, Server> servers_;
};

}  // namespace oap::platform
