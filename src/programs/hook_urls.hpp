#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::programs {

/// Whether the URL is what one of the patterns of `allowedHttpHookUrls` means. Scheme, host, port
/// and path are compared apart, hosts in their usual form, paths without `.`, `..` and escapes. `*`
/// is any run of characters of its part; in a host of one label, but `*.example.com` is any name
/// below and a host `*` any. Without a port the scheme's own is meant, without a path `/`; a
/// pattern that ends in `*` there (`http://localhost:*`) means any path. Never listed: a URL with
/// userinfo, with a host outside of ASCII, or with a path whose escapes hide `..`. Pure.
bool is_listed(std::string_view url, const std::vector<std::string>& patterns);

}  // namespace oap::programs
