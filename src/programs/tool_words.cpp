#include "programs/tool_words.hpp"

#include <algorithm>
#include <string_view>

#include "foreign/tools.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::programs {
namespace {

constexpr std::int64_t kMillis = 1'000;

const foreign::Tool* tool_of(const ToolCall& call) {
  if (call.server != kBuiltinServer || call.tool == "python") {
    return nullptr;
  }
  const std::string_view name = call.tool == "run_command" ? "bash" : std::string_view(call.tool);
  return foreign::tool_for(foreign::Host::kClaudeCode, name);
}

bool is_command(const ToolCall& call) { return call.tool == "bash" || call.tool == "run_command"; }

bool is_path_argument(const foreign::Argument& argument) { return argument.ours == "path"; }

std::string absolute(std::string_view path, const std::string& cwd) {
  if (path.starts_with('/') || path.starts_with('~') || cwd.empty()) {
    return std::string(path);
  }
  while (path.starts_with("./")) {
    path.remove_prefix(2);
  }
  return path.empty() || path == "." ? cwd : cwd + "/" + std::string(path);
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

json::Object input_of(const foreign::Tool& tool, const ToolCall& call, const std::string& cwd) {
  json::Object out;
  for (const foreign::Argument& argument : tool.arguments) {
    const json::Value* const value =
        argument.ours.empty() ? nullptr : json::find(call.arguments, argument.ours);
    if (value == nullptr || json::find(out, argument.theirs) != nullptr) {
      continue;
    }
    out[argument.theirs] =
        is_path_argument(argument) && value->is_string()
            ? json::Value(json::String(absolute(json::view(value->get_string()), cwd)))
            : *value;
  }
  for (const auto& member : call.arguments) {
    const std::string_view key = member.key();
    const bool named = std::any_of(tool.arguments.begin(), tool.arguments.end(),
                                   [&](const foreign::Argument& one) { return one.ours == key; });
    if (!named && json::find(out, key) == nullptr) {
      out[key] = key == "timeout" && member.value().is_int64()
                     ? json::Value(member.value().get_int64() * kMillis)
                     : member.value();
    }
  }
  return out;
}

}  // namespace

ShownCall shown_call(const ToolCall& call, const std::string& cwd) {
  if (call.server != kBuiltinServer) {
    return {"mcp__" + call.server + "__" + call.tool, call.arguments};
  }
  if (call.tool == "python") {
    json::Object input = call.arguments;
    input.erase("code");
    input["command"] = "python3 -c " + quoted(json::get_string(call.arguments, "code"));
    return {"Bash", std::move(input)};
  }
  const foreign::Tool* const tool = tool_of(call);
  if (tool == nullptr) {
    return {call.tool, call.arguments};
  }
  return {std::string(tool->theirs), input_of(*tool, call, cwd)};
}

Result<json::Object> changed_arguments(const ToolCall& call, const ShownCall& shown,
                                       const json::Object& updated) {
  const foreign::Tool* const tool = tool_of(call);
  if (tool == nullptr && call.tool == "python" && call.server == kBuiltinServer) {
    const json::Value* const command = json::find(updated, "command");
    if (command == nullptr || *command != shown.input.at("command")) {
      return fail(Code::kInvalidArgument, "the tool python cannot run another command instead");
    }
    return call.arguments;
  }
  if (tool == nullptr) {
    return updated;
  }
  json::Object out;
  for (const auto& member : updated) {
    const std::string_view key = member.key();
    const auto named =
        std::find_if(tool->arguments.begin(), tool->arguments.end(),
                     [&](const foreign::Argument& one) { return one.theirs == key; });
    const std::string ours(named == tool->arguments.end() ? key : named->ours);
    const json::Value* const before = json::find(shown.input, key);
    const json::Value* const own = json::find(call.arguments, ours);
    if (before != nullptr && own != nullptr && *before == member.value()) {
      out[ours] = *own;
    } else if (named != tool->arguments.end()) {
      out[ours] = member.value();
    } else if (key == "timeout" && is_command(call) && member.value().is_int64()) {
      out[ours] = std::max<std::int64_t>(1, (member.value().get_int64() + kMillis - 1) / kMillis);
    } else if (key != "description" && key != "run_in_background") {
      return fail(Code::kInvalidArgument, "the tool {} here has no argument {}", call.tool, key);
    }
  }
  return out;
}

json::Value shown_response(const ToolCall& call, const ShownCall& shown, const ToolResult& result) {
  if (call.server != kBuiltinServer) {
    return result.structured ? *result.structured : json::Value(result.content);
  }
  const std::string text = result.joined_text();
  if (shown.tool == "Bash") {
    const json::Value told = result.structured.value_or(json::Value(json::Object{}));
    const json::Value* const out = json::find(told, "output");
    const json::Value* const err = json::find(told, "stderr");
    return json::Object{{"stdout", out != nullptr ? *out : json::Value(json::String(text))},
                        {"stderr", err != nullptr ? *err : json::Value("")},
                        {"interrupted", json::get_bool(told, "timed_out")},
                        {"isImage", false}};
  }
  const json::Value* const path = json::find(shown.input, "file_path");
  if (shown.tool == "Read") {
    return json::Object{
        {"type", "text"},
        {"file", json::Object{{"filePath", path != nullptr ? *path : json::Value("")},
                              {"content", json::String(text)}}}};
  }
  if (shown.tool == "Write" || shown.tool == "Edit") {
    json::Object out{{"filePath", path != nullptr ? *path : json::Value("")},
                     {"success", !result.is_error}};
    for (const auto& [ours, theirs] :
         {std::pair("old_string", "oldString"), std::pair("new_string", "newString"),
          std::pair("content", "content")}) {
      if (const json::Value* const value = json::find(call.arguments, ours)) {
        out[theirs] = *value;
      }
    }
    return out;
  }
  if (result.structured) {
    return *result.structured;
  }
  return json::Object{{"content", json::String(text)}};
}

ToolResult result_of(const json::Value& updated, const ToolResult& before) {
  if (updated.is_array()) {
    ToolResult out = before;
    out.content = updated.get_array();
    out.structured.reset();
    const bool blocks = std::all_of(out.content.begin(), out.content.end(), [](const auto& one) {
      return one.is_object() && !json::get_string(one, "type").empty();
    });
    if (blocks) {
      return out;
    }
  }
  std::string text;
  if (updated.is_string()) {
    text = json::view(updated.get_string());
  } else if (const json::Value* const out = json::find(updated, "stdout");
             out != nullptr && out->is_string()) {
    text = json::view(out->get_string());
    const std::string_view err = json::get_string(updated, "stderr");
    text += (text.empty() || err.empty() || text.ends_with('\n') ? "" : "\n") + std::string(err);
  } else {
    text = json::print(updated);
  }
  return ToolResult::text(text, before.is_error);
}

}  // namespace oap::programs
