#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::api {

/// One request to the daemon at `socket` and its result, by plain blocking calls: for programs that
/// ask once. Only a daemon of one's own user, or root's, is asked. kNotFound where there is no
/// socket or nobody listens; kDeadlineExceeded; kUpstream where the answer is none or an error.
Result<json::Value> ask_daemon(const std::string& socket, std::string_view method,
                               const json::Object& params, Deadline deadline);

}  // namespace oap::api
