#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/sources.hpp"

namespace oap::config {

/// For each server and provider of the project's files, and for its gateway settings, the digest of
/// all that decides what runs, who is called and who gets its secrets: taken of the text as
/// written, before any expansion. Keys are "server NAME", "provider NAME" and "gateway".
std::map<std::string, std::string> command_digests(const std::vector<Source>& sources);

/// The same keys with what a person is asked to trust: the command or the address, and the names of
/// the variables that go along. Safe to print.
std::map<std::string, std::string> describe_commands(const std::vector<Source>& sources);

}  // namespace oap::config
