#pragma once

#include <string>
#include <string_view>

#include "json/value.hpp"

namespace oap::gateway {

/// Removes secrets from what is about to be shown or stored.
class Redactor {
 public:
  virtual ~Redactor() = default;
  virtual std::string redact(std::string_view text) const = 0;
  virtual json::Value redact(const json::Value& value) const = 0;
  /// Whether redact() would change anything.
  virtual bool has_secret(const json::Object& members) const {
    const json::Value value(members);
    return redact(value) != value;
  }
};

}  // namespace oap::gateway
