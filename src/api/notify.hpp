#pragma once

#include <string_view>

#include "os/env.hpp"

namespace oap::api {

/// Tells the service manager ("READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=…") through
/// `$NOTIFY_SOCKET`; nothing where there is none, and failures count for nothing.
/// Source: sd_notify(3).
void notify_manager(std::string_view state, const os::EnvLookup& env);
/// The reload's beginning, with the time that the manager wants beside it.
void notify_reloading(const os::EnvLookup& env);

}  // namespace oap::api
