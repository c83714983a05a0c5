#include "net/address_guard.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace oap::net {
namespace {

using Bytes4 = std::array<std::uint8_t, 4>;
using Bytes16 = std::array<std::uint8_t, 16>;

template <std::size_t N>
struct Range {
  std::array<std::uint8_t, N> prefix;
  int bits;
  AddressClass address_class;
};

bool matches(std::span<const std::uint8_t> address, std::span<const std::uint8_t> prefix,
             int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(prefix.begin(), prefix.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.begin())) {
    return false;
  }
  const int rest = bits % 8;
  return rest == 0 || (address[whole] >> (8 - rest)) == (prefix[whole] >> (8 - rest));
}

constexpr Range<4> kRanges4[] = {
    {{0}, 8, AddressClass::kUnspecified},
    {{10}, 8, AddressClass::kPrivate},
    {{100, 64}, 10, AddressClass::kCarrierNat},
    {{127}, 8, AddressClass::kLoopback},
    {{168, 63, 129, 16}, 32, AddressClass::kReserved},  // the host's own service in Azure
    {{169, 254}, 16, AddressClass::kLinkLocal},
    {{172, 16}, 12, AddressClass::kPrivate},
    {{192, 0, 0}, 24, AddressClass::kReserved},
    {{192, 0, 2}, 24, AddressClass::kDocumentation},
    {{192, 88, 99}, 24, AddressClass::kReserved},
    {{192, 168}, 16, AddressClass::kPrivate},
    {{198, 18}, 15, AddressClass::kBenchmark},
    {{198, 51, 100}, 24, AddressClass::kDocumentation},
    {{203, 0, 113}, 24, AddressClass::kDocumentation},
    {{224}, 4, AddressClass::kMulticast},
    {{240}, 4, AddressClass::kReserved},
};

constexpr Range<16> kRanges6[] = {
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, AddressClass::kPrivate},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressClass::kDocumentation},
    {{0x20, 0x01, 0, 2}, 48, AddressClass::kBenchmark},
    {{0x20, 0x01, 0}, 23, AddressClass::kReserved},  // Teredo, ORCHID
    {{0x3f, 0xff}, 20, AddressClass::kDocumentation},
    {{0xfc}, 7, AddressClass::kPrivate},
    {{0xfe, 0x80}, 10, AddressClass::kLinkLocal},
    {{0xfe, 0xc0}, 10, AddressClass::kPrivate},
    {{0xff}, 8, AddressClass::kMulticast},
    {{0x20}, 3, AddressClass::kPublic},
};

AddressClass class_of(const Bytes4& address) {
  for (const auto& range : kRanges4) {
    if (matches(address, range.prefix, range.bits)) {
      return range.address_class;
    }
  }
  return AddressClass::kPublic;
}

Bytes4 embedded(const Bytes16& address, std::size_t at) {
  return {address[at], address[at + 1], address[at + 2], address[at + 3]};
}

AddressClass class_of(const Bytes16& address) {
  static constexpr Bytes16 kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr Bytes16 kNat64 = {0, 0x64, 0xff, 0x9b};
  static constexpr Bytes16 k6to4 = {0x20, 0x02};
  static constexpr Bytes16 kZero = {};
  if (matches(address, kMapped, 96) || matches(address, kNat64, 96)) {
    return class_of(embedded(address, 12));
  }
  if (matches(address, k6to4, 16)) {
    return class_of(embedded(address, 2));
  }
  if (matches(address, kZero, 96)) {
    if (matches(address, kZero, 127)) {
      return address[15] == 1 ? AddressClass::kLoopback : AddressClass::kUnspecified;
    }
    const AddressClass inner = class_of(embedded(address, 12));
    return inner == AddressClass::kPublic ? AddressClass::kReserved : inner;
  }
  for (const auto& range : kRanges6) {
    if (matches(address, range.prefix, range.bits)) {
      return range.address_class;
    }
  }
  return AddressClass::kReserved;
}

}  // namespace

AddressClass classify(std::string_view ip) {
  if (ip.starts_with('[') && ip.ends_with(']')) {
    ip = ip.substr(1, ip.size() - 2);
  }
  const std::string written(ip.substr(0, ip.find('%')));
  Bytes4 v4{};
  if (::inet_pton(AF_INET, written.c_str(), v4.data()) == 1) {
    return class_of(v4);
  }
  Bytes16 v6{};
  if (::inet_pton(AF_INET6, written.c_str(), v6.data()) == 1) {
    return class_of(v6);
  }
  return AddressClass::kReserved;
}

AddressClass classify(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    Bytes4 bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    return class_of(bytes);
  }
  if (address.sa_family == AF_INET6) {
    Bytes16 bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
    return class_of(bytes);
  }
  return AddressClass::kReserved;
}

std::string_view to_string(AddressClass address_class) {
  switch (address_class) {
    case AddressClass::kPublic:
      return "public";
    case AddressClass::kLoopback:
      return "loopback";
    case AddressClass::kPrivate:
      return "private";
    case AddressClass::kLinkLocal:
      return "link-local";
    case AddressClass::kMulticast:
      return "multicast";
    case AddressClass::kUnspecified:
      return "unspecified";
    case AddressClass::kCarrierNat:
      return "carrier NAT";
    case AddressClass::kDocumentation:
      return "documentation";
    case AddressClass::kBenchmark:
      return "benchmark";
    case AddressClass::kReserved:
      break;
  }
  return "reserved";
}

bool is_allowed(Reach reach, AddressClass address_class) {
  switch (reach) {
    case Reach::kAnywhere:
      return true;
    case Reach::kPublicOnly:
      return address_class == AddressClass::kPublic;
    case Reach::kPublicOrLoopback:
      break;
  }
  return address_class == AddressClass::kPublic || address_class == AddressClass::kLoopback;
}

}  // namespace oap::net
