#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace oap::workflow {

/// A directed graph without cycles whose nodes have sizes, to be drawn in columns.
struct LayoutInput {
  struct Size {
    double width = 0;
    double height = 0;
  };
  std::vector<Size> nodes;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  double column_gap = 56;
  double row_gap = 18;
};

struct Point {
  double x = 0;
  double y = 0;
};

/// Where everything is, from (0, 0) to (width, height). A node's place is its upper left corner; an
/// edge goes through its points in order, from the right side of its first node to the left side of
/// its last.
struct Layout {
  std::vector<Point> nodes;
  std::vector<std::vector<Point>> edges;
  std::vector<std::uint32_t> columns;  ///< of nodes
  double width = 0;
  double height = 0;
  std::size_t crossings = 0;
};

/// Layers by the longest path, few crossings (barycentres, the best of several sweeps), rows as
/// near to their neighbours as the gaps allow (Sugiyama, Tagawa, Toda 1981). Deterministic. For
/// graphs of some hundred nodes. Pure.
Layout lay_out(const LayoutInput& input);

}  // namespace oap::workflow
