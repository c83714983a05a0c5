#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace oap::gateway {

/// The words of a text as they are searched for: lower case (Latin, Greek, Cyrillic), split at all
/// that is no letter or digit and at changes of case (`listPullRequests`, `HTTPServer`), without
/// stemming or stop words. Chinese, Japanese and Korean runs, which have no spaces, give each two
/// neighbouring characters, a single one itself. At most `limit` words; words are cut at 64 bytes.
/// Bytes that are not UTF-8 separate. Pure.
std::vector<std::string> tokens(std::string_view text, std::size_t limit = 4096);

/// True for characters of the scripts that are searched by pairs.
bool is_cjk(char32_t c);

}  // namespace oap::gateway
