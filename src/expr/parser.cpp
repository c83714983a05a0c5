#include "expr/parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "expr/operators.hpp"
#include "expr/parser_state.hpp"
#include "expr/source.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::expr {

namespace {

constexpr std::array<BinaryOperator, 14> kOperators = {{
    {"||", "_||_", 2},
    {"&&", "_&&_", 3},
    {"==", "_==_", 4},
    {"!=", "_!=_", 4},
    {"<", "_<_", 4},
    {"<=", "_<=_", 4},
    {">", "_>_", 4},
    {">=", "_>=_", 4},
    {"in", "@in", 4},
    {"+", "_+_", 5},
    {"-", "_-_", 5},
    {"*", "_*_", 6},
    {"/", "_/_", 6},
    {"%", "_%_", 6},
}};

const BinaryOperator* operator_of(const Token& token) {
  const bool word = token.kind == TokenKind::kName && token.text == "in";
  return word || token.kind == TokenKind::kPunct ? binary_by_symbol(token.text) : nullptr;
}

}  // namespace

const BinaryOperator* binary_by_symbol(std::string_view symbol) {
  const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                   [&](const auto& each) { return each.symbol == symbol; });
  return found == kOperators.end() ? nullptr : found;
}

const BinaryOperator* binary_by_name(std::string_view name) {
  const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                   [&](const auto& each) { return each.name == name; });
  return found == kOperators.end() ? nullptr : found;
}

Result<Ast> parse(std::string_view source, const ParseOptions& options) {
  return Parser(source, options).run();
}

Error Parser::problem(std::size_t offset, std::string_view message) const {
  return error_at(ast_.source, offset, message);
}

Error Parser::limit(std::size_t offset, std::string_view message) const {
  return error_at(ast_.source, offset, message, Code::kResourceExhausted);
}

Error Parser::unexpected(std::string_view wanted) const {
  const Token& token = current();
  if (token.kind == TokenKind::kEnd) {
    return problem(token.begin, fmt::format("the expression ends where {} should be", wanted));
  }
  const std::string found = text::escape_visible(text::truncate_utf8(
      std::string_view(ast_.source).substr(token.begin, token.end - token.begin), 40));
  return problem(token.begin, fmt::format("found '{}' where {} should be{}", found, wanted,
                                          operator_of_word(found)));
}

/// Other languages write operators as words.
std::string_view Parser::operator_of_word(std::string_view found) const {
  const std::string_view before = std::string_view(ast_.source).substr(0, current().begin);
  if (text::trim(before).ends_with("not") && found != "in") {
    return "; 'not' is written '!'";
  }
  if (found == "and" || found == "or") {
    return found == "and" ? "; 'and' is written '&&'" : "; 'or' is written '||'";
  }
  return "";
}

Result<Ast> Parser::run() {
  const std::size_t size = ast_.source.size() - std::min(options_.begin, ast_.source.size());
  if (size > options_.max_bytes) {
    return fail(Code::kResourceExhausted, "the expression has {} bytes; at most {} are allowed",
                size, options_.max_bytes);
  }
  if (!text::is_valid_utf8(ast_.source)) {
    return fail(Code::kInvalidArgument, "the expression is not UTF-8");
  }
  OAP_CHECK_OK(read_tokens());
  constexpr std::size_t kReserved = 32;
  ast_.nodes.reserve(std::min(kReserved, size / 4 + 2));
  OAP_TRY(ast_.root, expression());
  if (current().kind != TokenKind::kEnd) {
    return fail(unexpected("an operator or the end"));
  }
  return std::move(ast_);
}

Result<void> Parser::read_tokens() {
  Lexer lexer(ast_.source, {.dollar_names = options_.dollar_names}, options_.begin);
  do {
    OAP_TRY(Token token, lexer.next());
    tokens_.push_back(std::move(token));
  } while (tokens_.back().kind != TokenKind::kEnd);
  return {};
}

bool Parser::accept(std::string_view punct) {
  if (!current().is(punct)) {
    return false;
  }
  ++place_;
  return true;
}

Result<void> Parser::expect(std::string_view punct, std::string_view where) {
  if (!accept(punct)) {
    return fail(unexpected(fmt::format("'{}' {}", punct, where)));
  }
  return {};
}

Result<NodeId> Parser::add(Node node) {
  if (ast_.nodes.size() >= options_.max_nodes) {
    return fail(limit(node.offset,
                      fmt::format("the expression has more than {} parts", options_.max_nodes)));
  }
  for (const NodeId child : node.children) {
    node.height = std::max(node.height, at(child).height + 1);
  }
  if (node.height > options_.max_height) {
    return fail(limit(node.offset, fmt::format("the expression is more than {} steps deep",
                                               options_.max_height)));
  }
  ast_.nodes.push_back(std::move(node));
  return static_cast<NodeId>(ast_.nodes.size() - 1);
}

