#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "workflow/definition/definition.hpp"
#include "workflow/engine.hpp"

namespace oap::workflow {

/// "sandbox/bash", "agent/worker", "script/python".
std::string place_name(const StepDefinition& step);

/// Counts the attempts of all runs against the limits of tenant and tool. Belongs to the engine's
/// executor.
class Admission {
 public:
  explicit Admission(Limits limits) : limits_(std::move(limits)) {}
  bool take(const std::string& place);
  void give_back(const std::string& place);
  std::size_t running() const { return running_; }

 private:
  std::size_t limit_of(const std::string& place) const;
  Limits limits_;
  std::size_t running_ = 0;
  std::unordered_map<std::string, std::size_t> by_place_;
};

}  // namespace oap::workflow
