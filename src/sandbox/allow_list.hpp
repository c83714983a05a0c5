#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::sandbox {

/// Where a child may connect to, by name and port. Pure.
class AllowList {
 public:
  /// Entries: `host`, `host:port`, `*.domain` (its subdomains), an IP address, `[IPv6]:port`.
  /// Without a port 80 and 443 are meant. kInvalidArgument names the entry that is none of these.
  static Result<AllowList> parse(const std::vector<std::string>& entries);

  /// `host` in the form of normal_host().
  bool allows(std::string_view host, std::uint16_t port) const;
  /// The entry names this address itself, so that it may be connected to though it is not public.
  bool names_address(std::string_view host, std::uint16_t port) const;

 private:
  struct Entry {
    std::string host;
    bool below = false;      ///< only what lies below it
    std::uint16_t port = 0;  ///< 0 = 80 and 443
  };
  std::vector<Entry> entries_;
};

/// The one form of a host: lower case, no final dot, an IP address as inet_ntop writes it and
/// without brackets. kInvalidArgument for NUL and other odd bytes, empty or too long labels, and
/// numbers that look like an address to some programs only (127.1, 0x7f.1, 2130706433, 010.0.0.1).
Result<std::string> normal_host(std::string_view host);
bool is_address(std::string_view normal_host);

}  // namespace oap::sandbox
