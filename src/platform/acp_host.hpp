#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "acp/host.hpp"
#include "platform/platform.hpp"

namespace oap::platform {

/// The platform as an editor drives it: each session is a Platform of its own, for its folder and
/// with the servers that the editor brings beside the configured ones. Those are governed, confined
/// and audited as configured ones are; where both have a name, the configured server stays.
class AcpHost final : public acp::Host {
 public:
  struct Options {
    Executor executor;
    std::string model;   ///< --model
    bool trust = false;  ///< --trust
    std::string folder;  ///< whose state folder is looked for; empty: the current one
  };
  explicit AcpHost(Options options) : options_(std::move(options)) {}
  ~AcpHost() override;

  Result<std::unique_ptr<acp::HostSession>> open(acp::OpenRequest request) override;
  Result<std::vector<store::SessionRecord>> list(const std::optional<std::string>& cwd) override;
  Result<void> remove(const std::string& id) override;

 private:
  friend class AcpSession;
  Result<std::vector<std::string>> state_dirs(const std::optional<std::string>& cwd) const;
  void opened(const Platform& platform);
  void closed(const Platform& platform);
  void share_redactor();

  Options options_;
  std::set<const Platform*> open_;  // the log is cleaned by all of them
};

}  // namespace oap::platform
