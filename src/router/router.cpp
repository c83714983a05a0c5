#include "router/router.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "router/fold.hpp"
#include "router/sentence.hpp"

namespace oap::router {
namespace {

constexpr double kFirstStep = 0.10;
constexpr double kFurtherStep = 0.12;
constexpr double kPlanStep = 0.30;
constexpr double kWorkStep = 0.10;
constexpr double kScopeWord = 0.20;
constexpr double kHardWord = 0.15;
constexpr double kDependency = 0.10;
constexpr double kListItem = 0.05;
constexpr double kQuestionMost = 0.25;
constexpr std::ptrdiff_t kManySteps = 4;
constexpr int kManyItems = 3;

/// Of a longer task only the two ends are read for words.
constexpr std::size_t kReadBytes = 128U << 10U;

bool is_step(const Order& order) { return !order.tool.empty() || order.plan || order.work; }

std::string folded_ends(std::string_view task) {
  if (task.size() <= 2 * kReadBytes) {
    return fold(task);
  }
  return fold(task.substr(0, kReadBytes)) + '\n' + fold(task.substr(task.size() - kReadBytes));
}

double length_weight(int tokens) { return std::min(0.2, tokens / 1000.0 * 0.2); }

double round_score(double score) { return std::round(std::min(score, 1.0) * 100) / 100; }

double question_score(int tokens, std::size_t files) {
  return std::min(kQuestionMost, 0.05 + length_weight(tokens) +
                                     0.02 * static_cast<double>(std::min<std::size_t>(files, 5)));
}

double order_score(const Reading& reading, int tokens) {
  double score = length_weight(tokens);
  bool changes = reading.orders.empty();
  for (const Order& order : reading.orders) {
    score += &order == &reading.orders.front() ? kFirstStep : is_step(order) ? kFurtherStep : 0;
    score += (order.plan ? kPlanStep : 0) + (order.work ? kWorkStep : 0);
    changes = changes || order.changes;
  }
  if (changes) {
    score += kScopeWord * std::min(reading.scope_words, 2);
  }
  score += kHardWord * std::min(reading.hard_words, 2);
  score += kListItem * std::min(reading.items_with_orders, 6);
  score += kDependency * static_cast<double>(std::min<std::size_t>(reading.dependencies.size(), 3));
  return score;
}

bool needs_planning(const Reading& reading) {
  return std::any_of(reading.orders.begin(), reading.orders.end(),
                     [](const Order& order) { return order.plan; }) ||
         std::count_if(reading.orders.begin(), reading.orders.end(), is_step) >= kManySteps ||
         reading.items_with_orders >= kManyItems;
}

Check at_most(std::string name, std::int64_t value, std::int64_t limit) {
  return {std::move(name), std::to_string(value), fmt::format("<= {}", limit), value <= limit};
}

std::vector<Check> check(const TaskAnalysis& found, const RouterConfig& config) {
  std::vector<Check> checks;
  checks.push_back(at_most("fast_path_threshold", found.token_count, config.fast_path_threshold));
  checks.push_back(at_most("max_tokens", found.token_count, config.max_tokens));
  checks.push_back({"requires_planning", found.requires_planning ? "true" : "false", "false",
                    !found.requires_planning});
  checks.push_back(at_most("max_tools", found.tool_count, config.max_tools));
  checks.push_back(at_most("max_files", found.file_count, config.max_files));
  std::string dependencies = fmt::format("{}", fmt::join(found.external_dependencies, ", "));
  checks.push_back({"no_external_deps", dependencies.empty() ? "none" : dependencies,
                    config.no_external_deps ? "none" : "any",
                    !config.no_external_deps || found.external_dependencies.empty()});
  checks.push_back({"complexity_threshold", fmt::format("{:.2f}", found.complexity_score),
                    fmt::format("< {}", config.complexity_threshold),
                    found.complexity_score < config.complexity_threshold});
  return checks;
}

std::string explain(const Check& failed, const TaskAnalysis& found) {
  if (failed.name == "requires_planning") {
    return "the task needs planning: it designs or changes more than a single step can";
  }
  if (failed.name == "max_tools") {
    return fmt::format("the task uses {} tools ({}), the fast path takes {}", failed.value,
                       fmt::join(found.tools, ", "), failed.limit);
  }
  if (failed.name == "max_files") {
    return fmt::format("the task names {} files, the fast path takes {}", failed.value,
                       failed.limit);
  }
  if (failed.name == "no_external_deps") {
    return "the task depends on something outside: " + failed.value;
  }
  if (failed.name == "complexity_threshold") {
    return fmt::format("the task's complexity is {}, the fast path takes {}", failed.value,
                       failed.limit);
  }
  return fmt::format("the task has {} tokens, the fast path takes {}", failed.value, failed.limit);
}

json::Array strings(const std::vector<std::string>& items) {
  json::Array array;
  for (const std::string& item : items) {
    array.emplace_back(item);
  }
  return array;
}

}  // namespace

TaskAnalysis analyze(std::string_view task) {
  const Lexicon& words = lexicon();
  const std::vector<Token> tokens = tokenize(folded_ends(task), words);
  const Language language = detect_language(tokens, words);
  Reading reading = read_sentences(to_units(tokens, words, language), language);

  TaskAnalysis found;
  found.token_count = count_tokens(task);
  found.file_count =
      std::max(static_cast<int>(std::min<std::size_t>(reading.files.size(), 1U << 20U)),
               reading.counted_files);
  found.is_question = reading.orders.empty() && reading.questions > 0;
  for (const Order& order : reading.orders) {
    if (!order.tool.empty()) {
      found.tools.push_back(order.tool);
    }
  }
  if (found.is_question && !reading.files.empty()) {
    found.tools.emplace_back("read");
  }
  found.tool_count = static_cast<int>(found.tools.size());
  found.external_dependencies = std::move(reading.dependencies);
  found.requires_planning = needs_planning(reading);
  found.complexity_score =
      round_score(found.is_question ? question_score(found.token_count, reading.files.size())
                                    : order_score(reading, found.token_count));
  return found;
}

RouteDecision route(std::string_view task, const RouterConfig& config) {
  RouteDecision decision;
  decision.analysis = analyze(task);
  decision.checks = check(decision.analysis, config);
  decision.rule = "fast_path";
  decision.reason = decision.analysis.is_question ? "a question that one turn can answer"
                                                  : "a single step within all limits";
  for (const Check& each : decision.checks) {
    if (!each.passed) {
      decision.path = ExecutionPath::kAgent;
      decision.rule = each.name;
      decision.reason = explain(each, decision.analysis);
      break;
    }
  }
  return decision;
}

json::Object to_json(const TaskAnalysis& analysis) {
  json::Object out;
  out["token_count"] = analysis.token_count;
  out["tool_count"] = analysis.tool_count;
  out["complexity_score"] = analysis.complexity_score;
  out["external_dependencies"] = strings(analysis.external_dependencies);
  out["requires_planning"] = analysis.requires_planning;
  out["file_count"] = analysis.file_count;
  out["tools"] = strings(analysis.tools);
  out["is_question"] = analysis.is_question;
  return out;
}

json::Object to_json(const RouteDecision& decision) {
  json::Array checks;
  for (const Check& each : decision.checks) {
    json::Object out;
    out["name"] = each.name;
    out["value"] = each.value;
    out["limit"] = each.limit;
    out["passed"] = each.passed;
    checks.push_back(std::move(out));
  }
  json::Object out;
  out["execution_path"] = to_string(decision.path);
  out["rule"] = decision.rule;
  out["reason"] = decision.reason;
  out["analysis"] = to_json(decision.analysis);
  out["checks"] = std::move(checks);
  return out;
}

}  // namespace oap::router
