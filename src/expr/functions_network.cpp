#include <array>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "expr/library.hpp"
#include "expr/network.hpp"

namespace oap::expr {

namespace {

std::uint8_t byte(std::string_view address, std::size_t index) {
  return static_cast<std::uint8_t>(address[index]);
}

Value to_ip(Args args, Budget& /*budget*/) {
  if (args[0]->is(Kind::kIp)) {
    return *args[0];
  }
  if (!args[0]->is(Kind::kString)) {
    return Value::mismatch();
  }
  const std::optional<std::string> address = parse_ip(args[0]->text());
  return address ? Value::ip(unmap_ip(*address))
                 : bad("the string is no IP address (no zone and no dotted part in IPv6)");
}

std::optional<Value> read_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<std::string> address = parse_ip(text.substr(0, slash));
  const std::string_view digits = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  int prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (!address || digits.empty() || digits.size() > 3 || error != std::errc() ||
      end != digits.data() + digits.size() || digits.starts_with('-') ||
      (digits.size() > 1 && digits.front() == '0') ||
      prefix > static_cast<int>(address->size()) * 8) {
    return std::nullopt;
  }
  return Value::cidr(*address, prefix);
}

Value to_cidr(Args args, Budget& /*budget*/) {
  if (args[0]->is(Kind::kCidr)) {
    return *args[0];
  }
  if (!args[0]->is(Kind::kString)) {
    return Value::mismatch();
  }
  std::optional<Value> network = read_cidr(args[0]->text());
  return network ? std::move(*network) : bad("the string is no network such as 10.0.0.0/8");
}

Value is_ip(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kString) ? Value::boolean(parse_ip(args[0]->text()).has_value())
                                    : Value::mismatch();
}

Value is_cidr(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kString) ? Value::boolean(read_cidr(args[0]->text()).has_value())
                                    : Value::mismatch();
}

Value is_canonical(Args args, Budget& /*budget*/) {
  if (!args[0]->is(Kind::kString)) {
    return Value::mismatch();
  }
  const std::optional<std::string> address = parse_ip(args[0]->text());
  return address ? Value::boolean(format_ip(*address) == args[0]->text())
                 : bad("the string is no IP address");
}

using Test = bool (*)(std::string_view address);

template <Test test>
Value ip_test(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kIp) ? Value::boolean(test(args[0]->text())) : Value::mismatch();
}

bool is_unspecified(std::string_view a) {
  return a.find_first_not_of('\0') == std::string_view::npos;
}

bool is_loopback(std::string_view a) {
  return a.size() == 4 ? byte(a, 0) == 127 : byte(a, 15) == 1 && is_unspecified(a.substr(0, 15));
}

bool is_multicast(std::string_view a) {
  return a.size() == 4 ? (byte(a, 0) & 0xF0U) == 0xE0 : byte(a, 0) == 0xFF;
}

bool is_link_local_unicast(std::string_view a) {
  return a.size() == 4 ? byte(a, 0) == 169 && byte(a, 1) == 254
                       : byte(a, 0) == 0xFE && (byte(a, 1) & 0xC0U) == 0x80;
}

bool is_link_local_multicast(std::string_view a) {
  return a.size() == 4 ? byte(a, 0) == 224 && byte(a, 1) == 0 && byte(a, 2) == 0
                       : byte(a, 0) == 0xFF && (byte(a, 1) & 0x0FU) == 0x02;
}

bool is_global_unicast(std::string_view a) {
  const bool broadcast = a.size() == 4 && a.find_first_not_of('\xff') == std::string_view::npos;
  return !broadcast && !is_unspecified(a) && !is_loopback(a) && !is_multicast(a) &&
         !is_link_local_unicast(a);
}

Value family(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kIp) ? Value::integer(args[0]->text().size() == 4 ? 4 : 6)
                                : Value::mismatch();
}

std::string masked_bytes(std::string_view address, int prefix) {
  std::string out(address);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int kept = std::min(std::max(prefix - static_cast<int>(i) * 8, 0), 8);
    out[i] = static_cast<char>(byte(out, i) & (0xFF00U >> static_cast<unsigned>(kept) & 0xFFU));
  }
  return out;
}

bool covers(const Value& network, std::string_view address) {
  const int prefix = network.prefix_length();
  return network.text().size() == address.size() &&
         masked_bytes(network.text(), prefix) == masked_bytes(address, prefix);
}

Value contains_ip(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kCidr)) {
    return Value::mismatch();
  }
  const Value address = to_ip(args.subspan(1, 1), budget);
  return address.is_error() ? address : Value::boolean(covers(*args[0], address.text()));
}

Value contains_cidr(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kCidr)) {
    return Value::mismatch();
  }
  const Value inner = to_cidr(args.subspan(1, 1), budget);
  return inner.is_error() ? inner
                          : Value::boolean(inner.prefix_length() >= args[0]->prefix_length() &&
                                           covers(*args[0], inner.text()));
}

Value ip_of(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kCidr) ? Value::ip(args[0]->text()) : Value::mismatch();
}

Value masked(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kCidr)
             ? Value::cidr(masked_bytes(args[0]->text(), args[0]->prefix_length()),
                           args[0]->prefix_length())
             : Value::mismatch();
}

Value prefix_length(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kCidr) ? Value::integer(args[0]->prefix_length()) : Value::mismatch();
}

constexpr std::array kTable = {
    Declaration{"ip(string): net.IP", to_ip},
    Declaration{"cidr(string): net.CIDR", to_cidr},
    Declaration{"isIP(string): bool", is_ip},
    Declaration{"isCIDR(string): bool", is_cidr},
    Declaration{"ip.isCanonical(string): bool", is_canonical},
    Declaration{".family(net.IP): int", family},
    Declaration{".isUnspecified(net.IP): bool", ip_test<is_unspecified>},
    Declaration{".isLoopback(net.IP): bool", ip_test<is_loopback>},
    Declaration{".isGlobalUnicast(net.IP): bool", ip_test<is_global_unicast>},
    Declaration{".isLinkLocalMulticast(net.IP): bool", ip_test<is_link_local_multicast>},
    Declaration{".isLinkLocalUnicast(net.IP): bool", ip_test<is_link_local_unicast>},
    Declaration{".containsIP(net.CIDR, string): bool", contains_ip},
    Declaration{".containsIP(net.CIDR, net.IP): bool", contains_ip},
    Declaration{".containsCIDR(net.CIDR, string): bool", contains_cidr},
    Declaration{".containsCIDR(net.CIDR, net.CIDR): bool", contains_cidr},
    Declaration{".ip(net.CIDR): net.IP", ip_of},
    Declaration{".masked(net.CIDR): net.CIDR", masked},
    Declaration{".prefixLength(net.CIDR): int", prefix_length},
};

}  // namespace

std::span<const Declaration> network_table() { return kTable; }

}  // namespace oap::expr
