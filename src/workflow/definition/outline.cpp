#include "workflow/definition/outline.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::workflow {
namespace {

constexpr std::size_t kMaxId = 64;

struct Inner {
  const Steps* body = nullptr;
  const Steps* other = nullptr;
  bool wants_steps = false;
};

Inner inner_blocks(const StepBody& body) {
  if (const auto* loop = std::get_if<LoopStep>(&body)) {
    return {loop->body.get(), nullptr, true};
  }
  if (const auto* group = std::get_if<GroupStep>(&body)) {
    return {group->body.get(), nullptr, true};
  }
  if (const auto* condition = std::get_if<ConditionStep>(&body)) {
    return {condition->then_steps.get(), condition->else_steps.get(), false};
  }
  return {};
}

}  // namespace

bool is_step_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxId || text::is_digit(text.front()) || text.front() == '-') {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-';
  });
}

bool is_workflow_id(std::string_view text) {
  constexpr std::size_t kMaxWorkflowId = 128;
  if (text.empty() || text.size() > kMaxWorkflowId ||
      !(text::is_alpha(text.front()) || text::is_digit(text.front()))) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

Outline Outline::of(const Definition& definition, ProblemList& problems) {
  Outline out;
  out.add_block(&definition.steps, std::nullopt, false, problems);
  if (!definition.finally.empty()) {
    out.finally = out.add_block(&definition.finally, std::nullopt, true, problems);
  }
  for (StepIndex i = 0; i < out.steps.size() && out.steps.size() <= kMaxSteps; ++i) {
    out.add_children(i, problems);
  }
  if (out.steps.size() > kMaxSteps) {
    problems.error(0, fmt::format("there are more than {} steps", kMaxSteps));
    out.steps.clear();
    out.blocks.clear();
  }
  for (StepIndex i = 0; i < out.steps.size(); ++i) {
    out.name(i, problems);
  }
  for (StepIndex i = 0; i < out.steps.size(); ++i) {
    out.link(i, problems);
  }
  out.sort(problems);
  return out;
}

BlockIndex Outline::add_block(const Steps* of, std::optional<StepIndex> owner, bool is_finally,
                              ProblemList& problems) {
  const auto index = static_cast<BlockIndex>(blocks.size());
  BlueprintBlock block;
  block.owner = owner;
  block.is_finally = is_finally;
  depths_.push_back(owner ? depths_[block_of(*owner)] + 1 : 0);
  if (depths_.back() > kMaxDepth) {
    problems.error(steps[*owner].definition->place.line,
                   fmt::format("step '{}': blocks are nested more than {} deep",
                               steps[*owner].definition->id, kMaxDepth));
  } else if (steps.size() + of->size() <= kMaxSteps + 1) {
    if (!owner) {
      steps.reserve(steps.size() + of->size());
    }
    block.steps.reserve(of->size());
    for (const StepDefinition& each : *of) {
      block.steps.push_back(static_cast<StepIndex>(steps.size()));
      BlueprintStep step;
      step.definition = &each;
      step.block = index;
      steps.push_back(std::move(step));
    }
  } else {
    steps.resize(kMaxSteps + 1);
  }
  blocks.push_back(std::move(block));
  ids.emplace_back();
  ids.back().reserve(of->size());
  return index;
}

void Outline::add_children(StepIndex index, ProblemList& problems) {
  const StepDefinition* definition = steps[index].definition;
  if (definition == nullptr) {
    return;
  }
  const Inner inner = inner_blocks(definition->body);
  if (inner.wants_steps && (inner.body == nullptr || inner.body->empty())) {
    problems.error(definition->place.line,
                   fmt::format("step '{}': a {} needs steps inside it", definition->id,
                               type_name(definition->body)));
  }
  if (inner.body != nullptr) {
    const BlockIndex block = add_block(inner.body, index, false, problems);
    steps[index].body = block;
  }
  if (inner.other != nullptr) {
    const BlockIndex block = add_block(inner.other, index, false, problems);
    steps[index].else_body = block;
  }
  if (definition->compensate != nullptr) {
    if (steps[index].compensates) {
      problems.error(
          definition->place.line,
          fmt::format("step '{}.compensate': a compensation has no compensation of its own",
                      steps[*steps[index].compensates].definition->id));
      return;
    }
    BlueprintStep undo;
    undo.definition = definition->compensate.get();
    undo.block = kNoBlock;
    undo.compensates = index;
    steps[index].compensate = static_cast<StepIndex>(steps.size());
    steps.push_back(std::move(undo));
  }
}

BlockIndex Outline::block_of(StepIndex index) const {
  const BlueprintStep& step = steps[index];
  return step.block == kNoBlock ? steps[*step.compensates].block : step.block;
}

void Outline::name(StepIndex index, ProblemList& problems) {
  const StepDefinition& step = *steps[index].definition;
  if (!is_step_id(step.id)) {
    const std::string name = shown(step.id);
    problems.error(problems.line(step.place, {"id"}),
                   step.id.empty()
                       ? fmt::format("a step has no id; give it one: 'id: build'")
                       : fmt::format("step id '{}' is not possible: an id begins with a letter or "
                                     "_, goes on with letters, digits, _ and -, and has at most {} "
                                     "characters",
                                     name, kMaxId));
  }
  if (steps[index].block == kNoBlock || step.id.empty()) {
    return;
  }
  const BlockIndex block = steps[index].block;
  const auto [first, fresh] = ids[block].emplace(step.id, index);
  const StepDefinition* other = fresh ? nullptr : steps[first->second].definition;
  for (BlockIndex at = block; other == nullptr && blocks[at].owner;) {
    at = block_of(*blocks[at].owner);
    const auto outer = ids[at].find(step.id);
    other = outer == ids[at].end() ? nullptr : steps[outer->second].definition;
  }
  if (other == nullptr && blocks[block].is_finally && !ids.empty()) {  // it sees the run's steps
    const auto main = ids.front().find(step.id);
    other = main == ids.front().end() ? nullptr : steps[main->second].definition;
  }
  if (other != nullptr) {
    const std::string at = other->place.line > 0
                               ? fmt::format(" (first in line {})", other->place.line)
                               : std::string();
    problems.error(problems.line(step.place, {"id"}),
                   fmt::format("step id '{}' is used twice{}; ids are unique in a block and those "
                               "around it",
                               shown(step.id), at));
  }
}

std::optional<StepIndex> Outline::find(BlockIndex block, std::string_view id) const {
  for (;;) {
    const auto found = ids[block].find(id);
    if (found != ids[block].end()) {
      return found->second;
    }
    if (!blocks[block].owner) {
      return std::nullopt;
    }
    block = block_of(*blocks[block].owner);
  }
}

std::vector<std::string> Outline::ids_like(BlockIndex block, std::string_view word) const {
  constexpr std::size_t kMaxLooked = 200;
  const std::size_t reach = std::max<std::size_t>(1, word.size() / 3);
  std::vector<std::string> out;
  for (const StepIndex index : blocks[block].steps) {
    const std::string& id = steps[index].definition->id;
    const std::size_t gap =
        id.size() > word.size() ? id.size() - word.size() : word.size() - id.size();
    const bool alike =
        !id.empty() && !word.empty() && (id.front() == word.front() || id.back() == word.back());
    if ((gap <= reach && alike) || text::starts_with_ci(id, word)) {
      out.push_back(id);
    }
    if (out.size() == kMaxLooked) {
      break;
    }
  }
  return out;
}

void Outline::link(StepIndex index, ProblemList& problems) {
  const StepDefinition& step = *steps[index].definition;
  if (steps[index].block == kNoBlock) {
    if (!step.needs.empty()) {
      problems.error(problems.line(step.place, {"needs", "dependencies"}),
                     fmt::format("step '{}.compensate': a compensation has no needs",
                                 steps[*steps[index].compensates].definition->id));
    }
    return;
  }
  const auto& known = ids[steps[index].block];
  std::vector<StepIndex>& needs = steps[index].needs;
  needs.reserve(step.needs.size());
  for (const std::string& id : step.needs) {
    const auto found = known.find(id);
    if (found != known.end()) {
      needs.push_back(found->second);
    } else if (!problems.full()) {
      problems.error(problems.line(step.place, {"needs", "dependencies"}), unknown_need(index, id));
    }
  }
  if (needs.size() > 1) {
    std::vector<StepIndex> sorted = needs;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
      problems.warning(problems.line(step.place, {"needs", "dependencies"}),
                       fmt::format("step '{}' names a need twice", step.id));
      sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
      needs = std::move(sorted);
    }
  }
  for (const StepIndex need : needs) {
    steps[need].successors.push_back(index);
  }
}

