#include "platform/session_events.hpp"

namespace oap::platform {

Task<std::vector<std::string>> SessionEvents::begin(std::string session_id, bool continued,
                                                    std::string model) {
  if (!begun_.insert(session_id).second) {
    co_return std::vector<std::string>();
  }
  hooks::Context context{session_id, "", workspace_, principal_};
  hooks::SessionEvent event{hooks::SessionEvent::Kind::kStart, continued ? "resume" : "startup",
                            std::move(model)};
  hooks::EventVerdict verdict = co_await hooks_.session_event(std::move(context), std::move(event));
  co_return std::move(verdict.context);
}

Task<void> SessionEvents::end() {
  for (const std::string& id : std::exchange(begun_, {})) {
    hooks::Context context{id, "", workspace_, principal_};
    hooks::SessionEvent event{hooks::SessionEvent::Kind::kEnd, "other"};
    co_await hooks_.session_event(std::move(context), std::move(event));
  }
}

}  // namespace oap::platform
