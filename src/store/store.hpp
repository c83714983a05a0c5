#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "store/approval_repository.hpp"
#include "store/message_repository.hpp"
#include "store/mission_repository.hpp"
#include "store/run_repository.hpp"
#include "store/session_repository.hpp"
#include "store/task_repository.hpp"

namespace oap::store {

/// The durable state of one workspace as one tenant sees it. The repositories live as long as the
/// store. Thread-safe; several processes may open the same file.
class Store {
 public:
  static constexpr std::string_view kDefaultTenant = "default";

  virtual ~Store() = default;
  /// Opens the SQLite file at `path`, making it (mode 0600) and bringing its schema up to date
  /// where needed; its folder must exist. kFailedPrecondition: written by a newer version, or not
  /// writable; kDataLoss: damaged, the message says what to do.
  static Result<std::unique_ptr<Store>> open(const std::string& path);

  virtual SessionRepository& sessions() = 0;
  virtual MessageRepository& messages() = 0;
  virtual TaskRepository& tasks() = 0;
  virtual RunRepository& runs() = 0;
  virtual ApprovalRepository& approvals() = 0;
  virtual MissionRepository& missions() = 0;
  /// The same database as another tenant sees it; shares the connection and outlives this object.
  virtual std::unique_ptr<Store> for_tenant(std::string tenant) = 0;
};

}  // namespace oap::store
