#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "config/checker.hpp"
#include "config/expand.hpp"
#include "config/size.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "yaml/scalar.hpp"

namespace oap::config {
namespace {

using Kind = Shape::Kind;
using Format = Shape::Format;

bool is_number(const json::Value& value) {
  return value.is_int64() || value.is_uint64() || value.is_double();
}

double as_double(const json::Value& value) {
  if (value.is_double()) {
    return value.get_double();
  }
  return value.is_int64() ? static_cast<double>(value.get_int64())
                          : static_cast<double>(value.get_uint64());
}

bool is_url(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text::starts_with_ci(text, scheme)) {
      continue;
    }
    const std::string_view host = text.substr(scheme.size());
    return !host.empty() && host[0] != '/' && host[0] != ':' && host[0] != '?' && host[0] != '#' &&
           std::none_of(host.begin(), host.end(), [](char c) {
             return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '\\';
           });
  }
  return false;
}

}  // namespace

std::string shown(std::string_view text) {
  const std::string_view cut = text::truncate_utf8(text, 60);
  return text::escape_visible(cut) + (cut.size() < text.size() ? "..." : "");
}

std::string describe(const json::Value& value) {
  if (value.is_string()) {
    return "the text \"" + shown(json::view(value.get_string())) + "\"";
  }
  if (value.is_bool()) {
    return value.get_bool() ? "true" : "false";
  }
  if (value.is_null()) {
    return "nothing";
  }
  if (value.is_array()) {
    return "a list";
  }
  if (value.is_object()) {
    return "a map";
  }
  return value.is_double()  ? fmt::format("the number {}", value.get_double())
         : value.is_int64() ? fmt::format("the number {}", value.get_int64())
                            : fmt::format("the number {}", value.get_uint64());
}

Found Checker::expanded(const Shape& shape, const json::Value& value, const Place& place) {
  const std::string_view text = json::view(value.get_string());
  if (!has_variables(text)) {
    return value;
  }
  if (!options_.trusted) {
    withhold(place);
    return std::nullopt;
  }
  Result<Expanded> result = expand(text, options_.env);
  if (!result) {
    problem(place, result.error().message());
    return std::nullopt;
  }
  const bool free_text =
      shape.kind == Kind::kCommand || (shape.kind == Kind::kText && shape.choices.empty());
  for (const std::string& secret : result->values) {
    if (free_text && secret.size() >= kLeastSecret) {
      out_.secrets.push_back(secret);
    }
  }
  const bool typed =
      shape.kind == Kind::kBool || shape.kind == Kind::kInteger || shape.kind == Kind::kNumber;
  if (typed) {
    const Result<json::Value> scalar = yaml::resolve_plain(text::trim(result->text));
    if (scalar) {
      return *scalar;
    }
  }
  return json::Value(json::String(result->text));
}

Found Checker::chosen(const Shape& shape, const std::string& text, const Place& place) {
  for (const auto& [alias, meaning] : shape.aliases) {
    if (text == alias) {
      return json::Value(json::String(meaning));
    }
  }
  if (std::find(shape.choices.begin(), shape.choices.end(), text) != shape.choices.end()) {
    return json::Value(json::String(text));
  }
  const auto& unbuilt = shape.unbuilt_choices;
  if (std::find(unbuilt.begin(), unbuilt.end(), text) != unbuilt.end()) {
    problem(place, fmt::format("{} is not available in this version; use {}", text,
                               text::join(shape.choices, " or ")));
    return std::nullopt;
  }
  const json::Value value(json::String{text});
  return mismatch(shape, value, place, text::did_you_mean(text, shape.choices));
}

Found Checker::text(const Shape& shape, const json::Value& value, const Place& place) {
  if (!value.is_string()) {
    const bool quotable = is_number(value) || value.is_bool();
    return mismatch(shape, value, place, quotable ? "; write it in quotes" : "");
  }
  const std::string text(json::view(value.get_string()));
  if (!shape.choices.empty()) {
    return chosen(shape, text, place);
  }
  if (text.empty() && shape.format != Format::kAnything && shape.format != Format::kHeaderValue) {
    return mismatch(shape, value, place, "; remove the key or write a value");
  }
  if (text.find('\0') != std::string::npos) {
    problem(place, "text cannot contain a NUL character");
    return std::nullopt;
  }
  const bool one_line = text.find_first_of("\r\n") == std::string::npos;
  if ((shape.format == Format::kUrl && !is_url(text)) ||
      (shape.format == Format::kHeaderValue && !one_line) ||
      (shape.format == Format::kVariable && !name_fits(Shape::Names::kVariable, text))) {
    return mismatch(shape, value, place);
  }
  return value;
}

Found Checker::number(const Shape& shape, const json::Value& value, const Place& place) {
  if (!is_number(value)) {
    return mismatch(shape, value, place);
  }
  const double number = as_double(value);
  const bool whole = shape.kind == Kind::kNumber || std::trunc(number) == number;
  if (!whole || number < *shape.minimum || number > *shape.maximum) {
    return mismatch(shape, value, place);
  }
  return shape.kind == Kind::kNumber ? json::Value(value)
                                     : json::Value(static_cast<std::int64_t>(number));
}

Found Checker::size(const Shape& shape, const json::Value& value, const Place& place) {
  if (value.is_string()) {
    const auto bytes = parse_size(json::view(value.get_string()));
    return bytes ? Found(json::Value(*bytes)) : mismatch(shape, value, place);
  }
  if (value.is_int64() && value.get_int64() > 0) {
    return json::Value(static_cast<std::uint64_t>(value.get_int64()));
  }
  return mismatch(shape, value, place);
}

}  // namespace oap::config
