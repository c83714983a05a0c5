#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/headers.hpp"

namespace oap::mcp::oauth {

/// One challenge of a WWW-Authenticate header (RFC 9110 §11.6.1): a scheme and its parameters,
/// names in lower case. A token68 is left out.
struct Challenge {
  std::string scheme;
  std::vector<std::pair<std::string, std::string>> params;

  /// The first parameter of that name; null where there is none.
  const std::string* param(std::string_view name) const;
};

/// All challenges of a header value, or of several values joined by commas. What cannot be read
/// ends the list; nothing is invented. Pure, linear, never fails.
std::vector<Challenge> parse_challenges(std::string_view text);

/// The values of all WWW-Authenticate fields, joined. Pure.
std::string all_challenges(const net::HeaderList& headers);

/// What a Bearer challenge says (RFC 6750 §3, RFC 9728 §5.1).
struct BearerChallenge {
  std::string error;              ///< "" where there is none
  std::string error_description;  ///< the peer's words
  std::string scope;
  std::string resource_metadata;  ///< a URL, unchecked
};

/// The first Bearer challenge; nothing where there is none.
std::optional<BearerChallenge> bearer_challenge(std::string_view header);

/// `Bearer error="…", …`: a header value; empty members are left out, characters that could split a
/// header too. Pure.
std::string write_challenge(const BearerChallenge& challenge);

}  // namespace oap::mcp::oauth
