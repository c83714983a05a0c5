#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permission/policy.hpp"

namespace oap::permission {

/// One row of a table of cases: `REQUEST => LEVEL [RULE] ["reason"]`. A request is "bash COMMAND",
/// "read PATH" (also write, delete), "TOOL PATH", "run PROGRAM ARGS", "call server__tool", or a
/// JSON object as of `oap permission check --batch`. "␤" is a newline, "␉" a tab. RULE is the
/// rule's place or its end (":12"), or a built-in rule's name; "role NAME" rows set the role of
/// those that follow.
struct CaseRow {
  int line = 0;
  std::string text;  ///< as written
  json::Object request;
  Level level = Level::kAsk;
  std::string rule;
  std::optional<std::string> reason;
};

/// The request of a row; kInvalidArgument where it is none.
Result<json::Object> case_request(std::string_view text);

/// All rows of a table; empty lines and lines that begin with # are left out. All faults at once,
/// a kInvalidArgument with "file:line: …" a line.
Result<std::vector<CaseRow>> read_cases(std::string_view text, std::string_view file);

/// "" where the policy decides as the row says, else what it decided instead.
std::string try_case(const Policy& policy, const CaseRow& row);

}  // namespace oap::permission
