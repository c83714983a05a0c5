#include "cli/commands/workflow.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "async/runtime.hpp"
#include "cli/commands/commands.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "cli/workflow_questions.hpp"
#include "cli/workflow_session.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "yaml/yaml.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kMaxText = 4U << 20U;

std::string type_of(const json::Object& schemas, std::string_view name) {
  const json::Value* const schema = json::find(schemas, name);
  return schema == nullptr ? "" : std::string(json::get_string(*schema, "type"));
}

Result<json::Value> typed(const std::string& type, std::string_view text, std::string_view name) {
  if (type == "string") {
    return json::Value(json::String(text));
  }
  auto value = json::parse(text);
  if (value) {
    return value;
  }
  if (type.empty()) {
    return json::Value(json::String(text));
  }
  return fail(Code::kUsage, "'{}' is of type {}, and '{}' is none (a JSON value is wanted)", name,
              type, one_line(text, 80));
}

std::string quoted(std::string_view word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) ||
           std::string_view("_-./").find(c) != std::string_view::npos;
  });
  return plain ? std::string(word) : "'" + text::replace_all(word, "'", "'\\''") + "'";
}

}  // namespace

int with_platform(const Common& common, std::function<Task<int>(platform::Platform&)> work) {
  async::Runtime runtime;
  auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  platform::PlatformOptions open;
  open.settings = *std::move(settings);
  open.executor = runtime.executor();
  auto platform = platform::Platform::open(std::move(open));
  if (!platform) {
    return report(platform.error(), common.json);
  }
  const int code = runtime.run(work(**platform));
  runtime.run((*platform)->close());
  return code;
}

Result<platform::LoadedWorkflow> load_workflow(const platform::Platform& platform,
                                               platform::Workflows& workflows,
                                               const std::string& reference) {
  if (reference != "-") {
    return workflows.load(reference);
  }
  OAP_TRY(const std::string text, read_stdin(kMaxText));
  platform::LoadedWorkflow loaded =
      workflows.load_text(text, platform.settings().paths.workspace + "/<stdin>");
  for (workflow::Problem& problem : loaded.problems) {
    problem.where = text::replace_all(problem.where,
                                      platform.settings().paths.workspace + "/<stdin>", "<stdin>");
  }
  loaded.file = "<stdin>";
  return loaded;
}

Result<json::Object> typed_pairs(const json::Object& schemas, const std::vector<std::string>& pairs,
                                 std::string_view option) {
  json::Object out;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Code::kUsage, "{} takes NAME=VALUE, not '{}'", option, one_line(pair, 80));
    }
    const std::string name = pair.substr(0, equals);
    if (out.contains(name)) {
      return fail(Code::kUsage, "{} {} was given twice", option, one_line(name, 80));
    }
    OAP_TRY(out[name],
            typed(type_of(schemas, name), std::string_view(pair).substr(equals + 1), name));
  }
  return out;
}

Result<json::Object> inputs_of(const json::Object& schemas, const WorkflowArgs& args) {
  json::Object out;
  if (!args.inputs_file.empty()) {
    if (args.inputs_file == "-" && args.target == "-") {
      return fail(Code::kUsage, "standard input cannot be both the workflow and its inputs");
    }
    const bool from_stdin = args.inputs_file == "-";
    OAP_TRY(const std::string text,
            from_stdin ? read_stdin(kMaxText) : os::read_file(args.inputs_file, kMaxText));
    auto document = yaml::parse(text, from_stdin ? "<stdin>" : args.inputs_file);
    if (!document) {
      return fail(Code::kUsage, "{}", document.error().message());
    }
    if (!document->value.is_object()) {
      return fail(Code::kUsage, "{}: inputs are an object, NAME: VALUE", document->file);
    }
    out = std::move(document->value.get_object());
  }
  OAP_TRY(json::Object given, typed_pairs(schemas, args.inputs, "--input"));
  for (auto& pair : given) {
    out[pair.key()] = std::move(pair.value());
  }
  return out;
}

int exit_code_of(const workflow::RunResult& result) {
  static constexpr std::array<std::pair<std::string_view, Code>, 6> kCodes = {
      {{"permission_denied", Code::kPermissionDenied},
       {"unanswered", Code::kUnanswered},
       {"unavailable", Code::kUnavailable},
       {"upstream", Code::kUpstream},
       {"unauthenticated", Code::kUnauthenticated},
       {"model_error", Code::kUpstream}}};
  if (result.status == workflow::RunState::kCancelled) {
    return exit_code(Code::kCancelled);
  }
  if (result.status != workflow::RunState::kFailed) {
    return 0;
  }
  const auto found = std::find_if(kCodes.begin(), kCodes.end(),
                                  [&](const auto& row) { return row.first == result.error_code; });
  return found == kCodes.end() ? 1 : exit_code(found->second);
}

