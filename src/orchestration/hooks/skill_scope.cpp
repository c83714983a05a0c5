#include "orchestration/hooks/skill_scope.hpp"

namespace oap::orchestration {
namespace {

bool calls_skill(const ToolCall& call) {
  return call.server == kBuiltinServer && call.tool == "skill";
}

std::vector<std::string> texts(const json::Value& value, std::string_view key) {
  std::vector<std::string> list;
  if (const json::Array* const items = json::find_array(value, key)) {
    for (const json::Value& item : *items) {
      if (item.is_string()) {
        list.emplace_back(json::view(item.get_string()));
      }
    }
  }
  return list;
}

}  // namespace

std::string SkillScopes::refusal(const ToolCall& call) const {
  const std::lock_guard lock(mutex_);
  if (const auto role = roles_.find(call.principal.role); role != roles_.end()) {
    const std::string why =
        skills::ToolScope(role->second.allowed, role->second.disallowed).refusal(call);
    if (!why.empty()) {
      return why + " (tools of the agent " + call.principal.role + ")";
    }
  }
  const auto found = lists_.find(call.session_id);
  if (found == lists_.end() || call.session_id.empty() || calls_skill(call)) {
    return "";
  }
  const std::string why =
      skills::ToolScope(found->second.allowed, found->second.disallowed).refusal(call);
  return why.empty() ? why : why + " (allowed-tools of the skill in use)";
}

void SkillScopes::used(const std::string& session_id, std::vector<std::string> allowed,
                       std::vector<std::string> disallowed) {
  if (session_id.empty() || (allowed.empty() && disallowed.empty())) {
    return;
  }
  const std::lock_guard lock(mutex_);
  Lists& lists = lists_[session_id];
  lists.allowed.insert(lists.allowed.end(), allowed.begin(), allowed.end());
  lists.disallowed.insert(lists.disallowed.end(), disallowed.begin(), disallowed.end());
}

void SkillScopes::set_role(const std::string& role, std::vector<std::string> allowed,
                           std::vector<std::string> disallowed) {
  const std::lock_guard lock(mutex_);
  roles_[role] = {std::move(allowed), std::move(disallowed)};
}

void SkillScopes::ended(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  lists_.erase(session_id);
}

Task<Result<hooks::BeforeVerdict>> SkillScopeGuard::before(const hooks::Context& /*context*/,
                                                           const ToolCall& call) {
  hooks::BeforeVerdict verdict;
  verdict.reason = scopes_.refusal(call);
  if (!verdict.reason.empty()) {
    verdict.action = hooks::BeforeVerdict::Action::kBlock;
    verdict.rule = "allowed-tools";
  }
  co_return verdict;
}

Task<Result<hooks::AfterVerdict>> SkillUseHook::after(const hooks::Context& /*context*/,
                                                      const ToolCall& call,
                                                      const ToolResult& result) {
  if (calls_skill(call) && !result.is_error && result.structured) {
    scopes_.used(call.session_id, texts(*result.structured, "allowed_tools"),
                 texts(*result.structured, "disallowed_tools"));
  }
  co_return hooks::AfterVerdict::keep();
}

Task<Result<hooks::DoneVerdict>> SkillEndHook::done(const hooks::Context& context,
                                                    std::string /*final_text*/) {
  scopes_.ended(context.session_id);
  co_return hooks::DoneVerdict::proceed();
}

}  // namespace oap::orchestration
