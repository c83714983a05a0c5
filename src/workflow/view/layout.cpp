#include "workflow/view/layout.hpp"

#include <algorithm>
#include <numeric>

namespace oap::workflow {
namespace {

constexpr int kSweeps = 12;
constexpr int kRelaxations = 24;
constexpr std::size_t kMaxDummies = 20'000;

/// One layout: real nodes first, then the dummies of edges that pass whole columns.
class Layouter {
 public:
  explicit Layouter(const LayoutInput& input) : input_(input), sizes_(input.nodes) {}

  Layout run() {
    find_columns();
    add_dummies();
    order_columns();
    place_columns();
    place_rows();
    return result();
  }

 private:
  using Index = std::uint32_t;

  void find_columns();
  void add_dummies();
  void link(Index from, Index to);
  void order_columns();
  void sweep(bool forward);
  std::size_t crossings() const;
  std::size_t crossings_after(std::size_t column) const;
  void renumber(std::size_t column);
  void place_columns();
  void place_rows();
  void settle(const std::vector<Index>& column, const std::vector<double>& wanted);
  double centre(Index node) const { return y_[node] + sizes_[node].height / 2; }
  double gap(Index above, Index below) const;
  bool is_dummy(Index node) const { return node >= input_.nodes.size(); }
  Layout result() const;

  const LayoutInput& input_;
  std::vector<LayoutInput::Size> sizes_;
  std::vector<Index> column_of_;
  std::vector<std::vector<Index>> columns_;
  std::vector<std::vector<Index>> before_;
  std::vector<std::vector<Index>> after_;
  std::vector<std::vector<Index>> routes_;  // of edges: their nodes
  std::vector<std::size_t> position_;
  std::vector<double> x_;
  std::vector<double> y_;
  std::vector<double> column_width_;
};

void Layouter::find_columns() {
  const std::size_t count = input_.nodes.size();
  std::vector<std::vector<Index>> next(count);
  std::vector<std::size_t> unmet(count);
  for (const auto& [from, to] : input_.edges) {
    next[from].push_back(to);
    ++unmet[to];
  }
  column_of_.assign(count, 0);
  std::vector<Index> order;
  for (Index i = 0; i < count; ++i) {
    if (unmet[i] == 0) {
      order.push_back(i);
    }
  }
  for (std::size_t done = 0; done < order.size(); ++done) {
    for (const Index to : next[order[done]]) {
      column_of_[to] = std::max(column_of_[to], column_of_[order[done]] + 1);
      if (--unmet[to] == 0) {
        order.push_back(to);
      }
    }
  }
  const Index last = count == 0 ? 0 : *std::max_element(column_of_.begin(), column_of_.end());
  columns_.resize(last + 1U);
  for (Index i = 0; i < count; ++i) {
    columns_[column_of_[i]].push_back(i);
  }
  before_.resize(count);
  after_.resize(count);
}

void Layouter::link(Index from, Index to) {
  after_[from].push_back(to);
  before_[to].push_back(from);
}

void Layouter::add_dummies() {
  for (const auto& [from, to] : input_.edges) {
    std::vector<Index> route{from};
    for (Index column = column_of_[from] + 1; column < column_of_[to]; ++column) {
      if (sizes_.size() - input_.nodes.size() >= kMaxDummies) {
        break;
      }
      const auto dummy = static_cast<Index>(sizes_.size());
      sizes_.push_back({0, 6});
      column_of_.push_back(column);
      columns_[column].push_back(dummy);
      before_.emplace_back();
      after_.emplace_back();
      link(route.back(), dummy);
      route.push_back(dummy);
    }
    if (column_of_[to] == column_of_[route.back()] + 1) {
      link(route.back(), to);
    }
    route.push_back(to);
    routes_.push_back(std::move(route));
  }
}

void Layouter::renumber(std::size_t column) {
  for (std::size_t i = 0; i < columns_[column].size(); ++i) {
    position_[columns_[column][i]] = i;
  }
}

/// Crossings between a column and the next: inversions, counted with a tree of sums.
std::size_t Layouter::crossings_after(std::size_t column) const {
  std::vector<std::size_t> ends;
  for (const Index node : columns_[column]) {
    const std::size_t first = ends.size();
    for (const Index to : after_[node]) {
      ends.push_back(position_[to]);
    }
    std::sort(ends.begin() + static_cast<std::ptrdiff_t>(first), ends.end());
  }
  std::vector<std::size_t> tree(columns_[column + 1].size() + 1);
  std::size_t total = 0;
  for (std::size_t seen = 0; seen < ends.size(); ++seen) {
    std::size_t not_after = 0;
    for (std::size_t at = ends[seen] + 1; at > 0; at -= at & (~at + 1)) {
      not_after += tree[at];
    }
    total += seen - not_after;
    for (std::size_t at = ends[seen] + 1; at < tree.size(); at += at & (~at + 1)) {
      ++tree[at];
    }
  }
  return total;
}

std::size_t Layouter::crossings() const {
  std::size_t total = 0;
  for (std::size_t column = 0; column + 1 < columns_.size(); ++column) {
    total += crossings_after(column);
  }
  return total;
}

void Layouter::sweep(bool forward) {
  for (std::size_t step = 1; step < columns_.size(); ++step) {
    const std::size_t column = forward ? step : columns_.size() - 1 - step;
    std::vector<std::pair<double, Index>> keys;
    for (const Index node : columns_[column]) {
      const std::vector<Index>& near = forward ? before_[node] : after_[node];
      double sum = 0;
      for (const Index other : near) {
        sum += static_cast<double>(position_[other]);
      }
      keys.emplace_back(near.empty() ? static_cast<double>(position_[node])
                                     : sum / static_cast<double>(near.size()),
                        node);
    }
    std::sort(keys.begin(), keys.end(), [this](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : position_[a.second] < position_[b.second];
    });
    for (std::size_t i = 0; i < keys.size(); ++i) {
      columns_[column][i] = keys[i].second;
    }
    renumber(column);
  }
}

void Layouter::order_columns() {
  position_.resize(sizes_.size());
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    renumber(column);
  }
  std::size_t best = crossings();
  std::vector<std::vector<Index>> kept = columns_;
  for (int i = 0; i < kSweeps && best > 0; ++i) {
    sweep(i % 2 == 0);
    const std::size_t now = crossings();
    if (now < best) {
      best = now;
      kept = columns_;
    }
  }
  columns_ = std::move(kept);
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    renumber(column);
  }
}

