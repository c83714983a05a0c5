#pragma once

#include <string_view>

#include <curl/curl.h>

#include "base/error.hpp"

namespace oap::net {

/// What a failed transfer to `origin` means to a person; `detail` is libcurl's own sentence.
Error curl_error(CURLcode code, std::string_view origin, std::string_view detail);

}  // namespace oap::net
