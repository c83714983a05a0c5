#include "workflow/graph.hpp"

#include <algorithm>
#include <utility>

#include "text/nearest.hpp"

namespace oap::workflow {
namespace {

constexpr std::size_t kMaxSteps = 10'000'000;

std::string joined(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) {
    text += (text.empty() ? "" : "\n") + problem;
  }
  return text;
}

std::optional<std::string> range_problem(const StepDefinition& step) {
  if (step.timeout && step.timeout->count() <= 0) {
    return fmt::format("step '{}': timeout must be above 0", step.id);
  }
  if (step.retry.count < 0 || step.retry.base.count() < 0 || step.retry.cap.count() < 0) {
    return fmt::format("step '{}': retry values must not be below 0", step.id);
  }
  return std::nullopt;
}

/// Turns lists of edges into one array and its offsets (compressed rows).
void compress(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges, std::size_t rows,
              bool reversed, std::vector<std::uint32_t>& start, std::vector<std::uint32_t>& out) {
  start.assign(rows + 1, 0);
  for (const auto& [step, dependency] : edges) {
    ++start[(reversed ? dependency : step) + 1U];
  }
  for (std::size_t row = 0; row < rows; ++row) {
    start[row + 1] += start[row];
  }
  out.resize(edges.size());
  std::vector<std::uint32_t> next(start.begin(), start.end() - 1);
  for (const auto& [step, dependency] : edges) {
    out[next[reversed ? dependency : step]++] = reversed ? step : dependency;
  }
}

}  // namespace

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::kPure:
      return "pure";
    case Effect::kIdempotent:
      return "idempotent";
    case Effect::kOnce:
      return "once";
  }
  return "once";
}

std::string_view to_string(FailurePolicy policy) {
  switch (policy) {
    case FailurePolicy::kFailFast:
      return "fail_fast";
    case FailurePolicy::kContinue:
      return "continue";
    case FailurePolicy::kTolerate:
      return "tolerate";
  }
  return "fail_fast";
}

Result<Graph> Graph::build(std::vector<StepDefinition> steps) {
  if (steps.size() > kMaxSteps) {
    return fail(Code::kInvalidArgument, "{} steps; at most {} are possible", steps.size(),
                kMaxSteps);
  }
  Graph graph;
  graph.steps_ = std::move(steps);
  std::vector<std::string> problems = graph.intern_ids();
  if (problems.empty()) {
    problems = graph.link();
  }
  if (problems.empty()) {
    problems = graph.sort();
  }
  if (!problems.empty()) {
    return fail(Code::kInvalidArgument, "{}", joined(problems));
  }
  return graph;
}

std::vector<std::string> Graph::intern_ids() {
  std::vector<std::string> problems;
  index_.reserve(steps_.size());
  for (std::size_t i = 0; i < steps_.size() && problems.size() < kMaxProblems; ++i) {
    const StepDefinition& step = steps_[i];
    if (step.id.empty()) {
      problems.push_back(fmt::format("step number {} has no id", i + 1));
      continue;
    }
    const auto [first, is_new] = index_.emplace(step.id, static_cast<std::uint32_t>(i));
    if (!is_new) {
      problems.push_back(fmt::format("step id '{}' is used twice (steps number {} and {})", step.id,
                                     first->second + 1, i + 1));
    }
    if (auto problem = range_problem(step)) {
      problems.push_back(*std::move(problem));
    }
  }
  return problems;
}

std::vector<std::string> Graph::link() {
  std::vector<std::string> problems;
  std::vector<std::string> ids;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  for (std::uint32_t i = 0; i < steps_.size() && problems.size() < kMaxProblems; ++i) {
    const std::size_t first = edges.size();
    for (const std::string& name : steps_[i].dependencies) {
      const auto found = index_.find(name);
      if (found != index_.end()) {
        edges.emplace_back(i, found->second);
        continue;
      }
      for (std::size_t k = ids.size(); k < steps_.size(); ++k) {
        ids.push_back(steps_[k].id);
      }
      problems.push_back(fmt::format("step '{}' depends on '{}', which is no step{}", steps_[i].id,
                                     name, text::did_you_mean(name, ids)));
    }
    const auto begin = edges.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, edges.end());
    edges.erase(std::unique(begin, edges.end()), edges.end());
  }
  compress(edges, steps_.size(), false, dependency_start_, dependency_);
  compress(edges, steps_.size(), true, successor_start_, successor_);
  return problems;
}

