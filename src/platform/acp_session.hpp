#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acp/host.hpp"
#include "platform/platform.hpp"

namespace oap::platform {

class AcpHost;

/// One open session of an editor. The host outlives it.
class AcpSession final : public acp::HostSession {
 public:
  AcpSession(AcpHost& host, std::unique_ptr<Platform> platform, std::string id, std::string given,
             std::string model, std::vector<std::string> notices);
  ~AcpSession() override;

  const std::string& id() const override { return id_; }
  const std::string& cwd() const override { return given_; }
  Task<Result<orchestration::TaskReport>> prompt(acp::TurnRequest request,
                                                 acp::TurnEvents events) override;
  Result<void> settle() override;
  Result<store::SessionRecord> record() override;
  Result<std::vector<session::StoredMessage>> records() override;
  std::vector<acp::CommandView> commands() override;
  std::vector<std::string> models() override;
  std::int64_t window(const std::string& model) override;
  std::optional<std::string> file_text(const std::string& path) override;
  std::vector<acp::PlanEntry> plan() override;
  std::vector<std::string> notices() override { return notices_; }
  Task<void> close(bool keep) override;

 private:
  void name_it(const std::string& text);

  AcpHost& host_;
  std::unique_ptr<Platform> platform_;
  std::string id_;
  std::string given_;  ///< the folder as the editor names it
  std::string model_;
  std::vector<std::string> notices_;
};

}  // namespace oap::platform
