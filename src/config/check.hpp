#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/paths.hpp"
#include "config/problem.hpp"
#include "config/shape.hpp"
#include "yaml/yaml.hpp"

namespace oap::config {

struct CheckOptions {
  Env env;
  /// False for a project that is not trusted: no variable is looked up, and what needs trust or
  /// holds a variable is left out.
  bool trusted = true;
};

/// What one file came to.
struct Checked {
  json::Object settings;  ///< only what is valid: sizes in bytes, aliases resolved, ${VAR} expanded
  std::vector<Problem> problems;
  std::vector<std::string> withheld;  ///< "file:line: key"
  std::vector<std::string> secrets;
  std::vector<std::string> warnings;
};

/// Holds a document against a shape and finds every fault, each with its line, its key, what was
/// expected and the nearest valid name. Pure but for `env`.
Checked check(const yaml::Document& document, const Shape& shape, const CheckOptions& options);

}  // namespace oap::config