json::Object failure_object(std::string_view workflow_id, const Error& error) {
  return {{"workflow_id", workflow_id}, {"run_id", nullptr},
          {"status", "failed"},         {"steps_completed", 0},
          {"total_steps", 0},           {"execution_time", 0.0},
          {"steps", json::Array{}},     {"outputs", json::Object{}},
          {"error", error.to_string()}, {"error_code", to_string(error.code())}};
}

int tell_failure(const WorkflowArgs& args, std::string_view workflow_id, const Error& error) {
  if (args.format == Format::kText) {
    print_error(error.to_string());
  } else {
    json::Object out = failure_object(workflow_id, error);
    if (args.format == Format::kStreamJson) {
      out["type"] = "result";
    }
    print_json(out);
  }
  return exit_code(error.code());
}

std::string one_line(std::string_view text, std::size_t bytes) {
  std::string out;
  for (const char c : text.substr(0, bytes * 4)) {
    out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  out = text::escape_visible(out);
  if (out.size() > bytes) {
    out = std::string(text::truncate_utf8(out, bytes)) + "…";
  }
  return out;
}

namespace {

/// " --form note=…" for each field that the step's form cannot be without.
std::string form_options(const workflow::Blueprint& definition, const std::string& path) {
  const json::Value form = approval_form(definition, path);
  const json::Array* const required = json::find_array(form, "required");
  std::string out;
  for (const json::Value& name : required == nullptr ? json::Array() : *required) {
    if (name.is_string()) {
      out += " --form " + quoted(json::view(name.get_string())) + "=…";
    }
  }
  return out;
}

}  // namespace

bool is_left_alone(store::RunRepository& runs, const std::string& run_id) {
  const auto run = runs.find(run_id);
  return run && !store::is_end(run->state) &&
         (run->owner.empty() || !workflow::is_alive(run->owner));
}

std::vector<std::string> answers_to(const workflow::RunResult& result,
                                    const workflow::Blueprint* definition) {
  std::vector<std::string> out;
  if (is_budget_spent(result)) {
    const workflow::Budget budget =
        definition == nullptr ? workflow::Budget() : definition->definition().budget;
    const bool only_cost = budget.cost_usd && !budget.tokens;
    out.push_back(fmt::format("oap workflow resume {} {}", result.run_id,
                              only_cost ? "--more-cost USD" : "--more-tokens N"));
  } else if (result.status == workflow::RunState::kPaused) {
    out.push_back("oap workflow resume " + result.run_id);
  }
  for (const workflow::StepReport& step : result.steps) {
    const std::string at = fmt::format("{} {}", result.run_id, quoted(step.path));
    if (step.state == workflow::StepState::kUnknown) {
      out.push_back("oap workflow resolve " + at + " completed|failed|retry");
    } else if (step.state != workflow::StepState::kRunning) {
      continue;
    } else if (step.waits_for == "approval") {
      out.push_back("oap workflow approve " + at +
                    (definition == nullptr ? "" : form_options(*definition, step.path)));
    } else if (step.waits_for.starts_with("signal ")) {
      out.push_back(fmt::format("oap workflow signal {} {}", result.run_id,
                                quoted(step.waits_for.substr(7))));
    }
  }
  return out;
}

int workflow_command(const Common& common, const WorkflowArgs& args) {
  using Action = WorkflowArgs::Action;
  switch (args.action) {
    case Action::kRun:
    case Action::kResume:
    case Action::kFork:
      return run_workflow(common, args);
    case Action::kLint:
    case Action::kSchema:
    case Action::kNew:
      return check_workflows(common, args);
    case Action::kPlan:
      return plan_workflow(common, args);
    case Action::kTest:
      return test_workflows(common, args);
    case Action::kGraph:
      return graph_workflow(common, args);
    case Action::kList:
    case Action::kShow:
    case Action::kLogs:
    case Action::kHistory:
      return show_workflows(common, args);
    case Action::kSignal:
    case Action::kApprove:
    case Action::kResolve:
    case Action::kCancel:
    case Action::kPause:
      return order_workflow(common, args);
  }
  return 2;
}

}  // namespace oap::cli
