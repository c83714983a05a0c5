#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "hooks/hook.hpp"
#include "skills/tool_scope.hpp"

namespace oap::orchestration {

/// Which tools the skills in use leave to each session. A skill that names allowed-tools narrows
/// from its call to the end of the turn; of several such skills each one's tools may be used, and
/// what any of them disallows may not. Thread-safe.
class SkillScopes {
 public:
  /// "" where the call may be made.
  std::string refusal(const ToolCall& call) const;
  void used(const std::string& session_id, std::vector<std::string> allowed,
            std::vector<std::string> disallowed);
  void ended(const std::string& session_id);
  /// What an agent's file leaves its role, always.
  void set_role(const std::string& role, std::vector<std::string> allowed,
                std::vector<std::string> disallowed);

 private:
  struct Lists {
    std::vector<std::string> allowed;
    std::vector<std::string> disallowed;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Lists> lists_;
  std::map<std::string, Lists> roles_;
};

/// tool.execute.before: denies what a skill in use, or the agent's file, does not leave.
class SkillScopeGuard final : public hooks::BeforeToolHook {
 public:
  explicit SkillScopeGuard(const SkillScopes& scopes) : scopes_(scopes) {}
  std::string_view name() const override { return "SkillScope"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  const SkillScopes& scopes_;
};

/// tool.execute.after: notes which skill was called.
class SkillUseHook final : public hooks::AfterToolHook {
 public:
  explicit SkillUseHook(SkillScopes& scopes) : scopes_(scopes) {}
  std::string_view name() const override { return "SkillScope"; }
  bool waits() const override { return false; }
  Task<Result<hooks::AfterVerdict>> after(const hooks::Context& context, const ToolCall& call,
                                          const ToolResult& result) override;

 private:
  SkillScopes& scopes_;
};

/// assistant.done: the skills' narrowing ends with the turn.
class SkillEndHook final : public hooks::DoneHook {
 public:
  explicit SkillEndHook(SkillScopes& scopes) : scopes_(scopes) {}
  std::string_view name() const override { return "SkillScope"; }
  bool always_runs() const override { return true; }
  Task<Result<hooks::DoneVerdict>> done(const hooks::Context& context,
                                        std::string final_text) override;

 private:
  SkillScopes& scopes_;
};

}  // namespace oap::orchestration
