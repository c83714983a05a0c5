#pragma once

#include "hooks/hook.hpp"
#include "orchestration/mission/desk.hpp"

namespace oap::orchestration {

/// chat.message: `/task OBJECTIVE` (over any number of lines) begins a mission, `/task` alone goes
/// on with the open one, `/plan OBJECTIVE` makes a plan only. The message becomes the objective;
/// whoever handles the message finds the wish at the desk.
class MissionStartHook final : public hooks::ChatHook {
 public:
  explicit MissionStartHook(MissionDesk& desk) : desk_(desk) {}
  std::string_view name() const override { return "MissionControl"; }
  Task<Result<hooks::ChatVerdict>> on_message(const hooks::Context& context,
                                              std::string text) override;

 private:
  MissionDesk& desk_;
};

/// assistant.done: where the turn was that of a living mission's Commander, the mission says how it
/// goes on: inject, or stop. Other turns are none of its business.
class MissionControlHook final : public hooks::DoneHook {
 public:
  explicit MissionControlHook(MissionDesk& desk) : desk_(desk) {}
  std::string_view name() const override { return "MissionControl"; }
  Task<Result<hooks::DoneVerdict>> done(const hooks::Context& context,
                                        std::string final_text) override;

 private:
  MissionDesk& desk_;
};

}  // namespace oap::orchestration
