#pragma once

#include <functional>
#include <string>

#include "hooks/hook.hpp"
#include "orchestration/context_control.hpp"

namespace oap::orchestration {

/// Keeps a text that was too long, and gives the handle for `read_output`.
using KeepOutput =
    std::function<Result<std::string>(const std::string& session_id, std::string_view text)>;

/// tool.execute.after, "track": counts what a result adds to the conversation, and keeps one result
/// from filling it: text beyond `max_bytes` is cut in the middle, kept whole by `keep`, and the
/// note names the handle and the offset at which to go on. Results for MCP clients, who have
/// contexts of their own, pass whole; so do those of `read_output`. Stands behind the
/// SecretScanner.
class ResourceTrackHook final : public hooks::AfterToolHook {
 public:
  ResourceTrackHook(ContextControl& control, std::size_t max_bytes, KeepOutput keep)
      : control_(control), max_bytes_(max_bytes), keep_(std::move(keep)) {}
  std::string_view name() const override { return "ResourceControl"; }
  bool waits() const override { return false; }
  Task<Result<hooks::AfterVerdict>> after(const hooks::Context& context, const ToolCall& call,
                                          const ToolResult& result) override;

 private:
  std::string cut(const std::string& session_id, std::string_view text) const;

  ContextControl& control_;
  std::size_t max_bytes_;
  KeepOutput keep_;
};

/// assistant.done, "compact": asks for a compaction where the conversation is due for one. Runs
/// whatever the hooks before it decided; the turn loop does it.
class ResourceCompactHook final : public hooks::DoneHook {
 public:
  explicit ResourceCompactHook(ContextControl& control) : control_(control) {}
  std::string_view name() const override { return "ResourceControl"; }
  bool always_runs() const override { return true; }
  Task<Result<hooks::DoneVerdict>> done(const hooks::Context& context,
                                        std::string final_text) override;

 private:
  ContextControl& control_;
};

}  // namespace oap::orchestration
