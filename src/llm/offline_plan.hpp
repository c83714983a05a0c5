#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "llm/offline_orders.hpp"

namespace oap::llm::offline {

/// The order in a message: the "order", "task" or "description" member where the text is a JSON
/// object that has one, what stands between `<task>` and `</task>`, else the text. A JSON object
/// without such a member, such as evidence, comes back as it is.
std::string order_text(std::string_view message);

/// kNeedsModel naming each part that was not understood; kInvalidArgument where there is no order.
Result<void> check_understood(const Orders& orders);

/// The files that a glob's result lists, for kReadBest only the best: the name itself, then .md,
/// then the first.
std::vector<std::string> hits_of(std::string_view result, const Call& call);

/// Arguments of submit_requirements and submit_plan for a task of understood orders. A plan's step
/// is the tool call itself, or tool "agent" with the order as its description where one call is not
/// enough. Each step depends on the one before. Errors as check_understood.
Result<json::Object> requirements(std::string_view task);
Result<json::Object> plan(std::string_view task);

/// Arguments of submit_review from {"evidence":{"steps":[{"id","status","is_error"}]}} anywhere in
/// the text: a step succeeded when it was completed without error. kNeedsModel without evidence.
Result<json::Object> review(std::string_view text);

}  // namespace oap::llm::offline
