#include <cmath>

#include <fmt/format.h>

#include "expr/ast.hpp"
#include "expr/lexer.hpp"
#include "expr/literal.hpp"
#include "expr/operators.hpp"
#include "expr/text_form.hpp"

namespace oap::expr {

namespace {

class Printer {
 public:
  explicit Printer(const Ast& ast) : ast_(ast) {}

  std::string run() {
    node(ast_.root);
    return std::move(out_);
  }

 private:
  static int precedence(const Node& node) {
    if (node.kind != NodeKind::kCall) {
      return kMemberPrecedence;
    }
    if (node.name == "_?_:_") {
      return kTernaryPrecedence;
    }
    if (node.name == "!_" || node.name == "-_") {
      return kUnaryPrecedence;
    }
    const BinaryOperator* found = binary_by_name(node.name);
    return found != nullptr ? found->precedence : kMemberPrecedence;
  }

  void node(NodeId id, int least = 0) {
    const Node& here = ast_.at(id);
    const bool brackets = precedence(here) < least;
    out_ += brackets ? "(" : "";
    write(here);
    out_ += brackets ? ")" : "";
  }

  /// `-1.f()` is read as (-1).f().
  bool begins_with_number(NodeId id) const {
    while (true) {
      const Node& here = ast_.at(id);
      const bool follows = here.kind == NodeKind::kSelect || here.kind == NodeKind::kIndex ||
                           here.kind == NodeKind::kMethod ||
                           (here.kind == NodeKind::kMacro && here.macro != Macro::kBind &&
                            here.macro != Macro::kBlock);
      if (!follows) {
        return here.kind == NodeKind::kLiteral && here.literal.is_number();
      }
      id = here.children[0];
    }
  }

  void write(const Node& here) {
    switch (here.kind) {
      case NodeKind::kLiteral:
        out_ += print(here.literal, SIZE_MAX);
        break;
      case NodeKind::kName:
        name(here);
        break;
      case NodeKind::kSelect:
        select(here);
        break;
      case NodeKind::kHas:
        out_ += "has(";
        select(here);
        out_ += ")";
        break;
      case NodeKind::kIndex:
        node(here.children[0], kMemberPrecedence);
        out_ += here.optional ? "[?" : "[";
        node(here.children[1]);
        out_ += "]";
        break;
      case NodeKind::kCall:
        call(here);
        break;
      case NodeKind::kMethod:
        node(here.children[0], kMemberPrecedence);
        out_ += "." + here.name + "(";
        list(here, 1, {});
        out_ += ")";
        break;
      case NodeKind::kList:
        out_ += "[";
        list(here, 0, {});
        out_ += "]";
        break;
      case NodeKind::kMap:
      case NodeKind::kStruct:
        entries(here);
        break;
      case NodeKind::kMacro:
        macro(here);
        break;
    }
  }

  void name(const Node& here) {
    const bool plain =
        here.name.find_first_of("-@:") == std::string::npos && !is_reserved(here.name);
    out_ += plain ? here.name : "${" + here.name + "}";
  }

  void select(const Node& here) {
    node(here.children[0], kMemberPrecedence);
    out_ += here.optional ? ".?" : ".";
    out_ += member_name(here.name);
  }

  static std::string member_name(const std::string& name) {
    bool plain = is_name_start(name.front()) && name != "in" && name != "true" && name != "false" &&
                 name != "null";
    for (const char c : name) {
      plain = plain && is_name_part(c);
    }
    return plain ? name : "`" + name + "`";
  }

  void call(const Node& here) {
    if (here.name == "_?_:_") {
      node(here.children[0], kOrPrecedence);
      out_ += " ? ";
      node(here.children[1], kOrPrecedence);
      out_ += " : ";
      node(here.children[2]);
      return;
    }
    if (here.name == "!_" || here.name == "-_") {
      out_ += here.name.front();
      const bool number = begins_with_number(here.children[0]);
      node(here.children[0], number ? kMemberPrecedence + 1 : kUnaryPrecedence);
      return;
    }
    const BinaryOperator* found = binary_by_name(here.name);
    if (found == nullptr) {
      out_ += here.name + "(";
      list(here, 0, {});
      out_ += ")";
      return;
    }
    for (std::size_t i = 0; i < here.children.size(); ++i) {
      out_ += i == 0 ? "" : fmt::format(" {} ", found->symbol);
      node(here.children[i], found->precedence + (i == 0 ? 0 : 1));
    }
  }

