#include "platform/workflow_plan.hpp"

#include <algorithm>

#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

using platform::PlannedStep;

std::string what_of(const PlannedStep& step) {
  if (!step.call) {
    return "";
  }
  const ToolCall& call = *step.call;
  for (const char* key : {"command", "code", "path", "pattern"}) {
    if (const json::Value* value = json::find(call.arguments, key);
        value != nullptr && value->is_string()) {
      return call.public_name() + ": " + one_line(text::trim(json::view(value->get_string())), 100);
    }
  }
  return call.public_name() + " " + one_line(json::print(json::Value(call.arguments)), 100);
}

std::string verdict_line(const PlannedStep& step) {
  if (!step.verdict) {
    return step.unknown.empty()
               ? ""
               : "permission: known when it runs (" + one_line(step.unknown, 160) + ")";
  }
  const hooks::BeforeOutcome& verdict = *step.verdict;
  std::string text = "permission: " + std::string(to_string(verdict.level));
  if (!verdict.rule.empty() && verdict.rule != "default") {
    text += " (" + one_line(verdict.rule, 100) + ")";
  }
  if (verdict.level != Level::kAllow && !verdict.reason.empty()) {
    text += ": " + one_line(verdict.reason, 200);
  }
  return text + (step.unknown.empty() ? "" : "; its values are known when it runs");
}

std::string text_of(const PlannedStep& step) {
  std::string out = fmt::format("  {}  [{}]", one_line(step.path, 100), step.type);
  if (!step.needs.empty()) {
    out += "  after " + text::join(step.needs, ", ");
  }
  if (!step.note.empty()) {
    out += "  (" + step.note + ")";
  }
  out += "\n";
  if (!step.condition.empty()) {
    out += fmt::format("      if {}{}\n", one_line(step.condition, 160),
                       !step.runs   ? ""
                       : *step.runs ? "  → runs"
                                    : "  → skipped");
  }
  for (const std::string& line : {what_of(step), verdict_line(step)}) {
    if (!line.empty()) {
      out += "      " + line + "\n";
    }
  }
  return out;
}

json::Object to_json(const PlannedStep& step) {
  json::Array needs;
  for (const std::string& need : step.needs) {
    needs.emplace_back(need);
  }
  json::Object out{
      {"path", step.path},         {"type", step.type},           {"lane", step.lane},
      {"needs", std::move(needs)}, {"condition", step.condition}, {"runs", nullptr},
      {"call", nullptr},           {"permission", nullptr},       {"unknown", step.unknown},
      {"note", step.note}};
  if (step.runs) {
    out["runs"] = *step.runs;
  }
  if (step.call) {
    out["call"] = json::Object{{"server", step.call->server},
                               {"tool", step.call->tool},
                               {"arguments", step.call->arguments}};
  }
  if (step.verdict) {
    out["permission"] = json::Object{{"decision", to_string(step.verdict->level)},
                                     {"rule", step.verdict->rule},
                                     {"reason", step.verdict->reason}};
  }
  return out;
}

std::size_t count(const std::vector<PlannedStep>& steps, Level level) {
  return static_cast<std::size_t>(
      std::count_if(steps.begin(), steps.end(), [level](const PlannedStep& step) {
        return step.verdict && step.verdict->level == level && step.runs.value_or(true);
      }));
}

void print_text(const workflow::Blueprint& blueprint, const std::vector<PlannedStep>& steps) {
  const std::size_t top = blueprint.block(0).steps.size();
  std::size_t lanes = 0;
  for (std::size_t i = 0; i < top; ++i) {
    lanes = std::max(lanes, steps[i].lane + 1);
  }
  std::string text =
      fmt::format("{}: {} steps, at most {} at once\n", one_line(blueprint.definition().id, 80),
                  steps.size(), blueprint.definition().max_parallel);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    text += fmt::format("{}:\n", lane == 0 ? "At once" : fmt::format("Then ({})", lane));
    for (std::size_t i = 0; i < top; ++i) {
      if (steps[i].lane == lane) {
        text += text_of(steps[i]);
      }
    }
  }
  for (std::size_t i = top; i < steps.size(); ++i) {
    text += (i == top ? "Inside steps, as 'finally' and to undo:\n" : "") + text_of(steps[i]);
  }
  text += fmt::format("{} would be asked about, {} denied\n", count(steps, Level::kAsk),
                      count(steps, Level::kDeny));
  print(text);
}

Task<int> plan(platform::Platform& platform, WorkflowArgs args) {
  platform::Workflows& workflows = platform.workflows();
  const auto loaded = load_workflow(platform, workflows, args.target);
  if (!loaded) {
    co_return tell_failure(args, "", loaded.error());
  }
  if (loaded->blueprint == nullptr) {
    std::string text = workflow::to_text(loaded->problems);
    co_return tell_failure(args, "", Error(Code::kConfiguration, std::string(text::trim(text))));
  }
  const workflow::Definition& definition = loaded->blueprint->definition();
  const auto given = inputs_of(definition.inputs, args);
  auto inputs = given ? workflow::accept_inputs(definition, *given)
                      : Result<json::Object>(fail(given.error()));
  if (!inputs) {
    co_return tell_failure(args, definition.id, Error(Code::kUsage, inputs.error().message()));
  }
  const std::vector<PlannedStep> steps =
      co_await platform::plan_workflow(workflows, *loaded, *std::move(inputs));
  if (args.format == Format::kText) {
    print_text(*loaded->blueprint, steps);
    co_return 0;
  }
  json::Array list;
  for (const PlannedStep& step : steps) {
    list.emplace_back(to_json(step));
  }
  const json::Value clean =
      platform.redactor().redact(json::Value(json::Object{{"workflow_id", definition.id},
                                                          {"hash", loaded->blueprint->hash()},
                                                          {"total_steps", steps.size()},
                                                          {"asks", count(steps, Level::kAsk)},
                                                          {"denies", count(steps, Level::kDeny)},
                                                          {"steps", std::move(list)}}));
  print_json(clean);
  co_return 0;
}

}  // namespace

int plan_workflow(const Common& common, const WorkflowArgs& args) {
  return with_platform(common,
                       [&args](platform::Platform& platform) { return plan(platform, args); });
}

}  // namespace oap::cli
