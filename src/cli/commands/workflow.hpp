#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/args.hpp"
#include "platform/platform.hpp"
#include "platform/workflows.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/run_report.hpp"

namespace oap::cli {

// The commands below `oap workflow`, by what they are about; each returns the exit code.
int run_workflow(const Common& common, const WorkflowArgs& args);     ///< run, resume, fork
int check_workflows(const Common& common, const WorkflowArgs& args);  ///< lint, schema, new
int plan_workflow(const Common& common, const WorkflowArgs& args);    ///< plan
int test_workflows(const Common& common, const WorkflowArgs& args);   ///< test
int graph_workflow(const Common& common, const WorkflowArgs& args);   ///< graph
int show_workflows(const Common& common, const WorkflowArgs& args);   ///< list, show, logs, history
int order_workflow(const Common& common, const WorkflowArgs& args);   ///< signal, approve, …

/// Opens the workspace's platform without asking anybody anything, and runs `work` on it.
int with_platform(const Common& common, std::function<Task<int>(platform::Platform&)> work);

/// A workflow by its path or id; "-" is standard input.
Result<platform::LoadedWorkflow> load_workflow(const platform::Platform& platform,
                                               platform::Workflows& workflows,
                                               const std::string& reference);

/// The inputs that a command line gives: those of --inputs, then --input NAME=VALUE, each typed by
/// the definition's schema. kUsage names what is wrong. Not yet held against the schemas.
Result<json::Object> inputs_of(const json::Object& schemas, const WorkflowArgs& args);
/// NAME=VALUE by the schemas: a text where the schema wants one, else JSON; where nothing is known
/// JSON if it is, else a text.
Result<json::Object> typed_pairs(const json::Object& schemas, const std::vector<std::string>& pairs,
                                 std::string_view option);

/// As in CONTRACTS "Runs": 0 completed, 3 denied, 4 unanswered, 5 upstream, 130 cancelled, else 1.
/// Of a run that has not ended: 0.
int exit_code_of(const workflow::RunResult& result);
/// What --json prints of a run that could not begin.
json::Object failure_object(std::string_view workflow_id, const Error& error);
/// The same, told in the command's format; its exit code.
int tell_failure(const WorkflowArgs& args, std::string_view workflow_id, const Error& error);
/// The text with nothing in it that could hide or move the cursor, on one line.
std::string one_line(std::string_view text, std::size_t bytes = 200);

/// Whether nobody who lives owns the run: it was interrupted, or it sleeps until something comes.
bool is_left_alone(store::RunRepository& runs, const std::string& run_id);

/// What a person does about each step that waits for one, a line each, as a shell would take it;
/// with the fields that an approval's form demands, as far as a definition is given. Pure.
std::vector<std::string> answers_to(const workflow::RunResult& result,
                                    const workflow::Blueprint* definition = nullptr);

}  // namespace oap::cli
