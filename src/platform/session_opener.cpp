#include "platform/session_opener.hpp"

namespace oap::platform {

using Mode = session::SessionStart::Mode;

Result<session::SessionState> SessionOpener::open(session::SessionStart start) {
  if (start.mode == Mode::kContinueNewest) {
    OAP_TRY(const auto newest, store_.newest(start.workspace));
    start.id = newest ? newest->id : "";
    start.mode = newest ? Mode::kContinueId : start.mode;
  } else if (start.mode == Mode::kContinueId) {
    OAP_TRY(start.id, sessions_.resolve(start.id));
  }
  if (start.mode == Mode::kContinueId) {
    OAP_CHECK_OK(locks_.claim(start.id));
  }
  OAP_TRY(const session::SessionState state, sessions_.ensure_session(start));
  OAP_CHECK_OK(locks_.claim(state.id));
  return state;
}

Result<store::SessionRecord> SessionOpener::settle(const std::string& workspace,
                                                   const std::string& id) {
  session::SessionStart start;
  start.mode = id.empty() ? Mode::kContinueNewest : Mode::kContinueId;
  start.workspace = workspace;
  start.id = id;
  OAP_TRY(const session::SessionState state, open(std::move(start)));
  return store_.find(state.id);
}

}  // namespace oap::platform
