#include "client_answers.hpp"

namespace oap::conformance {
namespace {

const json::Value* first_option(const json::Value& schema) {
  if (const json::Array* options = json::find_array(schema, "enum");
      options != nullptr && !options->empty()) {
    return &options->front();
  }
  for (const std::string_view member : {"oneOf", "anyOf"}) {
    const json::Array* options = json::find_array(schema, member);
    if (options != nullptr && !options->empty()) {
      return json::find(options->front(), "const");
    }
  }
  return json::find(schema, "const");
}

bool is_required(const json::Object& schema, std::string_view name) {
  const json::Array* required = json::find_array(schema, "required");
  if (required == nullptr) {
    return false;
  }
  for (const json::Value& one : *required) {
    if (one.is_string() && json::view(one.get_string()) == name) {
      return true;
    }
  }
  return false;
}

}  // namespace

json::Value sample(const json::Value& schema) {
  if (const json::Value* given = json::find(schema, "default"); given != nullptr) {
    return *given;
  }
  if (const json::Value* option = first_option(schema); option != nullptr) {
    return *option;
  }
  const std::string_view type = json::get_string(schema, "type");
  if (type == "integer" || type == "number") {
    return 2;
  }
  if (type == "boolean") {
    return true;
  }
  if (type == "array") {
    return json::Array{};
  }
  if (type == "object") {
    return sample_arguments(schema);
  }
  return "sample";
}

json::Object sample_arguments(const json::Value& schema) {
  json::Object arguments;
  if (const json::Object* properties = json::find_object(schema, "properties");
      properties != nullptr) {
    for (const auto& property : *properties) {
      arguments.emplace(property.key(), sample(property.value()));
    }
  }
  return arguments;
}

json::Object filled_form(const json::Object& requested_schema) {
  json::Object content;
  const json::Object* properties = json::find_object(requested_schema, "properties");
  if (properties == nullptr) {
    return content;
  }
  for (const auto& property : *properties) {
    const bool has_default = json::find(property.value(), "default") != nullptr;
    if (has_default || is_required(requested_schema, property.key())) {
      content.emplace(property.key(), sample(property.value()));
    }
  }
  if (content.empty() && !properties->empty()) {
    const auto& only = *properties->begin();
    content.emplace(only.key(), sample(only.value()));
  }
  return content;
}

mcp::Answer<json::Object> answer_to(const std::string& method, const json::Object& params) {
  if (method == "roots/list") {
    return json::Object{{"roots", json::Array{}}};
  }
  if (method == "sampling/createMessage") {
    return json::Object{{"role", "assistant"},
                        {"content", json::Object{{"type", "text"}, {"text", "a sample"}}},
                        {"model", "sample"},
                        {"stopReason", "endTurn"}};
  }
  if (method == "elicitation/create") {
    const json::Object* schema = json::find_object(params, "requestedSchema");
    json::Object content = schema == nullptr ? json::Object{} : filled_form(*schema);
    return json::Object{{"action", "accept"}, {"content", std::move(content)}};
  }
  return mcp::refused(jsonrpc::kMethodNotFound, "this client answers no " + method);
}

}  // namespace oap::conformance
