#pragma once

#include <string>
#include <vector>

#include "sandbox/plan.hpp"

namespace oap::sandbox {

// Which places on a host are what. Pure data but for the environment and the home directory.

/// Directories at "/" with programs, libraries and their settings.
const std::vector<std::string>& system_directories();

/// Toolchains and settings in a home directory that a tool may read; relative to it.
const std::vector<std::string>& home_readables();

/// Caches in a home directory: a tool gets empty ones, a service the real ones.
const std::vector<std::string>& home_caches();

/// Places that hold credentials, absolute: in the home directory, this program's state and
/// settings, sockets that give power over the host. They need not exist.
std::vector<std::string> credential_places(const std::string& home);

/// Names in a workspace whose content other programs run or trust: git's hooks and configuration,
/// settings of agents and editors, files that shells read. Relative, parents before children.
const std::vector<std::string>& protected_names();

/// What lies in the place of a protected name that is missing, while children run. `at_home`: the
/// workspace is a home directory, whose start files shells read meanwhile.
Placeholder stand_in(const std::string& name, bool at_home);

/// `path` is `directory` or lies in it. Both canonical. Pure.
bool is_within(const std::string& path, const std::string& directory);

}  // namespace oap::sandbox
