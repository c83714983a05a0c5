#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/url_encode.hpp"

namespace oap::mcp::oauth {

/// Names and values of a query or of an application/x-www-form-urlencoded body, in order.
using Form = net::FormFields;

/// "a=b&c=d"; a blank becomes %20, which queries and forms both understand. Pure.
std::string write_form(const Form& form);
/// The reverse; `+` is a blank. A `%` without two hexadecimal digits stays.
Form parse_form(std::string_view text);
/// The one value of that name: nothing where there is none or more than one.
std::optional<std::string> single(const Form& form, std::string_view name);
std::size_t count(const Form& form, std::string_view name);
/// The URL with the form added to its query.
std::string with_query(std::string_view url, const Form& form);

}  // namespace oap::mcp::oauth
