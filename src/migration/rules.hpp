#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "migration/report.hpp"
#include "model/permission.hpp"

namespace oap::migration {

/// Rules of this program that came of another one's, and what was lost on the way. Rules are
/// objects as of permissions.yaml.
struct Translation {
  std::vector<json::Object> rules;
  std::vector<std::string> warnings;
  std::vector<NotCarried> not_carried;
};

/// Builds one rule; `reason` says where it comes from.
class RuleMaker {
 public:
  RuleMaker(Level level, std::string reason) : level_(level), reason_(std::move(reason)) {}

  json::Object command(std::string_view pattern) const;
  json::Object program(std::string_view glob) const;
  json::Object argv(const std::vector<std::string>& words) const;
  json::Object path(std::string_view action, std::string_view pattern) const;
  json::Object tool(std::string_view name) const;
  json::Object server(std::string_view pattern) const;
  /// The same rule where a CEL expression holds.
  static json::Object where(json::Object rule, std::string_view condition);

  Level level() const { return level_; }

 private:
  json::Object finish(json::Object rule) const;

  Level level_;
  std::string reason_;
};

/// CEL: every path of the call is in the workspace.
inline constexpr std::string_view kPathsInside = "!paths.exists(p, p.matches(\"^[/~]\"))";

/// A string literal of CEL.
std::string cel_text(std::string_view text);
/// Text as a part of an RE2 expression that matches exactly it.
std::string regex_quote(std::string_view text);
/// A text with `*` for any run of characters as an RE2 expression from end to end.
std::string regex_of_stars(std::string_view pattern);
/// A text with `*` as a command pattern of ours: everything else means itself, `\*` too.
std::string command_pattern(std::string_view with_stars);

/// "npm test && npm run x": more than one command, which is judged part by part.
bool is_compound(std::string_view command);

/// The text of a permissions.yaml's list items, one line a rule, deny first, then ask, then allow,
/// each rule once. Pure.
std::vector<std::string> rule_lines(const std::vector<json::Object>& rules);

/// Why the permission engine would not take the text of a permissions.yaml; "" where it does.
std::string rules_fault(const std::string& text);

}  // namespace oap::migration
