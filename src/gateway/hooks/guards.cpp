#include "gateway/hooks/guards.hpp"

#include <algorithm>

#include "approval/approver.hpp"
#include "gateway/hooks/governing_files.hpp"
#include "security/role_guard.hpp"

namespace oap::gateway {

permission::Request permission_request(const ToolCall& call, const std::string& workspace,
                                       const std::string& cwd) {
  permission::Request request;
  request.principal = call.principal;
  request.server = call.server;
  request.tool = call.tool;
  request.action = call.server == kBuiltinServer ? "execute" : "invoke";
  request.arguments = call.arguments;
  request.workspace = workspace;
  request.cwd = cwd.empty() ? workspace : cwd;
  request.session = call.session_id;
  request.origin = to_string(call.origin);
  return request;
}

Task<Result<hooks::BeforeVerdict>> StrictRoleGuard::before(const hooks::Context& context,
                                                           const ToolCall& call) {
  const security::RealPlace place = [&context](std::string_view path) {
    return real_place(path, context.workspace, context.cwd);
  };
  const security::RoleVerdict verdict =
      security::role_guard(call, context.principal, matrix_, place);
  hooks::BeforeVerdict out;
  if (!verdict.allowed) {
    out.action = hooks::BeforeVerdict::Action::kBlock;
    out.rule = "StrictRoleGuard";
    out.reason = verdict.reason;
  }
  co_return out;
}

bool searches(const ToolCall& call) {
  return call.server == kBuiltinServer &&
         (call.tool == "grep" || call.tool == "glob" || call.tool == "list_dir");
}

/// The call's arguments with everything that may not be read left out of the search; the same
/// arguments where nothing is missing.
json::Object with_exclusions(const ToolCall& call, const std::vector<std::string>& hidden) {
  json::Object arguments = call.arguments;
  json::Array exclude;
  if (const json::Array* given = json::find_array(arguments, "exclude")) {
    exclude = *given;
  }
  for (const std::string& pattern : hidden) {
    const json::Value item(pattern);
    if (std::find(exclude.begin(), exclude.end(), item) == exclude.end()) {
      exclude.push_back(item);
    }
  }
  if (!exclude.empty()) {
    arguments["exclude"] = std::move(exclude);
  }
  return arguments;
}

Task<Result<hooks::BeforeVerdict>> SecurityPolicyHook::before(const hooks::Context& /*context*/,
                                                              const ToolCall& call) {
  const std::shared_ptr<const security::PolicyVerdict> verdict = verdicts_->of(call);
  hooks::BeforeVerdict out;
  out.rule = verdict->rule;
  out.reason = verdict->reason;
  out.risk_score = verdict->report.risk_score;
  out.action = verdict->level == Level::kDeny  ? hooks::BeforeVerdict::Action::kBlock
               : verdict->level == Level::kAsk ? hooks::BeforeVerdict::Action::kAsk
                                               : hooks::BeforeVerdict::Action::kAllow;
  co_return out;
}

/// Nothing where the call neither looks for a skill nor adds one, or a rule denies it.
std::optional<hooks::BeforeVerdict> PermissionHook::skill_install(const ToolCall& call,
                                                                  const Decision& decision) const {
  const bool shell = call.tool == "bash" || call.tool == "run_command";
  if (call.server != kBuiltinServer || !shell || decision.level == Level::kDeny) {
    return std::nullopt;
  }
  const std::string_view command = json::get_string(call.arguments, "command");
  const auto add = skills::parse_add_command(command);
  hooks::BeforeVerdict out;
  if (skills::parse_find_command(command)) {
    out.rule = "skills/search";
    out.reason = "searches the registries that the operator has named";
    return out;
  }
  if (!add) {
    return std::nullopt;
  }
  out.rule = approval::kSkillInstallRule;
  const auto source = skills::parse_source(add->source, skills_.base_url, "");
  if (source && skills::is_trusted_source(*source, skills_.trusted, skills_.base_url)) {
    out.reason = source->shown + " is among skills.trusted_sources";
    return out;
  }
  out.action = hooks::BeforeVerdict::Action::kAsk;
  out.reason = source ? "adding the skill of " + source->shown + " needs approval"
                      : source.error().message();
  return out;
}

Task<Result<hooks::BeforeVerdict>> PermissionHook::before(const hooks::Context& context,
                                                          const ToolCall& call) {
  permission::Request request = permission_request(call, context.workspace, context.cwd);
  hooks::BeforeVerdict out;
  if (verdicts_ != nullptr && call.server == kBuiltinServer) {
    request.risk_score = verdicts_->of(call)->risk();
    out.risk_score = request.risk_score.value_or(0);
  }
  const Decision decision = engine_.decide(request);
  if (searches(call) && decision.level != Level::kDeny) {
    json::Object arguments = with_exclusions(call, engine_.hidden_from_search(call.principal));
    if (arguments != call.arguments) {
      out.action = hooks::BeforeVerdict::Action::kModify;
      out.reason = "files that may not be read are left out of the search";
      out.arguments = std::move(arguments);
      co_return out;
    }
  }
  if (auto install = skill_install(call, decision)) {
    install->risk_score = out.risk_score;
    co_return *std::move(install);
  }
  out.rule = decision.rule.empty() ? "default" : decision.rule;
  out.reason = decision.reason;
  switch (decision.level) {
    case Level::kAllow:
      out.action = hooks::BeforeVerdict::Action::kAllow;
      break;
    case Level::kAsk:
      out.action = hooks::BeforeVerdict::Action::kAsk;
      break;
    case Level::kDeny:
      out.action = hooks::BeforeVerdict::Action::kBlock;
      break;
  }
  co_return out;
}

}  // namespace oap::gateway
