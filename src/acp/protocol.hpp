#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::acp {

/// The one version of the Agent Client Protocol that is spoken here. A client that asks for a newer
/// one is told this one, as the protocol has it.
inline constexpr int kProtocolVersion = 1;

/// What a client said of itself in `initialize`. What it did not say it cannot.
struct Client {
  std::string name;
  std::string version;
  bool reads_files = false;   ///< fs/read_text_file
  bool writes_files = false;  ///< fs/write_text_file
  bool shows_notices = false;
};
/// kInvalidArgument where it is no initialize.
Result<Client> parse_initialize(const json::Object& params);
/// The answer: the version, what this agent can, who it is.
json::Object initialize_result();

/// An MCP server that the editor brings for a session.
struct ClientServer {
  std::string name;
  std::vector<std::string> command;  ///< empty: a remote one
  std::map<std::string, std::string> env;
  std::string url;
  std::map<std::string, std::string> headers;
};

/// The parameters of session/new, load, resume and fork.
struct SessionParams {
  std::string id;   ///< empty in session/new
  std::string cwd;  ///< absolute
  std::vector<ClientServer> servers;
};
/// kInvalidArgument says which member is wrong, and of what kind of server or folder this version
/// knows nothing.
Result<SessionParams> parse_session(const json::Object& params, bool needs_id);

/// A member that must be a string which is not empty, of at most 4 KiB.
Result<std::string> required_text(const json::Object& params, std::string_view key);

/// What a prompt's content blocks say, as the text that a model reads: text as it stands, links by
/// name and place, embedded texts after the rest, each between marks that do not occur in it.
/// Images, sounds and binary resources are refused (kInvalidArgument), as is an empty prompt. Pure.
Result<std::string> prompt_text(const json::Object& params, std::string_view cwd);

/// A choice that the client may make for a session.
struct Choice {
  std::string value;
  std::string name;
  std::string description;
};
/// Whose choice of tool calls is asked for.
struct Modes {
  static constexpr std::string_view kAsk = "ask";
  static constexpr std::string_view kEdits = "accept-edits";
  static constexpr std::string_view kApprove = "approve";
  static const std::vector<Choice>& all();
};
/// How a prompt is carried out.
struct Paths {
  static constexpr std::string_view kRouter = "auto";
  static constexpr std::string_view kFast = "fast";
  static constexpr std::string_view kAgents = "agents";
  static const std::vector<Choice>& all();
};

/// What is chosen now.
struct Chosen {
  std::string mode{Modes::kAsk};
  std::string model;
  std::string path{Paths::kRouter};
};
/// `modes` and `configOptions`, as session/new and its like answer them.
json::Object modes_json(const Chosen& chosen);
json::Array options_json(const Chosen& chosen, const std::vector<std::string>& models);
/// Sets one option. kInvalidArgument names the values that there are.
Result<void> choose(Chosen& chosen, const std::vector<std::string>& models, std::string_view option,
                    std::string_view value);

}  // namespace oap::acp
