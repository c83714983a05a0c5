#pragma once

#include <string>
#include <string_view>

namespace oap::router {

/// Whether a word without spaces (folded) names a file: a known extension, a known folder before a
/// slash, a leading ./ ../ ~/ or /, a trailing slash, or a wildcard with an extension.
bool looks_like_path(std::string_view word);
/// Whether it is a bare host name such as api.example.com.
bool looks_like_host(std::string_view word);
/// The host of a URL, without user, port and path; empty where there is none.
std::string host_of(std::string_view url);
/// localhost, 127.*, ::1 and *.localhost: no dependency on anything outside.
bool is_loopback(std::string_view host);
/// readme, license, makefile …: files that are called by a bare word.
bool is_bare_file_name(std::string_view word);

}  // namespace oap::router
