#include "sandbox/allow_list.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>

namespace oap::sandbox {
namespace {

constexpr std::size_t kLongestHost = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kHttps = 443;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_byte(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'; }

std::string shown(std::string_view host) {
  std::string text;
  for (const char c : host.substr(0, kLongestHost)) {
    text += c > ' ' && c < '\x7f' ? c : '?';
  }
  return text;
}

std::string address_text(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> written{};
  if (text.size() >= written.size() ||
      ::inet_pton(family, std::string(text).c_str(), bytes.data()) != 1 ||
      ::inet_ntop(family, bytes.data(), written.data(), written.size()) == nullptr) {
    return {};
  }
  return written.data();
}

/// The last label of a name is never a number (WHATWG URL §3.5): else it is meant as an address.
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.starts_with("0x")) {
    return true;
  }
  return !last.empty() && std::all_of(last.begin(), last.end(), is_digit);
}

bool are_labels(std::string_view host) {
  while (true) {
    const std::string_view label = host.substr(0, host.find('.'));
    if (label.empty() || label.size() > kLongestLabel || label.front() == '-' ||
        label.back() == '-' || !std::all_of(label.begin(), label.end(), is_name_byte)) {
      return false;
    }
    if (label.size() == host.size()) {
      return true;
    }
    host.remove_prefix(label.size() + 1);
  }
}

Result<std::uint16_t> port_of(std::string_view text, std::string_view entry) {
  unsigned port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || port == 0 ||
      port > 65535) {
    return fail(Code::kInvalidArgument, "--network {}: '{}' is no port", shown(entry), shown(text));
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

bool is_address(std::string_view normal_host) {
  return !address_text(AF_INET, normal_host).empty() ||
         !address_text(AF_INET6, normal_host).empty();
}

Result<std::string> normal_host(std::string_view host) {
  std::string text(host);
  if (text.starts_with('[') && text.ends_with(']')) {
    text = address_text(AF_INET6, std::string_view(text).substr(1, text.size() - 2));
  } else if (text.find(':') != std::string::npos) {
    text = address_text(AF_INET6, text);
  } else {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (text.ends_with('.')) {
      text.pop_back();
    }
    if (text.size() > kLongestHost || !are_labels(text)) {
      text.clear();
    } else if (ends_in_number(text)) {
      const std::string address = address_text(AF_INET, text);
      text = address == text ? address : "";
    }
  }
  if (text.empty()) {
    return fail(Code::kInvalidArgument, "'{}' is no host name and no usual IP address",
                shown(host));
  }
  return text;
}

Result<AllowList> AllowList::parse(const std::vector<std::string>& entries) {
  AllowList list;
  for (const std::string& text : entries) {
    Entry entry;
    std::string_view rest = text;
    if (rest.starts_with("*.")) {
      entry.below = true;
      rest.remove_prefix(2);
    }
    const std::size_t colon = rest.rfind(':');
    const bool bare_v6 = !rest.starts_with('[') && rest.find(':') != colon;
    if (colon != std::string_view::npos && !bare_v6 && rest.find(']', colon) == rest.npos) {
      OAP_TRY(entry.port, port_of(rest.substr(colon + 1), text));
      rest = rest.substr(0, colon);
    }
    auto host = normal_host(rest);
    if (!host || (entry.below && is_address(*host))) {
      return fail(Code::kInvalidArgument,
                  "--network {}: expected none, full, or hosts such as example.org, "
                  "'*.example.org' or example.org:8443",
                  shown(text));
    }
    entry.host = *std::move(host);
    list.entries_.push_back(std::move(entry));
  }
  return list;
}

bool AllowList::allows(std::string_view host, std::uint16_t port) const {
  return std::any_of(entries_.begin(), entries_.end(), [host, port](const Entry& entry) {
    const bool port_fits = entry.port == 0 ? port == kHttp || port == kHttps : port == entry.port;
    const bool host_fits = entry.below ? host.size() > entry.host.size() + 1 &&
                                             host.ends_with(entry.host) &&
                                             host[host.size() - entry.host.size() - 1] == '.'
                                       : host == entry.host;
    return port_fits && host_fits;
  });
}

bool AllowList::names_address(std::string_view host, std::uint16_t port) const {
  return is_address(host) && allows(host, port);
}

}  // namespace oap::sandbox
