#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "json/pointer.hpp"
#include "permission/rule.hpp"
#include "permission/rule_condition.hpp"
#include "permission/rule_fields.hpp"
#include "permission/rule_subject.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

const std::vector<std::string> kTopKeys = {"permissions", "roles", "precedence", "version"};
const std::vector<std::string> kRoleKeys = {"inherits", "additional_permissions", "description"};
const std::vector<std::string> kRuleKeys = {
    "scope", "action",     "pattern", "level",     "reason",    "tool",     "program",
    "argv",  "mcp_server", "match",   "not_match", "workspace", "condition"};
const std::vector<std::string> kActions = {"execute", "read", "write", "delete", "invoke", "*"};
const std::vector<std::string> kLevels = {"allow", "ask", "deny"};

class Reader {
 public:
  Reader(Place place, Tier tier, const std::vector<std::string>& known_tools)
      : fields_(place), subject_(fields_, known_tools), tier_(tier) {}

  void read_file(const json::Value& root);
  std::optional<Rule> read_rule(const json::Value& value, const std::string& at,
                                const std::string& role);
  const std::vector<std::string>& faults() const { return fields_.faults(); }
  RuleFile take() {
    file_.warnings = subject_.take_warnings();
    return std::move(file_);
  }

 private:
  void read_rules(const json::Value& value, const std::string& at, const std::string& role);
  void read_roles(const json::Value& value);
  bool read_words(const json::Object& object, const std::string& at, Rule& rule);

  RuleFields fields_;
  SubjectReader subject_;
  Tier tier_;
  RuleFile file_;
};

void Reader::read_file(const json::Value& root) {
  if (!root.is_object()) {
    fields_.fault(
        "", "",
        fmt::format("expected a map with permissions and roles, found {}", json::type_name(root)));
    return;
  }
  const json::Object& object = root.get_object();
  fields_.check_keys(object, "", kTopKeys);
  if (const auto precedence = fields_.string_at(object, "", "precedence")) {
    if (*precedence == "specific") {
      file_.precedence = Precedence::kSpecific;
    } else if (*precedence != "strict") {
      fields_.wrong_word("/precedence", "precedence", *precedence, {"strict", "specific"});
    }
  }
  if (const json::Value* rules = json::find(object, "permissions"); rules && !rules->is_null()) {
    read_rules(*rules, "/permissions", "");
  }
  if (const json::Value* roles = json::find(object, "roles"); roles && !roles->is_null()) {
    read_roles(*roles);
  }
}

void Reader::read_rules(const json::Value& value, const std::string& at, const std::string& role) {
  if (!value.is_array()) {
    fields_.fault(at, "",
                  fmt::format("expected a list of rules, found {}", json::type_name(value)));
    return;
  }
  std::size_t index = 0;
  for (const json::Value& item : value.get_array()) {
    if (auto rule = read_rule(item, fmt::format("{}/{}", at, index++), role)) {
      file_.rules.push_back(*std::move(rule));
    }
  }
}

void Reader::read_roles(const json::Value& value) {
  if (!value.is_object()) {
    fields_.fault("/roles", "roles",
                  fmt::format("expected a map of roles, found {}", json::type_name(value)));
    return;
  }
  for (const auto& member : value.get_object()) {
    const std::string name(member.key());
    const std::string at = "/roles/" + json::pointer_escape(name);
    Role role{name, {}, fields_.where(at)};
    if (!member.value().is_null() && !member.value().is_object()) {
      fields_.fault(at, name, "expected a map with inherits and additional_permissions");
      continue;
    }
    if (member.value().is_object()) {
      const json::Object& body = member.value().get_object();
      fields_.check_keys(body, at, kRoleKeys);
      const json::Value* inherits = json::find(body, "inherits");
      if (inherits != nullptr && !(inherits->is_array() && inherits->get_array().empty())) {
        role.inherits = fields_.strings_at(body, at, "inherits");
      }
      const json::Value* rules = json::find(body, "additional_permissions");
      if (rules != nullptr && !rules->is_null()) {
        read_rules(*rules, at + "/additional_permissions", name);
      }
    }
    file_.roles.push_back(std::move(role));
  }
}

std::optional<Rule> Reader::read_rule(const json::Value& value, const std::string& at,
                                      const std::string& role) {
  if (!value.is_object()) {
    fields_.fault(at, "",
                  fmt::format("expected a rule such as {{tool: bash, level: ask}}, found {}",
                              json::type_name(value)));
    return std::nullopt;
  }
  const json::Object& object = value.get_object();
  Rule rule;
  rule.tier = tier_;
  rule.role = role;
  rule.where = fields_.where(at);
  const std::size_t before = fields_.faults().size();
  if (fields_.check_keys(object, at, kRuleKeys) && read_words(object, at, rule)) {
    subject_.read(object, at, rule);
  }
  return fields_.faults().size() == before ? std::optional(std::move(rule)) : std::nullopt;
}

/// action, level and reason.
bool Reader::read_words(const json::Object& object, const std::string& at, Rule& rule) {
  static constexpr Action kValues[] = {Action::kExecute, Action::kRead,   Action::kWrite,
                                       Action::kDelete,  Action::kInvoke, Action::kAny};
  const std::size_t before = fields_.faults().size();
  if (const auto action = fields_.string_at(object, at, "action")) {
    const auto found = std::find(kActions.begin(), kActions.end(), *action);
    if (found == kActions.end()) {
      fields_.wrong_word(at + "/action", "action", *action, kActions);
    } else {
      rule.action = kValues[found - kActions.begin()];
    }
  }
  if (const auto level = fields_.string_at(object, at, "level")) {
    const auto found = std::find(kLevels.begin(), kLevels.end(), *level);
    if (found == kLevels.end()) {
      fields_.wrong_word(at + "/level", "level", *level, kLevels);
    } else {
      rule.level = static_cast<Level>(found - kLevels.begin());
    }
  } else if (fields_.faults().size() == before) {
    fields_.fault(at, "level", "missing, expected allow, ask or deny");
  }
  rule.reason = fields_.string_at(object, at, "reason").value_or("");
  rule.workspace = fields_.string_at(object, at, "workspace").value_or("");
  if (!rule.workspace.empty() && !rule.workspace.starts_with('/')) {
    fields_.fault(at + "/workspace", "workspace", "expected an absolute path");
  }
  rule.match = fields_.examples_at(object, at, "match");
  rule.not_match = fields_.examples_at(object, at, "not_match");
  rule.condition = fields_.string_at(object, at, "condition").value_or("");
  if (!rule.condition.empty()) {
    if (const auto compiled = compile_rule_condition(rule.condition); !compiled) {
      fields_.fault(at + "/condition", "condition", compiled.error().message());
    }
  }
  return fields_.faults().size() == before;
}

Error all_faults(const std::vector<std::string>& faults) {
  return {Code::kConfiguration, text::join(faults, "\n")};
}

}  // namespace

Result<RuleFile> read_rules(const yaml::Document& document, Tier tier,
                            const std::vector<std::string>& known_tools) {
  Reader reader(Place(&document, ""), tier, known_tools);
  reader.read_file(document.value);
  if (!reader.faults().empty()) {
    return fail(all_faults(reader.faults()));
  }
  return reader.take();
}

Result<Rule> rule_from_json(const json::Value& value, std::string_view where,
                            const std::vector<std::string>& known_tools) {
  Reader reader(Place(nullptr, where), Tier::kSession, known_tools);
  auto rule = reader.read_rule(value, "", "");
  if (!rule) {
    return fail(all_faults(reader.faults()));
  }
  return *std::move(rule);
}

}  // namespace oap::permission
