#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "expr/lexer.hpp"
#include "expr/parser.hpp"

namespace oap::expr {

/// One run of the parser. Used once.
class Parser {
 public:
  Parser(std::string_view source, const ParseOptions& options) : options_(options) {
    ast_.source = std::string(source);
  }
  Result<Ast> run();

 private:
  Result<void> read_tokens();
  Result<NodeId> expression();
  Result<NodeId> binary(int precedence);
  Result<NodeId> unary();
  Result<NodeId> member();
  Result<NodeId> suffix(NodeId target);
  Result<NodeId> select_or_method(NodeId target, std::uint32_t offset);
  Result<NodeId> index(NodeId target, std::uint32_t offset);
  Result<NodeId> primary();
  Result<NodeId> name_or_call();
  Result<NodeId> list();
  Result<NodeId> map();
  Result<NodeId> structure(NodeId type);
  Result<NodeId> dollar_name();
  Result<NodeId> number(bool negative);
  Result<std::vector<NodeId>> arguments();
  Result<bool> optional_mark();

  // parse_macros.cpp: the macro's node where the call is one, else the call.
  Result<NodeId> call(std::string name, std::vector<NodeId> args, std::uint32_t offset);
  Result<NodeId> method(NodeId target, std::string name, std::vector<NodeId> args,
                        std::uint32_t offset);
  Result<NodeId> has_macro(NodeId argument, std::uint32_t offset);
  Result<NodeId> cel_macro(const std::string& name, const std::vector<NodeId>& args,
                           std::uint32_t offset);
  Result<NodeId> block_macro(const std::string& name, const std::vector<NodeId>& args,
                             std::uint32_t offset);
  Result<NodeId> macro(Macro macro, std::string name, std::size_t variables, NodeId range,
                       const std::vector<NodeId>& args, std::uint32_t offset);
  Result<std::string> variable(NodeId id);

  Result<NodeId> add(Node node);
  Result<NodeId> add(NodeKind kind, std::string name, std::vector<NodeId> children,
                     std::uint32_t offset);
  Node& at(NodeId id) { return ast_.nodes[id]; }
  const Token& current() const { return tokens_[place_]; }
  const Token& following() const { return tokens_[std::min(place_ + 1, tokens_.size() - 1)]; }
  bool accept(std::string_view punct);
  Result<void> expect(std::string_view punct, std::string_view where);
  Error unexpected(std::string_view wanted) const;
  std::string_view operator_of_word(std::string_view found) const;
  Error problem(std::size_t offset, std::string_view message) const;
  Error limit(std::size_t offset, std::string_view message) const;

  const ParseOptions options_;
  Ast ast_;
  std::vector<Token> tokens_;
  std::size_t place_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace oap::expr
