#include <algorithm>

#include <fmt/format.h>

#include "json/print.hpp"
#include "json/schema.hpp"
#include "text/nearest.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/definition/numbers.hpp"
#include "workflow/definition/problem_list.hpp"

namespace oap::workflow {
namespace {

struct Accepted {
  json::Object values;
  std::string problems;

  void complain(std::string message) {
    problems += (problems.empty() ? "" : "\n") + std::move(message);
  }
};

constexpr std::size_t kShortestSecret = 8;  // what a SecretScanner finds

/// Words under these are data, not schemas.
bool is_data_keyword(std::string_view key) {
  return key == "default" || key == "const" || key == "enum" || key == "examples";
}

bool says_secret(const json::Object& schema) {
  return json::get_bool(schema, "secret") || json::get_bool(schema, "writeOnly") ||
         json::get_string(schema, "format") == "password";
}

/// Whether something in a value that is secret is too short to be found where it is shown.
bool has_short(const json::Value& value) {
  if (value.is_array()) {
    return std::any_of(value.get_array().begin(), value.get_array().end(), has_short);
  }
  if (value.is_object()) {
    return std::any_of(value.get_object().begin(), value.get_object().end(),
                       [](const auto& member) { return has_short(member.value()); });
  }
  if (value.is_string()) {
    return !value.get_string().empty() && value.get_string().size() < kShortestSecret;
  }
  return value.is_number() && json::print(value).size() < kShortestSecret;
}

bool has_short_secret(const json::Value& schema, const json::Value& value) {
  const json::Object* const object = schema.if_object();
  if (object == nullptr) {
    return false;
  }
  const bool whole = !value.is_object() && !value.is_array();
  if (says_secret(*object) || (whole && is_secret_input(schema))) {
    return has_short(value);
  }
  for (const std::string_view word : {"allOf", "anyOf", "oneOf"}) {
    const json::Value* const forms = json::find(*object, word);
    if (forms != nullptr && forms->is_array() &&
        std::any_of(forms->get_array().begin(), forms->get_array().end(),
                    [&](const json::Value& form) { return has_short_secret(form, value); })) {
      return true;
    }
  }
  if (const json::Value* const items = json::find(*object, "items"); items && value.is_array()) {
    return std::any_of(value.get_array().begin(), value.get_array().end(),
                       [&](const json::Value& item) { return has_short_secret(*items, item); });
  }
  const json::Object* const properties = json::find_object(*object, "properties");
  const json::Value* const others = json::find(*object, "additionalProperties");
  return value.is_object() &&
         std::any_of(value.get_object().begin(), value.get_object().end(), [&](const auto& member) {
           const json::Value* named = properties ? json::find(*properties, member.key()) : nullptr;
           named = named == nullptr ? others : named;
           return named != nullptr && has_short_secret(*named, member.value());
         });
}

void accept(const std::string& name, const json::Value& declared, const json::Value* given,
            Accepted& out) {
  json::Value schema = declared;
  bool required = true;
  if (schema.is_object()) {
    if (const json::Value* said = json::find(schema, "required"); said && said->is_bool()) {
      required = said->get_bool();
      schema.get_object().erase("required");
    }
  }
  const json::Value* value = given != nullptr ? given : json::find(schema, "default");
  if (value == nullptr) {
    if (required) {
      const std::string_view about = json::get_string(schema, "description");
      out.complain(fmt::format("the input '{}' is missing{}", shown(name),
                               about.empty() ? "" : fmt::format(" ({})", shown(about))));
    }
    return;
  }
  const auto compiled = json::Schema::compile(schema);
  if (!compiled) {
    out.complain(fmt::format("the input '{}' has no valid schema: {}", shown(name),
                             compiled.error().to_string()));
    return;
  }
  const bool is_secret = is_secret_input(schema);
  for (const json::Violation& each : compiled->validate(*value, is_secret ? 1 : 4)) {
    out.complain(
        is_secret
            ? fmt::format("the secret input '{}' is not as its schema wants", shown(name))
            : fmt::format("the input '{}'{}: {}", shown(name), each.instance_path, each.message));
  }
  if (is_secret && has_short_secret(schema, *value)) {
    out.complain(fmt::format(
        "the secret input '{}' is or holds a text or number of fewer than {} characters, which "
        "could not be kept out of what steps show; give a longer one, or declare only those parts "
        "secret that are",
        shown(name), kShortestSecret));
  }
  json::Value accepted = *value;
  settle_numbers(accepted, schema);
  out.values[name] = std::move(accepted);
}

}  // namespace

bool is_secret_input(const json::Value& schema) {
  if (schema.is_array()) {
    return std::any_of(schema.get_array().begin(), schema.get_array().end(), is_secret_input);
  }
  if (!schema.is_object()) {
    return false;
  }
  const json::Object& object = schema.get_object();
  return says_secret(object) || std::any_of(object.begin(), object.end(), [](const auto& member) {
           return !is_data_keyword(member.key()) && is_secret_input(member.value());
         });
}

Result<json::Object> accept_inputs(const Definition& definition, const json::Object& given) {
  Accepted out;
  std::vector<std::string> names;
  for (const auto& [name, schema] : definition.inputs) {
    names.emplace_back(name);
    accept(std::string(name), schema, json::find(given, name), out);
  }
  for (const auto& [name, value] : given) {
    if (!definition.inputs.contains(name)) {
      std::string hint = text::did_you_mean(name, names);
      if (names.empty()) {
        hint = "; it takes none";
      } else if (hint.empty() && names.size() <= 12) {
        hint = fmt::format("; it takes {}", fmt::join(names, ", "));
      }
      out.complain(fmt::format("the workflow has no input '{}'{}", shown(name), hint));
    }
  }
  if (!out.problems.empty()) {
    return fail(Code::kInvalidArgument, "{}", out.problems);
  }
  return std::move(out.values);
}

}  // namespace oap::workflow
