#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "permission/rule.hpp"
#include "permission/rule_fields.hpp"

namespace oap::permission {

/// Reads what a rule is about: by its scope and pattern, or by the short forms. Borrows the fields,
/// and the lists that the tools' names stand in. Private to this folder.
class SubjectReader {
 public:
  SubjectReader(RuleFields& fields, const std::vector<std::string>& known_tools);

  /// False where a fault was noted.
  bool read(const json::Object& object, const std::string& at, Rule& rule);
  std::vector<std::string> take_warnings() { return std::move(warnings_); }

 private:
  bool read_scoped(Scope scope, const json::Object& object, const std::string& at, Rule& rule);
  bool read_command(const json::Object& object, const std::string& at, Rule& rule);
  bool read_tool(const std::string& name, std::string resource, const std::string& at, Rule& rule);
  bool names_known_tool(const std::string& name) const;

  RuleFields& fields_;
  std::unordered_set<std::string_view> tool_names_;
  std::vector<std::string> warnings_;
};

}  // namespace oap::permission
