#include "net/url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "text/strings.hpp"

namespace oap::net {
namespace {

constexpr std::string_view kExpected =
    "write it as http://host[:port]/path or https://host[:port]/path";

bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F || c == '"' || c == '<' || c == '>' || c == '\\' ||
         c == '^' || c == '`' || c == '{' || c == '|' || c == '}';
}

std::optional<int> parse_number(std::string_view written, int max) {
  int number = 0;
  const auto [end, error] =
      std::from_chars(written.data(), written.data() + written.size(), number);
  const bool whole =
      error == std::errc{} && end == written.data() + written.size() && !written.empty();
  if (!whole || number < 0 || number > max || written.front() == '-') {
    return std::nullopt;
  }
  return number;
}

bool is_loopback_v4(std::string_view host) {
  int parts = 0;
  bool first_is_127 = false;
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view part = host.substr(0, dot);
    const auto number = part.size() <= 3 ? parse_number(part, 255) : std::nullopt;
    if (!number || (part.size() > 1 && part.front() == '0')) {
      return false;
    }
    first_is_127 = parts == 0 ? *number == 127 : first_is_127;
    ++parts;
    if (dot == std::string_view::npos) {
      return parts == 4 && first_is_127;
    }
    host.remove_prefix(dot + 1);
  }
}

bool is_host(std::string_view host, bool bracketed) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
    const bool high = static_cast<unsigned char>(c) >= 0x80;
    return bracketed ? plain || c == ':' : plain || c == '-' || c == '_' || high;
  });
}

Result<void> parse_authority(std::string_view authority, Url& url) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  const bool bracketed = authority.starts_with('[');
  std::size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == std::string_view::npos) {
    return fail(Code::kInvalidArgument, "the URL's IPv6 address lacks its closing bracket");
  }
  const std::string_view host =
      bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  url.host = text::lower_ascii(host);
  if (!is_host(url.host, bracketed)) {
    return fail(Code::kInvalidArgument, "the URL has no valid host; {}", kExpected);
  }
  std::string_view rest;
  if (host_end != std::string_view::npos) {
    rest = authority.substr(host_end + (bracketed ? 1 : 0));
  }
  url.port = url.scheme == "https" ? 443 : 80;
  if (rest.empty() || rest == ":") {
    return {};
  }
  const auto port = rest.front() == ':' ? parse_number(rest.substr(1), 65535) : std::nullopt;
  if (!port || *port == 0) {
    return fail(Code::kInvalidArgument, "the URL's port is not a number from 1 to 65535");
  }
  url.port = static_cast<std::uint16_t>(*port);
  return {};
}

}  // namespace

bool Url::has_default_port() const { return port == (scheme == "https" ? 443 : 80); }

std::string Url::origin() const {
  const bool v6 = host.find(':') != std::string::npos;
  const std::string shown = v6 ? "[" + host + "]" : host;
  return scheme + "://" + shown + (has_default_port() ? "" : ":" + std::to_string(port));
}

Result<Url> parse_url(std::string_view written) {
  if (std::any_of(written.begin(), written.end(), is_forbidden)) {
    return fail(Code::kInvalidArgument, "the URL holds a blank or another forbidden character");
  }
  Url url;
  const std::size_t colon = written.find("://");
  url.scheme = colon == std::string_view::npos ? "" : text::lower_ascii(written.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return fail(Code::kInvalidArgument, "not an http or https URL; {}", kExpected);
  }
  written.remove_prefix(colon + 3);
  written = written.substr(0, written.find('#'));
  const std::size_t authority_end = written.find_first_of("/?");
  OAP_CHECK_OK(parse_authority(written.substr(0, authority_end), url));
  if (authority_end != std::string_view::npos) {
    written.remove_prefix(authority_end);
    const std::size_t question = written.find('?');
    url.path = written.substr(0, question);
    url.query = question == std::string_view::npos ? "" : written.substr(question + 1);
  }
  return url;
}

bool is_loopback(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  std::string lower = text::lower_ascii(host);
  if (lower.ends_with('.')) {
    lower.pop_back();
  }
  if (lower == "localhost" || lower.ends_with(".localhost") || lower == "::1") {
    return true;
  }
  constexpr std::string_view kMapped = "::ffff:";
  return lower.starts_with(kMapped) ? is_loopback_v4(lower.substr(kMapped.size()))
                                    : is_loopback_v4(lower);
}

std::string join_url(std::string_view base, std::string_view path) {
  std::string_view query;
  if (const std::size_t question = base.find('?'); question != std::string_view::npos) {
    query = base.substr(question);
    base = base.substr(0, question);
  }
  while (base.ends_with('/')) {
    base.remove_suffix(1);
  }
  const std::size_t scheme = base.find("://");
  const std::size_t base_path = base.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  const std::string_view tail = base_path == std::string_view::npos ? "" : base.substr(base_path);
  std::string_view rest = path;
  for (std::size_t end = path.size(); end != 0 && end != std::string_view::npos;
       end = path.rfind('/', end - 1)) {
    if (tail.ends_with(path.substr(0, end))) {
      rest = path.substr(end);
      break;
    }
  }
  return std::string(base) + std::string(rest) + std::string(query);
}

}  // namespace oap::net
