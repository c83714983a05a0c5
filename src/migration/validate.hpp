#pragma once

#include <string>
#include <vector>

#include "json/value.hpp"

namespace oap::migration {

/// Whether a folder holds what an import should have left there (platform guide 5.1).
struct Validation {
  std::string target;
  bool valid = true;
  std::vector<std::string> warnings;
  std::vector<std::string> errors;
};

/// Looks at the files of `target` alone: the required ones are there, every configuration file and
/// rule is read without a fault, and what the import wrote is as it wrote it (else a warning).
/// Blocking; changes nothing.
Validation validate(const std::string& target);
json::Object to_json(const Validation& found);
std::string to_text(const Validation& found);

}  // namespace oap::migration
