#include "json/format_uri.hpp"

#include <algorithm>

#include "json/uri.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::json {
namespace {

constexpr std::string_view kUnreserved = "-._~";
constexpr std::string_view kSubDelims = "!$&'()*+,;=";

bool is_hex(char c) {
  const char lower = text::to_lower(c);
  return text::is_digit(c) || (lower >= 'a' && lower <= 'f');
}

/// Unreserved, sub-delims, percent escapes, and the characters of `more`.
bool made_of(std::string_view text, std::string_view more, bool beyond_ascii) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) {
        return false;
      }
      i += 2;
      continue;
    }
    const bool high = static_cast<unsigned char>(c) >= 0x80;
    const bool known =
        text::is_alpha(c) || text::is_digit(c) || kUnreserved.find(c) != std::string_view::npos ||
        kSubDelims.find(c) != std::string_view::npos || more.find(c) != std::string_view::npos;
    if (high ? !beyond_ascii : !known) {
      return false;
    }
  }
  return true;
}

bool is_ip_literal(std::string_view host) {
  const std::string_view inside = host.substr(1, host.size() - 2);
  if (!inside.empty() && (inside[0] == 'v' || inside[0] == 'V')) {
    const std::size_t dot = inside.find('.');
    return dot != std::string_view::npos && dot > 1 && dot + 1 < inside.size() &&
           std::all_of(inside.begin() + 1, inside.begin() + static_cast<std::ptrdiff_t>(dot),
                       is_hex) &&
           inside.find('%') == std::string_view::npos &&
           made_of(inside.substr(dot + 1), ":", false);
  }
  return is_ipv6(inside);
}

bool is_authority(std::string_view text, bool beyond_ascii) {
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    if (!made_of(text.substr(0, at), ":", beyond_ascii)) {
      return false;
    }
    text.remove_prefix(at + 1);
  }
  std::string_view host = text;
  std::string_view port;
  const std::size_t bracket = text.find(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (!std::all_of(port.begin(), port.end(), text::is_digit)) {
    return false;
  }
  if (host.starts_with('[')) {
    return host.ends_with(']') && is_ip_literal(host);
  }
  return made_of(host, "", beyond_ascii);
}

bool is_reference(std::string_view text, bool beyond_ascii, bool absolute) {
  const Uri uri = split_uri(text);
  if (absolute && !uri.scheme) {
    return false;
  }
  if (beyond_ascii && !text::is_valid_utf8(text)) {
    return false;
  }
  // RFC 3986 §4.2: the first segment of a relative path has no colon.
  const std::string_view path = uri.path;
  const bool colon_first = !uri.scheme && !uri.authority &&
                           path.substr(0, path.find('/')).find(':') != std::string::npos;
  return !colon_first && (!uri.authority || is_authority(*uri.authority, beyond_ascii)) &&
         made_of(path, ":@/", beyond_ascii) &&
         made_of(uri.query.value_or(""), ":@/?", beyond_ascii) &&
         made_of(uri.fragment.value_or(""), ":@/?", beyond_ascii);
}

/// The inside of one `{...}` of RFC 6570.
bool is_template_expression(std::string_view text) {
  if (!text.empty() && std::string_view("+#./;?&=,!@|").find(text[0]) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  const auto variables = text::split(text, ',');
  return std::all_of(variables.begin(), variables.end(), [](std::string_view name) {
    if (name.ends_with('*')) {
      name.remove_suffix(1);
    } else if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {
      const std::string_view length = name.substr(colon + 1);
      if (length.empty() || length.size() > 4 || length[0] == '0' ||
          !std::all_of(length.begin(), length.end(), text::is_digit)) {
        return false;
      }
      name = name.substr(0, colon);
    }
    return !name.empty() && name.front() != '.' && name.back() != '.' &&
           name.find("..") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), [](char c) {
             return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '.' || c == '%';
           });
  });
}

/// What may stand outside of braces in RFC 6570 (with erratum 6937).
bool is_template_literal(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F &&
           std::string_view("\"<>\\^`|").find(c) == std::string_view::npos;
  });
}

}  // namespace

bool is_uri(std::string_view text) { return is_reference(text, false, true); }
bool is_uri_reference(std::string_view text) { return is_reference(text, false, false); }
bool is_iri(std::string_view text) { return is_reference(text, true, true); }
bool is_iri_reference(std::string_view text) { return is_reference(text, true, false); }

bool is_uri_template(std::string_view text) {
  while (!text.empty()) {
    const std::size_t open = text.find_first_of("{}");
    if (!is_template_literal(text.substr(0, open))) {
      return false;
    }
    if (open == std::string_view::npos) {
      return true;
    }
    const std::size_t close = text.find('}', open);
    if (text[open] == '}' || close == std::string_view::npos ||
        !is_template_expression(text.substr(open + 1, close - open - 1))) {
      return false;
    }
    text.remove_prefix(close + 1);
  }
  return true;
}

bool is_ipv4(std::string_view text) {
  const auto parts = text::split(text, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           const bool digits = !part.empty() && part.size() <= 3 &&
                               std::all_of(part.begin(), part.end(), text::is_digit);
           return digits && (part.size() == 1 || part[0] != '0') &&
                  (part.size() < 3 || part <= "255");
         });
}

bool is_ipv6(std::string_view text) {
  std::size_t groups = 0;
  const std::size_t gap = text.find("::");
  const auto count = [&groups](std::string_view part, bool last) {
    if (part.empty()) {
      return true;
    }
    const auto pieces = text::split(part, ':');
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (last && i + 1 == pieces.size() && pieces[i].find('.') != std::string_view::npos) {
        groups += 2;
        return is_ipv4(pieces[i]);
      }
      if (pieces[i].empty() || pieces[i].size() > 4 ||
          !std::all_of(pieces[i].begin(), pieces[i].end(), is_hex)) {
        return false;
      }
      ++groups;
    }
    return true;
  };
  if (gap == std::string_view::npos) {
    return count(text, true) && groups == 8;
  }
  return count(text.substr(0, gap), false) && count(text.substr(gap + 2), true) && groups <= 7;
}

}  // namespace oap::json
