#include "base/ids.hpp"
#include "json/print.hpp"
#include "workflow/machine/machine.hpp"

namespace oap::workflow {

void Machine::enter_phase(std::string_view phase) {
  Event event;
  event.kind = Event::Kind::kPhase;
  event.text = phase;
  emit(std::move(event));
}

/// What follows once the steps have ended: compensation, `finally`, the end.
void Machine::next_clean_up() {
  if (state_.paused || is_over() || state_.frame_count() == 0 || state_.frame(0).open > 0 ||
      !state_.freed.empty() || !state_.stirred.empty()) {
    return;
  }
  const bool went_wrong = state_.cancelling || state_.time_up || state_.frame(0).failed != kNoNode;
  if (state_.phase == State::Phase::kMain && went_wrong && !state_.completed.empty() &&
      !state_.forced) {
    enter_phase("compensating");
    return;
  }
  if (state_.phase == State::Phase::kCompensating) {
    if (state_.compensating != kNoNode) {
      return;
    }
    if (!state_.completed.empty() && !state_.forced) {
      Event next;
      next.kind = Event::Kind::kCompensate;
      next.node = state_.completed.back();
      emit(std::move(next));
      return;
    }
  }
  if (state_.phase != State::Phase::kFinally && state_.blueprint().finally_block() &&
      !state_.forced) {
    enter_phase("finally");
    return;
  }
  if (!state_.finally_frame() || state_.frame(*state_.finally_frame()).open == 0) {
    end_run();
  }
}

Result<json::Object> Machine::run_outputs() {
  const auto& declared = state_.blueprint().outputs();
  if (declared.empty()) {
    return outputs_of(0);
  }
  json::Object outputs;
  for (const auto& [name, expression] : declared) {
    Result<Rendered> value = expression.render(scope(kNoNode));
    if (!value) {
      return fail(Error(value.error()).with_context(fmt::format("output '{}'", name)));
    }
    outputs[name] = value->tainted ? json::Value("[secret]") : std::move(value->data);
  }
  return outputs;
}

void Machine::end_run() {
  Event ended;
  ended.kind = Event::Kind::kRunEnded;
  const auto blame = [&](NodeId node) {
    const NodeExtra& more = state_.node(node).more();
    ended.text = fmt::format("step '{}' failed: {}", state_.path(node), more.error);
    ended.code = more.error_code;
  };
  RunState state = RunState::kCompleted;
  const NodeId failed = state_.frame(0).failed;
  const NodeId failed_late =
      state_.finally_frame() ? state_.frame(*state_.finally_frame()).failed : kNoNode;
  if (state_.cancelling) {
    state = RunState::kCancelled;
    ended.text = state_.stop_reason;
    ended.code = "cancelled";
  } else if (state_.time_up) {
    state = RunState::kFailed;
    ended.text = state_.stop_reason;
    ended.code = "deadline_exceeded";
  } else if (failed != kNoNode || failed_late != kNoNode) {
    state = RunState::kFailed;
    blame(failed != kNoNode ? failed : failed_late);
  }
  const bool all = state == RunState::kCompleted || state_.blueprint().outputs().empty();
  Result<json::Object> outputs = all ? run_outputs() : Result<json::Object>(json::Object{});
  if (!outputs) {
    state = RunState::kFailed;
    ended.text = outputs.error().to_string();
    ended.code = to_string(outputs.error().code());
    outputs = json::Object{};
  }
  ended.more["state"] = store::to_string(state);
  ended.data = json::Value(*std::move(outputs));
  tell_parent(ended, state);
  externalize(ended.data);
  ended.is_kept = true;
  out_.change = store::RunChange{state, "", ended.data, ended.text, ended.code};
  shown_state_ = state;
  emit(std::move(ended));
}

void Machine::tell_parent(const Event& ended, RunState state) {
  const std::string_view parent = json::get_string(state_.started, "parent_run");
  if (parent.empty()) {
    return;
  }
  store::Order order;
  order.id = new_id("evt_");
  order.run_id = parent;
  order.at = now_;
  order.body = json::print(json::Object{{"kind", "child"},
                                        {"step", json::get_string(state_.started, "parent_step")},
                                        {"run", identity_.run_id},
                                        {"state", store::to_string(state)},
                                        {"outputs", ended.data},
                                        {"error", ended.text},
                                        {"code", ended.code},
                                        {"tokens", state_.usage.tokens},
                                        {"cost_usd", state_.usage.cost_usd}});
  out_.orders.push_back(std::move(order));
}

}  // namespace oap::workflow
