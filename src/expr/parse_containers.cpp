#include <fmt/format.h>

#include "expr/parser_state.hpp"

namespace oap::expr {

Result<bool> Parser::optional_mark() { return accept("?"); }

Result<NodeId> Parser::list() {
  Node node;
  node.kind = NodeKind::kList;
  node.offset = current().begin;
  ++place_;
  while (!current().is("]")) {
    OAP_TRY(const bool optional, optional_mark());
    OAP_TRY(const NodeId item, expression());
    node.children.push_back(item);
    node.optional_entries.push_back(optional);
    if (!accept(",")) {
      break;
    }
  }
  OAP_CHECK_OK(expect("]", "to close the list"));
  return add(std::move(node));
}

Result<NodeId> Parser::map() {
  Node node;
  node.kind = NodeKind::kMap;
  node.offset = current().begin;
  ++place_;
  while (!current().is("}")) {
    OAP_TRY(const bool optional, optional_mark());
    OAP_TRY(const NodeId key, expression());
    OAP_CHECK_OK(expect(":", "after the key"));
    OAP_TRY(const NodeId value, expression());
    node.children.push_back(key);
    node.children.push_back(value);
    node.optional_entries.push_back(optional);
    if (!accept(",")) {
      break;
    }
  }
  OAP_CHECK_OK(expect("}", "to close the map"));
  return add(std::move(node));
}

Result<NodeId> Parser::structure(NodeId type) {
  std::string name;
  for (NodeId id = type;; id = at(id).children.front()) {
    const Node& node = at(id);
    name = node.name + (name.empty() ? "" : ".") + name;
    if (node.kind == NodeKind::kName) {
      break;
    }
    if (node.kind != NodeKind::kSelect || node.optional) {
      return fail(unexpected("an operator or the end"));
    }
  }
  Node node;
  node.kind = NodeKind::kStruct;
  node.offset = at(type).offset;
  node.name = std::move(name);
  ++place_;
  while (!current().is("}")) {
    OAP_TRY(const bool optional, optional_mark());
    const Token& field = current();
    if (field.kind != TokenKind::kName && field.kind != TokenKind::kQuoted) {
      return fail(unexpected("a field's name"));
    }
    node.fields.push_back(field.text);
    ++place_;
    OAP_CHECK_OK(expect(":", "after the field's name"));
    OAP_TRY(const NodeId value, expression());
    node.children.push_back(value);
    node.optional_entries.push_back(optional);
    if (!accept(",")) {
      break;
    }
  }
  OAP_CHECK_OK(expect("}", "to close the message"));
  return add(std::move(node));
}

}  // namespace oap::expr
