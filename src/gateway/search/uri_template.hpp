#pragma once

#include <string_view>

namespace oap::gateway {

/// Whether a URI may be an expansion of a template (RFC 6570): its literal parts stand in their
/// order, and what stands between them could be values. Errs to yes; only finds out whom to ask.
/// Pure, linear time but for the number of expressions.
bool matches_template(std::string_view uri_template, std::string_view uri);

}  // namespace oap::gateway
