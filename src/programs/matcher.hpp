#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/regex.hpp"

namespace oap::programs {

/// A hook group's `matcher`: absent, "" and "*" fit everything; a text of letters, digits, `_`,
/// `-`, spaces, `,` and `|` alone is a list of exact names; anything else is a JavaScript regular
/// expression that is looked for anywhere. A value; thread-safe.
class Matcher {
 public:
  Matcher() = default;
  explicit Matcher(std::string_view text);

  bool matches(std::string_view subject) const;
  const std::string& text() const { return text_; }
  /// Why the text is no expression that can be used here; then it fits everything. "" where it is.
  const std::string& fault() const { return fault_; }

 private:
  std::string text_;
  std::vector<std::string> names_;
  std::optional<text::Regex> regex_;
  std::string fault_;
};

}  // namespace oap::programs
