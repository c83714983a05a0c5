#include <algorithm>
#include <charconv>
#include <utility>

#include "workflow/machine/state_check.hpp"

namespace oap::workflow {

/// A State as JSON and back: what a snapshot is. Arrays by position, since a state may be large.
class StateCodec {
 public:
  static json::Value write(const State& state);
  static Result<State> read(const json::Value& value, std::shared_ptr<const Plan> plan);

 private:
  static json::Value write_node(const Node& node);
  static json::Value write_extra(const NodeExtra& extra);
  static json::Value write_frame(const Frame& frame);
  static Result<Node> read_node(const json::Value& value, std::size_t steps);
  static std::unique_ptr<NodeExtra> read_extra(const json::Object& object);
  static Result<Frame> read_frame(const json::Value& value);
  static void read_run(State& state, const json::Object& object);
};

namespace {

template <class Number>
json::Array numbers(const std::vector<Number>& list) {
  json::Array array;
  array.reserve(list.size());
  for (const Number number : list) {
    array.emplace_back(static_cast<std::int64_t>(number));
  }
  return array;
}

std::int64_t number(const json::Value& value) {
  return value.is_int64()    ? value.get_int64()
         : value.is_uint64() ? static_cast<std::int64_t>(value.get_uint64())
                             : 0;
}

template <class Number>
std::vector<Number> read_numbers(const json::Object& object, std::string_view key) {
  std::vector<Number> list;
  if (const json::Array* array = json::find_array(object, key)) {
    list.reserve(array->size());
    for (const json::Value& value : *array) {
      list.push_back(static_cast<Number>(number(value)));
    }
  }
  return list;
}

StepUsage read_usage(const json::Object& object) {
  const json::Object* usage = json::find_object(object, "usage");
  return usage == nullptr
             ? StepUsage{}
             : StepUsage{json::get_int(*usage, "tokens"), json::get_double(*usage, "cost_usd")};
}

json::Value value_of(const json::Object& object, std::string_view key) {
  const json::Value* value = json::find(object, key);
  return value == nullptr ? json::Value() : *value;
}

json::Object object_of(const json::Object& object, std::string_view key) {
  const json::Object* value = json::find_object(object, key);
  return value == nullptr ? json::Object() : *value;
}

Error damaged() { return {Code::kDataLoss, "a snapshot of a run is damaged"}; }

enum Flag : std::uint32_t {
  kFanOut = 1,
  kCompensation = 2,
  kTolerated = 4,
  kFailedUpstream = 8,
  kDecided = 16,
  kFree = 32
};

}  // namespace

json::Value StateCodec::write_extra(const NodeExtra& extra) {
  json::Object object;
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) {
      object[key] = value;
    }
  };
  text("error", extra.error);
  text("code", extra.error_code);
  text("subject", extra.subject);
  if (extra.has_input) {
    object["input"] = extra.input;
  }
  if (extra.tainted) {
    object["tainted"] = true;
  }
  if (extra.begun_at != 0) {
    object["begun"] = extra.begun_at;
  }
  if (!extra.items.is_null()) {
    object["items"] = extra.items;
  }
  object["n"] = json::Array{extra.total, extra.iterations, extra.active, extra.failures};
  if (!extra.children.empty()) {
    object["children"] = numbers(extra.children);
  }
  if (!extra.frames.empty()) {
    object["frames"] = numbers(extra.frames);
  }
  json::Array votes;
  for (const GivenVote& vote : extra.votes) {
    votes.push_back(json::Object{{"by", vote.by}, {"approve", vote.approve}, {"data", vote.data}});
  }
  if (!votes.empty()) {
    object["votes"] = std::move(votes);
  }
  if (extra.usage.tokens != 0 || extra.usage.cost_usd != 0) {
    object["usage"] = usage_json(extra.usage);
  }
  return object;
}

