#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "workflow/machine/host.hpp"

namespace oap::workflow::testing {

/// A host that lets everything start and remembers the blobs.
class QuietHost final : public Host {
 public:
  bool admit(const StepDefinition& /*step*/) override { return true; }
  double draw() override { return 0.5; }
  std::optional<std::string> secret(std::string_view /*name*/) override { return std::nullopt; }
  Result<json::Value> open_input(const json::Value& sealed, std::string_view /*name*/) override {
    return sealed;
  }
  Result<std::shared_ptr<const json::Value>> blob(const std::string& hash) override {
    const auto found = blobs.find(hash);
    if (found == blobs.end()) {
      return fail(Code::kNotFound, "no blob");
    }
    return found->second;
  }
  void made_blob(const std::string& hash, json::Value value) override {
    blobs[hash] = std::make_shared<const json::Value>(std::move(value));
  }
  std::string new_run_id() override { return fmt::format("run_{}", ++ids); }
  std::map<std::string, std::shared_ptr<const json::Value>> blobs;
  int ids = 0;
};

}  // namespace oap::workflow::testing
