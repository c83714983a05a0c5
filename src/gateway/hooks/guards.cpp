#include "gateway/hooks/guards.hpp"

#include "security/role_guard.hpp"

namespace oap::gateway {

permission::Request permission_request(const ToolCall& call, const std::string& workspace) {
  permission::Request request;
  request.principal = call.principal;
  request.server = call.server;
  request.tool = call.tool;
  request.action = call.server == kBuiltinServer ? "execute" : "invoke";
  request.arguments = call.arguments;
  request.workspace = workspace;
  request.cwd = workspace;
  return request;
}

Task<Result<hooks::BeforeVerdict>> StrictRoleGuard::before(const hooks::Context& context,
                                                           const ToolCall& call) {
  const security::RoleVerdict verdict = security::role_guard(call, context.principal);
  hooks::BeforeVerdict out;
  if (!verdict.allowed) {
    out.action = hooks::BeforeVerdict::Action::kBlock;
    out.rule = "StrictRoleGuard";
    out.reason = verdict.reason;
  }
  co_return out;
}

Task<Result<hooks::BeforeVerdict>> PermissionHook::before(const hooks::Context& context,
                                                          const ToolCall& call) {
  const Decision decision = engine_.decide(permission_request(call, context.workspace));
  hooks::BeforeVerdict out;
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
