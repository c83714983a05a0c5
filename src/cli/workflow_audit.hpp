#pragma once

#include <string>

#include "base/result.hpp"
#include "platform/platform.hpp"

namespace oap::cli {

/// An order that a person has given to a run: what the audit keeps of it.
struct GivenOrder {
  std::string action;  ///< approve, resolve, signal, cancel, pause
  std::string run_id;
  std::string step;  ///< "" where it is about the whole run
  std::string comment;
  bool refused = false;  ///< an approval that was refused
};

/// Audits the order, with what came of it; says so on stderr where that fails.
void audit_order(platform::Platform& platform, const GivenOrder& order, const Result<void>& done);

}  // namespace oap::cli
