#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/check.hpp"
#include "config/shape.hpp"

namespace oap::config {

/// A checked value; nothing where it was wrong (then there is a problem), empty or left out.
using Found = std::optional<json::Value>;

/// A text as a message may hold it: short, and without anything that cannot be seen.
std::string shown(std::string_view text);
/// A value in a few words: "the number 5", "a list".
std::string describe(const json::Value& value);

/// Values shorter than this are never redacted: they would be found everywhere.
inline constexpr std::size_t kLeastSecret = 8;

/// Where a value stands: for the line map and for people.
struct Place {
  std::string pointer;
  std::string key;

  Place member(std::string_view name) const;
  Place item(std::size_t index) const;
};

/// One walk over one document. Private to this folder: `check` is its only user.
/// check.cpp has the containers, check_scalar.cpp the single values.
class Checker {
 public:
  Checker(const yaml::Document& document, const CheckOptions& options, Checked& out)
      : document_(document), options_(options), out_(out) {}

  Found value(const Shape& shape, const json::Value& value, const Place& place);

 private:
  Found text(const Shape& shape, const json::Value& value, const Place& place);
  Found chosen(const Shape& shape, const std::string& text, const Place& place);
  Found number(const Shape& shape, const json::Value& value, const Place& place);
  Found size(const Shape& shape, const json::Value& value, const Place& place);
  Found list(const Shape& shape, const json::Value& value, const Place& place);
  Found map(const Shape& shape, const json::Value& value, const Place& place);
  Found object(const Shape& shape, const json::Value& value, const Place& place);
  void member(const Shape& shape, const Shape& member, const json::Object::value_type& pair,
              const Place& place, json::Object& out);
  void unknown(const Shape& shape, std::string_view key, const json::Value& value,
               const Place& parent);
  void unbuilt(std::string_view what, const json::Value& value, const Place& place);
  void plugins(const json::Object& members, const Place& place);

  /// The value with its variables replaced; nothing where that failed or may not be done.
  Found expanded(const Shape& shape, const json::Value& value, const Place& place);
  Found mismatch(const Shape& shape, const json::Value& value, const Place& place,
                 std::string_view advice = {});
  void problem(const Place& place, std::string message);
  void withhold(const Place& place);
  void withhold_all(const Shape& shape, const json::Value& value, const Place& place);

  const yaml::Document& document_;
  const CheckOptions& options_;
  Checked& out_;
  bool in_withheld_ = false;
};

}  // namespace oap::config
