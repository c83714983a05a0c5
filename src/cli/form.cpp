#include "cli/form.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "json/schema.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

std::string safe(std::string_view text) { return text::escape_visible(text); }

std::string plain(const json::Value& value) {
  return value.is_string() ? std::string(json::view(value.get_string())) : json::print(value);
}

/// enum with enumNames, or oneOf / anyOf of {const, title}.
std::vector<FormField::Choice> choices_of(const json::Value& schema) {
  std::vector<FormField::Choice> choices;
  if (const json::Array* const values = json::find_array(schema, "enum")) {
    const json::Array* const names = json::find_array(schema, "enumNames");
    for (std::size_t i = 0; i < values->size(); ++i) {
      const std::string value = plain((*values)[i]);
      const bool named = names != nullptr && i < names->size();
      choices.push_back({value, named ? plain((*names)[i]) : value});
    }
    return choices;
  }
  for (const char* const key : {"oneOf", "anyOf"}) {
    if (const json::Array* const each = json::find_array(schema, key)) {
      for (const json::Value& one : *each) {
        if (const json::Value* const value = json::find(one, "const")) {
          const std::string text = plain(*value);
          choices.push_back({text, std::string(json::get_string(one, "title", text))});
        }
      }
    }
  }
  return choices;
}

Result<FormField> field_of(std::string_view name, const json::Value& schema) {
  FormField field;
  field.name = name;
  field.schema = schema;
  field.title = json::get_string(schema, "title", name);
  field.description = json::get_string(schema, "description");
  field.type = json::get_string(schema, "type", "string");
  static constexpr std::string_view kTypes[] = {"string", "number", "integer", "boolean", "array"};
  if (std::find(std::begin(kTypes), std::end(kTypes), field.type) == std::end(kTypes)) {
    return fail(Code::kInvalidArgument, "the field {} is of a type that a form cannot have: {}",
                safe(name), safe(field.type));
  }
  const json::Value* const items = json::find(schema, "items");
  field.choices = choices_of(field.type == "array" && items != nullptr ? *items : schema);
  if (field.type == "array" && field.choices.empty()) {
    return fail(Code::kInvalidArgument, "the field {} is a list without choices", safe(name));
  }
  if (const json::Value* const fallback = json::find(schema, "default")) {
    field.fallback = *fallback;
  }
  return field;
}

std::string shown_default(const FormField& field) {
  if (!field.fallback) {
    return "";
  }
  if (const json::Array* const items = field.fallback->if_array()) {
    std::string all;
    for (const json::Value& item : *items) {
      all += (all.empty() ? "" : ", ") + plain(item);
    }
    return all;
  }
  return plain(*field.fallback);
}

const FormField::Choice* find_choice(const FormField& field, std::string_view typed) {
  for (const FormField::Choice& choice : field.choices) {
    if (choice.value == typed || choice.title == typed) {
      return &choice;
    }
  }
  std::size_t number = 0;
  const char* const end = typed.data() + typed.size();
  const auto parsed = std::from_chars(typed.data(), end, number);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == end;
  return whole && number >= 1 && number <= field.choices.size() ? &field.choices[number - 1]
                                                                : nullptr;
}

Result<json::Value> choose(const FormField& field, std::string_view typed) {
  if (const FormField::Choice* choice = find_choice(field, typed)) {
    return json::Value(json::String(choice->value));
  }
  return fail(Code::kInvalidArgument, "type one of the names, or a number from 1 to {}",
              field.choices.size());
}

Result<json::Value> value_of(const FormField& field, std::string_view typed) {
  if (field.type == "array") {
    json::Array chosen;
    for (const std::string_view part : text::split(typed, ',')) {
      OAP_TRY(json::Value one, choose(field, text::trim(part)));
      if (std::find(chosen.begin(), chosen.end(), one) == chosen.end()) {
        chosen.push_back(std::move(one));
      }
    }
    return json::Value(std::move(chosen));
  }
  if (!field.choices.empty()) {
    return choose(field, typed);
  }
  if (field.type == "boolean") {
    const std::string word = text::lower_ascii(typed);
    if (word == "y" || word == "yes" || word == "true") {
      return json::Value(true);
    }
    if (word == "n" || word == "no" || word == "false") {
      return json::Value(false);
    }
    return fail(Code::kInvalidArgument, "type yes or no");
  }
  if (field.type == "string") {
    return json::Value(json::String(typed));
  }
  const auto number = json::parse(typed);
  if (!number || !(number->is_number())) {
    return fail(Code::kInvalidArgument, "type {}",
                field.type == "integer" ? "a whole number" : "a number");
  }
  return *number;
}

}  // namespace

Result<std::vector<FormField>> form_fields(const json::Object& requested_schema) {
  std::vector<FormField> fields;
  const json::Object* const properties = json::find_object(requested_schema, "properties");
  const json::Array* const required = json::find_array(requested_schema, "required");
  if (properties == nullptr) {
    return fields;
  }
  for (const auto& pair : *properties) {
    OAP_TRY(FormField field, field_of(pair.key(), pair.value()));
    field.required = required != nullptr && std::find(required->begin(), required->end(),
                                                      json::Value(pair.key())) != required->end();
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string field_prompt(const FormField& field) {
  std::string text = "  " + safe(field.title);
  if (field.title != field.name) {
    text += " (" + safe(field.name) + ")";
  }
  if (!field.description.empty()) {
    text += ": " + safe(field.description);
  }
  text += "\n";
  for (std::size_t i = 0; i < field.choices.size(); ++i) {
    const FormField::Choice& choice = field.choices[i];
    text += fmt::format("    {}. {}{}\n", i + 1, safe(choice.title),
                        choice.title == choice.value ? "" : " (" + safe(choice.value) + ")");
  }
  std::string hint = field.type;
  if (field.type == "array") {
    hint = "one or more, with commas";
  } else if (!field.choices.empty()) {
    hint = "one of them";
  } else if (field.type == "boolean") {
    hint = "yes or no";
  }
  const std::string format(json::get_string(field.schema, "format"));
  if (!format.empty()) {
    hint += ", " + safe(format);
  }
  if (const std::string fallback = shown_default(field); !fallback.empty()) {
    hint += "; Enter: " + safe(fallback);
  } else if (!field.required) {
    hint += "; Enter: none";
  }
  return text + "    [" + hint + "] ";
}

Result<std::optional<json::Value>> read_field(const FormField& field, std::string_view typed) {
  const std::string_view text = text::trim(typed);
  if (text.empty()) {
    if (field.fallback) {
      return field.fallback;
    }
    if (!field.required) {
      return std::optional<json::Value>();
    }
    return fail(Code::kInvalidArgument, "this one is needed");
  }
  OAP_TRY(json::Value value, value_of(field, text));
  json::Schema::Options options;
  options.assert_formats = true;
  if (const auto schema = json::Schema::compile(field.schema, options)) {
    const auto broken = schema->validate(value, 1);
    if (!broken.empty()) {
      return fail(Code::kInvalidArgument, "{}", safe(broken.front().message));
    }
  }
  return std::optional<json::Value>(std::move(value));
}

}  // namespace oap::cli
