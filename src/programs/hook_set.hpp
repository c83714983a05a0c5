#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"
#include "programs/matcher.hpp"

namespace oap::programs {

/// The points at which hook programs run, under the names of Claude Code's hooks reference.
enum class Event {
  kPreToolUse,
  kPostToolUse,
  kPostToolUseFailure,
  kPermissionRequest,
  kUserPromptSubmit,
  kSessionStart,
  kSessionEnd,
  kStop,
  kSubagentStop,
  kPreCompact,
  kNotification,
};
std::string_view to_string(Event event);
std::optional<Event> event_named(std::string_view name);
/// About one tool call: the matcher is held against the tool's name, and `if` counts.
bool is_tool_event(Event event);

/// Whose file a hook stands in: a person's own and the machine's count always, a project's only
/// where the folder is trusted.
enum class Owner { kManaged, kUser, kProject };
std::string_view to_string(Owner owner);

/// One hook: a program, a server that is posted to, or a question to a model.
struct Handler {
  enum class Kind { kCommand, kHttp, kPrompt };
  /// What comes of a call where the program errs. kDefault: PreToolUse denies, the others go on.
  enum class OnFailure { kDefault, kBlock, kAllow };

  Event event = Event::kPreToolUse;
  Owner owner = Owner::kProject;
  Matcher matcher;
  Kind kind = Kind::kCommand;
  /// What runs: of kCommand the command line or, with `args`, the program; of kHttp the URL that is
  /// posted to; of kPrompt the question to the model.
  std::string command;
  std::optional<std::vector<std::string>> args;  ///< present: run without a shell
  Millis timeout{0};
  std::string condition;  ///< `if`: one permission rule; empty: none
  bool background = false;
  std::map<std::string, std::string> headers;  ///< kHttp, as written
  std::set<std::string> variables;             ///< kHttp: what headers may take in
  std::string model;                           ///< kPrompt, as written; empty: the run's own
  bool goes_on = false;                        ///< kPrompt: `continueOnBlock`
  OnFailure on_failure = OnFailure::kDefault;
  std::string file;  ///< which it stands in

  bool denies_on_failure() const;
  /// The command as a person knows it, on one line, bounded.
  std::string shown() const;
};

/// Where hooks stand and whose they are.
struct HookFile {
  std::string file;  ///< as shown to a person
  Owner owner = Owner::kProject;
  json::Object hooks;          ///< event → groups
  json::Object settings = {};  ///< the whole file: `env` and the lists for hooks of type http
};

/// A variable of a file's `env`, for hook programs and the commands of tools.
struct Variable {
  std::string name;
  std::string value;
  Owner owner = Owner::kProject;
  std::string file;
};

/// The hooks of several files. A value.
struct HookSet {
  std::vector<Handler> handlers;      ///< in file order
  std::vector<std::string> warnings;  ///< what is not run and why, a sentence each
  std::vector<Variable> env;          ///< in file order
  /// `allowedHttpHookUrls`, `httpHookAllowedEnvVars` of all files; nothing: no such limit.
  std::optional<std::vector<std::string>> urls;
  std::optional<std::set<std::string>> url_variables;

  /// The variables that hold: the machine's, else the project's, else the person's.
  std::map<std::string, std::string> environment() const;
};

/// Reads the groups as Claude Code's settings have them. What cannot be run here (the types
/// mcp_tool and agent, types at events that do not have them, variables that decide what runs,
/// events without a point here, malformed ones) is named in a warning; a matcher that cannot be
/// read matches everything. Programs that are this program's own host hook are left out. Pure.
HookSet read_hooks(const std::vector<HookFile>& files);

/// What `oap trust` records of a project's hooks, and shows: name → digest of the handler and of
/// the programs of the workspace that its command names; name → the file that it stands in.
struct HookCommands {
  std::map<std::string, std::string> digests;
  std::map<std::string, std::string> commands;
};
/// Of the handlers of Owner::kProject. Reads the named files, blocking, bounded.
HookCommands commands_of(const HookSet& hooks, const std::string& workspace);

}  // namespace oap::programs