std::unique_ptr<NodeExtra> StateCodec::read_extra(const json::Object& object) {
  auto extra = std::make_unique<NodeExtra>();
  extra->error = json::get_string(object, "error");
  extra->error_code = json::get_string(object, "code");
  extra->subject = json::get_string(object, "subject");
  extra->has_input = object.contains("input");
  extra->input = value_of(object, "input");
  extra->tainted = json::get_bool(object, "tainted");
  extra->items = value_of(object, "items");
  extra->begun_at = json::get_int(object, "begun");
  const auto counts = read_numbers<std::int64_t>(object, "n");
  if (counts.size() == 4) {
    extra->total = counts[0];
    extra->iterations = counts[1];
    extra->active = counts[2];
    extra->failures = counts[3];
  }
  extra->children = read_numbers<NodeId>(object, "children");
  extra->frames = read_numbers<FrameId>(object, "frames");
  if (const json::Array* votes = json::find_array(object, "votes")) {
    for (const json::Value& vote : *votes) {
      const json::Value* data = json::find(vote, "data");
      extra->votes.push_back({std::string(json::get_string(vote, "by")),
                              json::get_bool(vote, "approve"),
                              data == nullptr ? json::Value() : *data});
    }
  }
  extra->usage = read_usage(object);
  return extra;
}

json::Value StateCodec::write_node(const Node& node) {
  const std::uint32_t flags =
      (node.is_fan_out ? kFanOut : 0U) | (node.is_compensation ? kCompensation : 0U) |
      (node.tolerated ? kTolerated : 0U) | (node.failed_upstream ? kFailedUpstream : 0U) |
      (node.decided ? kDecided : 0U) | (node.free ? kFree : 0U);
  json::Array array{node.step,
                    node.frame,
                    node.owner,
                    node.child,
                    node.unmet,
                    node.blocked_by,
                    static_cast<int>(node.state),
                    static_cast<int>(node.waits),
                    flags,
                    node.attempts,
                    node.counted,
                    node.infra,
                    node.ready_at,
                    node.started_at,
                    node.ended_at,
                    node.due_at};
  const bool more = node.extra != nullptr;
  if (more || !node.output.is_null()) {
    array.push_back(node.output);
  }
  if (more) {
    array.push_back(write_extra(*node.extra));
  }
  return array;
}

Result<Node> StateCodec::read_node(const json::Value& value, std::size_t steps) {
  constexpr std::size_t kFixed = 16;
  const json::Array* array = value.if_array();
  if (array == nullptr || array->size() < kFixed) {
    return fail(damaged());
  }
  const auto at = [&](std::size_t index) { return number((*array)[index]); };
  Node node;
  node.step = static_cast<StepIndex>(at(0));
  node.frame = static_cast<FrameId>(at(1));
  node.owner = static_cast<NodeId>(at(2));
  node.child = static_cast<std::int32_t>(at(3));
  node.unmet = static_cast<std::uint32_t>(at(4));
  node.blocked_by = static_cast<NodeId>(at(5));
  node.state = static_cast<StepState>(at(6));
  node.waits = static_cast<Waits>(at(7));
  const auto flags = static_cast<std::uint32_t>(at(8));
  node.is_fan_out = (flags & kFanOut) != 0;
  node.is_compensation = (flags & kCompensation) != 0;
  node.tolerated = (flags & kTolerated) != 0;
  node.failed_upstream = (flags & kFailedUpstream) != 0;
  node.decided = (flags & kDecided) != 0;
  node.free = (flags & kFree) != 0;
  node.attempts = static_cast<std::uint16_t>(at(9));
  node.counted = static_cast<std::uint16_t>(at(10));
  node.infra = static_cast<std::uint16_t>(at(11));
  node.ready_at = at(12);
  node.started_at = at(13);
  node.ended_at = at(14);
  node.due_at = at(15);
  if (array->size() > kFixed) {
    node.output = (*array)[kFixed];
  }
  if (array->size() > kFixed + 1 && (*array)[kFixed + 1].is_object()) {
    node.extra = read_extra((*array)[kFixed + 1].get_object());
  }
  if (node.step >= steps || at(6) < 0 || at(6) > static_cast<int>(StepState::kUnknown) ||
      at(7) < 0 || at(7) > static_cast<int>(Waits::kBlocks)) {
    return fail(damaged());
  }
  return node;
}

