#include "platform/workflow_steps.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "platform/workflow_agent.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "workflow/tool_invoker.hpp"

namespace oap::platform {
namespace {

using workflow::StepRequest;
using workflow::StepResult;

constexpr Millis kLongest{1'800'000};
constexpr std::int64_t kLongestCommand = 1'200;
constexpr std::size_t kShownOutput = 400;

bool is_command(const ToolCall& call) {
  return call.server == kBuiltinServer &&
         (call.tool == "bash" || call.tool == "python" || call.tool == "run_command");
}

/// A command ends itself a little before the step's time is up, so that what it printed is kept.
void bound_command(ToolCall& call) {
  if (!is_command(call) || call.arguments.contains("timeout")) {
    return;
  }
  const std::int64_t seconds = (call.deadline.left().count() + 999) / 1000;
  call.arguments["timeout"] = std::clamp<std::int64_t>(seconds, 1, kLongestCommand);
}

/// A script's result without what is only about its confinement.
json::Value script_output(const json::Value& structured) {
  return json::Object{{"exit_code", json::get_int(structured, "exit_code")},
                      {"stdout", json::get_string(structured, "output")},
                      {"stderr", json::get_string(structured, "stderr")},
                      {"timed_out", json::get_bool(structured, "timed_out")},
                      {"truncated", json::get_bool(structured, "truncated")}};
}

StepResult failed(std::string error, std::string code) {
  StepResult result;
  result.ok = false;
  result.error = std::move(error);
  result.error_code = std::move(code);
  return result;
}

}  // namespace

Result<ToolCall> tool_call(const workflow::ToolStep& step, const gateway::Catalog& catalog,
                           json::Object arguments) {
  ToolCall call;
  call.server = step.server.empty() || step.server == "default" ? kBuiltinServer : step.server;
  call.tool = step.tool;
  if (call.server == kBuiltinServer && step.tool.find("__") != std::string::npos) {
    OAP_TRY(const gateway::Catalog::Name name, catalog.parse_name(step.tool));
    call.server = name.server;
    call.tool = name.tool;
  }
  call.arguments = std::move(arguments);
  return call;
}

ToolCall script_call(const workflow::ScriptStep& step, const json::Value& input) {
  ToolCall call;
  call.server = kBuiltinServer;
  call.tool = step.shell == "python" ? "python" : "bash";
  call.arguments[call.tool == "python" ? "code" : "command"] = step.run;
  if (const json::Object* const env = json::find_object(input, "env");
      env != nullptr && !env->empty()) {
    json::Object texts;
    for (const auto& pair : *env) {
      const json::Value& value = pair.value();
      texts[pair.key()] = value.is_string() ? value : json::Value(json::print(value));
    }
    call.arguments["env"] = std::move(texts);
  }
  if (const json::Value* const given = json::find(input, "stdin"); given != nullptr) {
    call.arguments["stdin"] = given->is_string() ? *given : json::Value(json::print(*given));
  }
  return call;
}

Result<json::Value> printed_json(const json::Value& structured) {
  const std::string_view text = text::trim(json::get_string(structured, "output"));
  if (text.empty()) {
    return fail(Code::kUpstream, "the script printed nothing, but 'output: json' was promised");
  }
  auto value = json::parse(text);
  if (!value) {
    return fail(Code::kUpstream,
                "what the script printed is no JSON ({}); it began with: {}. Print one JSON value "
                "on standard output and everything else on standard error",
                value.error().message(),
                text::escape_visible(text::truncate_utf8(text, kShownOutput)));
  }
  return value;
}

ToolCall WorkflowSteps::call_of(const StepRequest& request) const {
  ToolCall call;
  call.principal = parts_.principal;
  if (!request.user.empty()) {
    call.principal.user_id = request.user;
  }
  return call;
}

Task<Result<StepResult>> WorkflowSteps::run(StepRequest request) {
  if (std::holds_alternative<workflow::ToolStep>(request.step->body)) {
    co_return co_await run_tool(std::move(request));
  }
  if (std::holds_alternative<workflow::ScriptStep>(request.step->body)) {
    co_return co_await run_script(std::move(request));
  }
  if (std::holds_alternative<workflow::AgentStep>(request.step->body)) {
    co_return co_await run_agent(std::move(request));
  }
  co_return fail(Code::kInternal, "a step of type {} is not run by a runner",
                 workflow::type_name(request.step->body));
}

Task<Result<StepResult>> WorkflowSteps::invoke(const StepRequest& request, ToolCall call) {
  const ToolCall base = call_of(request);
  call.id = new_id("call_");
  call.principal = base.principal;
  call.session_id = request.session_id;
  call.task_id = request.task_id.empty() ? request.run_id : request.task_id;
  call.origin = Origin::kWorkflow;
  call.idempotency_key = request.idempotency_key;
  call.deadline = request.deadline.is_never() ? Deadline::after(kLongest) : request.deadline;
  bound_command(call);
  gateway::CallLink link;
  link.request.owner = request.run_id;
  if (request.heartbeat) {
    link.request.on_progress = [beat = request.heartbeat](const json::Object&) { beat(); };
  }
  const ToolOutcome outcome = co_await parts_.gateway.invoke(std::move(call), std::move(link));
  auto result = workflow::step_result(outcome);
  if (result && outcome.denial) {
    result->not_begun = true;
    if (outcome.denial->rule == "audit") {
      result->error = outcome.denial->reason;
      result->error_code = to_string(Code::kUnavailable);
      result->retryable = true;
    }
  }
  co_return result;
}

Task<Result<StepResult>> WorkflowSteps::run_tool(StepRequest request) {
  json::Object arguments = request.input.is_object() ? request.input.get_object() : json::Object{};
  auto call = tool_call(std::get<workflow::ToolStep>(request.step->body), parts_.catalog,
                        std::move(arguments));
  if (!call) {
    StepResult unknown = failed(call.error().message(), std::string(to_string(Code::kNotFound)));
    unknown.not_begun = true;
    co_return unknown;
  }
  co_return co_await invoke(request, *std::move(call));
}

Task<Result<StepResult>> WorkflowSteps::run_script(StepRequest request) {
  const auto& script = std::get<workflow::ScriptStep>(request.step->body);
  ToolCall call = script_call(script, request.input);
  call.extra["_meta"] = json::Object{{"oap/separateStderr", true}};
  auto result = co_await invoke(request, std::move(call));
  if (!result || !result->output.is_object()) {
    co_return result;
  }
  if (script.json_output && result->ok) {
    auto value = printed_json(result->output);
    if (!value) {
      StepResult bad = failed(value.error().message(), "bad_output");
      bad.output = script_output(result->output);
      bad.retryable = true;
      co_return bad;
    }
    result->output = *std::move(value);
    co_return result;
  }
  result->output = script_output(result->output);
  co_return result;
}

Task<Result<StepResult>> WorkflowSteps::run_agent(StepRequest request) {
  Principal principal = call_of(request).principal;
  AgentStepParts parts{parts_.settings, parts_.gateway, parts_.catalog,       parts_.hooks,
                       parts_.redactor, parts_.models,  std::move(principal), parts_.model};
  co_return co_await run_agent_step(std::move(parts), std::move(request));
}

}  // namespace oap::platform
