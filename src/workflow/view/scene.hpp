#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workflow/definition/blueprint.hpp"
#include "workflow/view/critical_path.hpp"
#include "workflow/view/layout.hpp"

namespace oap::workflow {

struct BlockScene;

/// A step with its place in the block around it.
struct StepScene {
  StepIndex step = 0;
  Point at;
  double width = 0;
  double height = 0;
  std::vector<BlockScene> inner;  ///< below its heading
  bool critical = false;
};

struct EdgeScene {
  std::vector<Point> points;
  bool critical = false;
};

/// A block with its place in what is around it.
struct BlockScene {
  std::string label;  ///< "then", "else", "finally" or ""
  Point at;
  double width = 0;
  double height = 0;
  std::vector<StepScene> steps;
  std::vector<EdgeScene> edges;
  std::size_t hidden = 0;  ///< steps that are not drawn
};

// Sizes of what is drawn, in pixels.
constexpr double kStepWidth = 208;
constexpr double kStepHeight = 50;
constexpr double kHeading = 54;
constexpr double kPadding = 16;
constexpr double kLabelHeight = 20;

/// Where everything of a workflow is drawn. `summaries` may be empty (no run: no critical path).
/// At most `max_steps` steps. Pure.
std::vector<BlockScene> make_scene(const Blueprint& blueprint,
                                   const std::vector<StepSummary>& summaries, WallTime now,
                                   std::size_t max_steps);

}  // namespace oap::workflow
