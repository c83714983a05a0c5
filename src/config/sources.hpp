#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/problem.hpp"
#include "config/shapes.hpp"
#include "yaml/yaml.hpp"

namespace oap::config {

/// One configuration file that was found and is YAML. `own` is null for config.yaml.
struct Source {
  yaml::Document document;
  const OwnFile* own = nullptr;
};

/// What one layer's folder holds.
struct Folder {
  std::vector<Source> sources;
  std::string permission_file;  ///< empty where there is none
  std::vector<Problem> problems;
  std::vector<std::string> warnings;
};

struct FolderOptions {
  bool managed = false;  ///< refuse what others than `owner` may have written
  std::uint32_t owner = 0;
};

/// Reads config.yaml, agents.yaml, mcp-servers.yaml and plugins.yaml of one folder; notes
/// permissions.yaml. Absent files are fine; unreadable ones, ones named .yml, a key that stands in
/// two files and managed files that others may write are problems; a misspelt name is a warning.
Folder read_folder(const std::string& dir, const FolderOptions& options);

/// The Problem for an error of yaml::parse, whose message begins with "file:line: ".
Problem problem_of(const std::string& file, const Error& error);

}  // namespace oap::config
