#include <algorithm>

#include "async/runtime.hpp"
#include "base/ids.hpp"
#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "cli/terminal.hpp"
#include "cli/workflow_session.hpp"
#include "json/parse.hpp"
#include "json/schema.hpp"
#include "text/nearest.hpp"

namespace oap::cli {
namespace {

using Action = WorkflowArgs::Action;
using Ids = std::vector<std::string>;

Error problems_error(const platform::LoadedWorkflow& loaded) {
  std::vector<workflow::Problem> errors;
  for (const workflow::Problem& problem : loaded.problems) {
    if (!problem.warning) {
      errors.push_back(problem);
    }
  }
  std::string text = workflow::to_text(errors);
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  return {Code::kConfiguration, text};
}

void show_warnings(const platform::LoadedWorkflow& loaded) {
  for (const workflow::Problem& problem : loaded.problems) {
    if (problem.warning) {
      print_error("warning: " + (problem.where.empty() ? "" : problem.where + ": ") +
                  problem.message);
    }
  }
}

Task<Result<Ids>> start(WorkflowSession& session, platform::LoadedWorkflow loaded,
                        json::Object inputs) {
  workflow::StartRequest request;
  request.blueprint = loaded.blueprint;
  request.subworkflows = std::move(loaded.subworkflows);
  request.inputs = std::move(inputs);
  request.run_id = new_id("run_");
  request.user = session.platform().principal().user_id;
  session.watch(request.run_id, loaded.blueprint);
  OAP_CO_TRY(std::string id, co_await session.engine().start(std::move(request)));
  Ids ids{std::move(id)};
  co_return ids;
}

Task<void> watch_stored(WorkflowSession& session, std::string id) {
  const auto blueprint = co_await session.engine().definition(id);
  session.watch(id, blueprint ? *blueprint : nullptr);
}

/// Takes up the open runs above a child as well: it is they who go on with what it comes to.
Task<Result<Ids>> resume_above(WorkflowSession& session, std::string parent) {
  Ids ids;
  while (!parent.empty()) {
    OAP_CO_TRY(const store::RunRecord record, session.platform().workflows().runs().find(parent));
    if (store::is_end(record.state)) {
      break;
    }
    co_await watch_stored(session, parent);
    const auto taken = co_await session.engine().resume(parent);
    if (!taken && taken.error().code() != Code::kFailedPrecondition) {
      co_return fail(taken.error());
    }
    if (!taken) {
      session.is_elsewhere(parent);
    }
    ids.push_back(parent);
    parent = record.parent_run;
  }
  co_return ids;
}

Task<Result<Ids>> resume_one(WorkflowSession& session, WorkflowArgs args) {
  OAP_CO_TRY(std::string id, session.platform().workflows().runs().resolve(args.target));
  OAP_CO_TRY(const store::RunRecord record, session.platform().workflows().runs().find(id));
  if (store::is_end(record.state)) {
    co_return fail(Code::kFailedPrecondition,
                   "{} has ended ({}); 'oap workflow fork {}' runs it again from a step on", id,
                   to_string(record.state), id);
  }
  co_await watch_stored(session, id);
  workflow::Budget more;
  more.tokens = args.tokens;
  more.cost_usd = args.cost;
  // Always: a pause may still be among the orders that the run has not taken in.
  OAP_CO_CHECK_OK(
      co_await session.engine().unpause(id, session.platform().principal().user_id, more));
  const auto taken = co_await session.engine().resume(id);
  if (!taken && taken.error().code() != Code::kFailedPrecondition) {
    co_return fail(taken.error());
  }
  if (!taken) {
    session.is_elsewhere(id);
  }
  OAP_CO_TRY(Ids ids, co_await resume_above(session, record.parent_run));
  ids.insert(ids.begin(), std::move(id));
  co_return ids;
}

Task<Result<Ids>> resume_all(WorkflowSession& session) {
  OAP_CO_TRY(const Ids taken, co_await session.engine().resume_all());
  Ids ids;
  for (const std::string& id : taken) {
    const auto record = session.platform().workflows().runs().find(id);
    const bool is_top =
        record && std::find(taken.begin(), taken.end(), record->parent_run) == taken.end();
    if (is_top) {
      co_await watch_stored(session, id);
      ids.push_back(id);
    }
  }
  co_return ids;
}

/// What each variable began with says of which type it is; one that began as null may be anything.
json::Object variable_schemas(const workflow::Blueprint& blueprint) {
  json::Object schemas;
  for (const auto& [name, start] : blueprint.definition().variables) {
    const std::string_view type = start.is_string()   ? "string"
                                  : start.is_bool()   ? "boolean"
                                  : start.is_number() ? "number"
                                  : start.is_array()  ? "array"
                                  : start.is_object() ? "object"
                                                      : "";
    if (!type.empty()) {
      schemas[name] = json::Object{{"type", type}};
    }
  }
  return schemas;
}

Result<json::Object> variables_of(const workflow::Blueprint& blueprint,
                                  const std::vector<std::string>& pairs) {
  const json::Object schemas = variable_schemas(blueprint);
  OAP_TRY(json::Object out, typed_pairs(schemas, pairs, "--var"));
  for (const auto& [name, value] : out) {
    const json::Value* const schema = json::find(schemas, name);
    if (schema == nullptr) {
      continue;
    }
    OAP_TRY(const json::Schema compiled, json::Schema::compile(*schema));
    if (const auto problems = compiled.validate(value, 1); !problems.empty()) {
      return fail(Code::kUsage, "--var {}: {}", one_line(name, 80), problems.front().message);
    }
  }
  return out;
}

/// STEP=JSON, where nothing but JSON is meant.
Result<json::Object> json_pairs(const std::vector<std::string>& pairs, std::string_view option) {
  OAP_TRY(json::Object out, typed_pairs({}, pairs, option));
  for (const std::string& pair : pairs) {
    const std::string_view value = std::string_view(pair).substr(pair.find('=') + 1);
    if (const auto parsed = json::parse(value); !parsed) {
      return fail(Code::kUsage, "{} '{}' is no JSON: {} (a text is written '\"so\"')", option,
                  one_line(pair, 80), parsed.error().message());
    }
  }
  return out;
}

/// Data that no step or variable of the workflow has is a mistake, not nothing.
Result<void> check_names(const workflow::Blueprint& blueprint,
                         const workflow::ForkRequest& request) {
  std::vector<std::string> steps;
  std::vector<std::string> variables;
  for (const workflow::StepIndex index : blueprint.block(0).steps) {
    steps.push_back(blueprint.step(index).definition->id);
  }
  for (const auto& pair : blueprint.definition().variables) {
    variables.emplace_back(pair.key());
  }
  for (workflow::StepIndex index = 0; index < blueprint.size(); ++index) {
    for (const auto& pair : blueprint.step(index).definition->exports) {
      variables.push_back(pair.first);
    }
  }
  const auto check = [](const json::Object& given, const std::vector<std::string>& known,
                        std::string_view what) -> Result<void> {
    for (const auto& pair : given) {
      if (std::find(known.begin(), known.end(), pair.key()) == known.end()) {
        return fail(Code::kUsage, "the workflow has no {} '{}'{}", what, one_line(pair.key(), 80),
                    text::did_you_mean(pair.key(), known));
      }
    }
    return {};
  };
  OAP_CHECK_OK(check(request.outputs, steps, "top-level step"));
  return check(request.variables, variables, "variable");
}

/// What the command line names wrongly.
Error as_usage(const Error& error) {
  const bool named_wrongly =
      error.code() == Code::kInvalidArgument || error.code() == Code::kNotFound;
  return named_wrongly ? Error(Code::kUsage, error.message()) : error;
}

Task<Result<Ids>> fork(WorkflowSession& session, WorkflowArgs args) {
  workflow::ForkRequest request;
  OAP_CO_TRY(request.run_id, session.platform().workflows().runs().resolve(args.target));
  OAP_CO_TRY(const auto blueprint, co_await session.engine().definition(request.run_id));
  request.from_step = args.from;
  OAP_CO_TRY(request.inputs, inputs_of(blueprint->definition().inputs, args));
  OAP_CO_TRY(request.variables, variables_of(*blueprint, args.variables));
  OAP_CO_TRY(request.outputs, json_pairs(args.outputs, "--output"));
  OAP_CO_CHECK_OK(check_names(*blueprint, request));
  request.user = session.platform().principal().user_id;
  auto id = co_await session.engine().fork(std::move(request));
  if (!id) {
    co_return fail(as_usage(id.error()));
  }
  session.watch(*id, blueprint);
  Ids ids{*std::move(id)};
  co_return ids;
}

/// The one object: the run, or of several the worst with all of them in `runs`.
json::Object whole(const std::vector<json::Object>& shown, std::size_t worst, bool all) {
  json::Object out;
  if (!shown.empty()) {
    out = shown[worst];
  } else {
    out = {{"workflow_id", nullptr}, {"run_id", nullptr},         {"status", "completed"},
           {"steps_completed", 0},   {"total_steps", 0},          {"execution_time", 0.0},
           {"steps", json::Array{}}, {"outputs", json::Object{}}, {"error", nullptr}};
  }
  if (all) {
    json::Array runs;
    for (const json::Object& one : shown) {
      runs.emplace_back(one);
    }
    out["runs"] = std::move(runs);
  }
  return out;
}

int finish(platform::Platform& platform, WorkflowView& view, const WorkflowArgs& args,
           const std::vector<workflow::RunResult>& results, bool has_left) {
  std::vector<json::Object> shown;
  std::size_t worst = 0;
  for (const workflow::RunResult& result : results) {
    const json::Value clean = platform.redactor().redact(json::Value(workflow::to_json(result)));
    shown.push_back(clean.get_object());
    if (has_left && !workflow::is_end(result.status)) {
      shown.back()["interrupted"] = true;
    }
    if (const auto answers = answers_to(result); !answers.empty()) {
      shown.back()["answers"] = json::Array(answers.begin(), answers.end());
    }
    view.finish(result, shown.back());
    if (exit_code_of(result) > exit_code_of(results[worst])) {
      worst = shown.size() - 1;
    }
  }
  const bool all = args.action == Action::kResume && args.target.empty();
  if (args.format != Format::kText) {
    json::Object out = whole(shown, worst, all);
    if (args.format == Format::kStreamJson) {
      json::Object typed{{"type", "result"}};
      for (auto& member : out) {
        typed[member.key()] = std::move(member.value());
      }
      out = std::move(typed);
    }
    print_json(out);
  } else if (results.empty()) {
    print("no interrupted run here\n");
  }
  return results.empty() ? 0 : exit_code_of(results[worst]);
}

Task<int> work(platform::Platform& platform, WorkflowView& view, WorkflowArgs args,
               SessionOptions options, WorkflowSession::Begin begin, std::string workflow_id) {
  WorkflowSession session(platform, view, options);
  gateway::ProgressObserver observer = [&view](const gateway::Progress& progress) {
    view.call(progress);
  };
  platform.watch_calls(std::move(observer));
  const auto done = co_await session.drive(std::move(begin));
  platform.watch_calls({});
  int code = 0;
  if (!done && session.results().empty()) {
    code = tell_failure(args, workflow_id, done.error());
  } else {
    code = finish(platform, view, args, session.results(), session.has_left());
    if (session.is_over_budget()) {
      code = std::max(code, exit_code(Code::kUnanswered));
    }
    if (!done) {
      print_error(done.error().to_string());
      code = std::max(code, exit_code(done.error().code()));
    }
  }
  co_await platform.close();
  co_return code;
}

}  // namespace

int run_workflow(const Common& common, const WorkflowArgs& args) {
  async::Runtime runtime;
  SessionSetup setup(runtime, common, {args.yes, args.model, "", std::nullopt});
  auto platform = setup.open();
  if (!platform) {
    return tell_failure(args, "", platform.error());
  }
  std::string workflow_id;
  WorkflowSession::Begin begin;
  if (args.action == Action::kRun) {
    auto loaded = load_workflow(**platform, (*platform)->workflows(), args.target);
    if (!loaded) {
      return tell_failure(args, "", loaded.error());
    }
    show_warnings(*loaded);
    if (loaded->blueprint == nullptr) {
      return tell_failure(args, "", problems_error(*loaded));
    }
    workflow_id = loaded->blueprint->definition().id;
    const auto given = inputs_of(loaded->blueprint->definition().inputs, args);
    const auto inputs = given ? workflow::accept_inputs(loaded->blueprint->definition(), *given)
                              : Result<json::Object>(fail(given.error()));
    if (!inputs) {
      return tell_failure(args, workflow_id, Error(Code::kUsage, inputs.error().message()));
    }
    begin = [loaded = *loaded, inputs = *inputs](WorkflowSession& session) {
      return start(session, loaded, inputs);
    };
  } else if (args.action == Action::kFork) {
    begin = [args](WorkflowSession& session) { return fork(session, args); };
  } else if (args.target.empty()) {
    begin = [](WorkflowSession& session) { return resume_all(session); };
  } else {
    begin = [args](WorkflowSession& session) { return resume_one(session, args); };
  }
  const std::unique_ptr<WorkflowView> view = make_workflow_view(args.format);
  SessionOptions options;
  options.takes_over = args.action == Action::kResume;
  options.asks_here = args.format == Format::kText && has_terminal();
  const bool all = args.action == Action::kResume && args.target.empty();
  options.detach = args.detach || (all && !options.asks_here);
  async::Event leave(runtime.executor());
  options.leave = &leave;
  return setup.run_resumable(work(**platform, *view, args, options, std::move(begin), workflow_id),
                             [&leave] { leave.notify(); });
}

}  // namespace oap::cli
