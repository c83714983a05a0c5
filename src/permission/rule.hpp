#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "model/permission.hpp"
#include "yaml/yaml.hpp"

namespace oap::permission {

enum class Scope : std::uint8_t { kTool, kMcpServer, kFilePattern, kCommand };
enum class Action : std::uint8_t { kExecute, kRead, kWrite, kDelete, kInvoke, kAny };
/// By authority, strongest first.
enum class Tier : std::uint8_t { kManaged, kSession, kUser, kProject };
enum class Precedence : std::uint8_t { kStrict, kSpecific };

std::string_view to_string(Scope scope);
std::string_view to_string(Action action);
std::string_view to_string(Tier tier);
std::string_view to_string(Precedence precedence);

/// One line of a policy. A value.
struct Rule {
  Scope scope = Scope::kTool;
  Action action = Action::kAny;
  std::string pattern;  ///< glob: tool name, server, path, or (kCommand) the command's text
  std::string
      resource;  ///< kTool only: glob that a path or the resource of the call must match; "" = any
  std::vector<std::string> argv;  ///< kCommand: a prefix of the argument vector
  std::string program;  ///< kCommand: the program, a glob; exactly one of the three is set
  Level level = Level::kAsk;
  std::string reason;
  std::string workspace;  ///< absolute; the rule counts only there; "" = everywhere
  /// Examples, checked when a policy is made of the rule: what it must and must not match.
  std::vector<json::Value> match;
  std::vector<json::Value> not_match;
  /// CEL (rule_condition.hpp): the rule counts only where it holds; "" = always.
  std::string condition;
  std::string where;  ///< "file:line"
  Tier tier = Tier::kUser;
  std::string role;  ///< "" for rules of everyone

  /// The rule in a few words, e.g. "command 'rm *'".
  std::string describe() const;
};

/// A role of a file. `basic_user` is built in and has no rules of its own.
struct Role {
  std::string name;
  std::vector<std::string> inherits;
  std::string where;
};

/// What one permissions.yaml says.
struct RuleFile {
  std::vector<Rule> rules;  ///< those of roles carry the role's name
  std::vector<Role> roles;
  Precedence precedence = Precedence::kStrict;
  std::vector<std::string> warnings;
};

/// The tools that are known beside a policy: what a `tool` rule may name without becoming a command
/// rule.
const std::vector<std::string>& builtin_tools();

/// The roles that principals have without a file: "user", and those of the agents.
const std::vector<std::string>& known_roles();

/// Reads a parsed permissions.yaml. All faults are reported at once, one "file:line: …" a line, as
/// one kConfiguration error. Pure.
Result<RuleFile> read_rules(const yaml::Document& document, Tier tier,
                            const std::vector<std::string>& known_tools);

/// One rule as `oap permission set '{…}'` gives it, in the same form as in a file.
Result<Rule> rule_from_json(const json::Value& value, std::string_view where,
                            const std::vector<std::string>& known_tools);

}  // namespace oap::permission
