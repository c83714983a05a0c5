#include "platform/daemon_place.hpp"

#include "api/socket_place.hpp"
#include "config/state_root.hpp"

namespace oap::platform {

Result<DaemonPlace> daemon_place(const config::Env& env) {
  OAP_TRY(std::string state_root, config::find_state_root(env, config::find_home(env)));
  std::string socket = api::socket_path(state_root, env);
  return DaemonPlace{std::move(state_root), std::move(socket)};
}

}  // namespace oap::platform
