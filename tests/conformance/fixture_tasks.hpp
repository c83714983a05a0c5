#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "mcp/server/service.hpp"

namespace oap::conformance {

/// The tasks of the extension io.modelcontextprotocol/tasks (SEP-2663). Nothing runs: what a task
/// has come to follows from the time and from the answers it has had. Belongs to the executor's
/// thread.
class TaskTable {
 public:
  using Reply = mcp::Answer<json::Object>;
  /// What a task comes to once its time is up and nothing is asked any more.
  struct Plan {
    Millis takes{0};
    json::Object input_requests;                     ///< what it waits for first
    json::Object result;                             ///< a CallToolResult
    std::optional<jsonrpc::ErrorObject> error = {};  ///< instead of `result`
  };

  /// Whether the caller declared the extension.
  static bool is_declared(const mcp::Caller& caller);
  /// -32021 with the extension as what is required.
  static Reply not_declared();

  /// The CreateTaskResult of a new task.
  json::Object create(Plan plan);
  /// tasks/get, tasks/update and tasks/cancel.
  Reply handle(std::string_view method, const json::Object& params, const mcp::Caller& caller);

 private:
  struct Job {
    Plan plan;
    SteadyTime due;
    WallTime created;
    WallTime updated;
    bool cancelled = false;
  };
  static std::string_view status_of(const Job& job);
  static json::Object envelope_of(const std::string& id, const Job& job);
  static json::Object details_of(const std::string& id, const Job& job);
  static void take_answers(Job& job, const json::Object& params);

  std::map<std::string, Job, std::less<>> jobs_;
};

}  // namespace oap::conformance
