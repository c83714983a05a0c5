#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "json/value.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {

/// What an attempt used up; counted against the budgets of its step and run.
struct StepUsage {
  std::int64_t tokens = 0;
  double cost_usd = 0;
};

/// How an attempt ended that did run. `ok` false is the step's own failure (a tool's error, a
/// denial); an Error instead of a StepResult means that the infrastructure failed.
struct StepResult {
  json::Value output;
  bool ok = true;
  std::string error;
  std::string error_code;  ///< short name such as "permission_denied", "tool_error"
  bool retryable = false;  ///< whether the step's retry count may be spent on it
  /// Certainly nothing happened: even a `once` step may be tried again. With error_code
  /// "unavailable" it is, for a while, whatever the step's retry count says.
  bool not_begun = false;
  bool tainted = false;               ///< something secret is in the output: it is not written down
  std::optional<Millis> retry_after;  ///< the peer's own wish; the wait is not shorter
  StepUsage usage;
};

/// One attempt of one step.
struct StepRequest {
  std::string run_id;
  std::string task_id;
  std::string session_id;
  std::string user;                            ///< who started the run
  std::shared_ptr<const Blueprint> blueprint;  ///< keeps `step` alive
  const StepDefinition* step = nullptr;
  std::string path;      ///< of the step instance, "loop[3].body"
  json::Value input;     ///< rendered: what Blueprint's `input` gives
  bool tainted = false;  ///< something secret is in the input
  int attempt = 1;
  std::string idempotency_key;  ///< hash(run, path): the same on every attempt; 64 hex digits
  Deadline deadline = Deadline::never();
  Budget budget;  ///< what is left of the step's and the run's
  /// "Still alive", for steps with a heartbeat timeout. From any thread, while the attempt runs.
  std::function<void()> heartbeat;
};

/// Does the work of tool, agent and script steps. Called for several attempts at once, always on
/// the engine's executor. A cancelled attempt must end soon, and must have ended what it began.
class StepRunner {
 public:
  virtual ~StepRunner() = default;
  virtual Task<Result<StepResult>> run(StepRequest request) = 0;
  /// What became of a call that was begun with this request's key before a crash; nothing where the
  /// tool cannot say. Asked for `once` steps only.
  virtual Task<Result<std::optional<StepResult>>> find_result(StepRequest request);
};

/// hash(run, path): what every attempt of a step instance hands to its tool. 64 hex digits.
std::string idempotency_key(std::string_view run_id, std::string_view path);
/// Whether another attempt may help after this error: never for permission, validation or limits.
bool is_retryable(Code code);
/// The n-th wait (from 1) before another attempt; `part` in [0,1) is the jitter's draw. Pure.
Millis backoff(const RetryPolicy& policy, int n, double part);

}  // namespace oap::workflow
