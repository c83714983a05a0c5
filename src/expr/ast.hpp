#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expr/value.hpp"

namespace oap::expr {

using NodeId = std::uint32_t;

enum class NodeKind : std::uint8_t {
  kLiteral,
  kName,    ///< `name`; begins with '.' where it is absolute
  kSelect,  ///< children[0] . name
  kHas,     ///< has(children[0] . name)
  kIndex,   ///< children[0] [ children[1] ]
  kCall,    ///< name(children…); operators are called "_+_", "!_", "_?_:_"
  kMethod,  ///< children[0].name(children[1]…)
  kList,
  kMap,     ///< key, value, key, value …
  kStruct,  ///< name { fields }: parsed, and refused by the checker
  kMacro,   ///< a loop or binding, see Macro
};

/// What a macro node's children are, in this order.
enum class Macro : std::uint8_t {
  kAll,                ///< range, predicate
  kExists,             ///< range, predicate
  kExistsOne,          ///< range, predicate
  kMap,                ///< range, [predicate,] result
  kFilter,             ///< range, predicate
  kTransformList,      ///< range, [predicate,] result
  kTransformMap,       ///< range, [predicate,] value
  kTransformMapEntry,  ///< range, [predicate,] map of one entry
  kSortBy,             ///< range, key
  kBind,               ///< value, result
  kOptMap,             ///< optional, result
  kOptFlatMap,         ///< optional, result
  kBlock,              ///< values…, result; value i is the name "@index<i>"
};

struct Node {
  NodeKind kind = NodeKind::kLiteral;
  Macro macro = Macro::kAll;
  bool optional = false;     ///< `.?name`, `[?index]`
  std::uint32_t offset = 0;  ///< in the source, bytes
  std::uint32_t height = 1;
  std::string name;  ///< of a macro node: the macro as it was written ("existsOne")
  Value literal;
  std::array<std::string, 2> variables;  ///< of a macro; the second may be empty
  std::vector<NodeId> children;
  std::vector<bool> optional_entries;  ///< of kList and kMap: entry i was written with `?`
  std::vector<std::string> fields;     ///< of kStruct
};

/// A parsed expression. Children have smaller ids than their parents.
struct Ast {
  std::string source;
  std::vector<Node> nodes;
  NodeId root = 0;

  const Node& at(NodeId id) const { return nodes[id]; }
};

/// The expression in the grammar's own form, with as few parentheses as it needs: parsing it again
/// gives the same tree. Pure.
std::string print(const Ast& ast);
/// A value as an expression that makes it: `"a\n"`, `b"\xff"`, `[1, 2u]`, `duration("1s")`. Secret
/// parts are printed as `<secret>`; stops with … after `max_bytes`.
std::string print(const Value& value, std::size_t max_bytes = 4096);

}  // namespace oap::expr
