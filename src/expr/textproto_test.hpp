#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace oap::expr {

/// A message in protobuf's text format, as far as the test data of cel-spec uses it.
struct TextMessage {
  struct Field {
    std::string name;
    std::string scalar;  ///< decoded where it was a string
    std::shared_ptr<const TextMessage> message;
  };
  std::vector<Field> fields;

  const Field* find(std::string_view name) const;
  std::vector<const Field*> all(std::string_view name) const;
  /// The message of a field, an empty one where it is absent.
  const TextMessage& child(std::string_view name) const;
  std::string scalar(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
};

/// Throws std::runtime_error where the text is not of that form.
TextMessage parse_textproto(std::string_view text);

}  // namespace oap::expr
