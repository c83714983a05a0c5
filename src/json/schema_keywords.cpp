#include "json/schema_keywords.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "json/compare.hpp"
#include "json/pointer.hpp"
#include "text/ecma_regex.hpp"
#include "text/nearest.hpp"

namespace oap::json {
namespace {

constexpr std::pair<std::string_view, unsigned> kTypes[] = {
    {"null", kNullBit},     {"boolean", kBooleanBit}, {"integer", kIntegerBit},
    {"number", kNumberBit}, {"string", kStringBit},   {"array", kArrayBit},
    {"object", kObjectBit},
};

Result<unsigned> type_bit(const KeywordReader& reader, const Value& value) {
  const std::string_view name = value.is_string() ? view(value.get_string()) : "";
  std::vector<std::string> names;
  for (const auto& [known, bit] : kTypes) {
    if (known == name) {
      return bit;
    }
    names.emplace_back(known);
  }
  return fail(reader.problem(
      "type", fmt::format("'{}' is no type{}", name, text::did_you_mean(name, names))));
}

Result<void> read_type(Node& node, const KeywordReader& reader) {
  const Value* value = reader.find("type");
  if (value == nullptr) {
    return {};
  }
  if (!value->is_array()) {
    OAP_TRY(node.types, type_bit(reader, *value));
    return {};
  }
  if (value->get_array().empty()) {
    return fail(reader.problem("type", "the list must not be empty"));
  }
  for (const Value& item : value->get_array()) {
    OAP_TRY(const unsigned bit, type_bit(reader, item));
    node.types |= bit;
  }
  return {};
}

Result<void> read_numbers(Node& node, const KeywordReader& reader, const Dialect& dialect) {
  NumberRules rules;
  OAP_TRY(rules.multiple_of, reader.number("multipleOf"));
  if (rules.multiple_of != nullptr && compare_numbers(*rules.multiple_of, Value(0)) <= 0) {
    return fail(reader.problem("multipleOf", "must be above zero"));
  }
  OAP_TRY(rules.maximum, reader.number("maximum"));
  OAP_TRY(rules.minimum, reader.number("minimum"));
  const bool flags = dialect.draft == Dialect::Draft::k4;
  if (flags) {
    OAP_TRY(const bool above, reader.flag("exclusiveMaximum"));
    OAP_TRY(const bool below, reader.flag("exclusiveMinimum"));
    if (above) {
      rules.exclusive_maximum = std::exchange(rules.maximum, nullptr);
    }
    if (below) {
      rules.exclusive_minimum = std::exchange(rules.minimum, nullptr);
    }
  } else {
    OAP_TRY(rules.exclusive_maximum, reader.number("exclusiveMaximum"));
    OAP_TRY(rules.exclusive_minimum, reader.number("exclusiveMinimum"));
  }
  if (rules.multiple_of != nullptr || rules.maximum != nullptr || rules.minimum != nullptr ||
      rules.exclusive_maximum != nullptr || rules.exclusive_minimum != nullptr) {
    node.numbers = rules;
  }
  return {};
}

Result<void> read_strings(Node& node, const KeywordReader& reader) {
  StringRules rules;
  OAP_TRY(rules.max_length, reader.count("maxLength"));
  OAP_TRY(rules.min_length, reader.count("minLength"));
  if (reader.has("pattern")) {
    OAP_TRY(const std::string_view source, reader.text("pattern"));
    OAP_TRY(rules.pattern, reader.regex("pattern", source));
    rules.pattern_source = source;
  }
  if (rules.max_length || rules.min_length || rules.pattern) {
    node.strings = std::move(rules);
  }
  return {};
}

Result<void> read_arrays(Node& node, const KeywordReader& reader, const Dialect& dialect) {
  ArrayRules& rules = node.arrays.emplace();
  OAP_TRY(rules.max_items, reader.count("maxItems"));
  OAP_TRY(rules.min_items, reader.count("minItems"));
  OAP_TRY(rules.unique, reader.flag("uniqueItems"));
  if (dialect.draft >= Dialect::Draft::k2019) {
    OAP_TRY(rules.max_contains, reader.count("maxContains"));
    OAP_TRY(const std::optional<std::uint64_t> least, reader.count("minContains"));
    rules.min_contains = least.value_or(1);
  }
  return {};
}

Result<void> read_objects(Node& node, const KeywordReader& reader, const Dialect& dialect) {
  ObjectRules& rules = node.objects.emplace();
  OAP_TRY(rules.max_properties, reader.count("maxProperties"));
  OAP_TRY(rules.min_properties, reader.count("minProperties"));
  if (const Value* required = reader.find("required")) {
    OAP_TRY(rules.required, reader.texts("required", *required));
  }
  if (dialect.draft < Dialect::Draft::k2019) {
    return {};
  }
  OAP_TRY(const Object* dependent, reader.object("dependentRequired"));
  if (dependent != nullptr) {
    for (const auto& member : *dependent) {
      OAP_TRY(std::vector<std::string> names, reader.texts("dependentRequired", member.value()));
      rules.dependent_required.emplace_back(std::string(member.key()), std::move(names));
    }
  }
  return {};
}

}  // namespace

Error KeywordReader::problem(std::string_view keyword, std::string_view message) const {
  return {Code::kInvalidArgument,
          fmt::format("schema at '{}': {}", pointer_join(pointer_, keyword), message)};
}

Result<std::string_view> KeywordReader::text(std::string_view keyword) const {
  const Value* value = find(keyword);
  if (value == nullptr || !value->is_string()) {
    return fail(problem(keyword, "must be a string"));
  }
  return view(value->get_string());
}

Result<const Array*> KeywordReader::array(std::string_view keyword) const {
  const Value* value = find(keyword);
  if (value != nullptr && !value->is_array()) {
    return fail(problem(keyword, "must be an array"));
  }
  return value == nullptr ? nullptr : &value->get_array();
}

Result<const Object*> KeywordReader::object(std::string_view keyword) const {
  const Value* value = find(keyword);
  if (value != nullptr && !value->is_object()) {
    return fail(problem(keyword, "must be an object"));
  }
  return value == nullptr ? nullptr : &value->get_object();
}

Result<const Value*> KeywordReader::number(std::string_view keyword) const {
  const Value* value = find(keyword);
  if (value != nullptr && !is_number(*value)) {
    return fail(problem(keyword, "must be a number"));
  }
  return value;
}

Result<std::optional<std::uint64_t>> KeywordReader::count(std::string_view keyword) const {
  const Value* value = find(keyword);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!is_number(*value) || !is_integer(*value) || compare_numbers(*value, Value(0)) < 0) {
    return fail(problem(keyword, "must be a whole number, zero or more"));
  }
  if (value->is_int64()) {
    return static_cast<std::uint64_t>(value->get_int64());
  }
  if (value->is_uint64()) {
    return value->get_uint64();
  }
  const double number = value->get_double();
  return number >= 0x1p63 ? UINT64_MAX : static_cast<std::uint64_t>(number);
}

