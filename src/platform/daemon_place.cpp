#include "platform/daemon_place.hpp"

#include "api/socket_place.hpp"

namespace oap::platform {

Result<DaemonPlace> daemon_place(const config::Env& env) {
  if (const auto data = env("OPENCODE_DATA_PATH");
      data && !data->empty() && !data->starts_with('/')) {
    return fail(Code::kConfiguration,
                "OPENCODE_DATA_PATH is {}; a daemon needs an absolute path there", *data);
  }
  config::PathOptions where;
  where.env = env;
  where.cwd = "/";
  where.workspace = "/";
  OAP_TRY(const config::Paths paths, config::resolve_paths(where));
  return DaemonPlace{paths.state_root, api::socket_path(paths.state_root, env)};
}

}  // namespace oap::platform
