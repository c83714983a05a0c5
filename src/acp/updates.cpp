#include "acp/updates.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "tools/edit.hpp"

namespace oap::acp {
namespace {

constexpr std::size_t kMaxTitle = 200;
constexpr std::size_t kMaxOutput = 64U << 10U;
constexpr std::size_t kMaxFile = 1U << 20U;
constexpr std::size_t kMaxEntries = 200;

struct ToolRow {
  std::string_view tool;
  std::string_view kind;
  std::string_view verb;      ///< of the title
  std::string_view argument;  ///< what the title names
};
constexpr std::array kTools = {
    ToolRow{"read_file", "read", "Read", "path"},
    ToolRow{"list_dir", "read", "List", "path"},
    ToolRow{"glob", "search", "Find", "pattern"},
    ToolRow{"grep", "search", "Search for", "pattern"},
    ToolRow{"write_file", "edit", "Write", "path"},
    ToolRow{"edit_file", "edit", "Edit", "path"},
    ToolRow{"bash", "execute", "", "command"},
    ToolRow{"run_command", "execute", "", "command"},
    ToolRow{"python", "execute", "Run Python", ""},
    ToolRow{"skill", "read", "Skill", "name"},
    ToolRow{"read_output", "read", "Read the output", ""},
    ToolRow{"todo", "think", "Update the plan", ""},
    ToolRow{"delegate_task", "think", "Delegate", "description"},
};

const ToolRow* row_of(const ToolCall& call) {
  if (call.server != kBuiltinServer) {
    return nullptr;
  }
  const auto* const found = std::find_if(
      kTools.begin(), kTools.end(), [&call](const ToolRow& row) { return row.tool == call.tool; });
  return found == kTools.end() ? nullptr : found;
}

std::string one_line(std::string_view text) {
  std::string shown = text::escape_visible(text::truncate_utf8(text, kMaxTitle * 2));
  if (shown.size() > kMaxTitle) {
    shown = std::string(text::truncate_utf8(shown, kMaxTitle)) + "…";
  }
  return shown;
}

std::string bounded(std::string_view text) {
  std::string out = text::sanitize_utf8(text::truncate_utf8(text, kMaxOutput));
  if (text.size() > kMaxOutput) {
    out += fmt::format("\n[{} more bytes]", text.size() - kMaxOutput);
  }
  return out;
}

/// As a Markdown code block that the text cannot end.
std::string fenced(std::string_view text) {
  std::size_t longest = 2;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fmt::format("{}\n{}{}{}", fence, text, text.ends_with('\n') ? "" : "\n", fence);
}

json::Object text_content(std::string_view text) {
  return json::Object{{"type", "content"},
                      {"content", json::Object{{"type", "text"}, {"text", text}}}};
}

json::Object diff_content(const FileChange& change) {
  json::Object out{{"type", "diff"}, {"path", change.path}, {"newText", change.after}};
  out["oldText"] = change.before ? json::Value(*change.before) : json::Value(nullptr);
  return out;
}

json::Array locations_of(const ToolCall& call, std::string_view cwd) {
  json::Array out;
  if (const std::string path = path_of(call, cwd); !path.empty()) {
    json::Object place{{"path", path}};
    if (const std::int64_t line = json::get_int(call.arguments, "offset"); line > 0) {
      place["line"] = line;
    }
    out.push_back(std::move(place));
  }
  return out;
}

json::Object call_fields(const ToolCall& call, std::string_view cwd,
                         const std::optional<FileChange>& change) {
  json::Object out{{"toolCallId", call.id},
                   {"title", title_of(call)},
                   {"kind", kind_of(call)},
                   {"rawInput", call.arguments},
                   {"locations", locations_of(call, cwd)}};
  json::Array content;
  if (change) {
    content.push_back(diff_content(*change));
  }
  out["content"] = std::move(content);
  return out;
}

std::string_view entry_status(std::string_view state) {
  if (state == "running" || state == "in_progress") {
    return "in_progress";
  }
  const bool waits = state.empty() || state == "pending" || state == "ready" || state == "open" ||
                     state == "planned" || state == "blocked";
  return waits ? "pending" : "completed";
}

/// A call as it stands in a conversation, under the model's names.
ToolCall call_of(const ToolUseBlock& use) {
  ToolCall call;
  call.id = use.id;
  call.server = kBuiltinServer;
  call.tool = use.name;
  if (const std::size_t at = use.name.find("__"); at != std::string::npos) {
    call.server = use.name.substr(0, at);
    call.tool = use.name.substr(at + 2);
  }
  call.arguments = use.arguments;
  return call;
}

void replay_message(const session::StoredMessage& record, std::string_view cwd,
                    std::vector<json::Object>& out) {
  const Message& message = *record.message;
  const std::string id = fmt::format("msg_{}", record.seq);
  const bool user = message.role == MessageRole::kUser;
  for (const Block& block : message.blocks) {
    if (const auto* text = std::get_if<TextBlock>(&block)) {
      out.push_back(chunk(user ? Speaker::kUser : Speaker::kAgent, text->text, id));
    } else if (const auto* thought = std::get_if<ThinkingBlock>(&block)) {
      if (!thought->text.empty()) {
        out.push_back(chunk(Speaker::kThought, thought->text, id));
      }
    } else if (const auto* use = std::get_if<ToolUseBlock>(&block)) {
      const ToolCall call = call_of(*use);
      json::Object shown = tool_call(call, cwd, change_of(call, cwd, std::nullopt));
      shown["status"] = "in_progress";
      out.push_back(std::move(shown));
    } else if (const auto* result = std::get_if<ToolResultBlock>(&block)) {
      json::Object end = tool_state(result->tool_use_id, result->is_error ? "failed" : "completed");
      end["content"] = json::Array{text_content(fenced(bounded(result->text)))};
      out.push_back(std::move(end));
    }
  }
}

}  // namespace

json::Object chunk(Speaker speaker, std::string_view text, std::string_view message_id) {
  const char* const kind = speaker == Speaker::kUser      ? "user_message_chunk"
                           : speaker == Speaker::kThought ? "agent_thought_chunk"
                                                          : "agent_message_chunk";
  json::Object out{
      {"sessionUpdate", kind},
      {"content", json::Object{{"type", "text"}, {"text", text::sanitize_utf8(text)}}}};
  if (!message_id.empty()) {
    out["messageId"] = message_id;
  }
  return out;
}

std::string path_of(const ToolCall& call, std::string_view cwd) {
  const std::string_view path = json::get_string(call.arguments, "path");
  if (call.server != kBuiltinServer || path.empty()) {
    return {};
  }
  if (path.starts_with('/')) {
    return std::string(path);
  }
  if (path == "." || path == "./") {
    return std::string(cwd);
  }
  return fmt::format("{}/{}", cwd, path.starts_with("./") ? path.substr(2) : path);
}

std::optional<FileChange> change_of(const ToolCall& call, std::string_view cwd,
                                    std::optional<std::string> before) {
  const bool edits = call.tool == "edit_file";
  const std::string path = path_of(call, cwd);
  if (path.empty() || (!edits && call.tool != "write_file")) {
    return std::nullopt;
  }
  FileChange change{path, std::move(before), std::string()};
  if (!edits) {
    change.after = json::get_string(call.arguments, "content");
  } else {
    const std::string_view old_text = json::get_string(call.arguments, "old_string");
    const std::string_view new_text = json::get_string(call.arguments, "new_string");
    auto edited = change.before
                      ? tools::edit(*change.before, old_text, new_text,
                                    json::get_bool(call.arguments, "replace_all"))
                      : Result<tools::Edit>(fail(Code::kNotFound, "the file's text is not known"));
    if (edited) {
      change.after = std::move(edited->text);
    } else {
      change.before = old_text;
      change.after = new_text;
    }
  }
  const std::size_t size = change.after.size() + (change.before ? change.before->size() : 0);
  return size > kMaxFile ? std::nullopt : std::optional(std::move(change));
}

std::string_view kind_of(const ToolCall& call) {
  const ToolRow* const row = row_of(call);
  return row != nullptr ? row->kind : "other";
}

std::string title_of(const ToolCall& call) {
  const ToolRow* const row = row_of(call);
  if (row == nullptr) {
    return one_line(call.public_name());
  }
  const std::string_view subject =
      row->argument.empty() ? std::string_view() : json::get_string(call.arguments, row->argument);
  if (row->kind == "execute" && !subject.empty()) {
    return "`" + text::replace_all(one_line(subject), "`", "'") + "`";
  }
  const std::string verb(row->verb.empty() ? row->tool : row->verb);
  return subject.empty() ? verb : verb + " " + one_line(subject);
}

json::Object tool_call(const ToolCall& call, std::string_view cwd,
                       const std::optional<FileChange>& change) {
  json::Object out = call_fields(call, cwd, change);
  out["sessionUpdate"] = "tool_call";
  out["status"] = "pending";
  return out;
}

json::Object tool_question(const ToolCall& call, std::string_view cwd,
                           const std::optional<FileChange>& change, std::string_view text) {
  json::Object out = call_fields(call, cwd, change);
  out["status"] = "pending";
  out["content"].as_array().push_back(text_content(fenced(bounded(text))));
  return out;
}

json::Object tool_state(std::string_view call_id, std::string_view status) {
  return json::Object{
      {"sessionUpdate", "tool_call_update"}, {"toolCallId", call_id}, {"status", status}};
}

json::Object tool_end(const ToolCall& call, const ToolOutcome& outcome,
                      const std::optional<FileChange>& change) {
  json::Object out = tool_state(call.id, outcome.ok() ? "completed" : "failed");
  json::Array content;
  if (outcome.ok() && change) {
    content.push_back(diff_content(*change));
  } else if (const std::string text = bounded(outcome.text_for_model()); !text.empty()) {
    content.push_back(text_content(outcome.result ? fenced(text) : text));
  }
  out["content"] = std::move(content);
  if (outcome.result && outcome.result->structured) {
    out["rawOutput"] = *outcome.result->structured;
  }
  return out;
}

json::Object plan(const std::vector<PlanEntry>& entries) {
  json::Array out;
  for (const PlanEntry& entry : entries) {
    std::string text = text::sanitize_utf8(entry.text);
    if (entry.state == "failed" || entry.state == "cancelled" || entry.state == "skipped" ||
        entry.state == "blocked") {
      text += " (" + entry.state + ")";
    }
    out.push_back(json::Object{
        {"content", text}, {"priority", "medium"}, {"status", entry_status(entry.state)}});
  }
  return json::Object{{"sessionUpdate", "plan"}, {"entries", std::move(out)}};
}

std::vector<PlanEntry> plan_of(const orchestration::TodoDocument& todo) {
  std::vector<PlanEntry> out;
  for (const orchestration::TodoItem& item : todo.items()) {
    if (item.is_leaf() && out.size() < kMaxEntries) {
      const std::string name = item.id.empty() ? item.text : item.id + ": " + item.text;
      out.push_back({name, std::string(to_string(item.effective))});
    }
  }
  return out;
}

json::Object commands(const std::vector<CommandView>& commands) {
  json::Array out;
  for (const CommandView& command : commands) {
    json::Object item{{"name", command.name}, {"description", command.description}};
    if (!command.hint.empty()) {
      item["input"] = json::Object{{"hint", command.hint}};
    }
    out.push_back(std::move(item));
  }
  return json::Object{{"sessionUpdate", "available_commands_update"},
                      {"availableCommands", std::move(out)}};
}

json::Object usage(std::int64_t used, std::int64_t window, std::optional<double> cost_usd) {
  json::Object out{{"sessionUpdate", "usage_update"},
                   {"used", std::max<std::int64_t>(0, used)},
                   {"size", std::max<std::int64_t>(0, window)}};
  if (cost_usd) {
    out["cost"] = json::Object{{"amount", *cost_usd}, {"currency", "USD"}};
  }
  return out;
}

std::vector<json::Object> replay(const std::vector<session::StoredMessage>& records,
                                 std::string_view cwd) {
  std::vector<json::Object> out;
  for (const session::StoredMessage& record : records) {
    if (record.message) {
      replay_message(record, cwd, out);
    }
  }
  return out;
}

}  // namespace oap::acp
