#pragma once

#include "cli/args.hpp"
#include "security/secret_scanner.hpp"

namespace oap::cli {

int scan_secrets(const security::SecretScanner& scanner, const ScanArgs& args, bool as_json);
/// Answers each line of standard input with one; exit 0.
int scan_secrets_batch(const security::SecretScanner& scanner);
/// Copies standard input to standard output without its secrets, each piece as soon as none can
/// begin in it; exit 0, and 1 where the input cannot be read.
int redact_secrets(const security::SecretScanner& scanner);

}  // namespace oap::cli
