#pragma once

#include <string>

#include "gateway/catalog.hpp"
#include "gateway/gateway.hpp"
#include "hooks/registry.hpp"
#include "orchestration/hooks/skill_scope.hpp"
#include "platform/models.hpp"
#include "platform/settings.hpp"
#include "workflow/step_runner.hpp"

namespace oap::platform {

/// Does the steps of workflows on the platform: a tool or script step is one call through the
/// gateway on behalf of who started the run, judged, approved and audited like any other; an agent
/// step is a turn loop of one of the agents. What it is given outlives it.
///
/// Outputs hold no secrets: the gateway and the redactor have seen them. A script's output is
/// {exit_code, stdout, stderr, timed_out, truncated} or, with `output: json`, the value that it
/// printed; an agent's is its text, or the object of its schema.
class WorkflowSteps final : public workflow::StepRunner {
 public:
  struct Parts {
    const Settings& settings;
    gateway::Gateway& gateway;
    gateway::Catalog& catalog;
    hooks::Registry& hooks;
    const gateway::Redactor& redactor;
    ModelSet& models;
    Principal principal;                           ///< of runs that name no user
    std::string model;                             ///< --model
    orchestration::SkillScopes* scopes = nullptr;  ///< null: no skill narrows
  };
  explicit WorkflowSteps(Parts parts) : parts_(std::move(parts)) {}

  Task<Result<workflow::StepResult>> run(workflow::StepRequest request) override;

 private:
  Task<Result<workflow::StepResult>> run_tool(workflow::StepRequest request);
  Task<Result<workflow::StepResult>> run_script(workflow::StepRequest request);
  Task<Result<workflow::StepResult>> run_agent(workflow::StepRequest request);
  Task<Result<workflow::StepResult>> invoke(const workflow::StepRequest& request, ToolCall call);
  ToolCall call_of(const workflow::StepRequest& request) const;

  Parts parts_;
};

/// The call that a tool step makes with these rendered arguments. kNotFound for a name that is
/// none.
Result<ToolCall> tool_call(const workflow::ToolStep& step, const gateway::Catalog& catalog,
                           json::Object arguments);
/// The call of the built-in bash or python that a script step makes; `input` is {env, stdin}.
ToolCall script_call(const workflow::ScriptStep& step, const json::Value& input);
/// The value that a script printed as JSON. kUpstream where it printed none.
Result<json::Value> printed_json(const json::Value& structured);

}  // namespace oap::platform
