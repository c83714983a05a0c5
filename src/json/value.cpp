#include "json/value.hpp"

#include <cmath>
#include <cstdint>

namespace oap::json {
namespace {

boost::json::string_view key_view(std::string_view key) { return {key.data(), key.size()}; }

/// The value's object, or an empty one.
const Object& object_of(const Value& value) {
  static const Object empty;
  const Object* object = value.if_object();
  return object == nullptr ? empty : *object;
}

}  // namespace

const Value* find(const Object& object, std::string_view key) {
  return object.if_contains(key_view(key));
}

const Value* find(const Value& value, std::string_view key) { return find(object_of(value), key); }

const Object* find_object(const Value& value, std::string_view key) {
  return find_object(object_of(value), key);
}

const Object* find_object(const Object& object, std::string_view key) {
  const Value* found = find(object, key);
  return found == nullptr ? nullptr : found->if_object();
}

const Array* find_array(const Value& value, std::string_view key) {
  return find_array(object_of(value), key);
}

const Array* find_array(const Object& object, std::string_view key) {
  const Value* found = find(object, key);
  return found == nullptr ? nullptr : found->if_array();
}

std::string_view get_string(const Value& value, std::string_view key, std::string_view fallback) {
  return get_string(object_of(value), key, fallback);
}

std::string_view get_string(const Object& object, std::string_view key, std::string_view fallback) {
  const Value* found = find(object, key);
  return found != nullptr && found->is_string() ? view(found->get_string()) : fallback;
}

bool get_bool(const Value& value, std::string_view key, bool fallback) {
  return get_bool(object_of(value), key, fallback);
}

bool get_bool(const Object& object, std::string_view key, bool fallback) {
  const Value* found = find(object, key);
  return found != nullptr && found->is_bool() ? found->get_bool() : fallback;
}

std::int64_t get_int(const Value& value, std::string_view key, std::int64_t fallback) {
  return get_int(object_of(value), key, fallback);
}

std::int64_t get_int(const Object& object, std::string_view key, std::int64_t fallback) {
  const Value* found = find(object, key);
  if (found == nullptr) {
    return fallback;
  }
  if (found->is_int64()) {
    return found->get_int64();
  }
  if (found->is_uint64()) {
    const std::uint64_t number = found->get_uint64();
    return number <= static_cast<std::uint64_t>(INT64_MAX) ? static_cast<std::int64_t>(number)
                                                           : fallback;
  }
  if (found->is_double()) {
    const double number = found->get_double();
    const bool fits = number >= -0x1p63 && number < 0x1p63 && std::trunc(number) == number;
    return fits ? static_cast<std::int64_t>(number) : fallback;
  }
  return fallback;
}

double get_double(const Value& value, std::string_view key, double fallback) {
  return get_double(object_of(value), key, fallback);
}

double get_double(const Object& object, std::string_view key, double fallback) {
  const Value* found = find(object, key);
  if (found == nullptr) {
    return fallback;
  }
  if (found->is_double()) {
    return found->get_double();
  }
  if (found->is_int64()) {
    return static_cast<double>(found->get_int64());
  }
  return found->is_uint64() ? static_cast<double>(found->get_uint64()) : fallback;
}

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
      return "integer";
    case boost::json::kind::double_:
      return "number";
    case boost::json::kind::string:
      return "string";
    case boost::json::kind::array:
      return "array";
    case boost::json::kind::object:
      return "object";
  }
  return "null";
}

}  // namespace oap::json
