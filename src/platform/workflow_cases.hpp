#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::platform {

/// How a stubbed call ends.
struct Stub {
  json::Value output;
  std::string error;  ///< "": it succeeds
  std::string code = "tool_error";
  std::optional<bool> retryable;  ///< of a failure; nothing: by its code
  std::int64_t tokens = 0;
  double cost_usd = 0;
};
/// One call after the other; the last counts for all that follow.
using StubSequence = std::vector<Stub>;

struct TestVote {
  std::string by;
  bool approve = true;
  std::string comment;
  json::Value form;
};

/// What a step is expected to have come to; nothing set: not looked at.
struct ExpectedStep {
  std::string status;
  std::string error;  ///< part of it
  std::optional<std::int64_t> attempts;
  std::optional<json::Value> output;
};

/// One case of a workflow's test file.
struct WorkflowTestCase {
  std::string name;
  std::string where;  ///< "file:line"
  json::Object inputs;
  std::map<std::string, std::string, std::less<>> secrets;
  std::map<std::string, StubSequence, std::less<>> stubs;  ///< by a step's path
  std::map<std::string, StubSequence, std::less<>> tools;  ///< by bash, python, server__tool, agent
  std::map<std::string, std::vector<TestVote>, std::less<>> approvals;  ///< by a step's path
  std::vector<std::string> expires;  ///< approvals that nobody answers in time
  std::vector<std::pair<std::string, json::Value>> signals;
  std::string status = "completed";
  std::string error;  ///< part of the run's
  std::map<std::string, ExpectedStep, std::less<>> steps;
  json::Object outputs;
  json::Object calls;  ///< a step's path → part of what its call was given
  std::vector<std::string> not_called;
};

struct WorkflowTestFile {
  std::string workflow;  ///< the file or id that is tested; "": beside it, without .test
  std::vector<WorkflowTestCase> cases;
};

/// Reads FILE.test.yaml. kConfiguration with file:line for each thing that is wrong.
Result<WorkflowTestFile> read_workflow_tests(std::string_view text, const std::string& file);

}  // namespace oap::platform
