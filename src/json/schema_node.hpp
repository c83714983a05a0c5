#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/schema_documents.hpp"
#include "json/schema_format.hpp"
#include "json/value.hpp"
#include "text/regex.hpp"

namespace oap::json {

/// Bits of the `type` keyword; an integer is also a number.
enum TypeBit : unsigned {
  kNullBit = 1,
  kBooleanBit = 2,
  kIntegerBit = 4,
  kNumberBit = 8,
  kStringBit = 16,
  kArrayBit = 32,
  kObjectBit = 64,
};

struct Node;

/// A resource at evaluation: what `$dynamicRef` may find in it.
struct Scope {
  std::map<std::string, const Node*, std::less<>> dynamic_anchors;
};

/// Keywords about numbers: values of the schema, null where absent.
struct NumberRules {
  const Value* multiple_of = nullptr;
  const Value* maximum = nullptr;
  const Value* exclusive_maximum = nullptr;
  const Value* minimum = nullptr;
  const Value* exclusive_minimum = nullptr;
};

struct StringRules {
  std::optional<std::uint64_t> max_length;
  std::optional<std::uint64_t> min_length;
  std::optional<text::Regex> pattern;
  std::string pattern_source;
  FormatCheck format = nullptr;
  std::string format_name;
};

struct ArrayRules {
  std::optional<std::uint64_t> max_items;
  std::optional<std::uint64_t> min_items;
  bool unique = false;
  std::vector<const Node*> prefix;
  std::string prefix_keyword;  ///< prefixItems, or items in older drafts
  const Node* rest = nullptr;
  std::string rest_keyword;  ///< items, or additionalItems in older drafts
  const Node* contains = nullptr;
  std::optional<std::uint64_t> max_contains;
  std::uint64_t min_contains = 1;
};

struct ObjectRules {
  std::optional<std::uint64_t> max_properties;
  std::optional<std::uint64_t> min_properties;
  std::vector<std::string> required;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  std::map<std::string, const Node*, std::less<>> properties;
  std::vector<std::pair<text::Regex, const Node*>> patterns;
  const Node* additional = nullptr;
  const Node* names = nullptr;
};

/// A compiled schema. Null pointers and empty lists are absent keywords.
struct Node {
  const Value* source = nullptr;
  const Scope* scope = nullptr;
  std::string pointer;  ///< as in Place
  std::optional<bool> always;

  unsigned types = 0;
  const Value* constant = nullptr;
  const Array* enumeration = nullptr;
  std::optional<NumberRules> numbers;
  std::optional<StringRules> strings;
  std::optional<ArrayRules> arrays;
  std::optional<ObjectRules> objects;

  const Node* ref = nullptr;
  const Node* dynamic_ref = nullptr;
  std::string dynamic_name;  ///< empty where $dynamicRef acts as $ref
  std::vector<const Node*> all_of;
  std::vector<const Node*> any_of;
  std::vector<const Node*> one_of;
  const Node* negated = nullptr;
  const Node* condition = nullptr;
  const Node* then_node = nullptr;
  const Node* else_node = nullptr;
  std::vector<std::pair<std::string, const Node*>> dependent_schemas;
  const Node* unevaluated_items = nullptr;
  const Node* unevaluated_properties = nullptr;
};

/// A whole compiled schema; nodes and scopes keep their addresses.
struct Program {
  std::deque<Node> nodes;
  std::deque<Scope> scopes;
  const Node* root = nullptr;
};

/// Compiles the document `root` of `documents`, which must outlive the program.
Result<Program> compile_program(SchemaDocuments& documents, const Value& root, bool assert_formats);

}  // namespace oap::json
