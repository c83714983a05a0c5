#include "platform/hook_table.hpp"

#include "orchestration/hooks/sanity_check.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kMaxResultBytes = 256U << 10U;
constexpr auto kGuard = hooks::FailurePolicy::kGuard;
constexpr auto kObserver = hooks::FailurePolicy::kObserver;

template <class Hook, class... Args>
std::unique_ptr<Hook> make(Args&&... args) {
  return std::make_unique<Hook>(std::forward<Args>(args)...);
}

}  // namespace

void register_hooks(hooks::Registry& registry, const HookParts& parts) {
  // tool.execute.before
  registry.add(make<gateway::StrictRoleGuard>(), {10, kGuard});
  const auto verdicts = std::make_shared<gateway::SharedVerdicts>(parts.security_policy);
  registry.add(make<gateway::PermissionHook>(parts.engine, verdicts), {20, kGuard});
  registry.add(make<gateway::SecurityPolicyHook>(verdicts), {30, kGuard});
  // tool.execute.after
  registry.add(make<gateway::SecretScannerHook>(parts.scanner), {10, kGuard, Millis(60'000)});
  registry.add(make<gateway::HiddenTextHook>(), {20, kGuard});
  registry.add(make<gateway::ResourceControlHook>(kMaxResultBytes), {40, kObserver});
  // assistant.done
  registry.add(make<orchestration::SanityCheckHook>(), {10, kObserver});
}

}  // namespace oap::platform
