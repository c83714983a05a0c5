#include <algorithm>

#include "base/ids.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "workflow/machine/machine.hpp"

namespace oap::workflow {

std::string cancel_body(std::string_view by, bool forced) {
  return json::print(
      json::Object{{"kind", "cancel"}, {"by", by}, {"once", true}, {"forced", forced}});
}

void Machine::order(const store::Order& order, WallTime now) {
  now_ = now;
  out_.taken.push_back(order.id);
  const Result<json::Value> parsed =
      json::parse(order.body, {.max_depth = 1'000, .max_bytes = 1U << 30U});
  if (!parsed || !parsed->is_object() || is_over()) {
    return;
  }
  const json::Object& body = parsed->get_object();
  const std::string_view kind = json::get_string(body, "kind");
  if (kind == "signal") {
    take_signal(body);
  } else if (kind == "vote") {
    take_vote(body);
  } else if (kind == "resolve") {
    take_resolution(body);
  } else if (kind == "child") {
    take_child_end(body);
  } else if (kind == "cancel") {
    take_cancel(body);
  } else if (kind == "pause") {
    take_pause(body);
  } else if (kind == "unpause") {
    take_unpause(body);
  }
}

void Machine::take_signal(const json::Object& body) {
  const std::string name(json::get_string(body, "name"));
  const json::Value* payload = json::find(body, "payload");
  for (const NodeId id : state_.waiting) {
    const Node& node = state_.node(id);
    if (node.waits == Waits::kSignal && node.more().subject == name && !state_.paused) {
      finish(id, payload == nullptr ? json::Value() : *payload, {});
      return;
    }
  }
  Event kept;
  kept.kind = Event::Kind::kSignal;
  kept.text = name;
  kept.data = payload == nullptr ? json::Value() : *payload;
  emit(std::move(kept));
}

void Machine::take_vote(const json::Object& body) {
  const auto id = state_.find(json::get_string(body, "step"));
  if (!id || state_.node(*id).state != StepState::kRunning ||
      state_.node(*id).waits != Waits::kApproval) {
    return;
  }
  const auto& approval = std::get<ApprovalStep>(state_.definition_of(*id).body);
  const std::string by(json::get_string(body, "by"));
  const auto& who = approval.approvers;
  if (!who.empty() && std::find(who.begin(), who.end(), by) == who.end()) {
    return;
  }
  const json::Value* form = json::find(body, "form");
  const bool approve = json::get_bool(body, "approve");
  if (approve && !approval.form.is_null() &&
      !schema_problem(approval.form, form == nullptr ? json::Value() : *form).empty()) {
    return;
  }
  Event vote;
  vote.kind = Event::Kind::kVote;
  vote.node = *id;
  vote.flag = approve;
  vote.text = by;
  vote.data = json::Object{{"comment", json::get_string(body, "comment")},
                           {"form", form == nullptr ? json::Value() : *form}};
  emit(std::move(vote));
  count_votes(*id);
}

void Machine::count_votes(NodeId id) {
  const auto& approval = std::get<ApprovalStep>(state_.definition_of(id).body);
  json::Array by;
  json::Value form;
  json::Array comments;
  for (const GivenVote& vote : state_.node(id).more().votes) {
    const Result<json::Value> data = plain(vote.data);
    const std::string_view comment = data ? json::get_string(*data, "comment") : std::string_view{};
    if (!vote.approve) {
      fail_node(id,
                fmt::format("denied by {}{}{}", vote.by.empty() ? "a person" : vote.by,
                            comment.empty() ? "" : ": ", comment),
                "denied");
      return;
    }
    by.emplace_back(vote.by);
    if (!comment.empty()) {
      comments.emplace_back(comment);
    }
    const json::Value* given = data ? json::find(*data, "form") : nullptr;
    form = given != nullptr && !given->is_null() ? *given : form;
  }
  if (static_cast<int>(by.size()) < std::max(1, approval.quorum)) {
    return;
  }
  finish(id,
         json::Object{{"approved", true},
                      {"by", std::move(by)},
                      {"comments", std::move(comments)},
                      {"form", std::move(form)}},
         {});
}

void Machine::take_resolution(const json::Object& body) {
  const auto id = state_.find(json::get_string(body, "step"));
  if (!id || state_.node(*id).state != StepState::kUnknown) {
    return;
  }
  const std::string_view as = json::get_string(body, "as");
  const std::string comment(json::get_string(body, "comment"));
  if (as == "completed") {
    const json::Value* output = json::find(body, "output");
    finish(*id, output == nullptr ? json::Value() : *output, {});
  } else if (as == "retry") {
    Event again;
    again.kind = Event::Kind::kRetry;
    again.node = *id;
    again.number = state_.node(*id).attempts;
    again.flag = true;
    again.code = "lost";
    again.text = fmt::format("run again because {} said so", json::get_string(body, "by"));
    again.due = now_;
    emit(std::move(again));
  } else {
    fail_node(*id, comment.empty() ? "it had not taken effect" : comment, "unknown_outcome");
  }
}

void Machine::take_child_end(const json::Object& body) {
  const auto id = state_.find(json::get_string(body, "step"));
  if (!id || state_.node(*id).state != StepState::kRunning ||
      state_.node(*id).waits != Waits::kChild ||
      state_.node(*id).more().subject != json::get_string(body, "run")) {
    return;
  }
  const StepUsage usage{json::get_int(body, "tokens"), json::get_double(body, "cost_usd")};
  const auto state = store::run_state_from(json::get_string(body, "state"));
  const json::Value* outputs = json::find(body, "outputs");
  if (state == RunState::kCompleted) {
    finish(*id, outputs == nullptr ? json::Value() : *outputs, usage);
    return;
  }
  if (state == RunState::kCancelled && (state_.cancelling || state_.time_up)) {
    Event ended;
    ended.kind = Event::Kind::kCancelStep;
    ended.node = *id;
    ended.text = state_.stop_reason;
    ended.code = "cancelled";
    emit(std::move(ended));
    return;
  }
  fail_body(*id,
            fmt::format("run {} {}: {}", json::get_string(body, "run"),
                        json::get_string(body, "state"), json::get_string(body, "error")),
            std::string(json::get_string(body, "code")), usage);
}

void Machine::child_refused(NodeId id, const Error& error, WallTime now) {
  now_ = now;
  if (id >= state_.node_count() || state_.node(id).state != StepState::kRunning ||
      state_.node(id).waits != Waits::kChild) {
    return;
  }
  if (error.code() != Code::kCancelled) {
    fail_body(id, error.to_string(), std::string(to_string(error.code())));
    return;
  }
  Event ended;
  ended.kind = Event::Kind::kCancelStep;
  ended.node = id;
  ended.text = state_.stop_reason.empty() ? error.message() : state_.stop_reason;
  ended.code = "cancelled";
  emit(std::move(ended));
}

void Machine::take_cancel(const json::Object& body) {
  const bool forced = json::get_bool(body, "forced");
  if (json::get_bool(body, "once") && state_.cancelling && (!forced || state_.forced)) {
    return;
  }
  Event cancel;
  cancel.kind = Event::Kind::kCancel;
  cancel.text = json::get_string(body, "by");
  cancel.flag = forced;
  emit(std::move(cancel));
  stop_attempts(state_.forced);
  stop_children(json::get_string(body, "by"));
}

void Machine::stop_children(std::string_view by) {
  for (const NodeId id : std::vector<NodeId>(state_.waiting)) {
    if (state_.node(id).waits == Waits::kChild && (state_.forced || !state_.is_clean_up(id))) {
      cancel_child(id, by);
    }
  }
}

void Machine::cancel_child(NodeId id, std::string_view by) {
  store::Order order;
  order.id = new_id("evt_");
  order.run_id = state_.node(id).more().subject;
  order.at = now_;
  order.body = cancel_body(by, state_.forced);
  out_.orders.push_back(std::move(order));
}

void Machine::stop_attempts(bool clean_up) {
  for (NodeId id = 0; id < state_.node_count(); ++id) {
    const Node& node = state_.node(id);
    if (node.state == StepState::kRunning && node.waits == Waits::kNothing &&
        (clean_up || !state_.is_clean_up(id))) {
      out_.commands.emplace_back(StopAttempt{id, false});
    }
  }
}

void Machine::take_pause(const json::Object& body) {
  if (state_.paused || state_.cancelling || state_.time_up) {
    return;
  }
  Event pause;
  pause.kind = Event::Kind::kPause;
  pause.text = json::get_string(body, "by");
  emit(std::move(pause));
  tell_children(json::Object{{"kind", "pause"}, {"by", json::get_string(body, "by")}});
}

/// In the turn that decides it, as with a cancel.
void Machine::tell_children(const json::Object& body) {
  for (const NodeId id : state_.waiting) {
    if (state_.node(id).waits == Waits::kChild) {
      store::Order order;
      order.id = new_id("evt_");
      order.run_id = state_.node(id).more().subject;
      order.at = now_;
      order.body = json::print(json::Value(body));
      out_.orders.push_back(std::move(order));
    }
  }
}

void Machine::take_unpause(const json::Object& body) {
  if (!state_.paused) {
    return;
  }
  Event unpause;
  unpause.kind = Event::Kind::kUnpause;
  unpause.text = json::get_string(body, "by");
  unpause.more = json::Object{{"tokens", json::get_int(body, "tokens")},
                              {"cost_usd", json::get_double(body, "cost_usd")}};
  emit(std::move(unpause));
  tell_children(json::Object{{"kind", "unpause"}, {"by", json::get_string(body, "by")}});
  for (const NodeId id : std::vector<NodeId>(state_.waiting)) {
    const auto found = state_.signals.find(state_.node(id).more().subject);
    if (state_.node(id).waits == Waits::kSignal && found != state_.signals.end() &&
        !found->second.empty()) {
      json::Value payload = found->second.front();
      finish(id, std::move(payload), {}, found->first);
    }
  }
}

}  // namespace oap::workflow
