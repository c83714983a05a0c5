#include "orchestration/hooks/mission_control.hpp"

#include "orchestration/hooks/slash_command.hpp"

namespace oap::orchestration {

Task<Result<hooks::ChatVerdict>> MissionStartHook::on_message(const hooks::Context& context,
                                                              std::string text) {
  const auto call = parse_slash(text);
  if (!call || (call->name != "task" && call->name != "plan")) {
    co_return hooks::ChatVerdict::process();
  }
  hooks::ChatVerdict verdict;
  if (call->name == "plan" && call->arguments.empty()) {
    verdict.action = hooks::ChatVerdict::Action::kIntercept;
    verdict.text = "/plan needs an objective: what is to be planned?\n";
    co_return verdict;
  }
  desk_.wish(context.session_id, {call->arguments, call->name == "plan"});
  verdict.action = hooks::ChatVerdict::Action::kModify;
  verdict.text = call->arguments;
  co_return verdict;
}

Task<Result<hooks::DoneVerdict>> MissionControlHook::done(const hooks::Context& context,
                                                          std::string final_text) {
  const auto seat = desk_.find(context.session_id);
  if (!seat || seat->seat.depth > 0) {
    co_return hooks::DoneVerdict::proceed();
  }
  hooks::DoneVerdict verdict = co_await seat->mission->turn_ended(std::move(final_text));
  co_return verdict;
}

}  // namespace oap::orchestration
