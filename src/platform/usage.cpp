#include "platform/usage.hpp"

#include "orchestration/mission/mission_journal.hpp"
#include "session/usage_note.hpp"

namespace oap::platform {

std::string used_folder(const Settings& settings) { return settings.paths.state_dir + "/used"; }

void adopt_usage(const Settings& settings, session::SessionManager& sessions) {
  session::UsageNote::adopt(used_folder(settings), [&sessions](const json::Object& note) {
    const json::Value* const usage = json::find(note, "usage");
    const std::string session(json::get_string(note, "session"));
    if (usage == nullptr || session.empty()) {
      return true;
    }
    const auto counted =
        sessions.update_session_tokens(session, orchestration::usage_from_json(*usage));
    return counted || counted.error().code() == Code::kNotFound;
  });
}

}  // namespace oap::platform
