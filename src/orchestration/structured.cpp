#include "orchestration/structured.hpp"

#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

Result<json::Object> object_of(const llm::Response& response, const StructuredQuestion& question) {
  for (const ToolUseBlock* use : response.message.tool_uses()) {
    if (use->name == question.tool) {
      if (!use->invalid_arguments.empty()) {
        return fail(Code::kUpstream, "the arguments of {} are not a JSON object", question.tool);
      }
      return use->arguments;
    }
  }
  return object_in_text(response.message.joined_text());
}

std::string problems_of(const json::Schema& schema, const json::Object& object,
                        const StructuredQuestion& question) {
  std::string problems;
  for (const json::Violation& violation : schema.validate(json::Value(object), 8)) {
    problems += fmt::format("- {}: {}\n",
                            violation.instance_path.empty() ? "(all)" : violation.instance_path,
                            violation.message);
  }
  if (problems.empty() && question.check) {
    problems = question.check(object);
  }
  return problems;
}

/// The same conversation with the unfit answer and what is wrong with it.
void add_repair(llm::Request& request, const llm::Response& response, const std::string& problem) {
  const std::string text =
      "The answer cannot be used:\n" + problem + "\nCall the tool again with a corrected answer.";
  request.messages.push_back(response.message);
  Message repair;
  for (const ToolUseBlock* use : response.message.tool_uses()) {
    repair.blocks.emplace_back(ToolResultBlock{use->id, text, true});
  }
  if (repair.blocks.empty()) {
    repair.blocks.emplace_back(TextBlock{text});
  }
  request.messages.push_back(std::move(repair));
}

}  // namespace

Error as_provider_error(Error error, Deadline deadline) {
  if (error.code() == Code::kResourceExhausted) {
    return Error(Code::kUpstream, error.to_string());
  }
  const bool stalled = error.code() == Code::kDeadlineExceeded && !deadline.passed();
  return stalled ? Error(Code::kUnavailable, error.to_string()) : error;
}

Result<json::Object> object_in_text(std::string_view text) {
  std::string_view body = text::trim(text);
  const std::size_t fence = body.find("```");
  if (fence != std::string_view::npos) {
    const std::size_t start = body.find('\n', fence);
    const std::size_t end = start == std::string_view::npos ? start : body.find("```", start);
    if (end != std::string_view::npos) {
      body = text::trim(body.substr(start, end - start));
    }
  } else if (!body.starts_with('{')) {
    const std::size_t open = body.find('{');
    const std::size_t close = body.rfind('}');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
      return fail(Code::kUpstream, "there is no JSON object in the answer");
    }
    body = body.substr(open, close - open + 1);
  }
  auto object = json::parse_object(body);
  if (!object) {
    return fail(Code::kUpstream, "the answer is no JSON object: {}", object.error().message());
  }
  return object;
}

Task<Result<json::Object>> ask_structured(StructuredQuestion question, RunEvents& events,
                                          Usage& usage) {
  OAP_CO_TRY(const json::Schema schema, json::Schema::compile(question.schema));
  llm::Request request;
  request.model = question.agent.model;
  request.agent = question.agent.name;
  request.system = question.agent.system;
  request.messages.push_back(Message::user(question.prompt));
  request.tools.push_back({question.tool, question.description, question.schema});
  request.force_tool = question.tool;
  request.max_tokens = question.agent.max_tokens;
  request.temperature = question.agent.temperature;
  request.deadline = question.deadline;
  std::string problem;
  for (int attempt = 0; attempt < 2; ++attempt) {
    llm::StreamSink sink;
    sink.on_retry = [&events](std::string_view what) { tell(events.on_notice, what); };
    auto response = co_await question.agent.provider->complete(request, std::move(sink));
    if (!response) {
      co_return fail(as_provider_error(std::move(response).error(), request.deadline));
    }
    usage += response->usage;
    tell(events.on_usage, response->usage);
    Result<json::Object> object = object_of(*response, question);
    problem = object ? problems_of(schema, *object, question) : object.error().message();
    if (problem.empty()) {
      co_return object;
    }
    add_repair(request, *response, problem);
  }
  co_return fail(Code::kFailedPrecondition, "the {} gave no usable answer, asked twice: {}",
                 question.agent.name, problem);
}

}  // namespace oap::orchestration
