#pragma once

#include "platform/settings.hpp"
#include "security/secret_scanner.hpp"
#include "workflow/input_seal.hpp"

namespace oap::platform {

/// Seals secret inputs of runs with `security.audit.encryption_key` where it is set, else with a
/// key of its own: `run-inputs.key` in the state root, mode 0600, made when first needed. What the
/// scanner finds in an input is secret too, and what was sealed or opened the scanner finds from
/// then on. Borrows its arguments.
class RunSeal final : public workflow::InputSeal {
 public:
  RunSeal(const Settings& settings, security::SecretScanner& scanner)
      : settings_(settings), scanner_(scanner) {}

  Result<std::string> seal(std::string_view text, std::string_view about) override;
  Result<std::string> open(std::string_view sealed, std::string_view about) override;
  bool is_secret(const json::Value& value) const override { return scanner_.has_secret(value); }
  void learn(const json::Value& value) override;

 private:
  Result<std::vector<std::string>> keys(bool make) const;

  const Settings& settings_;
  security::SecretScanner& scanner_;
};

}  // namespace oap::platform
