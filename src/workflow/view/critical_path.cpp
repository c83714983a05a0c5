#include "workflow/view/critical_path.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace oap::workflow {
namespace {

/// How much a look says about a step of many instances: the highest wins.
int weight(StepLook look) {
  constexpr std::array<int, 9> kWeights = {1, 3, 8, 7, 2, 9, 0, 5, 10};
  return kWeights.at(static_cast<std::size_t>(look));
}

void add(StepSummary& summary, const StepView& instance) {
  const bool first = summary.instances == 0;
  if (first || weight(instance.look) > weight(summary.look)) {
    summary.look = instance.look;
  }
  ++summary.instances;
  summary.done += instance.look == StepLook::kCompleted || instance.look == StepLook::kSkipped;
  summary.failed += instance.look == StepLook::kFailed;
  summary.attempts = std::max(summary.attempts, instance.attempts);
  if (instance.started && (!summary.started || *instance.started < *summary.started)) {
    summary.started = instance.started;
  }
  if (instance.ended && (!summary.ended || *instance.ended > *summary.ended)) {
    summary.ended = instance.ended;
  }
}

}  // namespace

std::string_view to_string(StepLook look) {
  constexpr std::array<std::string_view, 9> kNames = {"pending", "ready",     "running",
                                                      "waiting", "completed", "failed",
                                                      "skipped", "cancelled", "unknown"};
  return kNames.at(static_cast<std::size_t>(look));
}

std::optional<Millis> StepSummary::duration(WallTime now) const {
  if (!started) {
    return std::nullopt;
  }
  const bool open = look == StepLook::kRunning || look == StepLook::kWaiting;
  const WallTime end = open || !ended ? now : *ended;
  return std::max(Millis(0), std::chrono::duration_cast<Millis>(end - *started));
}

std::string author_path(std::string_view instance_path) {
  std::string out;
  bool inside = false;
  bool number = false;  // of an attempt
  for (const char c : instance_path) {
    inside = c == '[' || (inside && c != ']');
    number = c == '#' || (number && c != '.');
    if (!inside && !number && c != ']') {
      out.push_back(c);
    }
  }
  return out;
}

std::vector<StepSummary> summarise(const Blueprint& blueprint, const RunView& run) {
  std::vector<StepSummary> out(blueprint.size());
  for (const auto& [path, instance] : run.steps) {
    if (const auto index = blueprint.find(author_path(path))) {
      add(out[*index], instance);
    }
  }
  return out;
}

std::vector<StepIndex> critical_path(const Blueprint& blueprint, BlockIndex block,
                                     const std::function<Millis(StepIndex)>& duration) {
  struct Best {
    std::int64_t cost = 0;
    std::optional<StepIndex> from;
    std::size_t unmet = 0;
  };
  const std::vector<StepIndex>& steps = blueprint.block(block).steps;
  std::vector<Best> best(blueprint.size());
  std::vector<StepIndex> order;
  for (const StepIndex step : steps) {
    best[step].unmet = blueprint.step(step).needs.size();
    if (best[step].unmet == 0) {
      order.push_back(step);
    }
  }
  std::optional<StepIndex> last;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const StepIndex at = order[i];
    for (const StepIndex need : blueprint.step(at).needs) {
      const auto& from = best[at].from;
      const bool better = !from || best[need].cost > best[*from].cost ||
                          (best[need].cost == best[*from].cost && need < *from);
      if (better) {
        best[at].from = need;
      }
    }
    best[at].cost = (best[at].from ? best[*best[at].from].cost : 0) + duration(at).count();
    if (!last || best[at].cost > best[*last].cost ||
        (best[at].cost == best[*last].cost && at < *last)) {
      last = at;
    }
    for (const StepIndex next : blueprint.step(at).successors) {
      if (--best[next].unmet == 0) {
        order.push_back(next);
      }
    }
  }
  std::vector<StepIndex> path;
  for (std::optional<StepIndex> at = last; at; at = best[*at].from) {
    path.push_back(*at);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::string short_duration(Millis time) {
  const std::int64_t millis = std::max<std::int64_t>(time.count(), 0);
  const std::int64_t seconds = millis / 1'000;
  if (millis < 1'000) {
    return fmt::format("{}ms", millis);
  }
  if (seconds < 60) {
    return fmt::format("{}.{}s", seconds, millis % 1'000 / 100);
  }
  if (seconds < 3'600) {
    return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  }
  if (seconds < 86'400) {
    return fmt::format("{}h{:02}m", seconds / 3'600, seconds % 3'600 / 60);
  }
  return fmt::format("{}d{:02}h", seconds / 86'400, seconds % 86'400 / 3'600);
}

}  // namespace oap::workflow
