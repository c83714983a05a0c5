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

/// Caches in a home directory of which a tool gets empty ones and a service the real ones.
const std::vector<std::string>& home_caches();
/// Further caches that a service may write where they are.
const std::vector<std::string>& service_caches();

/// Places that hold credentials, absolute: in the home directory, this program's state and
/// settings, sockets that give power over the host. They need not exist.
std::vector<std::string> credential_places(const std::string& home);

/// Those of them that lie in a home directory.
std::vector<std::string> secrets_in_home(const std::string& home);
/// The existing home directories of this machine but this one.
std::vector<std::string> other_homes(const std::string& home);

}  // namespace oap::sandbox
