#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// Wraps the opaque tokens of servers (requestState, task ids) on their way through clients, so
/// that a token works only for the principal and the call it was given to. Tokens end with the
/// process. Belongs to one thread.
class StateSeal {
 public:
  StateSeal();

  /// `purpose` says what the token belongs to; opening it needs the same.
  std::string seal(std::string_view token, const Principal& principal, std::string_view purpose);
  /// kInvalidArgument where the token was not made here, was changed, or is somebody else's.
  Result<std::string> open(std::string_view sealed, const Principal& principal,
                           std::string_view purpose) const;

 private:
  std::string key_;
};

}  // namespace oap::gateway
