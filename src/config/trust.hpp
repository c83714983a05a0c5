#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/paths.hpp"

namespace oap::config {

/// Whether a person has trusted a folder, and whether what they trusted is still what is there.
struct TrustStatus {
  bool trusted = false;
  bool recorded = false;             ///< there is a record, whether or not it still holds
  std::vector<std::string> changed;  ///< commands that are new or differ from the record
  std::string reason;                ///< why it is not trusted: a sentence; empty where it is
};

/// Trust records: one file a workspace, `state_root/trust/<name>-<16 hex>.json`, 0600, written
/// atomically. `digests` maps a command's name ("server github") to the digest of all that decides
/// what runs and who gets its secrets. A record that is damaged, somebody else's or writable by
/// others counts as none (CONTRACTS "Trust").
TrustStatus check_trust(const Paths& paths, const std::map<std::string, std::string>& digests);
Result<void> record_trust(const Paths& paths, const std::map<std::string, std::string>& digests);
/// False where there was nothing to revoke.
Result<bool> revoke_trust(const Paths& paths);

}  // namespace oap::config
