#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "json/value.hpp"

namespace oap::api {

/// Which folder and which of the host's sessions a message is about. Data.
struct Place {
  std::string directory;  ///< absolute
  std::string session;
  std::string parent;  ///< the session that began this one; "" where none or unknown
  std::string agent;
};

struct ToolAsked {
  Place place;
  std::string call;
  std::string tool;
  json::Object arguments;
  bool can_ask = false;  ///< the client can have a person answer
};
struct ToolVerdict {
  enum class Decision { kAllow, kDeny, kModify, kAsk } decision = Decision::kDeny;
  std::string reason;
  json::Object arguments;  ///< kModify: what runs instead, whole
};

struct ToolDone {
  Place place;
  std::string call;
  std::string tool;
  json::Object arguments;
  json::Value output;
  std::optional<json::Value> title;
  std::optional<json::Value> metadata;
  bool failed = false;
};
/// Members that are absent stay as they are.
struct ToolCleaned {
  std::optional<json::Value> output;
  std::optional<json::Value> title;
  std::optional<json::Value> metadata;
  std::vector<std::string> findings;  ///< types of secrets that were taken out
};

struct ChatAsked {
  Place place;
  std::string text;
};
struct ChatVerdict {
  bool allowed = true;
  std::string reason;
  std::optional<std::string> text;  ///< instead of what was written
};

/// The host's own question to its person.
struct PermissionAsked {
  Place place;
  std::string permission;
  std::vector<std::string> patterns;
  json::Object metadata;
  std::string tool;
  std::string call;
};
struct PermissionVerdict {
  enum class Reply { kOnce, kReject, kNone } reply = Reply::kNone;
  std::string message;
};

/// What one step of a session used up.
struct UsageTold {
  Place place;
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  double cost_usd = 0;
};
struct UsageVerdict {
  bool stop = false;
  std::string reason;
};

/// One event of a host's command hook, as the hook's process got it.
struct HookAsked {
  std::string host;
  std::string directory;
  std::string stdin_text;
  /// What the hook's process has in its environment of what decides where configuration is; absent
  /// members are unset there.
  std::optional<json::Object> env;
};
struct HookAnswer {
  int exit_code = 2;
  std::string out;
  std::string err;
};

struct DaemonStatus {
  std::size_t workspaces = 0;
  std::size_t sessions = 0;
  std::uint64_t calls = 0;
  std::uint64_t denied = 0;
};

/// Who decides what the daemon is asked. An Error is told to the client, which then denies. Belongs
/// to the executor's thread; many calls may wait at once.
class Governor {
 public:
  virtual ~Governor() = default;
  /// Opens the folder's workspace; its path.
  virtual Task<Result<std::string>> begin(std::string directory) = 0;
  virtual Task<Result<ToolVerdict>> before(ToolAsked asked) = 0;
  virtual Task<Result<ToolCleaned>> after(ToolDone done) = 0;
  virtual Task<Result<ChatVerdict>> message(ChatAsked asked) = 0;
  virtual Task<Result<PermissionVerdict>> permission(PermissionAsked asked) = 0;
  /// The prompt with which the session goes on; nothing: it stops.
  virtual Task<Result<std::optional<std::string>>> idle(Place place) = 0;
  virtual Task<Result<UsageVerdict>> usage(UsageTold told) = 0;
  virtual Task<Result<void>> created(Place place) = 0;
  virtual Task<Result<HookAnswer>> hook(HookAsked asked) = 0;
  virtual DaemonStatus status() const = 0;
};

}  // namespace oap::api