Result<NodeId> Parser::add(NodeKind kind, std::string name, std::vector<NodeId> children,
                           std::uint32_t offset) {
  Node node;
  node.kind = kind;
  node.offset = offset;
  node.name = std::move(name);
  node.children = std::move(children);
  return add(std::move(node));
}

Result<NodeId> Parser::expression() {
  if (++depth_ > options_.max_depth) {
    return fail(limit(current().begin,
                      fmt::format("brackets are nested more than {} deep", options_.max_depth)));
  }
  OAP_TRY(NodeId result, binary(kOrPrecedence));
  if (current().is("?")) {
    const std::uint32_t offset = current().begin;
    ++place_;
    OAP_TRY(const NodeId yes, binary(kOrPrecedence));
    OAP_CHECK_OK(expect(":", "of the conditional"));
    OAP_TRY(const NodeId no, expression());
    OAP_TRY(result, add(NodeKind::kCall, "_?_:_", {result, yes, no}, offset));
  }
  --depth_;
  return result;
}

Result<NodeId> Parser::binary(int precedence) {
  OAP_TRY(NodeId left, unary());
  for (;;) {
    const BinaryOperator* found = operator_of(current());
    if (found == nullptr || found->precedence < precedence) {
      return left;
    }
    const std::uint32_t offset = current().begin;
    const bool logic = found->name == "_&&_" || found->name == "_||_";
    std::vector<NodeId> operands = {left};
    if (logic && at(left).kind == NodeKind::kCall && at(left).name == found->name) {
      operands = at(left).children;
    }
    do {
      ++place_;
      OAP_TRY(const NodeId right, binary(found->precedence + 1));
      operands.push_back(right);
    } while (logic && current().is(found->symbol));
    OAP_TRY(left, add(NodeKind::kCall, std::string(found->name), std::move(operands), offset));
  }
}

Result<NodeId> Parser::unary() {
  const bool minus = current().is("-");
  if (!minus && !current().is("!")) {
    return member();
  }
  const TokenKind after = following().kind;
  if (minus && (after == TokenKind::kInt || after == TokenKind::kDouble)) {
    return member();
  }
  const std::uint32_t offset = current().begin;
  ++place_;
  if (++depth_ > options_.max_depth) {
    return fail(limit(offset, "too many prefixes one after another"));
  }
  OAP_TRY(const NodeId operand, unary());
  --depth_;
  return add(NodeKind::kCall, minus ? "-_" : "!_", {operand}, offset);
}

Result<NodeId> Parser::member() {
  OAP_TRY(NodeId target, primary());
  while (current().is(".") || current().is("[") || current().is("{")) {
    OAP_TRY(target, suffix(target));
  }
  return target;
}

Result<NodeId> Parser::suffix(NodeId target) {
  const std::uint32_t offset = current().begin;
  if (current().is("{")) {
    return structure(target);
  }
  if (accept(".")) {
    return select_or_method(target, offset);
  }
  ++place_;
  return index(target, offset);
}

Result<NodeId> Parser::select_or_method(NodeId target, std::uint32_t offset) {
  const bool optional = accept("?");
  const Token& token = current();
  if (token.kind != TokenKind::kName && token.kind != TokenKind::kQuoted) {
    return fail(unexpected("a name after '.'"));
  }
  std::string name = token.text;
  const bool callable = token.kind == TokenKind::kName && !optional;
  const std::uint32_t place = token.begin;
  ++place_;
  if (callable && current().is("(")) {
    OAP_TRY(std::vector<NodeId> args, arguments());
    return method(target, std::move(name), std::move(args), place);
  }
  if (callable && (name == "in" || name == "true" || name == "false" || name == "null")) {
    return fail(problem(place, fmt::format("'{0}' is no name; write [\"{0}\"] for a member of "
                                           "that name",
                                           name)));
  }
  Node node;
  node.kind = NodeKind::kSelect;
  node.offset = offset;
  node.name = std::move(name);
  node.optional = optional;
  node.children = {target};
  return add(std::move(node));
}

Result<NodeId> Parser::index(NodeId target, std::uint32_t offset) {
  Node node;
  node.kind = NodeKind::kIndex;
  node.offset = offset;
  node.optional = accept("?");
  OAP_TRY(const NodeId key, expression());
  OAP_CHECK_OK(expect("]", "after the index"));
  node.children = {target, key};
  return add(std::move(node));
}

