#include "mcp/server/gate.hpp"

#include <algorithm>

#include "text/strings.hpp"

namespace oap::mcp {
namespace {

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(), text::is_digit);
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_v6(std::string_view text) {
  return !text.empty() && text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> host_of(std::string_view authority) {
  std::string_view host = authority;
  std::string_view rest;
  bool valid = false;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
    valid = is_v6(host);
  } else {
    host = authority.substr(0, authority.find(':'));
    rest = authority.substr(host.size());
    valid = is_name(host);
  }
  if (!valid || (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1))))) {
    return std::nullopt;
  }
  return text::lower_ascii(host);
}

std::optional<std::string> host_of_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text::starts_with_ci(origin, scheme)) {
      return host_of(origin.substr(scheme.size()));
    }
  }
  return std::nullopt;
}

bool is_loopback_name(std::string_view host) {
  if (host == "localhost" || host == "::1" || host.ends_with(".localhost")) {
    return true;
  }
  const auto parts = text::split(host, '.');
  return parts.size() == 4 && parts[0] == "127" &&
         std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           return !part.empty() && part.size() <= 3 &&
                  std::all_of(part.begin(), part.end(), text::is_digit);
         });
}

bool is_trusted(const net::RequestHead& head, const std::vector<std::string>& hosts,
                const std::vector<std::string>& origins) {
  const std::string* authority = head.header("Host");
  if (authority == nullptr || net::count_headers(head.headers, "Host") != 1) {
    return false;
  }
  const auto host = host_of(*authority);
  const bool served = host && (is_loopback_name(*host) ||
                               std::any_of(hosts.begin(), hosts.end(), [&](const auto& each) {
                                 const auto known = host_of(each);
                                 return text::equals_ci(each, *host) || known == host;
                               }));
  if (!served) {
    return false;
  }
  const std::string* origin = head.header("Origin");
  if (origin == nullptr) {
    return true;
  }
  if (net::count_headers(head.headers, "Origin") != 1) {
    return false;
  }
  const auto origin_host = host_of_origin(*origin);
  const bool same = origin_host && (*origin_host == *host ||
                                    (is_loopback_name(*origin_host) && is_loopback_name(*host)));
  return same || std::find(origins.begin(), origins.end(), *origin) != origins.end();
}

}  // namespace oap::mcp
