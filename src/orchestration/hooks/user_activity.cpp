#include "orchestration/hooks/user_activity.hpp"

namespace oap::orchestration {

Task<Result<hooks::ChatVerdict>> UserActivityHook::on_message(const hooks::Context& context,
                                                              std::string /*text*/) {
  if (const auto seat = desk_.find(context.session_id)) {
    seat->mission->user_spoke();
  }
  co_return hooks::ChatVerdict::process();
}

}  // namespace oap::orchestration
