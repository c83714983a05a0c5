#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/permission.hpp"
#include "model/tool.hpp"
#include "security/code_scanner.hpp"

namespace oap::security {

/// What the SecurityPolicy hook goes by. Data.
struct PolicyOptions {
  bool enabled = true;
  Level critical = Level::kAsk;                 ///< for code with a critical finding
  Level secret_writes = Level::kAsk;            ///< for an agent's call that carries a secret
  std::set<std::string, std::less<>> approval;  ///< tools that always need it, by public name
  std::vector<Exception> exceptions;
};

struct PolicyVerdict {
  Level level = Level::kAllow;
  std::string rule;    ///< "SecurityPolicy:python.shell"
  std::string reason;  ///< a sentence; holds no secret
  CodeReport report;
  /// The report tells the call's risk. False where nothing was looked at (the policy is switched
  /// off, another server's tool) or not all was understood: a program in a language that is not
  /// read, a text that its reader gave up.
  bool assessed = false;

  /// The risk, where it is known. Who decides by it takes what is not known for the worst.
  std::optional<double> risk() const {
    return assessed ? std::optional(report.risk_score) : std::nullopt;
  }
};

/// Judges a tool call by what it would run or write: `bash`, `python`, `write_file`, `edit_file`
/// and, where an agent makes the call, any argument that holds a secret. Pure and thread-safe; the
/// scanner outlives it. `today` is YYYY-MM-DD.
class SecurityPolicy {
 public:
  SecurityPolicy(PolicyOptions options, const SecretScanner& secrets)
      : options_(std::move(options)), secrets_(secrets) {}
  PolicyVerdict judge(const ToolCall& call, std::string_view today) const;

 private:
  PolicyOptions options_;
  const SecretScanner& secrets_;
};

/// The day of the clock's time, YYYY-MM-DD in UTC.
std::string day_of(WallTime time);

}  // namespace oap::security
