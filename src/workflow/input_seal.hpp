#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::workflow {

/// Keeps secret inputs of runs out of the store: there they stand sealed. Used by the engine's
/// executor thread alone.
class InputSeal {
 public:
  virtual ~InputSeal() = default;
  /// The text as it may be stored, in ASCII; bound to `about`.
  virtual Result<std::string> seal(std::string_view text, std::string_view about) = 0;
  /// kDataLoss where it was not sealed so, kFailedPrecondition where the key is not here.
  virtual Result<std::string> open(std::string_view sealed, std::string_view about) = 0;
  /// Whether an input that nobody declares secret must not be stored in clear either.
  virtual bool is_secret(const json::Value& value) const = 0;
  /// Told of every declared secret that is sealed or opened, and before each attempt of what
  /// expressions made of secrets for it, so that what is shown can be cleaned of them.
  virtual void learn(const json::Value& value) = 0;
};

/// Seals with AES-256-GCM: with the first of the keys (32 bytes each); opens with any of them.
/// Holds nothing else for secret, and learns nothing.
class KeySeal : public InputSeal {
 public:
  explicit KeySeal(std::vector<std::string> keys) : keys_(std::move(keys)) {}
  Result<std::string> seal(std::string_view text, std::string_view about) override;
  Result<std::string> open(std::string_view sealed, std::string_view about) override;
  bool is_secret(const json::Value& /*value*/) const override { return false; }
  void learn(const json::Value& /*value*/) override {}

 private:
  std::vector<std::string> keys_;
};

/// Seals the values under these names, those that a schema declares and those that `seal` takes for
/// secret; their names. kFailedPrecondition where one is declared and there is no `seal`.
Result<json::Array> seal_inputs(const json::Object& schemas, json::Object& inputs, InputSeal* seal,
                                std::string_view run_id);
/// What `seal_inputs` put in a value's place, opened again.
Result<json::Value> open_input(const json::Object& schemas, const json::Value& sealed,
                               std::string_view name, InputSeal* seal, std::string_view run_id);

}  // namespace oap::workflow
