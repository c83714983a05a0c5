#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "json/value.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// What a server is started or reached by: a digest of all that decides it (`config/digests.hpp`)
/// and the same for people, which holds nothing secret.
struct ServerSource {
  std::string digest;
  std::string command;
  bool operator==(const ServerSource&) const = default;
};

/// A tool as it was approved. Times are RFC 3339.
struct PinnedTool {
  std::string hash;         ///< `fingerprint` of the definition
  std::string source;       ///< digest of the server's source that it was approved for
  json::Object definition;  ///< `pinned_part`
  std::string first_seen;
  std::string approved_by;  ///< a user's name, "first_use", "flag" …
  std::string approved_at;
};

/// A tool as it was last seen and nobody has approved yet.
struct PendingTool {
  std::string hash;
  std::string source;
  json::Object definition;
  std::string seen_at;
};

struct PinnedServer {
  ServerSource approved;  ///< for which all tools were approved last; empty where never
  ServerSource seen;
  std::string first_seen;
  std::map<std::string, PinnedTool, std::less<>> tools;
  std::map<std::string, PendingTool, std::less<>> pending;
};

/// All that is pinned in one workspace. A value.
struct Pins {
  std::map<std::string, PinnedServer, std::less<>> servers;
};

enum class ToolTrust {
  kTrusted,             ///< as it was approved
  kPinnedNow,           ///< approved now, since its server was seen for the first time
  kQuarantinedNew,      ///< nobody has approved it
  kQuarantinedChanged,  ///< it, or what its server is started by, differs from what was approved
  kRemoved,             ///< approved, and not offered any more
};
/// "trusted", "pinned_now", "quarantined_new", "quarantined_changed", "removed".
std::string_view to_string(ToolTrust trust);
constexpr bool may_be_used(ToolTrust trust) {
  return trust == ToolTrust::kTrusted || trust == ToolTrust::kPinnedNow;
}

struct ToolVerdict {
  std::string tool;
  ToolTrust trust = ToolTrust::kQuarantinedNew;
  std::string hash;    ///< of the definition offered now; "" for removed ones
  std::string reason;  ///< a sentence; empty for trusted ones
};

struct Judgement {
  std::vector<ToolVerdict> tools;  ///< one a name, in the order offered; removed ones at the end
  bool changed = false;            ///< `pins` was changed and must be stored
};

/// Judges all the tools that a server offers and notes in `pins` what was seen. Only with
/// `first_use`, and only at the first sight of a server that offers any tool, are its tools pinned
/// without a person; whatever comes later waits in `pending`. A tool is trusted for one fingerprint
/// and one source of its server. One that is listed twice with different definitions, or whose
/// definition is too large or too odd to be stored (256 KiB each, 8 MiB a server), is never
/// trusted. Give the whole list, and not that of a server that failed to answer. Pure.
Judgement judge(Pins& pins, const std::string& server, const ServerSource& source,
                config::ServerTrust policy, std::span<const ToolSpec> tools, std::string_view now);

/// One tool to approve, as a person has seen it.
struct Approval {
  std::string tool;
  std::string hash;  ///< of the definition shown; "" approves whatever is pending
};

/// All that is pending of a server, as it is now: to be shown, and then given to `approve`.
/// kNotFound for a server that is not known. Pure.
Result<std::vector<Approval>> all_pending(const Pins& pins, const std::string& server);

/// Pins the pending definitions of the tools named. Gives the names that were pending. kNotFound
/// for a server or tool that is not known, kFailedPrecondition where a pending definition is not
/// the one that was shown; `pins` is as before then. Pure.
Result<std::vector<std::string>> approve(Pins& pins, const std::string& server,
                                         const std::vector<Approval>& approvals,
                                         std::string_view who, std::string_view now);

/// The text of a pin file, and back. kDataLoss for anything that `print_pins` has not written,
/// kFailedPrecondition for the file of a newer version. Pure.
Result<Pins> parse_pins(std::string_view text);
std::string print_pins(const Pins& pins);

}  // namespace oap::gateway