Result<std::vector<NodeId>> Parser::arguments() {
  OAP_CHECK_OK(expect("(", "before the arguments"));
  std::vector<NodeId> args;
  if (accept(")")) {
    return args;
  }
  do {
    OAP_TRY(const NodeId argument, expression());
    args.push_back(argument);
  } while (accept(","));
  OAP_CHECK_OK(expect(")", "after the arguments"));
  return args;
}

Result<NodeId> Parser::primary() {
  const Token& token = current();
  const std::uint32_t offset = token.begin;
  if (token.is("(")) {
    ++place_;
    OAP_TRY(const NodeId inside, expression());
    OAP_CHECK_OK(expect(")", "to close the bracket"));
    return inside;
  }
  if (token.is("[")) {
    return list();
  }
  if (token.is("{")) {
    return map();
  }
  if (token.is("-")) {
    ++place_;
    return number(true);
  }
  switch (token.kind) {
    case TokenKind::kInt:
    case TokenKind::kUint:
    case TokenKind::kDouble:
      return number(false);
    case TokenKind::kString:
    case TokenKind::kBytes: {
      Node node;
      node.offset = offset;
      node.literal =
          token.kind == TokenKind::kString ? Value::string(token.text) : Value::bytes(token.text);
      ++place_;
      return add(std::move(node));
    }
    case TokenKind::kDollar:
      return dollar_name();
    default:
      return name_or_call();
  }
}

Result<NodeId> Parser::dollar_name() {
  const Token token = current();
  ++place_;
  const std::vector<std::string_view> parts = text::split(token.text, '.');
  for (const std::string_view part : parts) {
    if (part.empty()) {
      return fail(problem(token.begin, "a name is missing beside a '.' in ${…}"));
    }
  }
  OAP_TRY(NodeId id, add(NodeKind::kName, std::string(parts.front()), {}, token.begin));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    OAP_TRY(id, add(NodeKind::kSelect, std::string(parts[i]), {id}, token.begin));
  }
  return id;
}

Result<NodeId> Parser::number(bool negative) {
  const Token token = current();
  const std::uint32_t offset = token.begin - (negative ? 1 : 0);
  ++place_;
  Node node;
  node.offset = offset;
  if (token.kind == TokenKind::kDouble) {
    double value = 0;
    const std::string text = (negative ? "-" : "") + token.text;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec == std::errc::result_out_of_range) {
      value = std::strtod(text.c_str(), nullptr);
    }
    node.literal = Value::real(value);
    return add(std::move(node));
  }
  const bool hex = token.text.starts_with("0x") || token.text.starts_with("0X");
  std::uint64_t value = 0;
  const char* first = token.text.data() + (hex ? 2 : 0);
  const char* last = token.text.data() + token.text.size();
  const bool fits = std::from_chars(first, last, value, hex ? 16 : 10).ec == std::errc();
  constexpr std::uint64_t kMaxInt = INT64_MAX;
  if (!fits || (token.kind == TokenKind::kInt && value > kMaxInt + (negative ? 1 : 0))) {
    return fail(problem(offset, token.kind == TokenKind::kInt
                                    ? "the number does not fit into an int of 64 bits"
                                    : "the number does not fit into a uint of 64 bits"));
  }
  node.literal = token.kind == TokenKind::kUint
                     ? Value::unsigned_integer(value)
                     : Value::integer(static_cast<std::int64_t>(negative ? 0 - value : value));
  return add(std::move(node));
}

Result<NodeId> Parser::name_or_call() {
  const std::uint32_t offset = current().begin;
  const bool absolute = accept(".");
  if (current().kind != TokenKind::kName) {
    return fail(unexpected(absolute ? "a name after '.'" : "a value"));
  }
  const std::string word = current().text;
  if (!absolute && (word == "true" || word == "false" || word == "null")) {
    ++place_;
    Node node;
    node.offset = offset;
    node.literal = word == "null" ? Value() : Value::boolean(word == "true");
    return add(std::move(node));
  }
  if (is_reserved(word) && !options_.reserved_names) {
    return fail(unexpected("a value (this word is reserved)"));
  }
  ++place_;
  std::string name = (absolute ? "." : "") + word;
  if (current().is("(")) {
    OAP_TRY(std::vector<NodeId> args, arguments());
    return call(std::move(name), std::move(args), offset);
  }
  return add(NodeKind::kName, std::move(name), {}, offset);
}

}  // namespace oap::expr
