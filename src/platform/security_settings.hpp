#pragma once

#include <string>

#include "platform/settings.hpp"
#include "security/security_policy.hpp"

namespace oap::platform {

/// The key of the redaction tags of this workspace: 32 random bytes, made at the first call and
/// kept in the state folder, mode 0600. Equal secrets get equal tags from run to run, and nobody
/// without the file can try out secrets on a tag. The state folder exists.
Result<std::string> redaction_key(const Settings& settings);
/// The same without writing anything: where there is none yet, one that only the workspace's place
/// decides, for commands that show their result to the person alone.
std::string existing_redaction_key(const Settings& settings);

security::PolicyOptions security_options(const config::Security& security);

}  // namespace oap::platform
