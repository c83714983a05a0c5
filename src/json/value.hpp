#pragma once

#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

namespace oap::json {

/// JSON data: Boost.JSON's containers. Parsing and printing are ours (`json/parse.hpp`,
/// `json/print.hpp`); nothing in this program calls the library's own parser or serializer.
using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;
using String = boost::json::string;

inline std::string_view view(const String& text) { return {text.data(), text.size()}; }

/// Typed look-ups that never throw: null or the fallback where the member is absent or of another
/// type. The returned pointers and views live as long as the object is not changed.
const Value* find(const Object& object, std::string_view key);
const Value* find(const Value& value, std::string_view key);
const Object* find_object(const Object& object, std::string_view key);
const Object* find_object(const Value& value, std::string_view key);
const Array* find_array(const Object& object, std::string_view key);
const Array* find_array(const Value& value, std::string_view key);
std::string_view get_string(const Object& object, std::string_view key,
                            std::string_view fallback = {});
std::string_view get_string(const Value& value, std::string_view key,
                            std::string_view fallback = {});
bool get_bool(const Object& object, std::string_view key, bool fallback = false);
bool get_bool(const Value& value, std::string_view key, bool fallback = false);
/// Integers, and doubles with an integral value that fits.
std::int64_t get_int(const Object& object, std::string_view key, std::int64_t fallback = 0);
std::int64_t get_int(const Value& value, std::string_view key, std::int64_t fallback = 0);
double get_double(const Object& object, std::string_view key, double fallback = 0);
double get_double(const Value& value, std::string_view key, double fallback = 0);

/// "null", "boolean", "integer", "number", "string", "array", "object".
std::string_view type_name(const Value& value);

}  // namespace oap::json
