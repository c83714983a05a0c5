#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/shape.hpp"

namespace oap::config {

/// The keys of config.yaml.
Shape config_shape();

/// A file of its own for one key of config.yaml: agents.yaml holds `agents:` and nothing else.
struct OwnFile {
  std::string_view file;
  std::string_view key;
};
const std::vector<OwnFile>& own_files();

/// A key that the platform guide names and whose system this version does not have. Where such a
/// key is not a field of the object in which it stands, it is refused by name.
struct UnbuiltKey {
  std::string_view key;
  std::string_view what;  ///< a sentence's beginning, e.g. "audit encryption is"
};
const UnbuiltKey* find_unbuilt(std::string_view key);

/// Advice for a key that people are likely to write where it does not belong; empty where none.
std::string_view advice_for(std::string_view parent_key, std::string_view key);

}  // namespace oap::config
