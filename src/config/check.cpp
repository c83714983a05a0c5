#include "config/check.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/checker.hpp"
#include "config/expand.hpp"
#include "config/merge.hpp"
#include "config/shapes.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::config {
namespace {

using Kind = Shape::Kind;

constexpr std::size_t kMostProblems = 200;

bool names_a_secret(std::string_view name) {
  const std::string lower = text::lower_ascii(name);
  for (const std::string_view word : {"key", "token", "secret", "password", "auth", "cookie"}) {
    if (text::contains(lower, word)) {
      return true;
    }
  }
  return false;
}

/// Whether a further name of the shape says what makes it one.
bool is_told(const Shape& shape, const json::Value& value) {
  return shape.told_by.empty() ||
         std::any_of(shape.told_by.begin(), shape.told_by.end(), [&value](const std::string& key) {
           return json::find(value, key) != nullptr;
         });
}

}  // namespace

Place Place::member(std::string_view name) const {
  return {pointer + "/" + pointer_token(name), key.empty() ? shown(name) : key + "." + shown(name)};
}

Place Place::item(std::size_t index) const {
  return {fmt::format("{}/{}", pointer, index), fmt::format("{}[{}]", key, index)};
}

void Checker::problem(const Place& place, std::string message) {
  if (out_.problems.size() < kMostProblems) {
    out_.problems.push_back(
        {document_.file, document_.line(place.pointer), place.key, std::move(message)});
  }
}

void Checker::withhold(const Place& place) {
  if (!in_withheld_) {
    out_.withheld.push_back(document_.where(place.pointer) + ": " + place.key);
  }
}

void Checker::withhold_all(const Shape& shape, const json::Value& value, const Place& place) {
  if (!shape.element || !value.is_object()) {
    return withhold(place);
  }
  for (const auto& pair : value.get_object()) {
    withhold(place.member(pair.key()));
  }
}

Found Checker::mismatch(const Shape& shape, const json::Value& value, const Place& place,
                        std::string_view advice) {
  const std::string got = shape.secret ? "something else" : describe(value);
  problem(place, fmt::format("expected {}, not {}{}", expected(shape), got, advice));
  return std::nullopt;
}

Found Checker::value(const Shape& shape, const json::Value& given, const Place& place) {
  if (shape.kind == Kind::kAny) {
    return given;
  }
  const bool container =
      shape.kind == Kind::kList || shape.kind == Kind::kMap || shape.kind == Kind::kObject;
  if (given.is_null() && container) {
    return std::nullopt;
  }
  json::Value value = given;
  if (value.is_string() && !container) {
    Found replaced = expanded(shape, value, place);
    if (!replaced) {
      return std::nullopt;
    }
    value = *std::move(replaced);
  }
  switch (shape.kind) {
    case Kind::kText:
      return text(shape, value, place);
    case Kind::kBool:
      return value.is_bool() ? Found(value) : mismatch(shape, value, place);
    case Kind::kInteger:
    case Kind::kNumber:
      return number(shape, value, place);
    case Kind::kBytes:
      return size(shape, value, place);
    case Kind::kCommand:
    case Kind::kList:
      return list(shape, value, place);
    case Kind::kMap:
      return map(shape, value, place);
    case Kind::kObject:
      return object(shape, value, place);
    case Kind::kAny:
      break;
  }
  return value;
}

Found Checker::list(const Shape& shape, const json::Value& value, const Place& place) {
  if (shape.kind == Kind::kCommand && value.is_string() && !value.get_string().empty()) {
    return json::Value(json::Array{value});
  }
  if (!value.is_array()) {
    return mismatch(shape, value, place,
                    shape.kind == Kind::kList && value.is_string() ? "; write [\"...\"]" : "");
  }
  static const Shape kWord = config::text("A word.", Shape::Format::kAnything);
  const Shape& element = shape.kind == Kind::kCommand ? kWord : *shape.element;
  json::Array out;
  std::size_t index = 0;
  for (const json::Value& item : value.get_array()) {
    if (Found found = this->value(element, item, place.item(index++))) {
      out.push_back(*std::move(found));
    }
  }
  const bool no_program =
      shape.kind == Kind::kCommand &&
      (value.get_array().empty() ||
       (value.get_array()[0].is_string() && value.get_array()[0].get_string().empty()));
  return no_program ? mismatch(shape, value, place, " without a program") : Found(std::move(out));
}

Found Checker::map(const Shape& shape, const json::Value& value, const Place& place) {
  if (!value.is_object()) {
    return mismatch(shape, value, place);
  }
  json::Object out;
  for (const auto& pair : value.get_object()) {
    if (!name_fits(shape.names, pair.key())) {
      problem(place.member(pair.key()), "expected " + expected_name(shape.names));
      continue;
    }
    member(shape, *shape.element, pair, place, out);
  }
  return json::Value(std::move(out));
}

