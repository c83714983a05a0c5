#pragma once

#include <array>
#include <string_view>

#include "api/governor.hpp"
#include "base/result.hpp"

namespace oap::api {

inline constexpr int kProtocol = 1;

/// What decides where configuration is: a hook's process with other values than the daemon's is
/// under another policy (`HookAsked::env`).
inline constexpr std::array<std::string_view, 5> kHookEnvironment = {
    "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "OPENCODE_CONFIG_PATH", "OPENCODE_DATA_PATH"};

// The daemon's messages, typed: docs/design/006-daemon-wire.md. A member of the wrong type, a
// folder that is not absolute, a name that is too long: kInvalidArgument, naming it. Members that
// are not known are left aside. Pure.
struct Hello {
  std::string client;
  std::string version;
  std::string directory;
  std::int64_t protocol = 0;
  bool can_ask = false;
};
Result<Hello> read_hello(const json::Object& params);
Result<Place> read_place(const json::Object& params);
Result<ToolAsked> read_tool_asked(const json::Object& params);
Result<ToolDone> read_tool_done(const json::Object& params);
Result<ChatAsked> read_chat_asked(const json::Object& params);
Result<PermissionAsked> read_permission_asked(const json::Object& params);
Result<UsageTold> read_usage_told(const json::Object& params);
Result<HookAsked> read_hook_asked(const json::Object& params);

json::Object to_json(const ToolVerdict& verdict);
json::Object to_json(ToolCleaned cleaned);
json::Object to_json(const ChatVerdict& verdict);
json::Object to_json(const PermissionVerdict& verdict);
json::Object to_json(const UsageVerdict& verdict);
json::Object to_json(const HookAnswer& answer);

}  // namespace oap::api
