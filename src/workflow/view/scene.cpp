#include "workflow/view/scene.hpp"

#include <algorithm>
#include <unordered_map>

namespace oap::workflow {
namespace {

class SceneMaker {
 public:
  SceneMaker(const Blueprint& blueprint, const std::vector<StepSummary>& summaries, WallTime now,
             std::size_t max_steps)
      : blueprint_(blueprint), summaries_(summaries), now_(now), left_(max_steps) {}

  BlockScene block(BlockIndex index, std::string label);

 private:
  StepScene step(StepIndex index);
  void mark_critical(BlockIndex index, BlockScene& scene, const LayoutInput& input);

  const Blueprint& blueprint_;
  const std::vector<StepSummary>& summaries_;
  WallTime now_;
  std::size_t left_;
};

StepScene SceneMaker::step(StepIndex index) {
  const BlueprintStep& step = blueprint_.step(index);
  StepScene out;
  out.step = index;
  out.width = kStepWidth;
  out.height = kStepHeight;
  const bool branches = std::holds_alternative<ConditionStep>(step.definition->body);
  double y = kHeading;
  const auto add = [&](const std::optional<BlockIndex>& inner, std::string label) {
    if (!inner || left_ == 0) {
      return;
    }
    BlockScene scene = block(*inner, std::move(label));
    scene.at = {kPadding, y};
    y += scene.height + kPadding;
    out.width = std::max(out.width, scene.width + 2 * kPadding);
    out.height = y;
    out.inner.push_back(std::move(scene));
  };
  add(step.body, branches ? "then" : "");
  add(step.else_body, "else");
  return out;
}

void SceneMaker::mark_critical(BlockIndex index, BlockScene& scene, const LayoutInput& input) {
  if (summaries_.empty()) {
    return;
  }
  const std::vector<StepIndex> path = critical_path(blueprint_, index, [this](StepIndex step) {
    return summaries_[step].duration(now_).value_or(Millis(0));
  });
  std::unordered_map<StepIndex, StepIndex> next;
  for (std::size_t i = 0; i < path.size(); ++i) {
    next[path[i]] = i + 1 < path.size() ? path[i + 1] : path[i];
  }
  for (StepScene& each : scene.steps) {
    each.critical = next.contains(each.step) && summaries_[each.step].started.has_value();
  }
  for (std::size_t i = 0; i < input.edges.size(); ++i) {
    const StepScene& from = scene.steps[input.edges[i].first];
    const StepScene& to = scene.steps[input.edges[i].second];
    scene.edges[i].critical = from.critical && to.critical && next[from.step] == to.step;
  }
}

BlockScene SceneMaker::block(BlockIndex index, std::string label) {
  const std::vector<StepIndex>& steps = blueprint_.block(index).steps;
  const std::size_t drawn = std::min(steps.size(), left_);
  left_ -= drawn;
  BlockScene out;
  out.label = std::move(label);
  out.hidden = steps.size() - drawn;
  LayoutInput input;
  std::unordered_map<StepIndex, std::uint32_t> number;
  for (std::size_t i = 0; i < drawn; ++i) {
    number[steps[i]] = static_cast<std::uint32_t>(i);
    out.steps.push_back(step(steps[i]));
    input.nodes.push_back({out.steps.back().width, out.steps.back().height});
  }
  for (std::size_t i = 0; i < drawn; ++i) {
    for (const StepIndex need : blueprint_.step(steps[i]).needs) {
      if (const auto from = number.find(need); from != number.end()) {
        input.edges.emplace_back(from->second, static_cast<std::uint32_t>(i));
      }
    }
  }
  const Layout layout = lay_out(input);
  const double top = out.label.empty() ? 0 : kLabelHeight;
  for (std::size_t i = 0; i < drawn; ++i) {
    out.steps[i].at = {layout.nodes[i].x, layout.nodes[i].y + top};
  }
  for (const std::vector<Point>& points : layout.edges) {
    EdgeScene edge;
    for (const Point& point : points) {
      edge.points.push_back({point.x, point.y + top});
    }
    out.edges.push_back(std::move(edge));
  }
  mark_critical(index, out, input);
  out.width = std::max(layout.width, out.hidden > 0 ? kStepWidth : 0);
  out.height = layout.height + top + (out.hidden > 0 ? kLabelHeight + 4 : 0);
  return out;
}

}  // namespace

std::vector<BlockScene> make_scene(const Blueprint& blueprint,
                                   const std::vector<StepSummary>& summaries, WallTime now,
                                   std::size_t max_steps) {
  SceneMaker maker(blueprint, summaries, now, max_steps);
  std::vector<BlockScene> out;
  out.push_back(maker.block(0, ""));
  if (blueprint.finally_block()) {
    out.push_back(maker.block(*blueprint.finally_block(), "finally"));
    out.back().at.y = out.front().height + 2 * kPadding;
  }
  return out;
}

}  // namespace oap::workflow
