#include "workflow/definition/tool_check.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "json/pointer.hpp"
#include "text/nearest.hpp"
#include "workflow/definition/expression.hpp"
#include "workflow/definition/problem_list.hpp"
#include "workflow/definition/step_reader.hpp"

namespace oap::workflow {
namespace {

struct CodeTool {
  std::string_view tool;
  std::string_view argument;
};

constexpr std::array<CodeTool, 14> kCodeTools = {{{"bash", "command"},
                                                  {"sh", "command"},
                                                  {"shell", "command"},
                                                  {"zsh", "command"},
                                                  {"exec", "command"},
                                                  {"run_command", "command"},
                                                  {"execute_command", "command"},
                                                  {"terminal", "command"},
                                                  {"python", "code"},
                                                  {"run_python", "code"},
                                                  {"execute_code", "code"},
                                                  {"node", "code"},
                                                  {"eval", "code"},
                                                  {"sql", "query"}}};

/// The name that JSON Schema gives the values of a static type; empty where many are possible.
std::string_view schema_name(const expr::Type& type) {
  using expr::TypeKind;
  struct Row {
    TypeKind kind;
    std::string_view name;
  };
  constexpr std::array<Row, 12> kRows = {{{TypeKind::kNull, "null"},
                                          {TypeKind::kBool, "boolean"},
                                          {TypeKind::kInt, "integer"},
                                          {TypeKind::kUint, "integer"},
                                          {TypeKind::kDouble, "number"},
                                          {TypeKind::kString, "string"},
                                          {TypeKind::kBytes, "string"},
                                          {TypeKind::kTimestamp, "string"},
                                          {TypeKind::kDuration, "string"},
                                          {TypeKind::kList, "array"},
                                          {TypeKind::kMap, "object"},
                                          {TypeKind::kObject, "object"}}};
  const auto found = std::find_if(kRows.begin(), kRows.end(),
                                  [&type](const Row& row) { return type.is(row.kind); });
  return found == kRows.end() ? "" : found->name;
}

bool takes(std::string_view wanted, std::string_view given) {
  return wanted == given || (wanted == "number" && given == "integer") ||
         (wanted == "integer" && given == "number");
}

/// The types that the schema of a member allows, where it says so plainly.
std::vector<std::string> allowed_types(const json::Value& schema, const std::string& name) {
  const json::Object* properties = json::find_object(schema, "properties");
  const json::Value* member = properties == nullptr ? nullptr : json::find(*properties, name);
  const json::Value* type = member == nullptr ? nullptr : json::find(*member, "type");
  std::vector<std::string> out;
  if (type != nullptr && type->is_string()) {
    out.emplace_back(json::view(type->get_string()));
  } else if (type != nullptr && type->is_array()) {
    for (const json::Value& each : type->get_array()) {
      if (each.is_string()) {
        out.emplace_back(json::view(each.get_string()));
      }
    }
  }
  return out;
}

std::vector<std::string> property_names(const json::Value& schema) {
  std::vector<std::string> out;
  if (const json::Object* properties = json::find_object(schema, "properties")) {
    for (const auto& [name, member] : *properties) {
      out.emplace_back(name);
    }
  }
  return out;
}

/// The member that an instance path begins with; "" for the whole.
std::string first_member(const std::string& pointer) {
  const auto tokens = json::pointer_tokens(pointer);
  return tokens && !tokens->empty() ? tokens->front() : "";
}

}  // namespace

std::optional<std::string_view> code_argument(std::string_view tool) {
  const auto found = std::find_if(kCodeTools.begin(), kCodeTools.end(),
                                  [tool](const CodeTool& each) { return each.tool == tool; });
  return found == kCodeTools.end() ? std::nullopt : std::optional(found->argument);
}

const ToolCheck::Known& ToolCheck::known(const ToolStep& tool) {
  const auto [place, fresh] = known_.try_emplace({tool.server, tool.tool});
  Known& known = place->second;
  if (!fresh) {
    return known;
  }
  Result<const json::Value*> source = tools_->input_schema(tool.server, tool.tool);
  if (!source) {
    known.problem = source.error().message();
    return known;
  }
  known.source = *source;
  if (*source != nullptr) {
    if (Result<json::Schema> schema = json::Schema::compile(**source)) {
      known.schema = *std::move(schema);
    }
  }
  return known;
}

std::vector<std::string> ToolCheck::check(const ToolStep& tool,
                                          const std::map<std::string, expr::Type>& types) {
  std::vector<std::string> out;
  if (tools_ == nullptr || tool.tool == kUnread) {
    return out;
  }
  const Known& known = this->known(tool);
  if (!known.problem.empty()) {
    out.push_back(known.problem);
  }
  if (!known.schema) {
    return out;
  }
  json::Object literal;
  for (const auto& [name, value] : tool.arguments) {
    if (!has_template(value)) {
      literal[name] = value;
    }
  }
  const std::vector<std::string> properties = property_names(*known.source);
  const bool closed = !json::get_bool(*known.source, "additionalProperties", true);
  for (const json::Violation& each : known.schema->validate(literal, 32)) {
    const std::string member = first_member(each.instance_path);
    const bool computed =
        each.instance_path.empty() && each.keyword != "additionalProperties" &&
        std::any_of(tool.arguments.begin(), tool.arguments.end(), [&](const auto& argument) {
          return has_template(argument.value()) &&
                 (each.keyword != "required" ||
                  each.message.find("'" + std::string(argument.key()) + "'") != std::string::npos);
        });
    if (computed) {
      continue;
    }
    out.push_back(fmt::format(
        "argument{} of the tool '{}': {}{}", member.empty() ? "s" : " '" + shown(member) + "'",
        shown(tool.tool), each.message,
        member.empty() || each.message.find("did you mean") != std::string::npos
            ? ""
            : text::did_you_mean(member, properties)));
  }
  for (const auto& [name, type] : types) {
    if (closed && std::find(properties.begin(), properties.end(), name) == properties.end()) {
      out.push_back(fmt::format("the tool '{}' has no argument '{}'{}", shown(tool.tool),
                                shown(name), text::did_you_mean(name, properties)));
      continue;
    }
    const std::string_view given = schema_name(type);
    const std::vector<std::string> wanted = allowed_types(*known.source, name);
    const bool fits = std::any_of(wanted.begin(), wanted.end(),
                                  [given](const std::string& each) { return takes(each, given); });
    if (!given.empty() && !wanted.empty() && !fits) {
      out.push_back(fmt::format("argument '{}' of the tool '{}' is {}, but {} is wanted",
                                shown(name), shown(tool.tool), given, fmt::join(wanted, " or ")));
    }
  }
  return out;
}

}  // namespace oap::workflow