/// Kahn's algorithm with counters.
std::vector<std::string> Graph::sort() {
  std::vector<std::uint32_t> unmet = unmet_counts();
  order_.reserve(steps_.size());
  for (std::uint32_t i = 0; i < steps_.size(); ++i) {
    if (unmet[i] == 0) {
      order_.push_back(i);
    }
  }
  for (std::size_t done = 0; done < order_.size(); ++done) {
    for (const std::uint32_t next : successors(order_[done])) {
      if (--unmet[next] == 0) {
        order_.push_back(next);
      }
    }
  }
  if (order_.size() == steps_.size()) {
    return {};
  }
  return {"dependency cycle: " + cycle_among(unmet) + " (each needs the next)"};
}

/// A step that could not be sorted has a dependency that could not be sorted either: following
/// those must come back to a step seen before.
std::string Graph::cycle_among(const std::vector<std::uint32_t>& unmet) const {
  const auto blocked = [&unmet](std::uint32_t i) { return unmet[i] > 0; };
  std::uint32_t at = 0;
  while (!blocked(at)) {
    ++at;
  }
  std::vector<std::uint32_t> path;
  std::vector<bool> seen(steps_.size(), false);
  while (!seen[at]) {
    seen[at] = true;
    path.push_back(at);
    const auto needs = dependencies(at);
    at = *std::find_if(needs.begin(), needs.end(), blocked);
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), at));
  std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
  path.push_back(path.front());
  constexpr std::size_t kShown = 20;
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.size() > kShown && i == kShown / 2) {
      text += fmt::format(" → … {} more …", path.size() - kShown);
      i = path.size() - kShown / 2;
    }
    text += (i == 0 ? "" : " → ") + steps_[path[i]].id;
  }
  return text;
}

std::optional<std::size_t> Graph::find(std::string_view id) const {
  const auto found = index_.find(std::string(id));
  return found == index_.end() ? std::nullopt : std::optional<std::size_t>(found->second);
}

std::span<const std::uint32_t> Graph::successors(std::size_t index) const {
  return std::span(successor_)
      .subspan(successor_start_[index], successor_start_[index + 1] - successor_start_[index]);
}

std::span<const std::uint32_t> Graph::dependencies(std::size_t index) const {
  return std::span(dependency_)
      .subspan(dependency_start_[index], dependency_start_[index + 1] - dependency_start_[index]);
}

std::vector<std::uint32_t> Graph::unmet_counts() const {
  std::vector<std::uint32_t> counts(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    counts[i] = dependency_start_[i + 1] - dependency_start_[i];
  }
  return counts;
}

json::Value to_json(const StepDefinition& step) {
  json::Array dependencies;
  for (const std::string& dependency : step.dependencies) {
    dependencies.emplace_back(dependency);
  }
  json::Object object{{"id", step.id},
                      {"name", step.name},
                      {"kind", step.kind},
                      {"payload", step.payload},
                      {"dependencies", std::move(dependencies)},
                      {"effect", to_string(step.effect)},
                      {"on_failure", to_string(step.on_failure)},
                      {"retry",
                       {{"count", step.retry.count},
                        {"base_ms", step.retry.base.count()},
                        {"cap_ms", step.retry.cap.count()}}}};
  if (step.timeout) {
    object["timeout_ms"] = step.timeout->count();
  }
  return object;
}

json::Value Graph::definition() const {
  json::Array steps;
  steps.reserve(steps_.size());
  for (const StepDefinition& step : steps_) {
    steps.push_back(to_json(step));
  }
  return json::Object{{"steps", std::move(steps)}};
}

}  // namespace oap::workflow
