#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "permission/facets.hpp"

namespace oap::permission {

/// The absolute form of a path, without "." and "..", decided by its text alone. "~" is the home
/// directory. Pure but for $HOME.
std::string lexical_path(std::string_view path, std::string_view cwd);

/// A path of a request against a workspace (canonical, absolute), with links resolved.
PathFacet path_facet(std::string_view path, Action access, std::string_view cwd,
                     std::string_view workspace);

/// Fills in where a facet lies, from its canonical and lexical path.
void place_facet(PathFacet& facet, std::string_view workspace);

/// True for an ordinary file with more than one name (hard links).
bool has_other_names(const std::string& path);

/// `path` below `directory`: "" where it is not, "." where it is the directory itself.
std::string below(std::string_view path, std::string_view directory);

/// Credential files, by where they lie or what they are called (README.md has the list).
bool is_sensitive(const PathFacet& path);
/// Path globs of what is_sensitive() says yes to, at any depth.
std::vector<std::string> sensitive_globs();

/// Files that mean nothing to write to or read from: /dev/null and the standard streams.
bool is_harmless_device(std::string_view path);

std::string home_directory();

}  // namespace oap::permission
