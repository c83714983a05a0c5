#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "expr/program.hpp"
#include "permission/facets.hpp"
#include "permission/rule.hpp"

namespace oap::permission {

/// Compiles a rule's condition (CEL). It may name `principal` {user, role, tenant}, `tool`,
/// `server`, `action`, `path` and `paths`, `command` and `argv`, `arguments`, `time`, `risk_score`,
/// `origin`, `session`. kInvalidArgument with line, column and caret of the condition: unknown
/// names, wrong types, a result that is no bool. Pure.
Result<expr::Program> compile_rule_condition(std::string_view source);

/// What of a call a condition is judged for: the call as a whole, one of its paths, one command.
struct ConditionUnit {
  const PathFacet* path = nullptr;
  const CommandFacet* command = nullptr;
};

/// Whether a rule's condition counts as met, and why where that is not plain.
struct ConditionAnswer {
  bool met = false;
  std::string note;  ///< "" where it was evaluated and holds
};

/// Evaluates a condition for a call; wants `facets.request`. What cannot be evaluated (a member
/// that is missing, a limit, no risk score) counts as the rule's stricter reading: a rule that asks
/// or denies matches, one that allows does not. Notes hold nothing of the call but names. Pure.
ConditionAnswer judge_condition(const expr::Program& condition, Level level, const Facets& facets,
                                const ConditionUnit& unit);

}  // namespace oap::permission
