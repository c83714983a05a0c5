#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "json/compare.hpp"
#include "json/print.hpp"
#include "json/schema_evaluate.hpp"
#include "text/utf8.hpp"

namespace oap::json {
namespace {

unsigned type_bits(const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return kNullBit;
    case boost::json::kind::bool_:
      return kBooleanBit;
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
      return kIntegerBit | kNumberBit;
    case boost::json::kind::double_:
      return is_integer(value) ? kIntegerBit | kNumberBit : kNumberBit;
    case boost::json::kind::string:
      return kStringBit;
    case boost::json::kind::array:
      return kArrayBit;
    case boost::json::kind::object:
      return kObjectBit;
  }
  return 0;
}

std::string wanted_types(unsigned bits) {
  constexpr std::pair<unsigned, std::string_view> kNames[] = {
      {kStringBit, "a string"},   {kIntegerBit, "an integer"}, {kNumberBit, "a number"},
      {kBooleanBit, "a boolean"}, {kArrayBit, "an array"},     {kObjectBit, "an object"},
      {kNullBit, "null"},
  };
  std::string out;
  for (const auto& [bit, name] : kNames) {
    if ((bits & bit) != 0) {
      out += (out.empty() ? "" : " or ") + std::string(name);
    }
  }
  return out;
}

std::string found_type(const Value& value) {
  const std::string_view name = type_name(value);
  if (name == "null") {
    return "null";
  }
  return (name == "integer" || name == "array" || name == "object" ? "an " : "a ") +
         std::string(name);
}

/// A value for a message: not too long, nothing invisible in it.
std::string shown(const Value& value) {
  const std::string text = print(value);
  const std::string_view cut = text::truncate_utf8(text, 60);
  return text::escape_visible(cut) + (cut.size() < text.size() ? "..." : "");
}

}  // namespace

bool Evaluator::check_values(const Node& node, const Value& instance, const Path& path) {
  bool ok = true;
  if (node.types != 0 && (type_bits(instance) & node.types) == 0) {
    ok = report(
        node, path, "type",
        fmt::format("expected {}, found {}", wanted_types(node.types), found_type(instance)));
  }
  if (node.constant != nullptr && !done(ok) && !equal(instance, *node.constant)) {
    ok = report(node, path, "const",
                fmt::format("must be {}, found {}", shown(*node.constant), shown(instance)));
  }
  if (node.enumeration != nullptr && !done(ok)) {
    bool listed = !spend(node, path, node.enumeration->size() / 16);
    std::string names;
    for (const Value& choice : *node.enumeration) {
      listed = listed || equal(instance, choice);
      if (reporting() && names.size() < 200) {
        names += (names.empty() ? "" : ", ") + shown(choice);
      }
    }
    if (!listed) {
      ok = report(node, path, "enum",
                  fmt::format("must be one of {}, found {}", names, shown(instance)));
    }
  }
  if (done(ok)) {
    return false;
  }
  if (node.numbers && is_number(instance)) {
    ok = check_number(node, instance, path) && ok;
  }
  if (node.strings && instance.is_string()) {
    ok = check_string(node, view(instance.get_string()), path) && ok;
  }
  return ok;
}

bool Evaluator::check_number(const Node& node, const Value& instance, const Path& path) {
  const NumberRules& rules = *node.numbers;
  bool ok = true;
  const auto check_bound = [&](const Value* bound, std::string_view keyword, bool holds_so,
                               std::string_view words) {
    if (bound != nullptr && !holds_so) {
      ok = report(node, path, keyword,
                  fmt::format("must be {} {}, found {}", words, shown(*bound), shown(instance)));
    }
  };
  const auto order = [&](const Value* bound) {
    return bound == nullptr ? std::strong_ordering::equal : compare_numbers(instance, *bound);
  };
  check_bound(rules.maximum, "maximum", order(rules.maximum) <= 0, "at most");
  check_bound(rules.minimum, "minimum", order(rules.minimum) >= 0, "at least");
  check_bound(rules.exclusive_maximum, "exclusiveMaximum", order(rules.exclusive_maximum) < 0,
              "less than");
  check_bound(rules.exclusive_minimum, "exclusiveMinimum", order(rules.exclusive_minimum) > 0,
              "more than");
  check_bound(rules.multiple_of, "multipleOf",
              rules.multiple_of == nullptr || is_multiple_of(instance, *rules.multiple_of),
              "a multiple of");
  return ok;
}

bool Evaluator::check_string(const Node& node, std::string_view text, const Path& path) {
  const StringRules& rules = *node.strings;
  bool ok = true;
  if (rules.max_length || rules.min_length) {
    ok = check_length(node, path, text::code_point_count(text),
                      {rules.min_length, rules.max_length}, "Length", "character");
  }
  if (rules.pattern && !done(ok) && !rules.pattern->search(text)) {
    ok = report(node, path, "pattern",
                fmt::format("must match the pattern {}, found {}", rules.pattern_source,
                            shown(Value(text))));
  }
  if (rules.format != nullptr && !done(ok) && !rules.format(text)) {
    ok = report(node, path, "format",
                fmt::format("must be a valid {}, found {}", rules.format_name, shown(Value(text))));
  }
  return ok;
}

bool Evaluator::check_length(
    const Node& node, const Path& path, std::size_t size,
    const std::pair<std::optional<std::uint64_t>, std::optional<std::uint64_t>>& range,
    std::string_view keywords, std::string_view noun) {
  const auto amount = [noun](std::uint64_t count) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
  };
  bool ok = true;
  if (range.first && size < *range.first) {
    ok = report(node, path, "min" + std::string(keywords),
                fmt::format("must have at least {}, has {}", amount(*range.first), size));
  }
  if (range.second && size > *range.second) {
    ok = report(node, path, "max" + std::string(keywords),
                fmt::format("must have at most {}, has {}", amount(*range.second), size));
  }
  return ok;
}

}  // namespace oap::json