void Checker::member(const Shape& shape, const Shape& member, const json::Object::value_type& pair,
                     const Place& place, json::Object& out) {
  const Place here = place.member(pair.key());
  const bool left_out = !options_.trusted && !in_withheld_ && member.withheld;
  if (left_out) {
    withhold_all(member, pair.value(), here);
    in_withheld_ = true;
  }
  Found found = value(member, pair.value(), here);
  if (left_out) {
    in_withheld_ = false;
    return;
  }
  const bool secret_literal = member.secret && found && found->is_string() &&
                              pair.value().is_string() &&
                              !has_variables(json::view(pair.value().get_string()));
  if (secret_literal && (shape.kind != Kind::kMap || names_a_secret(pair.key()))) {
    const std::string_view text = json::view(found->get_string());
    if (text.size() >= kLeastSecret) {
      out_.secrets.emplace_back(text);
    }
    if (shape.kind != Kind::kMap) {
      out_.warnings.push_back(fmt::format(
          "{}: {}: a secret stands in the file; write ${{VARIABLE}} and set the variable",
          document_.where(here.pointer), here.key));
    }
  }
  if (found) {
    out[pair.key()] = *std::move(found);
  }
}

Found Checker::object(const Shape& shape, const json::Value& value, const Place& place) {
  if (!value.is_object()) {
    return mismatch(shape, value, place);
  }
  const json::Object& members = value.get_object();
  if (place.key == "plugins") {
    plugins(members, place);
  }
  json::Object out;
  for (const auto& pair : members) {
    const std::string_view key = pair.key();
    if (const Field* const field = shape.find(key)) {
      member(shape, field->shape, pair, place, out);
    } else if (shape.element && find_unbuilt(key) == nullptr && name_fits(shape.names, key) &&
               advice_for(place.key, key).empty() && is_told(shape, pair.value())) {
      member(shape, *shape.element, pair, place, out);
    } else {
      unknown(shape, key, pair.value(), place);
    }
  }
  return json::Value(std::move(out));
}

void Checker::unbuilt(std::string_view what, const json::Value& value, const Place& place) {
  if (value.is_object() && !value.get_object().empty()) {
    for (const auto& pair : value.get_object()) {
      unbuilt(what, pair.value(), place.member(pair.key()));
    }
    return;
  }
  problem(place, fmt::format("{} not available in this version; remove the key", what));
}

void Checker::unknown(const Shape& shape, std::string_view key, const json::Value& value,
                      const Place& parent) {
  const Place place = parent.member(key);
  if (const std::string_view advice = advice_for(parent.key, key); !advice.empty()) {
    return problem(place, std::string(advice));
  }
  if (const UnbuiltKey* const known = find_unbuilt(key)) {
    return unbuilt(known->what, value, place);
  }
  if (shape.fields.size() == 1 && shape.fields[0].shape.kind == Kind::kObject &&
      shape.fields[0].shape.find(key) != nullptr) {
    return problem(place, fmt::format("unknown key; put it under '{}:'", shape.fields[0].key));
  }
  if (shape.element && !name_fits(shape.names, key)) {
    return problem(place, "expected " + expected_name(shape.names));
  }
  const std::vector<std::string> keys = shape.keys();
  if (shape.element) {
    const std::string near = text::did_you_mean(key, keys);
    return problem(place, near.empty() ? fmt::format("one of one's own needs one of the keys {}",
                                                     text::join(shape.told_by, ", "))
                                       : "unknown key" + near);
  }
  problem(place, fmt::format("unknown key{}; the keys here are {}", text::did_you_mean(key, keys),
                             text::join(keys, ", ")));
}

void Checker::plugins(const json::Object& members, const Place& place) {
  for (const auto& pair : members) {
    const Place here = place.member(pair.key());
    const json::Value& value = pair.value();
    if (pair.key() == "enabled") {
      if (value.is_array() && !value.get_array().empty()) {
        problem(here, "plugins are not available in this version; empty the list");
      }
    } else if (find_unbuilt(pair.key()) == nullptr && !value.is_null()) {
      const json::Value* const enabled = json::find(value, "enabled");
      if (!value.is_object()) {
        problem(here, "expected a map of the plugin's settings, not " + describe(value));
      } else if (enabled != nullptr && !enabled->is_bool()) {
        problem(here.member("enabled"), "expected true or false, not " + describe(*enabled));
      } else if (enabled != nullptr && enabled->get_bool()) {
        problem(here.member("enabled"), "plugins are not available in this version; write false");
      }
    }
  }
}

Checked check(const yaml::Document& document, const Shape& shape, const CheckOptions& options) {
  Checked out;
  Checker checker(document, options, out);
  if (Found found = checker.value(shape, document.value, Place{})) {
    out.settings = std::move(found->get_object());
  }
  return out;
}

}  // namespace oap::config
