// Concurrency groups and budgets: what else must hold before a step starts.
#include <algorithm>

#include "workflow/machine/machine.hpp"

namespace oap::workflow {

bool Machine::has_room(NodeId id, std::size_t more) {
  if (more <= options_.most_steps && state_.node_count() <= options_.most_steps - more) {
    return true;
  }
  const int line = state_.definition_of(id).place.line;
  fail_node(id,
            fmt::format("with it the run comes to more than {} steps, each of a foreach, matrix or "
                        "loop counted{}; make fewer, or share the work out among runs",
                        options_.most_steps, line == 0 ? "" : fmt::format(" (line {})", line)),
            "resource_exhausted");
  return false;
}

/// Whatever ended a step or sent it back, it holds its concurrency group no longer.
void Machine::release_groups() {
  if (!has_groups_) {
    return;
  }
  for (; seen_touched_ < state_.touched.size(); ++seen_touched_) {
    const NodeId id = state_.touched[seen_touched_];
    const Node& node = state_.node(id);
    const bool sent_back = node.state == StepState::kReady && node.attempts > 0;
    if ((node.is_open() && !sent_back) || node.free ||
        state_.definition_of(id).concurrency.empty()) {
      continue;
    }
    std::erase(granted_, id);
    std::erase(refused_, id);
    out_.released_groups.push_back(state_.path(id));
  }
}

bool Machine::take_group(NodeId id) {
  const auto granted = std::find(granted_.begin(), granted_.end(), id);
  if (granted != granted_.end()) {
    return true;
  }
  const auto holds = [id](const std::vector<NodeId>& list) {
    return std::find(list.begin(), list.end(), id) != list.end();
  };
  if (holds(asking_) || holds(refused_)) {
    return false;
  }
  Result<Rendered> name = state_.step_of(id).group.render(scope(id));
  if (!name || !name->data.is_string()) {
    fail_node(id, name ? "its concurrency group is no text" : name.error().to_string(),
              "invalid_argument");
    return false;
  }
  asking_.push_back(id);
  ++groups_asked_;
  out_.commands.emplace_back(
      TakeGroup{id, state_.path(id), std::string(json::view(name->data.get_string()))});
  return false;
}

void Machine::group_answer(NodeId id, const std::string& path, bool granted) {
  --groups_asked_;
  std::erase(asking_, id);
  const bool wants = state_.node(id).is_open() && state_.path(id) == path;
  if (granted && !wants) {
    out_.released_groups.push_back(path);
  } else if (wants) {
    (granted ? granted_ : refused_).push_back(id);
  }
}

Budget Machine::budget_left(NodeId id) const {
  Budget left = state_.definition_of(id).budget;
  const StepUsage& mine = state_.node(id).more().usage;
  const auto sink = [](auto& place, const auto& limit, auto used) {
    if (limit) {
      const auto rest = std::max<std::decay_t<decltype(*limit)>>(0, *limit - used);
      place = place ? std::min(*place, rest) : rest;
    }
  };
  const Budget own = left;
  left = {};
  sink(left.tokens, own.tokens, mine.tokens);
  sink(left.cost_usd, own.cost_usd, mine.cost_usd);
  sink(left.tokens, state_.budget.tokens, state_.usage.tokens);
  sink(left.cost_usd, state_.budget.cost_usd, state_.usage.cost_usd);
  return left;
}

/// An exhausted budget pauses the run until somebody raises it.
bool Machine::within_budget(NodeId id) {
  if (!std::holds_alternative<AgentStep>(state_.definition_of(id).body) || state_.is_clean_up(id)) {
    return true;
  }
  const bool spent = (state_.budget.tokens && state_.usage.tokens >= *state_.budget.tokens) ||
                     (state_.budget.cost_usd && state_.usage.cost_usd >= *state_.budget.cost_usd);
  if (!spent) {
    return true;
  }
  Event pause;
  pause.kind = Event::Kind::kPause;
  pause.code = "budget";
  emit(std::move(pause));
  return false;
}

}  // namespace oap::workflow
