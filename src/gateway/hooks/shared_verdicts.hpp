#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "model/tool.hpp"
#include "security/security_policy.hpp"

namespace oap::gateway {

/// What the security policy says of a call, judged once for all hooks that ask: who asks about the
/// very same call (its tool, server, origin and arguments) on the same day gets the same verdict.
/// Holds the last few calls, whole. Thread-safe; policy and clock outlive it.
class SharedVerdicts {
 public:
  explicit SharedVerdicts(const security::SecurityPolicy& policy,
                          const Clock& clock = system_clock())
      : policy_(policy), clock_(clock) {}

  std::shared_ptr<const security::PolicyVerdict> of(const ToolCall& call);

 private:
  struct Judged {
    ToolCall call;
    std::string day;
    std::shared_ptr<const security::PolicyVerdict> verdict;
  };

  const security::SecurityPolicy& policy_;
  const Clock& clock_;
  std::mutex mutex_;
  std::array<Judged, 8> last_;
  std::size_t next_ = 0;
};

}  // namespace oap::gateway
