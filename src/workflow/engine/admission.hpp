#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
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
  static constexpr std::string_view kTenant = "*";
  explicit Admission(Limits limits) : limits_(std::move(limits)) {}
  /// Where there is no room for one more: the place, or kTenant.
  std::optional<std::string> full(const std::string& place) const;
  void take(const std::string& place);
  void give_back(const std::string& place);

 private:
  std::size_t limit_of(const std::string& place) const;
  Limits limits_;
  std::size_t running_ = 0;
  std::unordered_map<std::string, std::size_t> by_place_;
};

}  // namespace oap::workflow