json::Value StateCodec::write_frame(const Frame& frame) {
  const int flags = (frame.stopped ? 1 : 0) | (frame.cancelled ? 2 : 0) | (frame.free ? 4 : 0);
  json::Array array{frame.owner, frame.block, frame.index,  frame.first,
                    frame.count, frame.open,  frame.failed, flags};
  if (frame.attempt != 1) {
    array.push_back(frame.attempt);
  }
  return array;
}

Result<Frame> StateCodec::read_frame(const json::Value& value) {
  constexpr std::size_t kFixed = 8;
  const json::Array* array = value.if_array();
  if (array == nullptr || array->size() < kFixed || array->size() > kFixed + 1) {
    return fail(damaged());
  }
  const auto at = [&](std::size_t index) { return number((*array)[index]); };
  Frame frame;
  frame.owner = static_cast<NodeId>(at(0));
  frame.block = static_cast<BlockIndex>(at(1));
  frame.index = at(2);
  frame.first = static_cast<NodeId>(at(3));
  frame.count = static_cast<std::uint32_t>(at(4));
  frame.open = static_cast<std::uint32_t>(at(5));
  frame.failed = static_cast<NodeId>(at(6));
  frame.stopped = (at(7) & 1) != 0;
  frame.cancelled = (at(7) & 2) != 0;
  frame.free = (at(7) & 4) != 0;
  frame.attempt = array->size() > kFixed ? static_cast<std::uint16_t>(at(kFixed)) : 1;
  return frame;
}

json::Value StateCodec::write(const State& state) {
  json::Object object;
  json::Array nodes;
  nodes.reserve(state.nodes_.size());
  for (const Node& node : state.nodes_) {
    nodes.push_back(write_node(node));
  }
  json::Array frames;
  for (const Frame& frame : state.frames_) {
    frames.push_back(write_frame(frame));
  }
  json::Object spare;
  for (const auto& [block, list] : state.spare_) {
    spare[std::to_string(block)] = numbers(list);
  }
  json::Object signals;
  for (const auto& [name, payloads] : state.signals) {
    json::Array list(payloads.begin(), payloads.end());
    signals[name] = std::move(list);
  }
  object["v"] = 2;
  object["state"] = store::to_string(state.run_state);
  object["phase"] = static_cast<int>(state.phase);
  object["flags"] = (state.paused ? 1 : 0) | (state.over_budget ? 2 : 0) |
                    (state.cancelling ? 4 : 0) | (state.forced ? 8 : 0) | (state.time_up ? 16 : 0);
  object["stop_reason"] = state.stop_reason;
  object["compensating"] = state.compensating;
  object["inputs"] = state.inputs;
  object["variables"] = state.variables;
  object["started"] = state.started;
  json::Object budget;
  if (state.budget.tokens) {
    budget["tokens"] = *state.budget.tokens;
  }
  if (state.budget.cost_usd) {
    budget["cost_usd"] = *state.budget.cost_usd;
  }
  object["budget"] = std::move(budget);
  object["usage"] = usage_json(state.usage);
  object["n"] = json::Array{state.started_at,
                            state.epochs,
                            state.running,
                            state.events,
                            state.root_ ? static_cast<std::int64_t>(*state.root_) : -1,
                            state.finally_ ? static_cast<std::int64_t>(*state.finally_) : -1};
  object["signals"] = std::move(signals);
  object["completed"] = numbers(state.completed);
  object["waiting"] = numbers(state.waiting);
  object["spare"] = std::move(spare);
  if (!state.spare_children_.empty()) {
    object["spare_children"] = numbers(state.spare_children_);
  }
  object["frames"] = std::move(frames);
  object["nodes"] = std::move(nodes);
  return object;
}