Result<bool> KeywordReader::flag(std::string_view keyword) const {
  const Value* value = find(keyword);
  if (value != nullptr && !value->is_bool()) {
    return fail(problem(keyword, "must be true or false"));
  }
  return value != nullptr && value->get_bool();
}

Result<std::vector<std::string>> KeywordReader::texts(std::string_view keyword,
                                                      const Value& value) const {
  const Array* items = value.if_array();
  std::vector<std::string> out;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    const String* text = (*items)[i].if_string();
    if (text == nullptr || !seen.insert(view(*text)).second) {
      return fail(problem(keyword, "must be an array of different strings"));
    }
    out.emplace_back(view(*text));
  }
  if (items == nullptr) {
    return fail(problem(keyword, "must be an array of different strings"));
  }
  return out;
}

Result<text::Regex> KeywordReader::regex(std::string_view keyword, std::string_view source) const {
  const Result<std::string> translated = text::ecma_to_re2(source);
  if (!translated) {
    return fail(problem(keyword, translated.error().message()));
  }
  Result<text::Regex> regex = text::Regex::compile(*translated);
  if (!regex) {
    return fail(problem(keyword, regex.error().message()));
  }
  return regex;
}

Result<void> read_validation(Node& node, const KeywordReader& reader, const Dialect& dialect) {
  OAP_CHECK_OK(read_type(node, reader));
  if (dialect.draft >= Dialect::Draft::k6) {
    node.constant = reader.find("const");
  }
  OAP_TRY(node.enumeration, reader.array("enum"));
  OAP_CHECK_OK(read_numbers(node, reader, dialect));
  OAP_CHECK_OK(read_strings(node, reader));
  OAP_CHECK_OK(read_arrays(node, reader, dialect));
  return read_objects(node, reader, dialect);
}

Result<void> read_format(Node& node, const KeywordReader& reader) {
  if (!reader.has("format")) {
    return {};
  }
  OAP_TRY(const std::string_view name, reader.text("format"));
  const FormatCheck check = find_format(name);
  if (check == nullptr) {
    return {};
  }
  StringRules& rules = node.strings ? *node.strings : node.strings.emplace();
  rules.format = check;
  rules.format_name = name;
  return {};
}

}  // namespace oap::json
