#pragma once

#include "llm/provider.hpp"

namespace oap::llm {

/// Answers without a model: understands plain orders (read, list, search, run a command, delete,
/// write literal text, list skills, call a tool; lists of such) and turns them into tool calls.
/// The final text consists of what the tools returned, word for word; nothing is invented.
///
/// Stateless: everything is derived from `Request.messages`. The order is the last user message
/// that holds text and no tool result; where that text is a JSON object its "order", "task" or
/// "description" member is the order, where it holds `<task>…</task>` what stands between.
/// By agent: planner, commander and reviewer answer with the forced submit_… tool (a plan of the
/// same orders, requirements, a judgement of the evidence); every other agent works the orders.
/// A final text about a failed or denied order has StopReason::kRefusal; otherwise kEndTurn.
/// Errors: kNeedsModel, before anything is done, naming each part that was not understood.
/// Thread-safe; never waits.
class OfflineProvider final : public Provider {
 public:
  std::string_view name() const override { return "offline"; }
  bool is_model() const override { return false; }
  Task<Result<Response>> complete(Request request, StreamSink sink) override;
};

/// The same, without a coroutine: what `complete` answers.
Result<Response> answer_offline(const Request& request);

}  // namespace oap::llm
