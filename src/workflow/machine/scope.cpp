#include "workflow/machine/scope.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace oap::workflow {
namespace {

using Pairs = std::vector<std::pair<expr::Value, expr::Value>>;

std::string status_text(const Node& node) { return std::string(store::to_string(node.state)); }

}  // namespace

std::string_view blob_of(const json::Value& value) {
  const json::Object* object = value.if_object();
  return object == nullptr ? std::string_view{} : json::get_string(*object, "$blob");
}

Result<expr::Value> RunScope::shown(const json::Value& value) const {
  const std::string_view blob = blob_of(value);
  if (blob.empty()) {
    return expr::Value::borrowed_json(value);
  }
  OAP_TRY(std::shared_ptr<const json::Value> loaded, host_.blob(std::string(blob)));
  held_.push_back(std::move(loaded));
  return expr::Value::borrowed_json(*held_.back());
}

expr::Value RunScope::object_of(const json::Object& object) const {
  for (const auto& member : object) {
    if (!blob_of(member.value()).empty()) {
      Pairs pairs;
      for (const auto& each : object) {
        Result<expr::Value> value = shown(each.value());
        pairs.emplace_back(expr::Value::string(std::string(each.key())),
                           value
                               ? *std::move(value)
                               : expr::Value::error(value.error().code(), value.error().message()));
      }
      return expr::Value::map(std::move(pairs));
    }
  }
  return expr::Value::borrowed_json(object);
}

bool RunScope::is_sealed(std::string_view name) const {
  const json::Value* const names = json::find(state_.started, "sealed");
  return names != nullptr && names->is_array() &&
         std::any_of(names->get_array().begin(), names->get_array().end(),
                     [&](const json::Value& each) {
                       return each.is_string() && json::view(each.get_string()) == name;
                     });
}

Result<expr::Value> RunScope::input(std::string_view name) const {
  const json::Value* const value = json::find(state_.inputs, name);
  if (value == nullptr) {
    return fail(Code::kInvalidArgument, "the input '{}' was not given", name);
  }
  if (!is_sealed(name)) {
    return shown(*value);
  }
  const json::Value* sealed = value;
  if (const std::string_view blob = blob_of(*value); !blob.empty()) {
    OAP_TRY(std::shared_ptr<const json::Value> loaded, host_.blob(std::string(blob)));
    held_.push_back(std::move(loaded));
    sealed = held_.back().get();
  }
  OAP_TRY(json::Value clear, host_.open_input(*sealed, name));
  return expr::Value::json(clear).secret();
}

Result<expr::Value> RunScope::inputs() const {
  if (!state_.started.contains("sealed")) {
    return object_of(state_.inputs);
  }
  Pairs pairs;
  for (const auto& each : state_.inputs) {
    Result<expr::Value> value = input(each.key());
    pairs.emplace_back(expr::Value::string(std::string(each.key())),
                       value ? *std::move(value)
                             : expr::Value::error(value.error().code(), value.error().message()));
  }
  return expr::Value::map(std::move(pairs));
}

Result<expr::Value> RunScope::value(const Name& name) const {
  switch (name.kind) {
    case Name::Kind::kInputs:
    case Name::Kind::kSecretInput:
      return name.text.empty() ? inputs() : input(name.text);
    case Name::Kind::kVariables:
      return object_of(state_.variables);
    case Name::Kind::kVariable:
      if (const json::Value* value = json::find(state_.variables, name.text)) {
        return shown(*value);
      }
      return fail(Code::kInvalidArgument, "variable '{}' has no value yet", name.text);
    case Name::Kind::kStep:
      return step(name.step);
    case Name::Kind::kItem:
    case Name::Kind::kMatrix:
      return item(name.step);
    case Name::Kind::kIndex:
      return index(name.step);
    case Name::Kind::kLoop:
      return loop(name.step);
    case Name::Kind::kRun:
      return run();
    case Name::Kind::kWorkflow:
      return workflow();
    case Name::Kind::kSecret:
      if (auto secret = host_.secret(name.text)) {
        return expr::Value::string(*std::move(secret)).secret();
      }
      return fail(Code::kInvalidArgument, "there is no secret '{}' here", name.text);
    case Name::Kind::kResult:
      if (result_ == nullptr) {
        return fail(Code::kInvalidArgument, "there is no result yet");
      }
      return is_kept_ ? shown(*result_) : expr::Value::borrowed_json(*result_);
    case Name::Kind::kSuccess:
      return expr::Value::boolean(needs_are_good());
    case Name::Kind::kFailure:
      return expr::Value::boolean(has_failure());
    case Name::Kind::kCancelled:
      return expr::Value::boolean(state_.cancelling);
  }
  return fail(Code::kInternal, "a name of no kind");
}

bool RunScope::needs_are_good() const {
  if (node_ == kNoNode) {
    return true;
  }
  const Node& node = state_.node(node_);
  const bool first_of_finally = state_.step_of(node_).needs.empty() && state_.is_finally(node_);
  if (first_of_finally && state_.frame(node.frame).owner == kNoNode) {
    return !has_failure() && !state_.cancelling;
  }
  return node.blocked_by == kNoNode;
}

bool RunScope::has_failure() const {
  if (node_ == kNoNode) {
    return false;
  }
  const bool run_failed = state_.frame(0).failed != kNoNode || state_.time_up;
  return state_.node(node_).failed_upstream || (state_.is_finally(node_) && run_failed);
}

