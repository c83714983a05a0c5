#include "orchestration/testing/fakes.hpp"

namespace oap::orchestration::testing {

llm::Response says(std::string text) {
  llm::Response response;
  response.message.role = MessageRole::kAssistant;
  response.message.blocks.emplace_back(TextBlock{std::move(text)});
  response.usage.requests = 1;
  response.usage.input_tokens = 10;
  return response;
}

llm::Response calls(std::string tool, json::Object arguments, std::string id) {
  llm::Response response;
  response.message.role = MessageRole::kAssistant;
  response.message.blocks.emplace_back(
      ToolUseBlock{std::move(id), std::move(tool), std::move(arguments), ""});
  response.stop = llm::StopReason::kToolUse;
  response.usage.requests = 1;
  response.usage.input_tokens = 10;
  return response;
}

std::size_t results_in(const llm::Request& request) {
  std::size_t count = 0;
  for (const Message& message : request.messages) {
    for (const Block& block : message.blocks) {
      count += std::holds_alternative<ToolResultBlock>(block) ? 1U : 0U;
    }
  }
  return count;
}

ToolOutcome denied(const ToolCall& call, bool unanswered) {
  ToolOutcome outcome;
  outcome.denial =
      Denial{call.id, call.server, call.tool, call.arguments, "rule:1", "no", unanswered};
  return outcome;
}

std::vector<ToolSpec> two_tools() {
  std::vector<ToolSpec> tools;
  for (const char* name : {"read_file", "bash"}) {
    ToolSpec spec;
    spec.server = kBuiltinServer;
    spec.name = name;
    spec.input_schema = json::Object{{"type", "object"}};
    tools.push_back(std::move(spec));
  }
  return tools;
}

}  // namespace oap::orchestration::testing
