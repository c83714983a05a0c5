#include "gateway/search/uris.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "gateway/search/uri_template.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kPlain = "oap://server/";
constexpr std::string_view kUi = "ui://oap-server/";
constexpr std::string_view kTemplate = "oap://template/";
constexpr std::string_view kUiTemplate = "ui://oap-template/";

bool is_unreserved(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() * 2);
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
  return out;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      if (!is_unreserved(text[at])) {
        return std::nullopt;
      }
      out += text[at];
      continue;
    }
    const auto byte = crypto::from_hex(text.substr(at + 1, 2));
    if (!byte || byte->size() != 1) {
      return std::nullopt;
    }
    out += *byte;
    at += 2;
  }
  return out;
}

/// How well something that a server lists fits a URI: bytes in common; nothing where not at all.
struct Fit {
  std::size_t common = 0;
  bool by_template = false;
  bool operator<(const Fit& other) const {
    return std::tie(common, by_template) < std::tie(other.common, other.by_template);
  }
};

std::optional<Fit> fit_of(std::string_view listed, std::string_view uri) {
  if (const std::size_t brace = listed.find('{'); brace != std::string_view::npos) {
    return matches_template(listed, uri) ? std::optional(Fit{brace, true}) : std::nullopt;
  }
  const auto [end, unused] = std::mismatch(listed.begin(), listed.end(), uri.begin(), uri.end());
  const std::string_view same = listed.substr(0, static_cast<std::size_t>(end - listed.begin()));
  const std::size_t boundary = same.find_last_of(":/");
  if (boundary == std::string_view::npos || same.find(':') == std::string_view::npos) {
    return std::nullopt;
  }
  return Fit{boundary + 1, false};
}

bool looks_wrapped(std::string_view uri) {
  return text::starts_with_ci(uri, "oap:") || text::starts_with_ci(uri, "ui://oap-");
}

}  // namespace

std::string wrap_uri(std::string_view server, std::string_view uri) {
  const bool is_ui = text::starts_with_ci(uri, "ui:");
  if (uri.find_first_of("{}") != std::string_view::npos) {
    return fmt::format("{}{}/{}", is_ui ? kUiTemplate : kTemplate, encoded(server), uri);
  }
  const std::string_view lead = is_ui ? kUi : kPlain;
  return fmt::format("{}{}/{}", lead, encoded(server), encoded(uri));
}

std::optional<ServerUri> unwrap_uri(std::string_view uri) {
  for (const std::string_view lead : std::array{kPlain, kUi, kTemplate, kUiTemplate}) {
    if (!uri.starts_with(lead)) {
      continue;
    }
    const std::string_view rest = uri.substr(lead.size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) {
      return std::nullopt;
    }
    auto server = decoded(rest.substr(0, slash));
    const std::string_view inner = rest.substr(slash + 1);
    const bool verbatim = lead == kTemplate || lead == kUiTemplate;
    auto plain = verbatim ? std::optional<std::string>(inner) : decoded(inner);
    if (!server || server->empty() || !plain || plain->empty()) {
      return std::nullopt;
    }
    return ServerUri{std::move(*server), std::move(*plain)};
  }
  return std::nullopt;
}

UriTable::UriTable(std::vector<ServerUris> servers) {
  for (ServerUris& each : servers) {
    servers_.try_emplace(each.server, each.passthrough);
    for (std::string& uri : each.uris) {
      claims_[std::move(uri)].push_back(each.server);
    }
  }
  for (auto& [uri, claimants] : claims_) {
    std::sort(claimants.begin(), claimants.end());
    claimants.erase(std::unique(claimants.begin(), claimants.end()), claimants.end());
    for (const std::string& server : claimants) {
      if (servers_.find(server)->second && !stays(server, uri)) {
        problems_.push_back(fmt::format("{} of server {} is served as {}: it is not its alone",
                                        text::escape_visible(uri), text::escape_visible(server),
                                        text::escape_visible(wrap_uri(server, uri))));
      }
    }
  }
}

bool UriTable::stays(std::string_view server, std::string_view uri) const {
  if (servers_.size() <= 1) {
    return true;
  }
  if (looks_wrapped(uri)) {
    return false;
  }
  const auto at = claims_.find(uri);
  if (at == claims_.end()) {
    return false;
  }
  const std::vector<std::string>& claimants = at->second;
  if (claimants.size() == 1) {
    return claimants.front() == server;
  }
  const auto first = std::find_if(claimants.begin(), claimants.end(),
                                  [&](const auto& each) { return servers_.find(each)->second; });
  return first != claimants.end() && *first == server;
}

std::optional<ServerUri> UriTable::resolve(std::string_view public_uri) const {
  if (const auto at = claims_.find(public_uri); at != claims_.end()) {
    for (const std::string& server : at->second) {
      if (stays(server, public_uri)) {
        return ServerUri{server, std::string(public_uri)};
      }
    }
  }
  if (auto inner = unwrap_uri(public_uri); inner && servers_.contains(inner->server)) {
    return inner;
  }
  if (servers_.size() == 1) {
    return ServerUri{servers_.begin()->first, std::string(public_uri)};
  }
  return std::nullopt;
}

std::vector<ServerUri> UriTable::owners(std::string_view public_uri) const {
  std::vector<ServerUri> owners;
  const auto add = [&](std::string_view server) {
    const bool known = std::any_of(owners.begin(), owners.end(),
                                   [&](const ServerUri& each) { return each.server == server; });
    if (!known) {
      owners.push_back({std::string(server), std::string(public_uri)});
    }
  };
  const auto listed = claims_.find(public_uri);
  if (auto resolved = resolve(public_uri)) {
    const bool said_whose = servers_.size() <= 1 || resolved->uri != public_uri;
    owners.push_back(*std::move(resolved));
    if (said_whose) {
      return owners;
    }
  }
  if (listed != claims_.end()) {
    std::for_each(listed->second.begin(), listed->second.end(), add);
  }
  std::map<std::string_view, Fit> fits;
  for (const auto& [uri, claimants] : claims_) {
    const auto fit = fit_of(uri, public_uri);
    for (const std::string& server : claimants) {
      if (fit) {
        Fit& best = fits.try_emplace(server, *fit).first->second;
        best = std::max(best, *fit);
      }
    }
  }
  std::vector<std::pair<std::string_view, Fit>> sorted(fits.begin(), fits.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::tie(b.second.common, b.second.by_template, a.first) <
           std::tie(a.second.common, a.second.by_template, b.first);
  });
  for (const auto& [server, fit] : sorted) {
    add(server);
  }
  return owners;
}

std::string UriTable::public_uri(std::string_view server, std::string_view uri) const {
  return stays(server, uri) ? std::string(uri) : wrap_uri(server, uri);
}

}  // namespace oap::gateway
