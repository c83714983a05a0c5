#include <set>

#include "expr/type.hpp"
#include "json/pointer.hpp"

namespace oap::expr {

namespace {

constexpr int kMaxDepth = 12;

class SchemaReader {
 public:
  explicit SchemaReader(const json::Value& root) : root_(root) {}

  Type read(const json::Value& schema, int depth = 0) const {
    if (depth > kMaxDepth || !schema.is_object()) {
      return {};
    }
    if (const std::string_view ref = json::get_string(schema, "$ref"); !ref.empty()) {
      const json::Value* target = ref.starts_with('#') ? json::at(root_, ref.substr(1)) : nullptr;
      return target != nullptr ? read(*target, depth + 1) : Type();
    }
    for (const char* keyword : {"anyOf", "oneOf", "allOf", "if"}) {
      if (json::find(schema, keyword) != nullptr) {
        return {};
      }
    }
    const json::Value* type = json::find(schema, "type");
    if (type == nullptr) {
      return untyped(schema, depth);
    }
    return type->is_string() ? named(json::view(type->get_string()), schema, depth) : Type();
  }

 private:
  Type untyped(const json::Value& schema, int depth) const {
    if (json::find_object(schema, "properties") != nullptr) {
      return object(schema, depth);
    }
    if (const json::Value* constant = json::find(schema, "const")) {
      return named(json::type_name(*constant), schema, depth);
    }
    const json::Array* values = json::find_array(schema, "enum");
    if (values == nullptr || values->empty()) {
      return {};
    }
    std::set<std::string_view> names;
    for (const json::Value& value : *values) {
      names.insert(json::type_name(value));
    }
    return names.size() == 1 ? named(*names.begin(), schema, depth) : Type();
  }

  Type named(std::string_view name, const json::Value& schema, int depth) const {
    if (name == "string") {
      return TypeKind::kString;
    }
    if (name == "integer") {
      return TypeKind::kInt;
    }
    if (name == "number") {
      return TypeKind::kDouble;
    }
    if (name == "boolean") {
      return TypeKind::kBool;
    }
    if (name == "null") {
      return TypeKind::kNull;
    }
    if (name == "array") {
      const json::Value* items = json::find(schema, "items");
      const bool tuple = json::find(schema, "prefixItems") != nullptr;
      return Type::list(items != nullptr && !tuple ? read(*items, depth + 1) : Type());
    }
    return name == "object" ? object(schema, depth) : Type();
  }

  Type object(const json::Value& schema, int depth) const {
    const json::Object* properties = json::find_object(schema, "properties");
    const json::Value* more = json::find(schema, "additionalProperties");
    if (properties == nullptr) {
      const bool typed = more != nullptr && more->is_object();
      return Type::map(TypeKind::kString, typed ? read(*more, depth + 1) : Type());
    }
    std::map<std::string, Type, std::less<>> members;
    for (const auto& [name, member] : *properties) {
      members.emplace(name, read(member, depth + 1));
    }
    const bool open = (more != nullptr && !(more->is_bool() && !more->get_bool())) ||
                      json::find(schema, "patternProperties") != nullptr;
    return Type::object(std::move(members), open);
  }

  const json::Value& root_;
};

}  // namespace

Type Type::from_schema(const json::Value& schema) { return SchemaReader(schema).read(schema); }

}  // namespace oap::expr
