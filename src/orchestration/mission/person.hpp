#pragma once

#include <optional>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace oap::orchestration {

/// The person at the terminal of a mission, where there is one.
class MissionPerson {
 public:
  virtual ~MissionPerson() = default;
  /// False: nobody is there; the others are then not called.
  virtual bool is_there() const { return false; }
  /// Shows what comes and how long until then; false where the person said no.
  virtual Task<bool> countdown(std::string /*what*/, Millis /*time*/) { co_return true; }
  /// The answer, or nothing where none came.
  virtual Task<std::optional<std::string>> answer(std::string /*question*/) {
    co_return std::nullopt;
  }
};

}  // namespace oap::orchestration
