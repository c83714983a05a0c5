#include "programs/hook_urls.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "net/plain_host.hpp"
#include "net/url.hpp"
#include "net/url_encode.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::programs {
namespace {

struct Pattern {
  std::string scheme = "*";
  std::string host = "*";
  std::string port;  ///< "": the scheme's own
  std::string path = "/";
  std::optional<std::string> query;
  bool any_path = true;
};

bool fits(std::string_view pattern, std::string_view text) {
  std::vector<std::string> pieces;
  for (const std::string_view piece : text::split(pattern, '*')) {
    pieces.push_back(text::glob_quote(piece));
  }
  if (pieces.size() == 1) {
    return pattern == text;
  }
  const auto glob = text::Glob::compile(text::join(pieces, "*"), {text::GlobMode::kPlain, false});
  return glob && glob->matches(text);
}

/// Decoded, with neither `.` nor `..`; nothing where an escape hides one.
std::optional<std::string> plain_path(std::string_view path) {
  const auto resolved =
      net::resolve_url("http://host", path.empty() ? "/" : fmt::format(".{}", path));
  const auto url = resolved ? net::parse_url(*resolved) : net::parse_url("");
  auto decoded = url ? net::percent_decode(url->path) : Result<std::string>("..");
  const std::string text = decoded ? text::replace_all(*decoded, "\\", "/") : "..";
  for (const std::string_view segment : text::split(text, '/')) {
    if (segment == "." || segment == "..") {
      return std::nullopt;
    }
  }
  return text;
}

std::optional<Pattern> read_pattern(std::string_view text) {
  Pattern out;
  if (text == "*") {
    return out;
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  out.scheme = text::lower_ascii(text.substr(0, colon));
  const std::string_view rest = text.substr(colon + 3, text.find('#') - colon - 3);
  const std::size_t end = rest.find_first_of("/?\\");
  const std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t bracket = authority.find(']');
  const std::size_t port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = authority.substr(0, port);
  out.host =
      host.find('*') == std::string_view::npos ? net::plain_host(host) : text::lower_ascii(host);
  out.port = port == std::string_view::npos ? "" : authority.substr(port + 1);
  out.any_path = end == std::string_view::npos && authority.ends_with('*');
  if (end != std::string_view::npos) {
    const std::size_t question = rest.find('?', end);
    const auto path = net::percent_decode(rest.substr(end, question - end));
    out.path = !path || path->empty() ? "/" : *path;
    if (question != std::string_view::npos) {
      out.query = rest.substr(question + 1);
    }
  }
  return out;
}

bool is_host(const Pattern& pattern, std::string_view host) {
  if (pattern.host == "*") {
    return true;
  }
  std::vector<std::string_view> wanted = text::split(pattern.host, '.');
  std::vector<std::string_view> given = text::split(host, '.');
  if (wanted.front() == "*" && given.size() > wanted.size()) {
    given.erase(given.begin(), given.end() - static_cast<std::ptrdiff_t>(wanted.size()));
  }
  return std::equal(wanted.begin(), wanted.end(), given.begin(), given.end(), fits);
}

bool is_port(const Pattern& pattern, const net::Url& url) {
  if (pattern.port.empty()) {
    return url.has_default_port() || (pattern.host == "*" && pattern.any_path);
  }
  return fits(pattern.port, std::to_string(url.port));
}

bool is_path(const Pattern& pattern, std::string_view path, std::string_view query) {
  if (pattern.any_path) {
    return true;
  }
  const bool is_query =
      pattern.query ? fits(*pattern.query, query) : query.empty() || pattern.path.ends_with('*');
  return is_query && fits(pattern.path, path);
}

}  // namespace

bool is_listed(std::string_view written, const std::vector<std::string>& patterns) {
  const auto url = net::parse_url(written);
  if (!url || !url->userinfo.empty()) {
    return false;
  }
  const std::string host = net::plain_host(url->host);
  const bool ascii = std::all_of(host.begin(), host.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  const std::optional<std::string> path = plain_path(url->path);
  if (!path || !ascii) {
    return false;
  }
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& text) {
    const std::optional<Pattern> pattern = read_pattern(text);
    return pattern && fits(pattern->scheme, url->scheme) && is_host(*pattern, host) &&
           is_port(*pattern, *url) && is_path(*pattern, *path, url->query);
  });
}

}  // namespace oap::programs
