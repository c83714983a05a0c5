#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/value.hpp"

namespace oap::config {

struct Field;

/// What a value in a configuration file may be. One tree of shapes is the whole truth on the keys:
/// the reader, the defaults, the merge, the masking and the JSON Schemas are all walks over it.
/// Plain data, built by the functions below.
struct Shape {
  enum class Kind {
    kAny,
    kText,
    kBool,
    kInteger,
    kNumber,
    kBytes,    ///< "512MB", "1GiB" or a whole number; stored as bytes
    kCommand,  ///< a list of texts, or one text that is the program; stored as a list
    kList,
    kMap,     ///< any names that fit `names`, all of one shape
    kObject,  ///< the fields, and where `element` is set any further names of that shape
  };
  enum class Format { kPlain, kAnything, kUrl, kVariable, kHeaderValue };
  enum class Names { kAnything, kName, kServer, kProvider, kVariable, kHeader };

  Kind kind = Kind::kAny;
  std::string description;
  json::Value fallback;  ///< the default; null where there is none
  std::optional<double> minimum;
  std::optional<double> maximum;
  Format format = Format::kPlain;
  std::vector<std::string> choices;                          ///< the texts that are allowed
  std::vector<std::pair<std::string, std::string>> aliases;  ///< further text → the choice it means
  std::vector<std::string> unbuilt_choices;                  ///< known, refused by name
  std::vector<Field> fields;
  std::shared_ptr<const Shape> element;
  Names names = Names::kAnything;
  /// A further name needs one of these, or it is a misspelt one of the fields.
  std::vector<std::string> told_by;
  std::vector<std::string> identity;  ///< a layer that sets one of these replaces the whole entry
  bool secret = false;                ///< masked when shown, redacted everywhere
  bool withheld = false;              ///< does not count in a project that is not trusted

  const Field* find(std::string_view key) const;
  std::vector<std::string> keys() const;

  Shape& by_default(json::Value value);
  Shape& needs_trust();
  Shape& is_secret();
};

struct Field {
  std::string key;
  Shape shape;
};

Shape any(std::string description);
Shape text(std::string description, Shape::Format format = Shape::Format::kPlain);
Shape choice(std::string description, std::vector<std::string> choices);
Shape boolean(std::string description);
Shape integer(std::string description, double minimum, double maximum);
Shape number(std::string description, double minimum, double maximum);
Shape bytes(std::string description);
Shape command(std::string description);
Shape list(std::string description, Shape element);
Shape map(std::string description, Shape::Names names, Shape element);
Shape object(std::string description, std::vector<Field> fields);

/// What the shape accepts, in words: "a whole number from 1 to 9".
std::string expected(const Shape& shape);
/// Whether a name may be a key of a map of this rule.
bool name_fits(Shape::Names rule, std::string_view name);
std::string expected_name(Shape::Names rule);

/// Adds what is absent and has a default, at every depth.
void fill_defaults(const Shape& shape, json::Value& value);

}  // namespace oap::config
