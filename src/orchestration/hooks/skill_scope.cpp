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

json::Array list_of(const std::vector<std::string>& names) {
  json::Array list;
  for (const std::string& name : names) {
    list.emplace_back(name);
  }
  return list;
}

std::string refused_by(const SkillLists& lists, const ToolCall& call) {
  return skills::ToolScope(lists.allowed, lists.disallowed).refusal(call);
}

void add(SkillLists& to, SkillLists more) {
  to.allowed.insert(to.allowed.end(), more.allowed.begin(), more.allowed.end());
  to.disallowed.insert(to.disallowed.end(), more.disallowed.begin(), more.disallowed.end());
}

}  // namespace

json::Array to_json(const std::vector<SkillLists>& lists) {
  json::Array out;
  for (const SkillLists& each : lists) {
    out.push_back(json::Object{{"allowed_tools", list_of(each.allowed)},
                               {"disallowed_tools", list_of(each.disallowed)}});
  }
  return out;
}

std::vector<SkillLists> skill_lists_from(const json::Value& value) {
  std::vector<SkillLists> lists;
  if (const json::Array* const items = value.if_array()) {
    for (const json::Value& item : *items) {
      lists.push_back({texts(item, "allowed_tools"), texts(item, "disallowed_tools")});
    }
  }
  return lists;
}

std::string SkillScopes::key_of(const ToolCall& call) const {
  const auto side = calls_.find(call.id);
  return side == calls_.end() ? call.session_id : side->second;
}

std::string SkillScopes::refusal(const ToolCall& call) const {
  const std::lock_guard lock(mutex_);
  if (const auto role = roles_.find(call.principal.role); role != roles_.end()) {
    const std::string why = refused_by(role->second, call);
    if (!why.empty()) {
      return why + " (tools of the agent " + call.principal.role + ")";
    }
  }
  if (call.session_id.empty() || calls_skill(call)) {
    return "";
  }
  if (const auto imposed = imposed_.find(call.session_id); imposed != imposed_.end()) {
    for (const SkillLists& each : imposed->second) {
      const std::string why = refused_by(each, call);
      if (!why.empty()) {
        return why + " (allowed-tools of the skill in use where this was delegated)";
      }
    }
  }
  const std::string side = key_of(call);
  for (const std::string& key : {call.session_id, side == call.session_id ? std::string() : side}) {
    const auto found = lists_.find(key);
    const std::string why = found == lists_.end() ? "" : refused_by(found->second, call);
    if (!why.empty()) {
      return why + " (allowed-tools of the skill or command in use)";
    }
  }
  return "";
}

void SkillScopes::used(const ToolCall& call, SkillLists lists) {
  const std::lock_guard lock(mutex_);
  const std::string key = key_of(call);
  if (!key.empty() && (!lists.allowed.empty() || !lists.disallowed.empty())) {
    add(lists_[key], std::move(lists));
  }
}

void SkillScopes::narrow(const std::string& session_id, SkillLists lists) {
  const std::lock_guard lock(mutex_);
  if (!session_id.empty() && (!lists.allowed.empty() || !lists.disallowed.empty())) {
    add(lists_[session_id], std::move(lists));
  }
}

void SkillScopes::set_role(const std::string& role, SkillLists lists) {
  const std::lock_guard lock(mutex_);
  roles_[role] = std::move(lists);
}

void SkillScopes::ended(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  if (!sides_.contains(session_id)) {
    lists_.erase(session_id);
  }
}

void SkillScopes::begin_side(const std::string& session_id, const std::string& /*side*/) {
  const std::lock_guard lock(mutex_);
  ++sides_[session_id];
}

void SkillScopes::end_side(const std::string& session_id, const std::string& side) {
  const std::lock_guard lock(mutex_);
  lists_.erase(side);
  if (--sides_[session_id] <= 0) {
    sides_.erase(session_id);
  }
}

void SkillScopes::begin_call(const std::string& call_id, const std::string& side) {
  const std::lock_guard lock(mutex_);
  calls_[call_id] = side;
}

void SkillScopes::end_call(const std::string& call_id) {
  const std::lock_guard lock(mutex_);
  calls_.erase(call_id);
}

std::vector<SkillLists> SkillScopes::in_force(const std::string& session_id) const {
  const std::lock_guard lock(mutex_);
  std::vector<SkillLists> all;
  if (const auto imposed = imposed_.find(session_id); imposed != imposed_.end()) {
    all = imposed->second;
  }
  if (const auto own = lists_.find(session_id); own != lists_.end()) {
    all.push_back(own->second);
  }
  return all;
}

void SkillScopes::impose(const std::string& session_id, std::vector<SkillLists> lists) {
  const std::lock_guard lock(mutex_);
  if (!lists.empty()) {
    imposed_[session_id] = std::move(lists);
  }
}

void SkillScopes::release(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  imposed_.erase(session_id);
  lists_.erase(session_id);
}

SideTurn::SideTurn(SkillScopes* scopes, std::string session_id, std::string side)
    : scopes_(scopes), session_id_(std::move(session_id)), side_(std::move(side)) {
  if (scopes_ != nullptr) {
    scopes_->begin_side(session_id_, side_);
  }
}

SideTurn::~SideTurn() {
  if (scopes_ != nullptr) {
    scopes_->end_side(session_id_, side_);
  }
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
    scopes_.used(call, {texts(*result.structured, "allowed_tools"),
                        texts(*result.structured, "disallowed_tools")});
  }
  co_return hooks::AfterVerdict::keep();
}

Task<Result<hooks::DoneVerdict>> SkillEndHook::done(const hooks::Context& context,
                                                    std::string /*final_text*/) {
  scopes_.ended(context.session_id);
  co_return hooks::DoneVerdict::proceed();
}

}  // namespace oap::orchestration
