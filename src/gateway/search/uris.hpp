#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oap::gateway {

/// The resources of one server: URIs and URI templates, as it gives them.
struct ServerUris {
  std::string server;
  bool passthrough = false;
  std::vector<std::string> uris;
};

/// The URI that names the server too: `oap://server/<server>/<percent-encoded URI>`, and for `ui:`
/// URIs `ui://oap-server/<server>/<…>`, since clients go by that scheme. With braces, which no URI
/// has, the text is a template (RFC 6570) and stands unchanged after `oap://template/<server>/` or
/// `ui://oap-template/<server>/`. Survives normalisation (RFC 3986 §6.2). Pure.
std::string wrap_uri(std::string_view server, std::string_view uri);

struct ServerUri {
  std::string server;
  std::string uri;
  bool operator==(const ServerUri&) const = default;
};
/// The inverse, also for what a template from `wrap_uri` expands to. Nothing where it is no such
/// URI. Pure.
std::optional<ServerUri> unwrap_uri(std::string_view uri);

/// Public URI ↔ (server, URI). A URI that one server alone claims stays as it is; one that several
/// claim is wrapped for each of them, but stays for a `passthrough` server (for the first of them
/// by name). A URI that looks wrapped already is wrapped once more unless there is only one server.
/// The order in which servers are given does not matter. A value; immutable, thread-safe.
class UriTable {
 public:
  UriTable() = default;
  explicit UriTable(std::vector<ServerUris> servers);

  /// Which server a client's URI means: a listed one, else what it unwraps to where that server is
  /// known, else the only server there is. Nothing where it cannot be known.
  std::optional<ServerUri> resolve(std::string_view public_uri) const;
  /// All servers that may have the URI, each once, the likeliest first: what `resolve` says, and
  /// where that names the server, or is the only one, nobody else; then whoever lists exactly this
  /// URI; then by how much of it a template's literal beginning, or a listed URI up to a `/`, has
  /// in common with it: at least the scheme and its colon, but a template that begins with an
  /// expression comes last. Among equals templates first, then by server name.
  std::vector<ServerUri> owners(std::string_view public_uri) const;
  /// How clients see a server's URI, listed or not (in results and notifications).
  std::string public_uri(std::string_view server, std::string_view uri) const;
  /// Sentences on URIs that are not served as they were configured to be.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  bool stays(std::string_view server, std::string_view uri) const;

  std::map<std::string, bool, std::less<>> servers_;                     ///< → passthrough
  std::map<std::string, std::vector<std::string>, std::less<>> claims_;  ///< URI → servers, sorted
  std::vector<std::string> problems_;
};

}  // namespace oap::gateway
