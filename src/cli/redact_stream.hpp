#pragma once

#include "security/secret_scanner.hpp"

namespace oap::cli {

/// Copies standard input to standard output without its secrets, as it comes in; the exit code: 1
/// where the input cannot be read to its end.
int redact_stream(const security::SecretScanner& scanner);

/// The same with what the configuration of this folder knows of secrets. Where that cannot be read
/// nothing is let out: a sentence on standard error, and exit code 2.
int redact_here();

}  // namespace oap::cli
