#pragma once

#include <string>

#include "async/task.hpp"
#include "json/value.hpp"
#include "workflow/graph.hpp"

namespace oap::workflow {

/// How an attempt ended that did run. `ok` false is the step's own failure (a tool's error, a
/// denial); an Error instead of a StepResult means that the infrastructure failed.
struct StepResult {
  json::Value output;
  bool ok = true;
  std::string error;
  std::string error_code;  ///< short name such as "permission_denied"
  bool retryable = false;  ///< whether the step's retry count may be spent on it
};

/// What has been put out so far by the steps of a run.
class Outputs {
 public:
  virtual ~Outputs() = default;
  /// Null where the step has not completed.
  virtual const json::Value* find(std::string_view step_id) const = 0;
};

/// One attempt of one step. The pointers stay valid until the attempt's task has ended.
struct StepContext {
  std::string run_id;
  std::string task_id;
  std::string session_id;
  const StepDefinition* step = nullptr;
  const json::Object* inputs = nullptr;  ///< of the run
  const Outputs* outputs = nullptr;
  int attempt = 1;
  std::string idempotency_key;  ///< the same on every attempt
  Deadline deadline = Deadline::never();
};

/// Does the work of steps; knows what `kind` and `payload` mean. Called for several steps at once,
/// always on the executor that runs the graph. A cancelled attempt must end soon.
class StepRunner {
 public:
  virtual ~StepRunner() = default;
  virtual Task<Result<StepResult>> run(StepContext context) = 0;
};

}  // namespace oap::workflow
