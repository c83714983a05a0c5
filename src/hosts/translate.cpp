#include "hosts/translate.hpp"

#include <algorithm>
#include <array>

#include "foreign/tools.hpp"
#include "text/strings.hpp"

namespace oap::hosts {
namespace {

using foreign::Argument;
using foreign::Tool;
using std::string_view;

std::string absolute(const std::string& path, const std::string& cwd) {
  if (path.starts_with('/') || path.starts_with('~') || cwd.empty()) {
    return path;
  }
  return path.empty() ? cwd : cwd + "/" + path;
}

bool is_of_kind(Host host, string_view name, Tool::Kind kind) {
  const Tool* const tool = foreign::find_tool(host, name);
  return tool != nullptr && tool->kind == kind;
}

const Tool* call_of(Host host, string_view name) {
  return is_of_kind(host, name, Tool::Kind::kCall) ? foreign::find_tool(host, name) : nullptr;
}

/// An argv of Codex's as the command line that bash would take.
json::Value command_of(const json::Value& value) {
  if (!value.is_array()) {
    return value;
  }
  std::string line;
  for (const json::Value& word : value.get_array()) {
    if (!word.is_string()) {
      return value;
    }
    std::string quoted = "'";
    for (const char c : string_view(word.get_string())) {
      quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    line += (line.empty() ? "" : " ") + quoted + "'";
  }
  return json::Value(json::String(line));
}

ToolCall builtin(const Event& event, string_view tool, json::Object arguments) {
  ToolCall call;
  call.session_id = event.session_id;
  call.server = std::string(kBuiltinServer);
  call.tool = std::string(tool);
  call.arguments = std::move(arguments);
  call.origin = Origin::kHost;
  return call;
}

ToolCall file_call(const Event& event, string_view tool, const std::string& path) {
  return builtin(event, tool, {{"path", absolute(path, event.cwd)}});
}

json::Object arguments_of(const Tool& tool, const Event& event) {
  json::Object out;
  for (const Argument& argument : tool.arguments) {
    const json::Value* value =
        argument.theirs.empty() ? nullptr : json::find(event.input, argument.theirs);
    if (value == nullptr || argument.detail || json::find(out, argument.ours) != nullptr) {
      continue;
    }
    if (argument.ours == "path" && value->is_string()) {
      out["path"] = absolute(std::string(string_view(value->get_string())), event.cwd);
    } else {
      out[argument.ours] = argument.ours == "command" ? command_of(*value) : *value;
    }
  }
  const bool searches = tool.ours == "glob" || tool.ours == "grep" || tool.ours == "list_dir";
  if (searches && json::find(out, "path") == nullptr && !event.cwd.empty()) {
    out["path"] = event.cwd;
  }
  return out;
}

bool is_patch(Host host, string_view tool) {
  return tool == "apply_patch" || (host == Host::kOpencode && tool == "patch");
}

using ServerTool = std::pair<std::string, std::string>;

/// (server, tool) of server_tool, where either may hold "_" too.
std::optional<ServerTool> joined_name(string_view name, std::span<const std::string> servers) {
  std::size_t at = 0;
  for (const std::string& server : servers) {
    const bool fits =
        name.size() > server.size() + 1 && name.starts_with(server) && name[server.size()] == '_';
    at = fits ? std::max(at, server.size()) : at;
  }
  at = at > 0 ? at : name.find('_');
  if (at == string_view::npos || at == 0 || at + 1 >= name.size()) {
    return std::nullopt;
  }
  return ServerTool(name.substr(0, at), name.substr(at + 1));
}

/// (server, tool) of a name such as mcp__server__tool; nothing where it is none.
std::optional<ServerTool> mcp_name(Host host, const Event& event,
                                   std::span<const std::string> servers) {
  string_view name = event.tool;
  if (host == Host::kOpencode) {
    return is_patch(host, name) ? std::nullopt : joined_name(name, servers);
  }
  if (name.starts_with("mcp__")) {
    name.remove_prefix(5);
  } else if (host == Host::kCrush && name.starts_with("mcp_")) {
    return joined_name(name.substr(4), servers);
  } else if (host != Host::kGoose) {
    return std::nullopt;
  }
  const std::size_t at = name.find("__");
  if (at == string_view::npos || at == 0 || at + 2 >= name.size()) {
    return std::nullopt;
  }
  return ServerTool(name.substr(0, at), name.substr(at + 2));
}

void add_edits(Translation& out, const Event& event) {
  const string_view theirs = json::get_string(event.input, "filePath");
  const string_view path = json::get_string(event.input, "file_path", theirs);
  ToolCall call = file_call(event, "edit_file", std::string(path));
  std::string added;
  if (const json::Array* edits = json::find_array(event.input, "edits")) {
    for (const json::Value& edit : *edits) {
      added +=
          std::string(json::get_string(edit, "new_string", json::get_string(edit, "newString")));
      added += "\n";
    }
  }
  call.arguments["new_string"] = added;
  out.calls.push_back(std::move(call));
}

void add_patch(Translation& out, const Event& event) {
  std::string patch;
  for (const string_view member : {"command", "input", "patch", "patchText"}) {
    if (patch.empty()) {
      patch = std::string(json::get_string(event.input, member));
    }
  }
  for (const PatchFile& file : patch_files(patch)) {
    if (file.deletes) {
      std::string quoted = absolute(file.path, event.cwd);
      out.calls.push_back(builtin(
          event, "bash",
          {{"command", command_of(json::Array{"rm", "--", json::Value(json::String(quoted))})}}));
      continue;
    }
    ToolCall call = file_call(event, "write_file", file.path);
    call.arguments["content"] = file.added;
    out.calls.push_back(std::move(call));
  }
}

void add_paths(Translation& out, const Event& event) {
  for (const string_view member : {"paths", "include"}) {
    if (const json::Array* paths = json::find_array(event.input, member)) {
      for (const json::Value& path : *paths) {
        if (path.is_string()) {
          out.calls.push_back(
              file_call(event, "read_file", std::string(string_view(path.get_string()))));
        }
      }
    }
  }
}

/// The folder that a shell call names to start in.
std::string start_of(const Event& event) {
  for (const string_view member :
       {"workdir", "working_dir", "working_directory", "dir_path", "directory", "cwd"}) {
    if (const string_view folder = json::get_string(event.input, member); !folder.empty()) {
      return absolute(std::string(folder), event.cwd);
    }
  }
  return "";
}

/// Where a path has both of its names, which one the tool takes is not known: both are judged.
void add_other_path(Translation& out, Host host, const Event& event) {
  const string_view one = json::get_string(event.input, "filePath");
  const string_view other = json::get_string(event.input, "path");
  if (host == Host::kOpencode && !one.empty() && !other.empty() && one != other &&
      json::find(out.calls.front().arguments, "path") != nullptr) {
    ToolCall call = out.calls.front();
    call.arguments["path"] = absolute(std::string(other), event.cwd);
    out.calls.push_back(std::move(call));
  }
}

constexpr std::size_t kMostInBatch = 100;

/// OpenCode's experimental tool that makes several calls; their hooks do not fire.
bool add_batch(Translation& out, const Event& event, std::span<const std::string> servers) {
  const json::Array* const list = json::find_array(event.input, "tool_calls");
  if (list == nullptr || list->empty() || list->size() > kMostInBatch) {
    return false;
  }
  for (const json::Value& entry : *list) {
    Event inner = event;
    inner.tool = std::string(json::get_string(entry, "tool"));
    const json::Object* const input = json::find_object(entry, "parameters");
    inner.input = input == nullptr ? json::Object() : *input;
    if (inner.tool.empty() || inner.tool == "batch") {
      return false;
    }
    Translation one = translate(Host::kOpencode, inner, servers);
    // Each would start in a folder of its own, which one decision cannot tell.
    if (!one.cwd.empty() && one.cwd != event.cwd) {
      return false;
    }
    for (ToolCall& call : one.calls) {
      out.calls.push_back(std::move(call));
    }
  }
  out.internal = out.calls.empty();
  return true;
}

}  // namespace

std::vector<PatchFile> patch_files(string_view patch) {
  static constexpr auto kHeads =
      std::to_array<std::pair<string_view, bool>>({{"*** Add File: ", false},
                                                   {"*** Update File: ", false},
                                                   {"*** Delete File: ", true},
                                                   {"*** Move to: ", false}});
  std::vector<PatchFile> out;
  for (const string_view line : text::split_lines(patch)) {
    const string_view trimmed = text::trim(line);
    bool is_head = false;
    for (const auto& [head, deletes] : kHeads) {
      if (trimmed.starts_with(head)) {
        out.push_back({std::string(text::trim(trimmed.substr(head.size()))), deletes, ""});
        is_head = true;
      }
    }
    if (!is_head && !out.empty() && line.starts_with('+')) {
      out.back().added += std::string(line.substr(1)) + "\n";
    }
  }
  return out;
}

Translation translate(Host host, const Event& event, std::span<const std::string> servers) {
  Translation out;
  if (is_of_kind(host, event.tool, Tool::Kind::kInternal)) {
    out.internal = true;
    return out;
  }
  if (const Tool* const tool = call_of(host, event.tool)) {
    out.calls.push_back(builtin(event, tool->ours, arguments_of(*tool, event)));
    out.cwd = tool->ours == "bash" ? start_of(event) : "";
    add_other_path(out, host, event);
  } else if (is_of_kind(host, event.tool, Tool::Kind::kEdits)) {
    add_edits(out, event);
  } else if (host == Host::kOpencode && event.tool == "batch" && add_batch(out, event, servers)) {
    return out;
  } else if (is_patch(host, event.tool)) {
    add_patch(out, event);
  } else if (event.tool == "read_many_files") {
    add_paths(out, event);
  }
  if (out.calls.empty() || event.tool == "batch") {
    out.calls.clear();
    ToolCall call = builtin(event, event.tool, event.input);
    const auto mcp = mcp_name(host, event, servers);
    call.server = mcp ? mcp->first : std::string(name_of(host));
    call.tool = mcp ? mcp->second : event.tool;
    out.calls.push_back(std::move(call));
  }
  return out;
}

std::optional<json::Object> rewritten_input(Host host, const Event& event,
                                            const Translation& translation, std::size_t index,
                                            const json::Object& arguments) {
  const ToolCall& before = translation.calls.at(index);
  json::Object out = event.input;
  if (before.server != kBuiltinServer) {
    return arguments;
  }
  const Tool* const tool = call_of(host, event.tool);
  if (tool == nullptr) {
    return std::nullopt;
  }
  for (const auto& member : arguments) {
    const json::Value* const was = json::find(before.arguments, member.key());
    if (was != nullptr && *was == member.value()) {
      continue;
    }
    const auto argument =
        std::find_if(tool->arguments.begin(), tool->arguments.end(), [&](const Argument& a) {
          return !a.theirs.empty() && a.ours == string_view(member.key());
        });
    const json::Value* const theirs =
        argument == tool->arguments.end() ? nullptr : json::find(event.input, argument->theirs);
    if (theirs == nullptr || !theirs->is_string()) {
      return std::nullopt;
    }
    out[argument->theirs] = member.value();
  }
  for (const auto& member : before.arguments) {
    if (json::find(arguments, member.key()) == nullptr) {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace oap::hosts
