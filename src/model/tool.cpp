#include "model/tool.hpp"

#include <fmt/format.h>

namespace oap {
namespace {

std::string public_name_of(const std::string& server, const std::string& tool) {
  return server == kBuiltinServer ? tool : server + "__" + tool;
}

}  // namespace

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::kAgent:
      return "agent";
    case Origin::kWorkflow:
      return "workflow";
    case Origin::kMcpClient:
      return "mcp_client";
    case Origin::kHost:
      return "host";
    case Origin::kCommand:
      return "command";
  }
  return "agent";
}

std::string ToolSpec::public_name() const {
  return alias.empty() ? public_name_of(server, name) : alias;
}
std::string ToolCall::public_name() const { return public_name_of(server, tool); }

bool is_reading_method(std::string_view method) {
  return method == "resources/read" || method == "resources/subscribe" || method == "prompts/get" ||
         method == "completion/complete" || method == "tasks/get" || method == "tasks/result" ||
         method == "tasks/update" || method == "tasks/cancel";
}

std::string_view ToolCall::method() const {
  const std::string_view name(tool);
  return name.starts_with(kMethodPrefix) ? name.substr(kMethodPrefix.size()) : std::string_view();
}

ToolResult ToolResult::text(std::string_view text, bool is_error) {
  ToolResult result;
  json::Object block;
  block["type"] = "text";
  block["text"] = text;
  result.content.push_back(std::move(block));
  result.is_error = is_error;
  return result;
}

std::string ToolResult::joined_text() const {
  std::string joined;
  for (const json::Value& block : content) {
    if (json::get_string(block, "type") != "text") {
      continue;
    }
    if (!joined.empty()) {
      joined += '\n';
    }
    joined += json::get_string(block, "text");
  }
  return joined;
}

std::string ToolOutcome::text_for_model() const {
  if (denial) {
    return fmt::format("permission denied: {} (rule: {})", denial->reason, denial->rule);
  }
  if (error) {
    return "tool failed: " + error->to_string();
  }
  return result ? result->joined_text() : std::string{};
}

}  // namespace oap
