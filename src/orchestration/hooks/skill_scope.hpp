#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "hooks/hook.hpp"
#include "json/value.hpp"
#include "skills/tool_scope.hpp"

namespace oap::orchestration {

/// What skills (or slash commands) leave of the tools: one that names allowed-tools narrows. Data.
struct SkillLists {
  std::vector<std::string> allowed;
  std::vector<std::string> disallowed;
};
json::Array to_json(const std::vector<SkillLists>& lists);
std::vector<SkillLists> skill_lists_from(const json::Value& value);

/// Which tools the skills in use leave to whom. A skill that names allowed-tools narrows from its
/// call to the end of the turn; of several such skills each one's tools may be used, and what any
/// of them disallows may not. Turns side by side in one session are narrowed each for itself, and
/// by what the session has; a delegated agent is narrowed as whoever delegated was. Thread-safe.
class SkillScopes {
 public:
  /// "" where the call may be made.
  std::string refusal(const ToolCall& call) const;
  /// The skill that a call has loaded.
  void used(const ToolCall& call, SkillLists lists);
  /// What a session's message brings along.
  void narrow(const std::string& session_id, SkillLists lists);
  /// The session's turn has ended; not where it was one of several side by side.
  void ended(const std::string& session_id);
  /// What an agent's file leaves its role, always.
  void set_role(const std::string& role, SkillLists lists);

  /// Turns beside the session's own, and the calls that are theirs.
  void begin_side(const std::string& session_id, const std::string& side);
  void end_side(const std::string& session_id, const std::string& side);
  void begin_call(const std::string& call_id, const std::string& side);
  void end_call(const std::string& call_id);

  /// All that narrows a call of the session now.
  std::vector<SkillLists> in_force(const std::string& session_id) const;
  /// What narrows a delegated agent's session as long as it works.
  void impose(const std::string& session_id, std::vector<SkillLists> lists);
  void release(const std::string& session_id);

 private:
  std::string key_of(const ToolCall& call) const;

  mutable std::mutex mutex_;
  std::map<std::string, SkillLists> lists_;  // by session, or side
  std::map<std::string, std::vector<SkillLists>> imposed_;
  std::map<std::string, int> sides_;          // by session: how many are under way
  std::map<std::string, std::string> calls_;  // which side a call is of
  std::map<std::string, SkillLists> roles_;
};

/// A turn beside the session's own: its narrowing is its own, and ends with it.
class SideTurn {
 public:
  SideTurn(SkillScopes* scopes, std::string session_id, std::string side);
  ~SideTurn();
  SideTurn(const SideTurn&) = delete;
  SideTurn& operator=(const SideTurn&) = delete;

 private:
  SkillScopes* scopes_;  // null: nothing narrows
  std::string session_id_;
  std::string side_;
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
