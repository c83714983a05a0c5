#pragma once

#include "cli/args.hpp"
#include "security/secret_scanner.hpp"

namespace oap::cli {

int scan_secrets(const security::SecretScanner& scanner, const ScanArgs& args, bool as_json);
/// Answers each line of standard input with one; exit 0.
int scan_secrets_batch(const security::SecretScanner& scanner);

}  // namespace oap::cli
