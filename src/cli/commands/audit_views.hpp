#pragma once

#include <string>

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

int audit_search(const std::string& dir, const AuditArgs& args, bool as_json);
int audit_report(const std::string& dir, const AuditArgs& args, bool as_json);
int audit_export(const std::string& dir, const AuditArgs& args);
int audit_prove(const std::string& dir, const AuditArgs& args, bool as_json);
int audit_checkpoint(const std::string& dir, bool as_json);
int audit_verify_proof(const AuditArgs& args, bool as_json);
int audit_retain(const Common& common, const AuditArgs& args);

}  // namespace oap::cli
