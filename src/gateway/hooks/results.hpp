#pragma once

#include <string>

#include "gateway/gateway.hpp"
#include "hooks/hook.hpp"
#include "security/secret_scanner.hpp"

namespace oap::gateway {

/// The scanner as what the gateway cleans audit records with.
class ScannerRedactor final : public Redactor {
 public:
  explicit ScannerRedactor(const security::SecretScanner& scanner) : scanner_(scanner) {}
  std::string redact(std::string_view text) const override { return scanner_.redact(text); }
  json::Value redact(const json::Value& value) const override { return scanner_.redact(value); }
  bool has_secret(const json::Object& members) const override {
    return scanner_.has_secret(members);
  }

 private:
  const security::SecretScanner& scanner_;
};

/// Removes secrets from a result before anyone else sees it. Stands first in its point.
class SecretScannerHook final : public hooks::AfterToolHook {
 public:
  explicit SecretScannerHook(const security::SecretScanner& scanner) : scanner_(scanner) {}
  std::string_view name() const override { return "SecretScanner"; }
  bool waits() const override { return false; }
  Task<Result<hooks::AfterVerdict>> after(const hooks::Context& context, const ToolCall& call,
                                          const ToolResult& result) override;

 private:
  const security::SecretScanner& scanner_;
};

}  // namespace oap::gateway
