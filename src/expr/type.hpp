#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::expr {

enum class TypeKind : std::uint8_t {
  kDyn,  ///< anything, known at evaluation only
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,      ///< params: item
  kMap,       ///< params: key, value
  kObject,    ///< a map from string with declared members
  kType,      ///< params: the type
  kOptional,  ///< params: what it holds
  kOpaque,    ///< a named type with params: net.IP, and those that functions declare
  kParam,     ///< a type variable: name
};

/// A static type. Immutable; copies share their body. Thread-safe. A type nested more than
/// kMaxDepth deep is dyn.
class Type {
 public:
  static constexpr std::size_t kMaxDepth = 100;

  Type() = default;  ///< dyn
  Type(TypeKind kind) : Type(kind, "", {}) {}
  Type(TypeKind kind, std::string name, std::vector<Type> params);

  static Type list(Type item) { return {TypeKind::kList, "", {std::move(item)}}; }
  static Type map(Type key, Type value) {
    return {TypeKind::kMap, "", {std::move(key), std::move(value)}};
  }
  static Type optional(Type inner) { return {TypeKind::kOptional, "", {std::move(inner)}}; }
  static Type type_of(Type inner) { return {TypeKind::kType, "", {std::move(inner)}}; }
  static Type opaque(std::string name, std::vector<Type> params = {}) {
    return {TypeKind::kOpaque, std::move(name), std::move(params)};
  }
  static Type param(std::string name) { return {TypeKind::kParam, std::move(name), {}}; }
  /// An open object may have members beyond the declared ones; those are dyn.
  static Type object(std::map<std::string, Type, std::less<>> members, bool open);

  /// A type as text: "list<map<string, A>>", where single capital letters are variables.
  /// kInvalidArgument where it is not one. Pure.
  static Result<Type> parse(std::string_view text);
  /// What values of a JSON Schema (2020-12; local `$ref` only) have as type: `properties` make an
  /// object, closed unless `additionalProperties` or `patternProperties` allow more; unions and
  /// what is not understood are dyn. Pure.
  static Type from_schema(const json::Value& schema);

  TypeKind kind() const { return body_ == nullptr ? TypeKind::kDyn : body_->kind; }
  bool is(TypeKind kind) const { return this->kind() == kind; }
  const std::string& name() const;
  const std::vector<Type>& params() const;
  const Type& param(std::size_t index) const { return params()[index]; }
  /// Of an object: null where no such member is declared.
  const Type* member(std::string_view name) const;
  std::vector<std::string> member_names() const;
  bool open() const { return body_ != nullptr && body_->open; }

  /// True where a kParam is in it.
  bool has_variables() const { return body_ != nullptr && body_->has_variables; }

  bool operator==(const Type& other) const;

 private:
  struct Body {
    TypeKind kind = TypeKind::kDyn;
    std::string name;
    std::vector<Type> params;
    std::map<std::string, Type, std::less<>> members;
    std::size_t depth = 1;
    bool open = false;
    bool has_variables = false;
  };
  std::shared_ptr<const Body> body_;
};

/// As a person reads it: "list<int>", "{name: string}", "google.protobuf.Timestamp".
std::string to_string(const Type& type);

/// The type whose values `type(x)` would name so: "int", "list", "net.IP"; null where none is.
const Type* type_by_name(std::string_view name);

}  // namespace oap::expr