Result<expr::Value> RunScope::step(StepIndex index) const {
  const FrameId from = node_ == kNoNode ? 0 : state_.node(node_).frame;
  const auto found = state_.visible(index, from);
  if (!found) {
    return fail(Code::kInvalidArgument, "step '{}' is not seen from here",
                state_.blueprint().step(index).definition->id);
  }
  const Node& node = state_.node(*found);
  const std::string& error = node.more().error;
  OAP_TRY(expr::Value outputs, shown(node.output));
  Pairs pairs;
  pairs.reserve(4);
  pairs.emplace_back(expr::Value::borrowed_string("outputs"), std::move(outputs));
  pairs.emplace_back(expr::Value::borrowed_string("status"),
                     expr::Value::string(status_text(node)));
  pairs.emplace_back(expr::Value::borrowed_string("error"),
                     error.empty() ? expr::Value() : expr::Value::borrowed_string(error));
  pairs.emplace_back(expr::Value::borrowed_string("attempts"), expr::Value::integer(node.attempts));
  return expr::Value::map(std::move(pairs));
}

/// Of the loop, the iteration that the node is part of: a compensation's own, however many came
/// later. The newest one where it is the loop itself.
std::int64_t RunScope::iteration(NodeId loop) const {
  for (NodeId id = node_; id != kNoNode && id != loop;) {
    const Frame& frame = state_.frame(state_.node(id).frame);
    if (frame.owner == loop && !state_.node(id).is_compensation) {
      return frame.index;
    }
    id = state_.node(id).is_compensation ? state_.node(id).owner : frame.owner;
  }
  return state_.node(loop).more().iterations - 1;
}

Result<expr::Value> RunScope::item(StepIndex step) const {
  const NodeId at = state_.around(step, node_);
  if (at == kNoNode) {
    return fail(Code::kInvalidArgument, "there is no item here");
  }
  const Node& node = state_.node(at);
  const bool child = node.child >= 0 && state_.node(node.owner).step == step;
  const bool own_loop = !child || std::holds_alternative<LoopStep>(state_.definition_of(at).body);
  const Node& list = child && node.more().items.is_null() ? state_.node(node.owner) : node;
  std::int64_t number = child ? node.child : node.more().iterations - 1;
  if (own_loop && !node.more().items.is_null()) {
    number = iteration(at);
  }
  const json::Value* items = &list.more().items;
  if (const std::string_view blob = blob_of(*items); !blob.empty()) {
    OAP_TRY(std::shared_ptr<const json::Value> loaded, host_.blob(std::string(blob)));
    held_.push_back(std::move(loaded));
    items = held_.back().get();
  }
  const json::Array* array = items->if_array();
  if (array == nullptr || number < 0 || number >= static_cast<std::int64_t>(array->size())) {
    return fail(Code::kInvalidArgument, "there is no item {} here", number);
  }
  return expr::Value::borrowed_json((*array)[static_cast<std::size_t>(number)]);
}

Result<expr::Value> RunScope::index(StepIndex step) const {
  const NodeId at = state_.around(step, node_);
  if (at == kNoNode) {
    return fail(Code::kInvalidArgument, "there is no index here");
  }
  const Node& node = state_.node(at);
  return expr::Value::integer(node.child >= 0 ? node.child
                                              : std::max<std::int64_t>(0, iteration(at)));
}

Result<expr::Value> RunScope::loop(StepIndex step) const {
  const NodeId at = state_.around(step, node_);
  if (at == kNoNode) {
    return fail(Code::kInvalidArgument, "there is no loop here");
  }
  const NodeExtra& more = state_.node(at).more();
  const std::int64_t current = iteration(at);
  const std::int64_t ended = at != node_ ? current - 1 : current;
  expr::Value last;
  const auto found = std::find_if(more.frames.rbegin(), more.frames.rend(), [&](FrameId id) {
    return state_.frame(id).index <= ended && state_.is_of_attempt(state_.frame(id));
  });
  if (found != more.frames.rend() && state_.frame(*found).index == ended) {
    const Frame& frame = state_.frame(*found);
    Pairs pairs;
    for (NodeId id = frame.first; id < frame.first + frame.count; ++id) {
      OAP_TRY(expr::Value outputs, shown(state_.node(id).output));
      pairs.emplace_back(expr::Value::borrowed_string(state_.definition_of(id).id),
                         std::move(outputs));
    }
    last = expr::Value::map(std::move(pairs));
  }
  Pairs pairs;
  pairs.emplace_back(expr::Value::borrowed_string("index"),
                     expr::Value::integer(before_iteration_ ? more.iterations : current));
  pairs.emplace_back(expr::Value::borrowed_string("last"), std::move(last));
  return expr::Value::map(std::move(pairs));
}

expr::Value RunScope::hold(json::Object object) const {
  held_.push_back(std::make_shared<const json::Value>(std::move(object)));
  return expr::Value::borrowed_json(*held_.back());
}

Result<expr::Value> RunScope::run() const {
  const std::string started = format_time(from_millis(state_.started_at));
  return hold(json::Object{
      {"id", identity_.run_id}, {"started_at", started}, {"attempt", state_.epochs + 1}});
}

Result<expr::Value> RunScope::workflow() const {
  const Definition& definition = state_.blueprint().definition();
  return hold(json::Object{
      {"id", definition.id}, {"name", definition.name}, {"version", definition.version}});
}

}  // namespace oap::workflow
