#include <algorithm>
#include <cmath>
#include <span>

#include "json/print.hpp"
#include "workflow/machine/machine.hpp"

namespace oap::workflow {
namespace {

bool matches(const json::Object& row, const json::Object& pattern) {
  return std::all_of(pattern.begin(), pattern.end(), [&](const auto& member) {
    const json::Value* mine = json::find(row, member.key());
    return mine != nullptr && *mine == member.value();
  });
}

}  // namespace

Result<json::Value> Machine::plain(const json::Value& value) {
  const std::string_view hash = blob_of(value);
  if (hash.empty()) {
    return value;
  }
  OAP_TRY(const std::shared_ptr<const json::Value> loaded, host_.blob(std::string(hash)));
  return *loaded;
}

Result<json::Array> Machine::fan_out_items(NodeId id) {
  OAP_TRY(Rendered rendered, state_.step_of(id).items.render(scope(id)));
  if (!rendered.data.is_array()) {
    return fail(Code::kInvalidArgument, "'items' gave {}, not a list",
                json::type_name(rendered.data));
  }
  if (rendered.data.get_array().size() > static_cast<std::size_t>(State::kMostItems)) {
    return fail(Code::kResourceExhausted, "'items' gave more than {} items", State::kMostItems);
  }
  return std::move(rendered.data.get_array());
}

namespace {

/// Adds the members to every cell of the axes whose own values they do not change, as GitHub's
/// `include` does; false where there is none.
bool extend(std::span<json::Object> cells, const json::Object& more, const Matrix& matrix) {
  bool any = false;
  for (json::Object& cell : cells) {
    const bool fits = std::all_of(more.begin(), more.end(), [&](const auto& member) {
      const std::string_view name = member.key();
      return !matrix.axes.contains(name) || cell.at(name) == member.value();
    });
    if (fits) {
      for (const auto& member : more) {
        cell[member.key()] = member.value();
      }
      any = true;
    }
  }
  return any;
}

}  // namespace

Result<json::Array> Machine::matrix_items(NodeId id) {
  const Matrix& matrix = *state_.definition_of(id).matrix;
  std::vector<json::Object> rows(1);
  for (const auto& [name, axis] : state_.step_of(id).axes) {
    OAP_TRY(Rendered values, axis.render(scope(id)));
    if (!values.data.is_array()) {
      return fail(Code::kInvalidArgument, "matrix axis '{}' gave {}, not a list", name,
                  json::type_name(values.data));
    }
    const json::Array& list = values.data.get_array();
    if (rows.size() * list.size() > static_cast<std::size_t>(State::kMostItems)) {
      return fail(Code::kResourceExhausted, "the matrix has more than {} cells", State::kMostItems);
    }
    std::vector<json::Object> wider;
    wider.reserve(rows.size() * list.size());
    for (const json::Object& row : rows) {
      for (const json::Value& value : list) {
        wider.push_back(row);
        wider.back()[name] = value;
      }
    }
    rows = std::move(wider);
  }
  if (state_.step_of(id).axes.empty()) {
    rows.clear();
  }
  std::erase_if(rows, [&](const json::Object& row) {
    return std::any_of(matrix.exclude.begin(), matrix.exclude.end(),
                       [&](const json::Object& pattern) { return matches(row, pattern); });
  });
  const std::size_t cells = rows.size();
  for (const json::Object& more : matrix.include) {
    if (!extend(std::span(rows).first(cells), more, matrix)) {
      rows.push_back(more);
    }
  }
  json::Array items;
  items.reserve(rows.size());
  for (json::Object& row : rows) {
    items.emplace_back(std::move(row));
  }
  return items;
}

void Machine::open_fan_out(NodeId id) {
  Result<json::Array> items =
      state_.definition_of(id).foreach ? fan_out_items(id) : matrix_items(id);
  if (!items) {
    fail_node(id, items.error().to_string(), std::string(to_string(items.error().code())));
    return;
  }
  if (!has_room(id, items->size())) {
    return;
  }
  Event open;
  open.kind = Event::Kind::kOpen;
  open.node = id;
  open.number = static_cast<std::int64_t>(items->size());
  open.data = json::Value(*std::move(items));
  emit(std::move(open));
}

/// Begins as many children as may run at once; ends the fan-out when none is left.
void Machine::feed(NodeId id) {
  const Node& node = state_.node(id);
  if (node.state != StepState::kRunning || !node.is_fan_out) {
    return;
  }
  const StepDefinition& definition = state_.definition_of(id);
  const NodeExtra& more = node.more();
  const int own =
      definition.foreach ? definition.foreach->max_parallel : definition.matrix->max_parallel;
  const int run = std::max(1, state_.blueprint().definition().max_parallel);
  const std::int64_t limit = own > 0 ? own : run;
  const bool fails_fast =
      (definition.matrix && !definition.foreach && definition.matrix->fail_fast) ||
      definition.on_failure == FailurePolicy::kFailFast;
  const bool stops = state_.is_stopped(id) || (fails_fast && more.failures > 0);
  const std::int64_t left = more.total - static_cast<std::int64_t>(more.children.size());
  if (stops && more.failures > 0 && more.active > 0 && fails_fast) {
    for (const NodeId child : std::vector<NodeId>(more.children)) {
      if (state_.node(child).is_open()) {
        cancel_node(child, "another of its kind failed");
      }
    }
  }
  const std::int64_t begin = stops ? 0 : std::min(left, limit - more.active);
  if (begin > 0 && !has_room(id, static_cast<std::size_t>(begin))) {
    cancel_inside(id, "the run has too many steps");
  } else if (begin > 0) {
    Event spawn;
    spawn.kind = Event::Kind::kSpawn;
    spawn.node = id;
    spawn.number = begin;
    emit(std::move(spawn));
  } else if (state_.node(id).more().active == 0) {
    finish_fan_out(id);
  }
}

void Machine::finish_fan_out(NodeId id) {
  const StepDefinition& definition = state_.definition_of(id);
  const NodeExtra& more = state_.node(id).more();
  const auto is_cancelled = [&](NodeId child) {
    return state_.node(child).state == StepState::kCancelled;
  };
  const bool cancelled = state_.cancelling || state_.time_up;
  const bool cut = static_cast<std::int64_t>(more.children.size()) < more.total ||
                   std::any_of(more.children.begin(), more.children.end(), is_cancelled);
  if (cut && more.failures == 0) {
    Event ended;
    ended.kind = Event::Kind::kCancelStep;
    ended.node = id;
    ended.text =
        cancelled || state_.stop_reason.empty() ? "the run was cancelled" : state_.stop_reason;
    emit(std::move(ended));
    return;
  }
  const double tolerate = definition.foreach ? definition.foreach->tolerate : 0.0;
  const double allowed =
      tolerate >= 1 ? std::floor(tolerate) : tolerate * static_cast<double>(more.total);
  json::Array outputs;
  outputs.reserve(more.children.size());
  NodeId first = kNoNode;
  for (const NodeId child : more.children) {
    const Node& node = state_.node(child);
    first = first == kNoNode && node.state == StepState::kFailed ? child : first;
    if (node.state != StepState::kCompleted) {
      outputs.emplace_back(nullptr);
      continue;
    }
    Result<json::Value> output = plain(node.output);
    if (!output) {
      fail_node(id, output.error().to_string(), std::string(to_string(output.error().code())));
      return;
    }
    outputs.push_back(*std::move(output));
  }
  if (static_cast<double>(more.failures) > allowed) {
    fail_node(id,
              fmt::format("{} of {} failed; the first: step '{}': {}", more.failures, more.total,
                          state_.path(first), state_.node(first).more().error),
              state_.node(first).more().error_code, json::Value(std::move(outputs)));
    return;
  }
  Event ended;
  ended.kind = Event::Kind::kComplete;
  ended.node = id;
  ended.data = json::Value(std::move(outputs));
  emit(std::move(ended));
}

void Machine::enter_loop(NodeId id) {
  const auto& body = std::get<LoopStep>(state_.definition_of(id).body);
  Event begun;
  begun.kind = Event::Kind::kStart;
  begun.node = id;
  begun.number = state_.node(id).attempts + 1;
  emit(std::move(begun));
  if (!body.items.is_null()) {
    Result<json::Array> items = fan_out_items(id);
    if (!items) {
      fail_node(id, items.error().to_string(), std::string(to_string(items.error().code())));
      return;
    }
    Event open;
    open.kind = Event::Kind::kOpen;
    open.node = id;
    open.number = static_cast<std::int64_t>(items->size());
    open.data = json::Value(*std::move(items));
    emit(std::move(open));
  }
  next_iteration(id);
}

void Machine::next_iteration(NodeId id) {
  const auto& body = std::get<LoopStep>(state_.definition_of(id).body);
  const NodeExtra& more = state_.node(id).more();
  const std::int64_t done = more.iterations;
  const bool has_items = !body.items.is_null();
  bool goes_on = !has_items || done < more.total;
  if (goes_on && state_.step_of(id).test) {
    RunScope view = scope(id);
    view.set_before_iteration();
    const Result<bool> holds = state_.step_of(id).test->holds(view);
    if (!holds) {
      fail_node(id, "its 'while': " + holds.error().to_string(),
                std::string(to_string(holds.error().code())));
      return;
    }
    goes_on = *holds;
  } else if (goes_on && !has_items && body.until_condition.empty() && body.max_iterations > 0) {
    goes_on = done < body.max_iterations;  // so many times
  }
  if (!goes_on) {
    json::Object result{{"iterations", done}};
    if (done > 0) {
      Result<json::Object> last = outputs_of(more.frames.back());
      if (!last) {
        fail_node(id, last.error().to_string(), std::string(to_string(last.error().code())));
        return;
      }
      result["last"] = *std::move(last);
    } else {
      result["last"] = nullptr;
    }
    finish(id, std::move(result), {});
    return;
  }
  if (body.max_iterations > 0 && done >= body.max_iterations) {
    fail_node(id, fmt::format("it did not end within {} iterations", body.max_iterations),
              "resource_exhausted");
    return;
  }
  if (!has_room(id, 1)) {
    return;
  }
  Event next;
  next.kind = Event::Kind::kIterate;
  next.node = id;
  next.number = done;
  emit(std::move(next));
  if (const NodeExtra& now = state_.node(id).more();
      !now.frames.empty() && state_.frame(now.frames.back()).count == 0) {
    fail_node(id, "its body has no steps", "invalid_argument");
  }
}

void Machine::close_frame(FrameId id) {
  const Frame frame = state_.frame(id);
  if (frame.free || frame.owner == kNoNode || frame.open > 0 ||
      state_.node(frame.owner).state != StepState::kRunning || !state_.is_of_attempt(frame)) {
    return;  // the run's own frames are next_clean_up's
  }
  const NodeId owner = frame.owner;
  if (frame.failed != kNoNode) {
    fail_block(owner, frame.failed);
    return;
  }
  if (frame.cancelled || frame.stopped) {
    Event ended;
    ended.kind = Event::Kind::kCancelStep;
    ended.node = owner;
    ended.text = state_.stop_reason;
    emit(std::move(ended));
    return;
  }
  const StepBody& body = state_.definition_of(owner).body;
  if (std::holds_alternative<LoopStep>(body)) {
    close_iteration(owner);
  } else if (std::holds_alternative<ConditionStep>(body)) {
    finish(owner, json::Object{{"result", state_.node(owner).more().total != 0}}, {});
  } else {
    Result<json::Object> outputs = outputs_of(id);
    if (outputs) {
      finish(owner, json::Value(*std::move(outputs)), {});
    } else {
      fail_node(owner, outputs.error().to_string(), std::string(to_string(outputs.error().code())));
    }
  }
}

void Machine::close_iteration(NodeId loop) {
  const BlueprintStep& step = state_.step_of(loop);
  if (state_.is_stopped(loop)) {
    Event ended;
    ended.kind = Event::Kind::kCancelStep;
    ended.node = loop;
    ended.text = state_.stop_reason;
    emit(std::move(ended));
    return;
  }
  if (step.until) {
    const Result<bool> done = step.until->holds(scope(loop));
    if (!done) {
      fail_node(loop, "its 'until': " + done.error().to_string(),
                std::string(to_string(done.error().code())));
      return;
    }
    if (*done) {
      const NodeExtra& more = state_.node(loop).more();
      Result<json::Object> last = outputs_of(more.frames.back());
      json::Object result{{"iterations", more.iterations}, {"last", nullptr}};
      if (last) {
        result["last"] = *std::move(last);
      }
      finish(loop, std::move(result), {});
      return;
    }
  }
  next_iteration(loop);
}

void Machine::fail_block(NodeId id, NodeId because) {
  const NodeExtra& cause = state_.node(because).more();
  fail_body(id, fmt::format("step '{}' failed: {}", state_.path(because), cause.error),
            cause.error_code);
}

Result<json::Object> Machine::outputs_of(FrameId id) {
  const Frame frame = state_.frame(id);
  json::Object outputs;
  for (NodeId node = frame.first; node < frame.first + frame.count; ++node) {
    if (state_.node(node).state == StepState::kCompleted) {
      OAP_TRY(outputs[state_.definition_of(node).id], plain(state_.node(node).output));
    }
  }
  return outputs;
}

/// Ends an open node at once, with all that is open inside it.
void Machine::cancel_node(NodeId id, const std::string& why) {
  const Node& node = state_.node(id);
  if (node.state == StepState::kRunning && node.waits == Waits::kNothing) {
    out_.commands.emplace_back(StopAttempt{id, true});
  } else if (node.waits == Waits::kChild) {
    cancel_child(id, why);
  }
  Event ended;
  ended.kind = Event::Kind::kCancelStep;
  ended.node = id;
  ended.text = why;
  emit(std::move(ended));
  cancel_inside(id, why);
}

void Machine::cancel_inside(NodeId id, const std::string& why) {
  const NodeExtra& more = state_.node(id).more();
  for (const NodeId child : std::vector<NodeId>(more.children)) {
    if (state_.node(child).is_open()) {
      cancel_node(child, why);
    }
  }
  for (const FrameId frame_id : std::vector<FrameId>(state_.node(id).more().frames)) {
    const Frame frame = state_.frame(frame_id);
    for (NodeId node = frame.first; node < frame.first + frame.count; ++node) {
      if (state_.node(node).is_open()) {
        cancel_node(node, why);
      }
    }
  }
}

}  // namespace oap::workflow
