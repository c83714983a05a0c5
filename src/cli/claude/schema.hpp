#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "model/message.hpp"
#include "model/tool.hpp"

namespace oap::cli::claude {

// The objects of `claude -p --output-format stream-json`, as its SDK's types have them
// (@anthropic-ai/claude-agent-sdk 0.3, SDKMessage). All pure.

/// A tool and its arguments under the names of Claude Code: bash is Bash, read_file is Read with an
/// absolute `file_path`; server__tool is mcp__server__tool; what has no counterpart keeps its name.
struct Tool {
  std::string name;
  json::Object input;
};
Tool as_claude(std::string_view public_name, const json::Object& arguments, std::string_view cwd);

/// What every message of one session carries.
struct Frame {
  std::string session_id;
  std::string cwd;
  std::string model;  ///< without the provider's name
};
/// The members that all messages have: type, session_id, a fresh uuid.
json::Object framed(const Frame& frame, std::string_view type);

struct Init {
  std::vector<std::string> tools;  ///< public names
  std::vector<std::string> servers;
  std::vector<std::string> agents;
  std::string permission_mode;
  std::string key_source;
  std::string version;
};
json::Object init_message(const Frame& frame, const Init& init);

/// An answer of the model: text, thinking and tool_use blocks.
json::Object assistant_message(const Frame& frame, const oap::Message& message, const Usage& usage,
                               std::string_view message_id);
/// Results of calls, or a text that the program put there.
json::Object user_message(const Frame& frame, const oap::Message& message);

/// `usage` with every member that the types call present.
json::Object usage_json(const Usage& usage);

struct Denied {
  std::string name;
  std::string tool_use_id;
  json::Object input;
};
struct Ended {
  std::string subtype = "success";
  std::string result;               ///< of success
  std::vector<std::string> errors;  ///< of all others
  std::string stop_reason;          ///< empty: null
  std::int64_t turns = 0;
  std::int64_t duration_ms = 0;
  std::int64_t model_ms = 0;  ///< without the time of tools
  Usage usage;
  std::int64_t window = 0;
  std::int64_t max_output = 0;
  std::vector<Denied> denials;
};
/// Money that is not known is null, not 0.
json::Object result_message(const Frame& frame, const Ended& ended);

/// A streaming event of the Messages API in its envelope.
json::Object stream_event(const Frame& frame, json::Object event);

/// A random UUID (RFC 9562, version 4).
std::string new_uuid();

}  // namespace oap::cli::claude