  void list(const Node& here, std::size_t first, std::string_view before) {
    out_ += before;
    for (std::size_t i = first; i < here.children.size(); ++i) {
      out_ += i == first ? "" : ", ";
      out_ += !here.optional_entries.empty() && here.optional_entries[i] ? "?" : "";
      node(here.children[i]);
    }
  }

  void entries(const Node& here) {
    const bool map = here.kind == NodeKind::kMap;
    out_ += (map ? "" : here.name) + "{";
    for (std::size_t i = 0; i < here.optional_entries.size(); ++i) {
      out_ += i == 0 ? "" : ", ";
      out_ += here.optional_entries[i] ? "?" : "";
      if (map) {
        node(here.children[2 * i]);
      } else {
        out_ += member_name(here.fields[i]);
      }
      out_ += ": ";
      node(here.children[map ? 2 * i + 1 : i]);
    }
    out_ += "}";
  }

  void macro(const Node& here) {
    if (here.macro == Macro::kBind) {
      out_ += "cel.bind(" + here.variables[0] + ", ";
      list(here, 0, {});
      out_ += ")";
      return;
    }
    if (here.macro == Macro::kBlock) {
      out_ += "cel.block([";
      for (std::size_t i = 0; i < here.children.size(); ++i) {
        out_ += i == 0 ? "" : (i + 1 == here.children.size() ? "], " : ", ");
        node(here.children[i]);
      }
      out_ += ")";
      return;
    }
    node(here.children[0], kMemberPrecedence);
    out_ += "." + here.name + "(" + here.variables[0];
    out_ += here.variables[1].empty() ? "" : ", " + here.variables[1];
    list(here, 1, ", ");
    out_ += ")";
  }

  const Ast& ast_;
  std::string out_;
};

class ValuePrinter {
 public:
  explicit ValuePrinter(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  std::string run(const Value& value) {
    write(value);
    if (out_.size() > max_bytes_) {
      out_.resize(max_bytes_);
      out_ += "…";
    }
    return std::move(out_);
  }

 private:
  void write(const Value& value) {
    if (out_.size() > max_bytes_) {
      return;
    }
    if (value.is_secret()) {
      out_ += "<secret>";
      return;
    }
    switch (value.kind()) {
      case Kind::kString:
        out_ += quote_string(value.text());
        break;
      case Kind::kBytes:
        out_ += quote_bytes(value.text());
        break;
      case Kind::kUint:
        out_ += fmt::format("{}u", value.as_uint());
        break;
      case Kind::kDouble:
        out_ += real(value.as_double());
        break;
      case Kind::kTimestamp:
      case Kind::kDuration:
        out_ += fmt::format("{}(\"{}\")", value.is(Kind::kDuration) ? "duration" : "timestamp",
                            text_form(value));
        break;
      case Kind::kIp:
      case Kind::kCidr:
        out_ += fmt::format("{}(\"{}\")", value.is(Kind::kIp) ? "ip" : "cidr", text_form(value));
        break;
      case Kind::kList:
      case Kind::kMap:
        container(value);
        break;
      case Kind::kOptional:
        optional(value);
        break;
      case Kind::kError:
      case Kind::kAbsent:
        out_ += "<nothing>";
        break;
      default:
        out_ += text_form(value);
    }
  }

  static std::string real(double value) {
    if (!std::isfinite(value)) {
      return fmt::format("double(\"{}\")", text_form(Value::real(value)));
    }
    const std::string text = fmt::format("{}", value);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
  }

  void container(const Value& value) {
    const bool map = value.is(Kind::kMap);
    out_ += map ? "{" : "[";
    for (std::size_t i = 0; i < value.size() && out_.size() <= max_bytes_; ++i) {
      out_ += i == 0 ? "" : ", ";
      if (map) {
        write(value.key_at(i));
        out_ += ": ";
      }
      write(map ? value.value_at(i) : value.at(i));
    }
    out_ += map ? "}" : "]";
  }

  void optional(const Value& value) {
    if (value.inner() == nullptr) {
      out_ += "optional.none()";
      return;
    }
    out_ += "optional.of(";
    write(*value.inner());
    out_ += ")";
  }

  std::size_t max_bytes_;
  std::string out_;
};

}  // namespace

std::string print(const Ast& ast) { return Printer(ast).run(); }

std::string print(const Value& value, std::size_t max_bytes) {
  return ValuePrinter(max_bytes).run(value);
}

}  // namespace oap::expr
