#include "config/shape.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::config {
namespace {

Shape make(Shape::Kind kind, std::string description) {
  Shape shape;
  shape.kind = kind;
  shape.description = std::move(description);
  return shape;
}

bool is_word(std::string_view name, std::string_view extra) {
  return std::all_of(name.begin(), name.end(), [extra](char c) {
    return text::is_alpha(c) || text::is_digit(c) || extra.find(c) != std::string_view::npos;
  });
}

bool has_defaults(const Shape& shape) {
  return shape.kind == Shape::Kind::kObject
             ? std::any_of(shape.fields.begin(), shape.fields.end(),
                           [](const Field& field) { return has_defaults(field.shape); })
             : !shape.fallback.is_null();
}

std::string range(const Shape& shape, std::string_view what) {
  return fmt::format("{} from {} to {}", what, *shape.minimum, *shape.maximum);
}

}  // namespace

const Field* Shape::find(std::string_view key) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [key](const Field& field) { return field.key == key; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<std::string> Shape::keys() const {
  std::vector<std::string> names_of_fields;
  for (const Field& field : fields) {
    names_of_fields.push_back(field.key);
  }
  return names_of_fields;
}

Shape& Shape::by_default(json::Value value) {
  fallback = std::move(value);
  return *this;
}

Shape& Shape::needs_trust() {
  withheld = true;
  return *this;
}

Shape& Shape::is_secret() {
  secret = true;
  return *this;
}

Shape any(std::string description) { return make(Shape::Kind::kAny, std::move(description)); }

Shape text(std::string description, Shape::Format format) {
  Shape shape = make(Shape::Kind::kText, std::move(description));
  shape.format = format;
  return shape;
}

Shape choice(std::string description, std::vector<std::string> choices) {
  Shape shape = make(Shape::Kind::kText, std::move(description));
  shape.choices = std::move(choices);
  return shape;
}

Shape boolean(std::string description) { return make(Shape::Kind::kBool, std::move(description)); }

Shape integer(std::string description, double minimum, double maximum) {
  Shape shape = make(Shape::Kind::kInteger, std::move(description));
  shape.minimum = minimum;
  shape.maximum = maximum;
  return shape;
}

Shape number(std::string description, double minimum, double maximum) {
  Shape shape = integer(std::move(description), minimum, maximum);
  shape.kind = Shape::Kind::kNumber;
  return shape;
}

Shape bytes(std::string description) { return make(Shape::Kind::kBytes, std::move(description)); }

Shape command(std::string description) {
  return make(Shape::Kind::kCommand, std::move(description));
}

Shape list(std::string description, Shape element) {
  Shape shape = make(Shape::Kind::kList, std::move(description));
  shape.element = std::make_shared<const Shape>(std::move(element));
  return shape;
}

Shape map(std::string description, Shape::Names names, Shape element) {
  Shape shape = list(std::move(description), std::move(element));
  shape.kind = Shape::Kind::kMap;
  shape.names = names;
  return shape;
}

Shape object(std::string description, std::vector<Field> fields) {
  Shape shape = make(Shape::Kind::kObject, std::move(description));
  shape.fields = std::move(fields);
  return shape;
}

std::string expected(const Shape& shape) {
  if (!shape.choices.empty()) {
    return shape.choices.size() == 1 ? "\"" + shape.choices[0] + "\""
                                     : "one of " + text::join(shape.choices, ", ");
  }
  switch (shape.kind) {
    case Shape::Kind::kAny:
      return "any value";
    case Shape::Kind::kText:
      switch (shape.format) {
        case Shape::Format::kUrl:
          return "an http:// or https:// address";
        case Shape::Format::kVariable:
          return "the name of an environment variable";
        case Shape::Format::kHeaderValue:
          return "one line of text";
        case Shape::Format::kPlain:
        case Shape::Format::kAnything:
          return "text";
      }
      return "text";
    case Shape::Kind::kBool:
      return "true or false";
    case Shape::Kind::kInteger:
      return range(shape, "a whole number");
    case Shape::Kind::kNumber:
      return range(shape, "a number");
    case Shape::Kind::kBytes:
      return "a size such as 512MB or 1GiB";
    case Shape::Kind::kCommand:
      return "a list of a program and its arguments";
    case Shape::Kind::kList:
      return "a list";
    case Shape::Kind::kMap:
    case Shape::Kind::kObject:
      return "a map of 'key: value' lines";
  }
  return "another value";
}

bool name_fits(Shape::Names rule, std::string_view name) {
  switch (rule) {
    case Shape::Names::kAnything:
      return !name.empty() && name.size() <= 200;
    case Shape::Names::kName:
    case Shape::Names::kProvider:
    case Shape::Names::kServer:
      if (name.empty() || name.size() > 48 || !is_word(name, "_-") || name.front() == '-') {
        return false;
      }
      if (rule == Shape::Names::kServer) {
        return name.find("__") == std::string_view::npos && name.back() != '_' &&
               name.front() != '_' && name != "default";
      }
      return rule == Shape::Names::kName || (name != "offline" && name != "replay");
    case Shape::Names::kVariable:
      return !name.empty() && name.size() <= 256 && is_word(name, "_") &&
             !text::is_digit(name.front());
    case Shape::Names::kHeader:
      return !name.empty() && name.size() <= 256 && is_word(name, "!#$%&'*+-.^_`|~");
  }
  return false;
}

std::string expected_name(Shape::Names rule) {
  switch (rule) {
    case Shape::Names::kAnything:
      return "a name of 1 to 200 characters";
    case Shape::Names::kName:
      return "a name of at most 48 letters, digits, '_' and '-'";
    case Shape::Names::kProvider:
      return "a name of at most 48 letters, digits, '_' and '-', and not the built-in offline or "
             "replay";
    case Shape::Names::kServer:
      return "a name of at most 48 letters, digits, '-' and single '_' inside, and not 'default'";
    case Shape::Names::kVariable:
      return "the name of an environment variable";
    case Shape::Names::kHeader:
      return "the name of an HTTP header";
  }
  return "another name";
}

void fill_defaults(const Shape& shape, json::Value& value) {
  if (shape.kind == Shape::Kind::kMap && value.is_object()) {
    for (auto& member : value.get_object()) {
      fill_defaults(*shape.element, member.value());
    }
  }
  if (shape.kind != Shape::Kind::kObject || !value.is_object()) {
    return;
  }
  json::Object& members = value.get_object();
  for (const Field& field : shape.fields) {
    if (!members.contains(field.key) && has_defaults(field.shape)) {
      members[field.key] = field.shape.kind == Shape::Kind::kObject ? json::Value(json::Object())
                                                                    : field.shape.fallback;
    }
    if (json::Value* const member = members.if_contains(field.key)) {
      fill_defaults(field.shape, *member);
    }
  }
}

}  // namespace oap::config