std::string Outline::unknown_need(StepIndex index, std::string_view id) const {
  const std::string& self = steps[index].definition->id;
  const std::string name = shown(id);
  const BlockIndex block = steps[index].block;
  if (const auto outer = find(block, id)) {
    return fmt::format(
        "step '{}' needs '{}', which is outside its block; put it into the needs of "
        "'{}'",
        self, name, steps[*blocks[block].owner].definition->id);
  }
  for (BlockIndex other = 0; other < blocks.size(); ++other) {
    const auto found = ids[other].find(id);
    if (found != ids[other].end() && blocks[other].owner) {
      return fmt::format("step '{}' needs '{}', which is inside '{}'; need '{}' itself", self, name,
                         steps[*blocks[other].owner].definition->id,
                         steps[*blocks[other].owner].definition->id);
    }
  }
  if (blocks[block].is_finally) {
    return fmt::format(
        "step '{}' needs '{}', which is no step of 'finally'{}; all other steps have "
        "ended when it starts",
        self, name, text::did_you_mean(id, ids_like(block, id)));
  }
  return fmt::format("step '{}' needs '{}', which is no step{}", self, name,
                     text::did_you_mean(id, ids_like(block, id)));
}

/// Kahn's algorithm with counters; levels are the longest ways.
void Outline::sort(ProblemList& problems) {
  levels_.assign(steps.size(), 0);
  std::vector<std::uint32_t> unmet(steps.size());
  std::vector<StepIndex> order;
  order.reserve(steps.size());
  for (StepIndex i = 0; i < steps.size(); ++i) {
    unmet[i] = static_cast<std::uint32_t>(steps[i].needs.size());
    if (unmet[i] == 0) {
      order.push_back(i);
    }
  }
  for (std::size_t done = 0; done < order.size(); ++done) {
    const StepIndex at = order[done];
    for (const StepIndex next : steps[at].successors) {
      levels_[next] = std::max(levels_[next], levels_[at] + 1);
      if (--unmet[next] == 0) {
        order.push_back(next);
      }
    }
  }
  if (order.size() < steps.size()) {
    report_cycles(unmet, problems);
  }
  grow_tree(order);
}

