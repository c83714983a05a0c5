#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"

namespace oap::config {

/// One fault in one configuration file.
struct Problem {
  std::string file;
  int line = 1;         ///< 0 where there are no lines (command line)
  std::string key;      ///< dotted path, e.g. routing.agent_timeout; empty for the whole file
  std::string message;  ///< what was expected, with the nearest valid name

  /// "file:line: key: message"
  std::string to_string() const;
};

/// All of them as one kConfiguration error, one line each.
Error to_error(const std::vector<Problem>& problems);

}  // namespace oap::config
