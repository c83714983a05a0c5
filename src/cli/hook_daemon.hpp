#pragma once

#include <optional>
#include <string>

#include "hosts/reply.hpp"

namespace oap::cli {

/// What the daemon of this state directory answers to a host's event, as `oap hook` would; nothing
/// where none runs, it is under another configuration than this process, or it fails or is late:
/// then the caller decides.
std::optional<hosts::Reply> ask_daemon_about(hosts::Host host, const std::string& event);

}  // namespace oap::cli
