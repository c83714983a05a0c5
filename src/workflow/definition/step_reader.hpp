#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workflow/definition/definition.hpp"
#include "workflow/definition/map_reader.hpp"

namespace oap::workflow {

/// What all steps of one file share while they are read.
struct StepContext {
  FailurePolicy on_failure = FailurePolicy::kContinue;
  bool defaults = true;    ///< time limits that an author need not write
  bool seed_form = false;  ///< set where a tool step has the older form: `config: {tool: …}`
};

/// Stands for a name that could not be read; the problem is said already.
constexpr std::string_view kUnread = "?";

/// A list of steps. `depth` counts the blocks around it.
Steps read_steps(std::string_view key, const json::Value& value, MapReader& around,
                 StepContext& context, int depth);

/// Reads one step: its common keys, then those of its type, which may stand in the step itself, in
/// `with`, or in `config`. Used once.
class StepReader {
 public:
  StepReader(const json::Object& members, std::string pointer, StepContext& context,
             ProblemList& problems, int depth, std::string title = {});

  StepDefinition read(std::string_view default_id = {});

 private:
  static std::string title_of(const json::Object& members, std::string_view pointer);

  std::string_view type();
  std::string_view inferred_type();
  void say_no_kind();
  void common();
  void retry();
  void timeouts();
  void times(std::string_view type);
  void choices();
  void foreach ();
  void matrix();
  void axis(MapReader& reader, std::string_view name, const json::Value& values);
  void rows(MapReader& reader, std::string_view key, std::vector<json::Object>& into);
  void concurrency();
  void compensate();
  void expressions(std::string_view key, std::map<std::string, std::string, std::less<>>& into);

  // step_body_reader.cpp
  void body(std::string_view type);
  StepBody tool();
  StepBody agent();
  StepBody script();
  StepBody subworkflow();
  StepBody condition();
  StepBody loop();
  StepBody group();
  StepBody approval();
  StepBody wait();

  using Option = std::pair<const json::Value*, MapReader*>;
  /// The member of that name in the step, `with` or `config`, and where it was.
  Option option(std::string_view key);
  Option option(std::string_view key, std::string_view other);
  void text(std::string_view key, std::string& into);
  std::unique_ptr<Steps> block(std::string_view key, std::string_view other = {});
  void short_form(std::string_view key, std::string_view main);
  void finish();

  MapReader step_;
  std::optional<MapReader> with_;
  std::optional<MapReader> config_;
  std::optional<MapReader> own_;  // `approval: {…}`, `wait: {…}`
  StepContext& context_;
  ProblemList& problems_;
  int depth_;
  StepDefinition out_;
};

/// `budget: {tokens, cost_usd}` of a step or workflow.
Budget read_budget(MapReader& reader);

}  // namespace oap::workflow
