#pragma once

#include <functional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

struct DaemonOptions {
  SettingsOptions settings;  ///< for every folder that it is asked about
  std::string version;
  /// A command that takes secrets out of a text, told to clients; empty: none.
  std::vector<std::string> filter = {};
  /// Called once with the socket's path when clients can connect.
  std::function<void(const std::string& socket)> on_ready;
};

/// `oap serve`: the daemon of this state directory, until SIGTERM or SIGINT (what is being answered
/// is answered first; a second one ends at once). SIGHUP reads every workspace's files again. Tells
/// the service manager through $NOTIFY_SOCKET. kAlreadyExists, kFailedPrecondition, kConfiguration.
Task<Result<void>> serve_daemon(Executor executor, DaemonOptions options);

}  // namespace oap::platform
