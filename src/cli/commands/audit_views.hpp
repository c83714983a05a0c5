#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/keyring.hpp"
#include "audit/query.hpp"
#include "base/clock.hpp"
#include "cli/args.hpp"
#include "json/value.hpp"

namespace oap::cli {

// The commands below `oap audit`, on the audit folder `dir`. Each returns the exit code.

/// One line for a person; hidden characters made visible.
std::string audit_line(const json::Object& record);
/// The same as an error of the command line: exit 2.
Error usage(const Error& error);
/// The query as typed, its times read.
Result<audit::Query> audit_query(const AuditArgs& args, WallTime now);

/// The keys of an encrypted log; null where it is in clear, or no key is configured.
Result<std::unique_ptr<audit::Keyring>> audit_keys(const std::string& dir, const Common& common);

/// Names lines that are no intact record on stderr; the exit code: 1 where there are any.
int audit_malformed(const audit::Malformed& bad);
/// Those among what was shown.
audit::Malformed audit_malformed(const std::vector<json::Object>& shown);

int audit_search(const std::string& dir, const Common& common, const AuditArgs& args);
int audit_report(const std::string& dir, const Common& common, const AuditArgs& args);
int audit_export(const std::string& dir, const Common& common, const AuditArgs& args);
int audit_prove(const std::string& dir, const AuditArgs& args, bool as_json);
int audit_checkpoint(const std::string& dir, bool as_json);
int audit_verify_proof(const AuditArgs& args, bool as_json);
int audit_retain(const Common& common, const AuditArgs& args);
int audit_rotate_key(const Common& common);
int audit_erase(const Common& common, const AuditArgs& args);
int audit_decrypt(const Common& common, const AuditArgs& args);

}  // namespace oap::cli
