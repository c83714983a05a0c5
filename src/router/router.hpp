#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "model/task.hpp"

namespace oap::router {

/// What can be told about a task from its words alone. Counts are of what the task asks for:
/// words in quotes and code, in negations ("do not edit") and inside questions are not orders.
struct TaskAnalysis {
  int token_count = 0;          ///< words between white space; one per character in CJK scripts
  int tool_count = 0;           ///< uses of tools that the task orders
  double complexity_score = 0;  ///< 0..1
  std::vector<std::string> external_dependencies;  ///< hosts and services, in order of mention
  bool requires_planning = false;
  int file_count = 0;              ///< different files named
  std::vector<std::string> tools;  ///< one per use: read list search write edit delete bash git …
  bool is_question = false;        ///< nothing is ordered, something is asked
};

/// The limits of the fast path; the names are those of `routing` in config.yaml.
struct RouterConfig {
  int fast_path_threshold = 1000;     ///< tokens
  double complexity_threshold = 0.3;  ///< the fast path needs a score below it
  int max_tokens = 1000;
  int max_tools = 1;
  int max_files = 3;
  bool no_external_deps = true;
};

/// One rule that the fast path must pass, e.g. {"max_tools", "2", "<= 1", false}.
struct Check {
  std::string name;
  std::string value;
  std::string limit;
  bool passed = true;
};

struct RouteDecision {
  ExecutionPath path = ExecutionPath::kFast;
  TaskAnalysis analysis;
  std::string rule;    ///< the first check that failed, or "fast_path"
  std::string reason;  ///< a sentence
  std::vector<Check> checks;
};

/// Both are pure, thread-safe and linear in the task's length; any bytes are accepted. Of a
/// task beyond 256 KiB only the first and last 128 KiB are read for words. The words
/// they know are in words/*.txt, one file a language.
TaskAnalysis analyze(std::string_view task);
RouteDecision route(std::string_view task, const RouterConfig& config);

json::Object to_json(const TaskAnalysis& analysis);
json::Object to_json(const RouteDecision& decision);

}  // namespace oap::router
