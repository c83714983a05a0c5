#pragma once

#include "security/secret_scanner.hpp"
#include "skills/marks.hpp"

namespace oap::tools {

/// Looks for secrets and dangerous code in a skill's files, also in the fenced code of Markdown. A
/// secret or a critical finding blocks. `secrets` outlives what is returned.
skills::FileScan skill_scan(const security::SecretScanner& secrets);

}  // namespace oap::tools
