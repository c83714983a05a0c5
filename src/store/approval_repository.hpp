#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::store {

enum class ApprovalState {
  kPending,
  kApproved,
  kDenied,
  kExpired,    ///< nobody decided in time
  kWithdrawn,  ///< the call was cancelled
};
std::string_view to_string(ApprovalState state);

/// One question that waits for a person, and what became of it.
struct ApprovalRecord {
  std::string id;  ///< apr_…
  std::string session_id;
  std::string call_id;
  std::string user_id;
  std::string role;
  std::string tool;      ///< public name
  json::Object details;  ///< what a person is shown: arguments, commands, cwd, diff, rule, reason
  ApprovalState state = ApprovalState::kPending;
  WallTime created_at;
  WallTime expires_at;
  std::optional<WallTime> decided_at;
  std::string decided_by;
  std::string comment;
};

struct ApprovalVerdict {
  bool approved = false;
  std::string by;
  std::string comment;
  WallTime at;
};

struct ApprovalFilter {
  bool only_open = true;  ///< pending and not expired at `now`
  WallTime now;
  std::size_t limit = 100;
};

/// Approvals of one tenant. Synchronous and thread-safe; each call is one transaction.
class ApprovalRepository {
 public:
  virtual ~ApprovalRepository() = default;
  virtual Result<void> create(const ApprovalRecord& approval) = 0;
  /// A verdict is final: kFailedPrecondition where the question is closed or has expired.
  virtual Result<ApprovalRecord> decide(const std::string& id, const ApprovalVerdict& verdict) = 0;
  /// Ends a pending question as kExpired or kWithdrawn; one that was decided stays. The record as
  /// it is then.
  virtual Result<ApprovalRecord> close(const std::string& id, ApprovalState state, WallTime at) = 0;
  virtual Result<ApprovalRecord> find(const std::string& id) = 0;
  /// The full id that a unique prefix (with or without "apr_") stands for.
  virtual Result<std::string> resolve(const std::string& prefix) = 0;
  /// Newest first.
  virtual Result<std::vector<ApprovalRecord>> list(const ApprovalFilter& filter) = 0;
};

}  // namespace oap::store
