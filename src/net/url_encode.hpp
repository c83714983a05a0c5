#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace oap::net {

/// Names and values of a query or a form in their order, decoded.
using FormFields = std::vector<std::pair<std::string, std::string>>;

/// Each byte but letters, digits and -._~ as %XX (RFC 3986 §2.3). Pure, as all here.
std::string percent_encode(std::string_view text);
/// kInvalidArgument where a % is not followed by two hexadecimal digits. A + stays a +.
Result<std::string> percent_decode(std::string_view text);

/// application/x-www-form-urlencoded: "a=b+c&d=%26".
std::string form_encode(const FormFields& fields);
/// kInvalidArgument as percent_decode. Empty pieces between & are skipped; no = means no value.
Result<FormFields> form_decode(std::string_view text);
/// The first value of that name; null where there is none.
const std::string* find_field(const FormFields& fields, std::string_view name);

/// The URL with the fields added to the end of its query; a fragment is dropped.
std::string url_with_query(std::string_view url, const FormFields& fields);

/// A reference, as of a Location header, seen from an absolute URL (RFC 3986 §5.2); without its
/// fragment. kInvalidArgument where the outcome is no http or https URL.
Result<std::string> resolve_url(std::string_view base, std::string_view reference);

}  // namespace oap::net