/// A step that could not be sorted has a need that could not be sorted either: following those
/// comes back to a step of this walk (a cycle) or of an earlier one.
void Outline::report_cycles(const std::vector<std::uint32_t>& unmet, ProblemList& problems) const {
  std::vector<std::uint32_t> walk(steps.size(), 0);
  std::uint32_t number = 0;
  for (StepIndex start = 0; start < steps.size() && !problems.full(); ++start) {
    if (unmet[start] == 0 || walk[start] != 0) {
      continue;
    }
    ++number;
    std::vector<StepIndex> path;
    StepIndex at = start;
    while (walk[at] == 0) {
      walk[at] = number;
      path.push_back(at);
      const std::vector<StepIndex>& needs = steps[at].needs;
      at = *std::find_if(needs.begin(), needs.end(),
                         [&unmet](StepIndex need) { return unmet[need] > 0; });
    }
    if (walk[at] == number) {
      path.erase(path.begin(), std::find(path.begin(), path.end(), at));
      const StepDefinition& first = *steps[*std::min_element(path.begin(), path.end())].definition;
      problems.error(problems.line(first.place, {"needs", "dependencies"}),
                     fmt::format("these steps need each other: {} (each needs the next); take one "
                                 "of these needs away",
                                 cycle_text(std::move(path))));
    }
  }
}

std::string Outline::cycle_text(std::vector<StepIndex> path) const {
  constexpr std::size_t kShown = 20;
  std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
  path.push_back(path.front());
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.size() > kShown && i == kShown / 2) {
      text += fmt::format(" → … {} more …", path.size() - kShown);
      i = path.size() - kShown / 2;
    }
    text += (i == 0 ? "" : " → ") + shown(steps[path[i]].definition->id);
  }
  return text;
}

}  // namespace oap::workflow
