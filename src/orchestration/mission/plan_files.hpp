#pragma once

#include <map>
#include <optional>
#include <string>

#include "json/value.hpp"
#include "model/tool.hpp"
#include "orchestration/mission/completion.hpp"
#include "orchestration/mission/todo_file.hpp"

namespace oap::orchestration {

/// The plan's folder of one mission, and the `todo` tool on it. Blocks for moments.
class PlanFiles {
 public:
  PlanFiles(std::string workspace, std::string folder, std::string lock);

  /// Fills in the three files of a judgement, and where the plan is.
  void read_into(CompletionInput& input) const;
  /// "T1.2 'Lexer'" of items that can be begun.
  std::vector<std::string> ready() const;
  /// Moves a plan that is closed throughout out of a new mission's way, to `archive/`. Its new
  /// place, "" where nothing was moved.
  Result<std::string> put_away_closed();

  /// One call of the tool but `ask`. `role` is the caller's; `evidence` is what a tick may rest on:
  /// calls that succeeded on the workspace as it is now, newest last. An item that names a check is
  /// ticked where that very command is among them.
  Result<ToolResult> use(const std::string& role, const json::Object& arguments,
                         const std::vector<Evidence>& evidence);

  /// What a write_file or edit_file call on one of the three files is as a call of the tool: its
  /// arguments, or why it cannot be. Nothing where the call is about another file; links are
  /// followed. `root` is where the call's relative paths begin.
  std::optional<Result<json::Object>> as_use(const ToolCall& call, const std::string& root) const;

  const std::string& folder() const { return folder_; }
  std::string todo_path() const { return folder_ + "/" + kTodoFile; }

 private:
  PlanFile& file_of(const json::Object& arguments);
  Result<ToolResult> list(const json::Object& arguments);
  Result<ToolResult> edit(const std::string& role, const json::Object& arguments,
                          const std::vector<Evidence>& evidence);
  Result<ToolResult> write(const std::string& role, const json::Object& arguments);
  Result<ToolResult> issues(const json::Object& arguments);

  std::string workspace_;
  std::string folder_;
  std::map<std::string, PlanFile> files_;
  std::map<std::string, std::string> seen_;  // what the agents saw last, by file
};

}  // namespace oap::orchestration
