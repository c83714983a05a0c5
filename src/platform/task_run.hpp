#pragma once

#include <optional>
#include <string>

#include "platform/assembly.hpp"
#include "session/usage_note.hpp"

namespace oap::platform {

/// One task from its request to its report, in its session: opened, noted in store and audit, done
/// by the orchestrator, and accounted for. The parts outlive it; it is used once.
class TaskRun {
 public:
  TaskRun(Assembly& parts, RunRequest request, RunObserver observer)
      : parts_(parts), request_(std::move(request)), observer_(std::move(observer)) {}

  /// As Platform::run_task.
  Task<Result<orchestration::TaskReport>> carry_out();

 private:
  Result<orchestration::AgentSet> make_team();
  Result<std::string> open_session();
  Result<orchestration::TaskRequest> make_task();
  void watch_usage();
  Task<orchestration::TaskReport> process(orchestration::AgentSet agents,
                                          orchestration::TaskRequest task);
  void keep_account(const orchestration::TaskReport& report);
  std::string model() const;

  Assembly& parts_;
  RunRequest request_;
  RunObserver observer_;
  std::string session_id_;
  Usage used_;
  std::optional<session::UsageNote> note_;
};

}  // namespace oap::platform