void StateCodec::read_run(State& state, const json::Object& object) {
  state.run_state =
      store::run_state_from(json::get_string(object, "state")).value_or(RunState::kRunning);
  state.phase = static_cast<State::Phase>(std::clamp<std::int64_t>(
      json::get_int(object, "phase"), 0, static_cast<int>(State::Phase::kEnding)));
  const std::int64_t flags = json::get_int(object, "flags");
  state.paused = (flags & 1) != 0;
  state.over_budget = (flags & 2) != 0;
  state.cancelling = (flags & 4) != 0;
  state.forced = (flags & 8) != 0;
  state.time_up = (flags & 16) != 0;
  state.stop_reason = json::get_string(object, "stop_reason");
  state.compensating = static_cast<NodeId>(json::get_int(object, "compensating", kNoNode));
  state.inputs = object_of(object, "inputs");
  state.variables = object_of(object, "variables");
  state.started = object_of(object, "started");
  const json::Object budget = object_of(object, "budget");
  if (budget.contains("tokens")) {
    state.budget.tokens = json::get_int(budget, "tokens");
  }
  if (budget.contains("cost_usd")) {
    state.budget.cost_usd = json::get_double(budget, "cost_usd");
  }
  state.usage = read_usage(object);
  if (const json::Object* signals = json::find_object(object, "signals")) {
    for (const auto& member : *signals) {
      if (const json::Array* list = member.value().if_array()) {
        state.signals[member.key()].assign(list->begin(), list->end());
      }
    }
  }
  state.completed = read_numbers<NodeId>(object, "completed");
  state.waiting = read_numbers<NodeId>(object, "waiting");
}

Result<State> StateCodec::read(const json::Value& value, std::shared_ptr<const Plan> plan) {
  const json::Object* object = value.if_object();
  if (object == nullptr || json::get_int(*object, "v") != 2) {
    return fail(damaged());
  }
  const std::size_t steps = plan->blueprint().size();
  State state(std::move(plan));
  read_run(state, *object);
  const auto counts = read_numbers<std::int64_t>(*object, "n");
  const json::Array* nodes = json::find_array(*object, "nodes");
  const json::Array* frames = json::find_array(*object, "frames");
  constexpr std::int64_t kMost = std::int64_t{1} << 53;  // of anything that is counted or timed
  const bool counted =
      counts.size() == 6 && std::all_of(counts.begin(), counts.end(), [](std::int64_t count) {
        return count >= -1 && count <= kMost;
      });
  if (!counted || nodes == nullptr || frames == nullptr) {
    return fail(damaged());
  }
  state.started_at = counts[0];
  state.epochs = counts[1];
  state.running = static_cast<std::uint32_t>(counts[2]);
  state.events = counts[3];
  if (counts[4] >= 0) {
    state.root_ = static_cast<FrameId>(counts[4]);
  }
  if (counts[5] >= 0) {
    state.finally_ = static_cast<FrameId>(counts[5]);
  }
  state.nodes_.reserve(nodes->size());
  for (const json::Value& item : *nodes) {
    OAP_TRY(Node node, read_node(item, steps));
    state.nodes_.push_back(std::move(node));
  }
  for (const json::Value& item : *frames) {
    OAP_TRY(const Frame frame, read_frame(item));
    state.frames_.push_back(frame);
  }
  if (const json::Object* spare = json::find_object(*object, "spare")) {
    for (const auto& member : *spare) {
      const std::string_view key = member.key();
      BlockIndex block = 0;
      if (std::from_chars(key.data(), key.data() + key.size(), block).ec != std::errc{}) {
        return fail(damaged());
      }
      state.spare_[block] = read_numbers<FrameId>(*spare, member.key());
    }
  }
  state.spare_children_ = read_numbers<NodeId>(*object, "spare_children");
  if (!StateCheck(state).holds()) {
    return fail(damaged());
  }
  return state;
}

json::Value State::to_json() const { return StateCodec::write(*this); }

Result<State> State::from_json(const json::Value& value, std::shared_ptr<const Plan> plan) {
  return StateCodec::read(value, std::move(plan));
}

}  // namespace oap::workflow
