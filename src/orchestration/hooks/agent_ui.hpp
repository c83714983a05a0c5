#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hooks/hook.hpp"

namespace oap::orchestration {

/// The task that a text names first, as [TASK-3] or [task-3]; nothing where it names none. Pure.
std::optional<std::string> task_named(std::string_view text);

/// tool.execute.after: what `delegate_task` brought is shown as its agent's: "[W] [WORKER] …" in
/// front of it, once; the task that the prompt names becomes the session's current one.
class AgentUiHook final : public hooks::AfterToolHook {
 public:
  /// Told of the current task; may be empty.
  using OnTask = std::function<void(const std::string& session_id, std::string task)>;
  explicit AgentUiHook(OnTask on_task) : on_task_(std::move(on_task)) {}
  std::string_view name() const override { return "AgentUI"; }
  bool waits() const override { return false; }
  Task<Result<hooks::AfterVerdict>> after(const hooks::Context& context, const ToolCall& call,
                                          const ToolResult& result) override;

 private:
  OnTask on_task_;
};

}  // namespace oap::orchestration
