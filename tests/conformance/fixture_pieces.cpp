#include "fixture_service.hpp"
#include "json/parse.hpp"

namespace oap::conformance {
namespace {

/// A red pixel, and 16 silent samples.
constexpr std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg"
    "gg==";
constexpr std::string_view kWav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

}  // namespace

json::Object parse_object(std::string_view text) {
  auto object = json::parse_object(text);
  if (!object) {
    std::abort();
  }
  return *std::move(object);
}

json::Object text_block(std::string_view text) { return {{"type", "text"}, {"text", text}}; }
json::Object image_block() {
  return {{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}};
}
json::Object audio_block() {
  return {{"type", "audio"}, {"data", kWav}, {"mimeType", "audio/wav"}};
}

json::Object tool_result(json::Array content, bool is_error) {
  json::Object result{{"content", std::move(content)}};
  if (is_error) {
    result["isError"] = true;
  }
  return result;
}

json::Object text_result(std::string_view text, bool is_error) {
  json::Array content;
  content.push_back(text_block(text));
  return tool_result(std::move(content), is_error);
}

json::Object object_schema(json::Object properties, json::Array required) {
  json::Object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) {
    schema["required"] = std::move(required);
  }
  return schema;
}

json::Object definition(std::string_view name, std::string_view description, json::Object schema) {
  return {{"name", name}, {"description", description}, {"inputSchema", std::move(schema)}};
}

}  // namespace oap::conformance
