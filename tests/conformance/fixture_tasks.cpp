#include "fixture_tasks.hpp"

#include "base/ids.hpp"
#include "fixture_service.hpp"

namespace oap::conformance {
namespace {

using Call = FixtureService::Call;
using Reply = FixtureService::Reply;
using Plan = TaskTable::Plan;

constexpr std::int64_t kTtlMs = 600'000;
constexpr std::int64_t kPollMs = 100;

json::Object form(std::string_view message, std::string_view field, std::string_view type) {
  json::Object properties;
  properties[field] = json::Object{{"type", type}};
  json::Object schema = object_schema(std::move(properties), json::Array{json::Value(field)});
  json::Object params{
      {"mode", "form"}, {"message", message}, {"requestedSchema", std::move(schema)}};
  return {{"method", "elicitation/create"}, {"params", std::move(params)}};
}

Task<Reply> greet(Call& call) {
  std::string name(json::get_string(call.arguments(), "name"));
  co_return text_result("Hello, " + name + "!");
}

Reply deferred(Call& call, Plan plan) {
  if (!TaskTable::is_declared(call.exchange.caller())) {
    return TaskTable::not_declared();
  }
  return call.tasks.create(std::move(plan));
}

Task<Reply> slow_compute(Call& call) {
  const Millis takes(json::get_int(call.arguments(), "seconds") * 1000);
  std::string text = "computed ";
  text += json::get_string(call.arguments(), "label");
  if (takes.count() <= 0 || !TaskTable::is_declared(call.exchange.caller())) {
    co_return text_result(text);
  }
  co_return deferred(call, {takes, {}, text_result(text)});
}

Task<Reply> failing_job(Call& call) {
  co_return deferred(call, {Millis(0), {}, text_result("This job always fails", true)});
}

Task<Reply> protocol_error_job(Call& call) {
  Plan plan;
  plan.error = jsonrpc::ErrorObject{jsonrpc::kInternalError, "this job ends in a protocol error"};
  co_return deferred(call, std::move(plan));
}

Task<Reply> confirm_delete(Call& call) {
  if (!TaskTable::is_declared(call.exchange.caller())) {
    co_return text_result("Nothing was deleted: only a task can ask");
  }
  std::string file(json::get_string(call.arguments(), "filename"));
  json::Object asked{{"confirm", form("Delete " + file + "?", "confirm", "boolean")}};
  co_return deferred(call, {Millis(0), std::move(asked), text_result("Deleted " + file)});
}

Task<Reply> multi_input(Call& call) {
  json::Object asked{{"first", form("What is your name?", "name", "string")},
                     {"second", form("Go on?", "confirm", "boolean")}};
  co_return deferred(call, {Millis(0), std::move(asked), text_result("Both answers received")});
}

Task<Reply> ask_then_defer(Call& call) {
  const json::Object* input = call.input("user_name");
  const json::Object* content = input == nullptr ? nullptr : json::find_object(*input, "content");
  if (content == nullptr) {
    json::Object asked{{"user_name", form("What is your name?", "name", "string")}};
    co_return json::Object{{"resultType", "input_required"}, {"inputRequests", std::move(asked)}};
  }
  std::string name(json::get_string(*content, "name"));
  co_return deferred(call, {Millis(0), {}, text_result("Hello, " + name + "!")});
}

}  // namespace

bool TaskTable::is_declared(const mcp::Caller& caller) {
  const json::Object* extensions = json::find_object(caller.capabilities, "extensions");
  return caller.era == mcp::Era::kModern && extensions != nullptr &&
         json::find(*extensions, mcp::kTasksExtension) != nullptr;
}

TaskTable::Reply TaskTable::not_declared() {
  json::Object extensions;
  extensions[mcp::kTasksExtension] = json::Object{};
  json::Object required{{"extensions", std::move(extensions)}};
  json::Object data{{"requiredCapabilities", std::move(required)}};
  return mcp::refused(mcp::kMissingCapability, "the client did not declare the tasks extension",
                      std::move(data));
}

std::string_view TaskTable::status_of(const Job& job) {
  if (job.cancelled) {
    return "cancelled";
  }
  if (!job.plan.input_requests.empty()) {
    return "input_required";
  }
  if (system_clock().steady() < job.due) {
    return "working";
  }
  return job.plan.error ? "failed" : "completed";
}

json::Object TaskTable::envelope_of(const std::string& id, const Job& job) {
  return {{"taskId", id},
          {"status", status_of(job)},
          {"createdAt", format_time(job.created)},
          {"lastUpdatedAt", format_time(job.updated)},
          {"ttlMs", kTtlMs},
          {"pollIntervalMs", kPollMs}};
}

json::Object TaskTable::details_of(const std::string& id, const Job& job) {
  json::Object details = envelope_of(id, job);
  const std::string_view status = status_of(job);
  if (status == "completed") {
    details["result"] = job.plan.result;
  } else if (status == "failed") {
    details["error"] =
        json::Object{{"code", job.plan.error->code}, {"message", job.plan.error->message}};
  } else if (status == "input_required") {
    details["inputRequests"] = job.plan.input_requests;
  }
  return details;
}

void TaskTable::take_answers(Job& job, const json::Object& params) {
  const json::Object* answers = json::find_object(params, "inputResponses");
  if (answers == nullptr) {
    return;
  }
  for (const auto& answer : *answers) {
    job.plan.input_requests.erase(answer.key());
  }
  job.updated = system_clock().wall();
}

json::Object TaskTable::create(Plan plan) {
  const WallTime now = system_clock().wall();
  const SteadyTime due = system_clock().steady() + plan.takes;
  const std::string id = new_id("task_");
  const Job& job = jobs_.emplace(id, Job{std::move(plan), due, now, now}).first->second;
  json::Object result = envelope_of(id, job);
  result["status"] = "working";
  result["resultType"] = "task";
  return result;
}

TaskTable::Reply TaskTable::handle(std::string_view method, const json::Object& params,
                                   const mcp::Caller& caller) {
  if (!is_declared(caller)) {
    return not_declared();
  }
  const auto found = jobs_.find(json::get_string(params, "taskId"));
  if (found == jobs_.end()) {
    return mcp::refused(jsonrpc::kInvalidParams, "unknown task");
  }
  Job& job = found->second;
  if (method == "tasks/get") {
    return details_of(found->first, job);
  }
  if (method == "tasks/update") {
    take_answers(job, params);
    return json::Object{};
  }
  if (method == "tasks/cancel") {
    const std::string_view status = status_of(job);
    job.cancelled = job.cancelled || status == "working" || status == "input_required";
    return json::Object{};
  }
  return mcp::refused(jsonrpc::kMethodNotFound, "unknown method " + std::string(method));
}

std::vector<FixtureService::Tool> task_tools() {
  const json::Object name{{"name", json::Object{{"type", "string"}}}};
  const json::Object work{{"seconds", json::Object{{"type", "integer"}}},
                          {"label", json::Object{{"type", "string"}}}};
  const json::Object file{{"filename", json::Object{{"type", "string"}}}};
  std::vector<FixtureService::Tool> tools;
  const auto add = [&](std::string_view tool, std::string_view what, json::Object properties,
                       FixtureService::Handler run) {
    tools.push_back({definition(tool, what, object_schema(std::move(properties))), std::move(run)});
  };
  add("greet", "Greets, at once", name, greet);
  add("slow_compute", "Takes so many seconds, as a task where it can", work, slow_compute);
  add("failing_job", "A task that ends in a tool's error", {}, failing_job);
  add("protocol_error_job", "A task that ends in a protocol error", {}, protocol_error_job);
  add("confirm_delete", "A task that asks before it goes on", file, confirm_delete);
  add("multi_input", "A task that asks two things at once", {}, multi_input);
  add("test_tool_with_task", "Asks first, then becomes a task", {}, ask_then_defer);
  return tools;
}

}  // namespace oap::conformance
