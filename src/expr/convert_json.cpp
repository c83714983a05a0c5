#include "expr/convert_json.hpp"

#include <cmath>

#include "expr/base64.hpp"
#include "expr/text_form.hpp"

namespace oap::expr {

namespace {

constexpr int kMaxDepth = 1'000;
constexpr std::size_t kBytesANode = 64;

class JsonWriter {
 public:
  explicit JsonWriter(std::size_t max_nodes) : left_(max_nodes) {}

  Result<json::Value> write(const Value& value, int depth = 0) {
    const std::size_t cost =
        1 +
        (value.is(Kind::kString) || value.is(Kind::kBytes) ? value.text().size() / kBytesANode : 0);
    if (left_ < cost || depth > kMaxDepth) {
      return fail(Code::kResourceExhausted, "the value is too large to be written as JSON");
    }
    left_ -= cost;
    switch (value.kind()) {
      case Kind::kNull:
        return json::Value();
      case Kind::kBool:
        return json::Value(value.as_bool());
      case Kind::kInt:
        return json::Value(value.as_int());
      case Kind::kUint:
        return json::Value(value.as_uint());
      case Kind::kDouble:
        return std::isfinite(value.as_double()) ? json::Value(value.as_double())
                                                : json::Value(double_form(value.as_double()));
      case Kind::kBytes:
        return json::Value(base64_encode(value.text()));
      case Kind::kList:
        return list(value, depth);
      case Kind::kMap:
        return map(value, depth);
      case Kind::kOptional:
        return value.inner() == nullptr ? json::Value() : write(*value.inner(), depth + 1);
      default:
        return json::Value(text_form(value));
    }
  }

 private:
  Result<json::Value> list(const Value& value, int depth) {
    json::Array out;
    for (std::size_t i = 0; i < value.size(); ++i) {
      OAP_TRY(json::Value item, write(value.at(i), depth + 1));
      out.push_back(std::move(item));
    }
    return json::Value(std::move(out));
  }

  Result<json::Value> map(const Value& value, int depth) {
    json::Object out;
    for (std::size_t i = 0; i < value.size(); ++i) {
      OAP_TRY(json::Value member, write(value.value_at(i), depth + 1));
      const std::string key = text_form(value.key_at(i));
      if (!out.emplace(key, std::move(member)).second) {
        return fail(Code::kInvalidArgument, "two keys of a map are the same text in JSON");
      }
    }
    return json::Value(std::move(out));
  }

  std::size_t left_;
};

Value object_from(const json::Object& data, const Type& type) {
  std::vector<std::pair<Value, Value>> entries;
  entries.reserve(data.size());
  for (const auto& [name, member] : data) {
    const Type* declared = type.is(TypeKind::kMap) ? &type.param(1) : type.member(name);
    entries.emplace_back(Value::string(name),
                         from_json(member, declared != nullptr ? *declared : Type()));
  }
  return Value::map(std::move(entries));
}

}  // namespace

Result<json::Value> to_json(const Value& value, std::size_t max_nodes) {
  return JsonWriter(max_nodes).write(value);
}

void add_secrets(const Value& value, json::Array& secrets) {
  constexpr std::size_t kMost = 100'000;
  if (!value.tainted() || secrets.size() >= kMost) {
    return;
  }
  if (value.is_secret()) {
    if (Result<json::Value> data = to_json(value, kMost)) {
      secrets.push_back(*std::move(data));
    }
  } else if (const bool is_map = value.is(Kind::kMap); is_map || value.is(Kind::kList)) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (is_map) {
        add_secrets(value.key_at(i), secrets);
      }
      add_secrets(is_map ? value.value_at(i) : value.at(i), secrets);
    }
  } else if (value.is(Kind::kOptional) && value.inner() != nullptr) {
    add_secrets(*value.inner(), secrets);
  }
}

Value from_json(const json::Value& data, const Type& type) {
  switch (type.kind()) {
    case TypeKind::kDouble:
      if (data.is_int64()) {
        return Value::real(static_cast<double>(data.get_int64()));
      }
      return data.is_uint64() ? Value::real(static_cast<double>(data.get_uint64()))
                              : Value::json(data);
    case TypeKind::kUint:
      return data.is_int64() && data.get_int64() >= 0
                 ? Value::unsigned_integer(static_cast<std::uint64_t>(data.get_int64()))
                 : Value::json(data);
    case TypeKind::kInt:
      if (data.is_double() && std::trunc(data.get_double()) == data.get_double() &&
          std::abs(data.get_double()) < 9.0e15) {
        return Value::integer(static_cast<std::int64_t>(data.get_double()));
      }
      return Value::json(data);
    case TypeKind::kList:
      if (data.is_array()) {
        std::vector<Value> items;
        items.reserve(data.get_array().size());
        for (const json::Value& item : data.get_array()) {
          items.push_back(from_json(item, type.param(0)));
        }
        return Value::list(std::move(items));
      }
      return Value::json(data);
    case TypeKind::kMap:
    case TypeKind::kObject:
      return data.is_object() ? object_from(data.get_object(), type) : Value::json(data);
    default:
      return Value::json(data);
  }
}

}  // namespace oap::expr
