#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oap::net {

/// HTTP header fields in the order of the message; names keep their spelling.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// The first field of that name, letter case ignored; null where there is none.
const std::string* find_header(const HeaderList& headers, std::string_view name);
/// How many fields have that name.
std::size_t count_headers(const HeaderList& headers, std::string_view name);

/// A token (RFC 9110 §5.6.2).
bool is_field_name(std::string_view name);
/// No line break or other control character but the tab: nothing that could split a message.
bool is_field_value(std::string_view value);

}  // namespace oap::net
