#include "cli/call_words.hpp"

#include <fmt/format.h>

namespace oap::cli {

std::string mission_call_words(const ToolCall& call) {
  const auto word = [&call](const char* key) { return json::get_string(call.arguments, key); };
  if (call.server != kBuiltinServer) {
    return "";
  }
  if (call.tool == "delegate_task") {
    const std::string_view about =
        word("description").empty() ? word("prompt") : word("description");
    return word("agent").empty() ? fmt::format("{} {}", word("action"), word("task_id"))
                                 : fmt::format("{}: {}", word("agent"), about);
  }
  if (call.tool != "todo") {
    return "";
  }
  std::string what = fmt::format("{} {}", word("action"), word("id"));
  if (const json::Array* const items = json::find_array(call.arguments, "items")) {
    for (const json::Value& item : *items) {
      what += fmt::format("{}{}", what.ends_with(' ') ? "" : ", ", json::get_string(item, "text"));
    }
  }
  return what;
}

}  // namespace oap::cli
