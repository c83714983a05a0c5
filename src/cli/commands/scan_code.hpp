#pragma once

#include "cli/args.hpp"
#include "security/code_scanner.hpp"

namespace oap::cli {

int scan_code(const security::SecretScanner& secrets,
              const std::vector<security::Exception>& exceptions, const ScanArgs& args,
              bool as_json);
/// Answers each line of standard input with one; exit 0.
int scan_code_batch(const security::SecretScanner& secrets,
                    const std::vector<security::Exception>& exceptions);

}  // namespace oap::cli
