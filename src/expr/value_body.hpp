#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "expr/value.hpp"

namespace oap::expr {

// The bodies behind Value.

struct TextBody : Shared {
  explicit TextBody(std::string value) : text(std::move(value)) {}
  std::string text;
};

struct ListBody : Shared {
  explicit ListBody(std::vector<Value> values) : items(std::move(values)) {}
  std::vector<Value> items;
};

/// Entries in the order they were given, and their indexes in the order of the keys.
struct MapBody : Shared {
  explicit MapBody(std::vector<std::pair<Value, Value>> values);
  /// Index of a key, or the size.
  std::size_t find(const Value& key) const;

  std::vector<std::pair<Value, Value>> entries;
  std::vector<std::uint32_t> order;
};

struct JsonBody : Shared {
  explicit JsonBody(json::Value value) : data(std::move(value)) {}
  json::Value data;
};

struct BoxBody : Shared {
  explicit BoxBody(Value value) : inner(std::move(value)) {}
  Value inner;
};

struct ErrorBody : Shared {
  ErrorBody(Code value, std::string text) : code(value), message(std::move(text)) {}
  Code code;
  std::string message;
};

}  // namespace oap::expr