void Layouter::place_columns() {
  x_.resize(sizes_.size());
  double left = 0;
  for (const std::vector<Index>& column : columns_) {
    double width = 0;
    for (const Index node : column) {
      width = std::max(width, sizes_[node].width);
    }
    for (const Index node : column) {
      x_[node] = left + (width - sizes_[node].width) / 2;
    }
    column_width_.push_back(width);
    left += width + input_.column_gap;
  }
}

double Layouter::gap(Index above, Index below) const {
  return is_dummy(above) && is_dummy(below) ? input_.row_gap / 2 : input_.row_gap;
}

/// The rows nearest to the wanted centres that keep the order and the gaps: isotonic regression by
/// pooling neighbours that would overlap.
void Layouter::settle(const std::vector<Index>& column, const std::vector<double>& wanted) {
  struct Pool {
    double sum = 0;
    std::size_t count = 0;
    double mean() const { return sum / static_cast<double>(count); }
  };
  std::vector<double> offset(column.size());
  for (std::size_t i = 1; i < column.size(); ++i) {
    offset[i] = offset[i - 1] + sizes_[column[i - 1]].height + gap(column[i - 1], column[i]);
  }
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < column.size(); ++i) {
    pools.push_back({wanted[i] - sizes_[column[i]].height / 2 - offset[i], 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().sum += last.sum;
      pools.back().count += last.count;
    }
  }
  std::size_t at = 0;
  for (const Pool& pool : pools) {
    for (std::size_t i = 0; i < pool.count; ++i, ++at) {
      y_[column[at]] = pool.mean() + offset[at];
    }
  }
}

void Layouter::place_rows() {
  y_.assign(sizes_.size(), 0);
  for (const std::vector<Index>& column : columns_) {
    settle(column, std::vector<double>(column.size(), 0));
  }
  for (int i = 0; i < kRelaxations; ++i) {
    const bool forward = i % 2 == 0;
    for (std::size_t step = 0; step < columns_.size(); ++step) {
      const std::vector<Index>& column = columns_[forward ? step : columns_.size() - 1 - step];
      std::vector<double> wanted;
      for (const Index node : column) {
        const std::vector<Index>& main = forward ? before_[node] : after_[node];
        const std::vector<Index>& other = forward ? after_[node] : before_[node];
        const std::vector<Index>& near = main.empty() ? other : main;
        double sum = 0;
        for (const Index each : near) {
          sum += centre(each);
        }
        wanted.push_back(near.empty() ? centre(node) : sum / static_cast<double>(near.size()));
      }
      settle(column, wanted);
    }
  }
  const double top = y_.empty() ? 0 : *std::min_element(y_.begin(), y_.end());
  for (double& each : y_) {
    each -= top;
  }
}

Layout Layouter::result() const {
  Layout out;
  out.crossings = crossings();
  for (Index i = 0; i < sizes_.size(); ++i) {
    out.width = std::max(out.width, x_[i] + sizes_[i].width);
    out.height = std::max(out.height, y_[i] + sizes_[i].height);
    if (!is_dummy(i)) {
      out.nodes.push_back({x_[i], y_[i]});
      out.columns.push_back(column_of_[i]);
    }
  }
  for (const std::vector<Index>& route : routes_) {
    std::vector<Point> points;
    for (std::size_t i = 0; i < route.size(); ++i) {
      const Index node = route[i];
      if (is_dummy(node)) {
        const double half = column_width_[column_of_[node]] / 2;
        points.push_back({x_[node] - half, centre(node)});
        points.push_back({x_[node] + half, centre(node)});
      } else {
        points.push_back({i == 0 ? x_[node] + sizes_[node].width : x_[node], centre(node)});
      }
    }
    out.edges.push_back(std::move(points));
  }
  return out;
}

}  // namespace

Layout lay_out(const LayoutInput& input) { return Layouter(input).run(); }

}  // namespace oap::workflow
