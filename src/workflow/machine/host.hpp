#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"
#include "workflow/definition/definition.hpp"

namespace oap::workflow {

/// What a Machine asks of its surroundings while it decides. Answers at once.
class Host {
 public:
  virtual ~Host() = default;
  /// Takes a place for an attempt of the step, under the limits of tool and tenant; false where
  /// there is none. Who is told `false` is asked to decide again when one is free.
  virtual bool admit(const StepDefinition& step) = 0;
  /// The jitter's part in [0,1).
  virtual double draw() = 0;
  virtual std::optional<std::string> secret(std::string_view name) = 0;
  /// An input of the run that `started.sealed` names, in clear.
  virtual Result<json::Value> open_input(const json::Value& sealed, std::string_view name) = 0;
  /// The value behind a `$blob`.
  virtual Result<std::shared_ptr<const json::Value>> blob(const std::string& hash) = 0;
  /// Tells of a value that has just become a blob.
  virtual void made_blob(const std::string& hash, json::Value value) = 0;
  virtual std::string new_run_id() = 0;
};

/// What identifies a run to its own expressions and steps.
struct Identity {
  std::string run_id;
  std::string task_id;
  std::string session_id;
  std::string user;
};

}  // namespace oap::workflow
