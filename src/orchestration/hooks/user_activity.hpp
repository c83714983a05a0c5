#pragma once

#include "hooks/hook.hpp"
#include "orchestration/mission/desk.hpp"

namespace oap::orchestration {

/// chat.message: a person has typed something. The session's mission is told, so that its countdown
/// ends and nothing is injected over what the person says. Always processed further.
class UserActivityHook final : public hooks::ChatHook {
 public:
  explicit UserActivityHook(MissionDesk& desk) : desk_(desk) {}
  std::string_view name() const override { return "UserActivity"; }
  Task<Result<hooks::ChatVerdict>> on_message(const hooks::Context& context,
                                              std::string text) override;

 private:
  MissionDesk& desk_;
};

}  // namespace oap::orchestration
