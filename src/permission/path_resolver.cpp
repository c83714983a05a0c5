#include "permission/path_resolver.hpp"

#include <filesystem>
#include <system_error>

#include "os/file.hpp"
#include "permission/paths.hpp"

namespace oap::permission {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostLookups = 1024;

}  // namespace

const std::string* PathResolver::directory(const std::string& path) {
  if (const auto found = directories_.find(path); found != directories_.end()) {
    return &found->second;
  }
  auto canonical = os::canonical_path(path);
  return canonical ? &directories_.emplace(path, *std::move(canonical)).first->second : nullptr;
}

PathFacet PathResolver::facet(std::string_view path, Action access, std::string_view cwd) {
  if (looked_up_ >= kMostLookups) {
    exhausted_ = true;
    PathFacet facet;
    facet.access = access;
    facet.shown = path;
    facet.lexical = lexical_path(path, cwd);
    facet.canonical = facet.lexical;
    place_facet(facet, workspace_);
    return facet;
  }
  ++looked_up_;
  const std::string lexical = lexical_path(path, cwd);
  const std::size_t slash = lexical.rfind('/');
  const bool plain = path.find("..") == std::string_view::npos && lexical.size() > 1;
  const std::string* parent =
      plain ? directory(slash == 0 ? "/" : lexical.substr(0, slash)) : nullptr;
  if (parent == nullptr) {
    return path_facet(path, access, cwd, workspace_);
  }
  const std::string whole = (*parent == "/" ? "" : *parent) + lexical.substr(slash);
  std::error_code error;
  const fs::file_status status = fs::symlink_status(whole, error);
  const bool known = status.type() == fs::file_type::not_found || !error;
  if (!known || status.type() == fs::file_type::symlink) {
    return path_facet(path, access, cwd, workspace_);
  }
  PathFacet facet;
  facet.access = access;
  facet.shown = path;
  facet.lexical = lexical;
  facet.canonical = whole;
  facet.shared = access == Action::kWrite && has_other_names(whole);
  place_facet(facet, workspace_);
  return facet;
}

}  // namespace oap::permission
