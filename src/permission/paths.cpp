#include "permission/paths.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

constexpr std::array<std::string_view, 25> kSensitiveNames = {
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_ecdsa_sk",
    "id_ed25519_sk",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".htpasswd",
    ".my.cnf",
    "credentials",
    "credentials.json",
    "application_default_credentials.json",
    "secrets.json",
    "secrets.yaml",
    "secrets.yml",
    ".vault-token",
    ".dockercfg",
    "kubeconfig",
    "shadow",
    "gshadow"};

constexpr std::array<std::string_view, 10> kSensitiveEndings = {
    ".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk", ".p8", ".ovpn"};

constexpr std::array<std::string_view, 8> kSensitiveDirectories = {
    ".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure", ".password-store", "gcloud"};

bool is_sensitive_name(std::string_view name) {
  const std::string lower = text::lower_ascii(name);
  if (lower.starts_with(".env")) {
    return true;
  }
  return std::find(kSensitiveNames.begin(), kSensitiveNames.end(), lower) !=
             kSensitiveNames.end() ||
         std::any_of(kSensitiveEndings.begin(), kSensitiveEndings.end(),
                     [&](std::string_view ending) { return lower.ends_with(ending); });
}

bool is_sensitive_path(std::string_view path) {
  const std::vector<std::string_view> parts = text::split(path, '/');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (std::find(kSensitiveDirectories.begin(), kSensitiveDirectories.end(), parts[i]) !=
        kSensitiveDirectories.end()) {
      return true;
    }
  }
  const bool directory = std::find(kSensitiveDirectories.begin(), kSensitiveDirectories.end(),
                                   parts.back()) != kSensitiveDirectories.end();
  const bool process = path.starts_with("/proc/") && path.ends_with("/environ");
  return directory || process || is_sensitive_name(parts.back());
}

}  // namespace

std::string home_directory() {
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? home : "/root";
}

std::string lexical_path(std::string_view path, std::string_view cwd) {
  std::string whole;
  if (path == "~" || path.starts_with("~/")) {
    whole = home_directory() + std::string(path.substr(1));
  } else if (path.starts_with('/')) {
    whole = path;
  } else {
    whole = std::string(cwd) + "/" + std::string(path);
  }
  std::string out;
  out.reserve(whole.size());
  for (const std::string_view part : text::split(whole, '/')) {
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == "..") {
      const std::size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash);
    } else {
      out += '/';
      out += part;
    }
  }
  return out.empty() ? "/" : out;
}

std::string below(std::string_view path, std::string_view directory) {
  if (path == directory) {
    return ".";
  }
  if (directory == "/") {
    return path.starts_with('/') ? std::string(path.substr(1)) : std::string();
  }
  if (path.size() > directory.size() && path.starts_with(directory) &&
      path[directory.size()] == '/') {
    return std::string(path.substr(directory.size() + 1));
  }
  return {};
}

PathFacet path_facet(std::string_view path, Action access, std::string_view cwd,
                     std::string_view workspace) {
  PathFacet facet;
  facet.access = access;
  facet.shown = path;
  facet.lexical = lexical_path(path, cwd);
  // The text is not collapsed before links are resolved: `link/..` is the parent of the target.
  std::string absolute = facet.lexical;
  if (path.find("..") != std::string_view::npos && !path.starts_with('~')) {
    absolute =
        path.starts_with('/') ? std::string(path) : std::string(cwd) + "/" + std::string(path);
  }
  auto canonical = os::canonical_path(absolute);
  facet.exact = canonical.has_value();
  facet.canonical = canonical ? *std::move(canonical) : facet.lexical;
  facet.shared = access == Action::kWrite && has_other_names(facet.canonical);
  place_facet(facet, workspace);
  return facet;
}

void place_facet(PathFacet& facet, std::string_view workspace) {
  facet.relative = below(facet.canonical, workspace);
  facet.inside = facet.exact && !facet.relative.empty();
  facet.above = facet.exact && facet.relative.empty() &&
                (facet.canonical == "/" || !below(workspace, facet.canonical).empty());
  facet.lexical_relative = below(facet.lexical, workspace);
}

bool has_other_names(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return false;
  }
  const std::uintmax_t names = std::filesystem::hard_link_count(path, error);
  return !error && names > 1;
}

bool is_sensitive(const PathFacet& path) {
  return is_sensitive_path(path.canonical) || is_sensitive_path(path.lexical);
}

std::vector<std::string> sensitive_globs() {
  const auto any_case = [](std::string_view name) {
    std::string out;
    for (const char c : name) {
      const bool letter = c >= 'a' && c <= 'z';
      const auto upper = static_cast<char>(c - 'a' + 'A');
      out += letter ? std::string{'[', c, upper, ']'} : std::string(1, c);
    }
    return out;
  };
  std::vector<std::string> out = {"**/" + any_case(".env") + "*"};
  for (const std::string_view name : kSensitiveNames) {
    out.push_back("**/" + any_case(name));
  }
  for (const std::string_view ending : kSensitiveEndings) {
    out.push_back("**/*" + any_case(ending));
  }
  for (const std::string_view directory : kSensitiveDirectories) {
    out.push_back("**/" + std::string(directory) + "/**");
  }
  return out;
}

bool is_harmless_device(std::string_view path) {
  static constexpr std::array<std::string_view, 7> kDevices = {
      "/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr",
      "/dev/tty",  "/dev/zero",  "/dev/full"};
  return std::find(kDevices.begin(), kDevices.end(), path) != kDevices.end() ||
         path.starts_with("/dev/fd/");
}

}  // namespace oap::permission
