#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "model/message.hpp"
#include "model/task.hpp"
#include "model/tool.hpp"
#include "orchestration/mission/todo.hpp"
#include "session/session_manager.hpp"

namespace oap::acp {

// The `update` objects of session/update, made of what the platform tells. All pure; texts are
// bounded and valid UTF-8; secrets have been removed before.

enum class Speaker { kUser, kAgent, kThought };
json::Object chunk(Speaker speaker, std::string_view text, std::string_view message_id);

/// Both sides of a change to a file. Nothing before: the file is new.
struct FileChange {
  std::string path;  ///< absolute
  std::optional<std::string> before;
  std::string after;
};
/// The change that a call of write_file or edit_file makes to a file whose text is `before` now;
/// nothing for other calls, and where it would be longer than 1 MiB.
std::optional<FileChange> change_of(const ToolCall& call, std::string_view cwd,
                                    std::optional<std::string> before);
/// The file that a call of a built-in tool is about, absolute; "" where there is none.
std::string path_of(const ToolCall& call, std::string_view cwd);

std::string_view kind_of(const ToolCall& call);
/// One line: what is done to what.
std::string title_of(const ToolCall& call);

json::Object tool_call(const ToolCall& call, std::string_view cwd,
                       const std::optional<FileChange>& change);
/// The same as an update of it, as session/request_permission needs it, with a text for a person.
json::Object tool_question(const ToolCall& call, std::string_view cwd,
                           const std::optional<FileChange>& change, std::string_view text);
json::Object tool_state(std::string_view call_id, std::string_view status);
json::Object tool_end(const ToolCall& call, const ToolOutcome& outcome,
                      const std::optional<FileChange>& change);

/// One entry of a plan.
struct PlanEntry {
  std::string text;
  std::string state;  ///< a step's or an item's state
};
json::Object plan(const std::vector<PlanEntry>& entries);
std::vector<PlanEntry> plan_of(const orchestration::TodoDocument& todo);

struct CommandView {
  std::string name;
  std::string description;
  std::string hint;
};
json::Object commands(const std::vector<CommandView>& commands);

json::Object usage(std::int64_t used, std::int64_t window, std::optional<double> cost_usd);

/// A stored conversation as the updates that show it again.
std::vector<json::Object> replay(const std::vector<session::StoredMessage>& records,
                                 std::string_view cwd);

}  // namespace oap::acp
