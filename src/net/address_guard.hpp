#pragma once

#include <cstdint>
#include <string_view>

struct sockaddr;

namespace oap::net {

/// What kind of place an IP address is (IANA special-purpose registries, RFC 6890).
enum class AddressClass : std::uint8_t {
  kPublic,
  kLoopback,
  kPrivate,    ///< RFC 1918, unique local, site-local, local NAT64
  kLinkLocal,  ///< 169.254.0.0/16 with the clouds' metadata services, fe80::/10
  kMulticast,
  kUnspecified,  ///< 0.0.0.0/8, ::
  kCarrierNat,   ///< 100.64.0.0/10
  kDocumentation,
  kBenchmark,
  kReserved,  ///< anything else that is not for the public network, or is no address
};

/// The class of an address in its usual written form, brackets and a zone allowed. An IPv4 address
/// inside an IPv6 one (mapped, NAT64, 6to4) counts as itself; inside forms that nobody should use
/// any more (IPv4-compatible, Teredo) it is never public. What is no address is kReserved. Pure.
AddressClass classify(std::string_view ip);
AddressClass classify(const sockaddr& address);
/// "loopback", "private", "link-local", "carrier NAT"…, for messages.
std::string_view to_string(AddressClass address_class);

/// Where a request may go, judged by the address that is connected to.
enum class Reach : std::uint8_t {
  kAnywhere,    ///< for servers that the configuration names
  kPublicOnly,  ///< for URLs that somebody else has written
  kPublicOrLoopback,
};

bool is_allowed(Reach reach, AddressClass address_class);

}  // namespace oap::net
