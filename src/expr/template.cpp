#include "expr/template.hpp"

#include <set>

#include "expr/convert_json.hpp"
#include "expr/lexer.hpp"
#include "expr/source.hpp"
#include "expr/text_form.hpp"
#include "json/print.hpp"

namespace oap::expr {

namespace {

/// A piece of a template: literal text, or a program.
struct Piece {
  std::string literal;
  std::optional<Program> program;
};

/// Reads one template from left to right.
class TemplateReader {
 public:
  TemplateReader(std::string_view source, const Environment& environment,
                 const TemplateOptions& options)
      : source_(source), environment_(environment), options_(options) {}

  Result<std::vector<Piece>> run() {
    while (at_ < source_.size()) {
      const std::string_view rest = source_.substr(at_);
      const bool names = options_.dollar_names;
      if (rest.starts_with("$${{") || (names && rest.starts_with("$${"))) {
        literal_ += "${";
        at_ += 3;
      } else if (rest.starts_with("${{")) {
        OAP_CHECK_OK(expression());
      } else if (names && rest.starts_with("${")) {
        OAP_CHECK_OK(name());
      } else {
        literal_.push_back(source_[at_++]);
      }
    }
    flush();
    return std::move(pieces_);
  }

 private:
  Result<void> expression() {
    OAP_TRY(const std::size_t end, expression_end(source_, at_ + 3));
    return add(at_ + 3, end, end + 2, false);
  }

  Result<void> name() {
    Lexer lexer(source_, {.dollar_names = true}, at_);
    OAP_TRY(const Token token, lexer.next());
    return add(token.begin, token.end, token.end, true);
  }

  /// Compiles source_[begin, end). An error is made again where it stands in the whole template.
  Result<void> add(std::size_t begin, std::size_t end, std::size_t next, bool dollar) {
    CompileOptions options;
    options.parse.dollar_names = dollar || options_.dollar_names;
    Result<Program> program =
        Program::compile(source_.substr(begin, end - begin), environment_, options);
    if (!program) {
      options.parse.begin = begin;
      Result<Program> placed = Program::compile(source_.substr(0, end), environment_, options);
      return fail(placed ? program.error() : placed.error());
    }
    flush();
    pieces_.push_back({"", std::move(*program)});
    at_ = next;
    return {};
  }

  void flush() {
    if (!literal_.empty()) {
      pieces_.push_back({std::move(literal_), std::nullopt});
      literal_.clear();
    }
  }

  std::string_view source_;
  const Environment& environment_;
  const TemplateOptions& options_;
  std::size_t at_ = 0;
  std::string literal_;
  std::vector<Piece> pieces_;
};

Result<std::string> as_text(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return std::string();
    case Kind::kList:
    case Kind::kMap: {
      OAP_TRY(const json::Value data, to_json(value, 100'000));
      return json::print(data);
    }
    case Kind::kOptional:
      return value.inner() == nullptr ? Result<std::string>(std::string())
                                      : as_text(*value.inner());
    case Kind::kBytes:
      return fail(Code::kInvalidArgument,
                  "bytes cannot be put into a text; write string(x) or base64.encode(x)");
    default:
      return text_form(value);
  }
}

}  // namespace

Result<std::size_t> expression_end(std::string_view source, std::size_t begin) {
  Lexer lexer(source, {.dollar_names = true}, begin);
  std::vector<char> open;
  for (;;) {
    OAP_TRY(const Token token, lexer.next());
    if (token.kind == TokenKind::kEnd) {
      return fail(error_at(source, begin, "'${{' has no '}}' behind it"));
    }
    if (token.is("{") || token.is("(") || token.is("[")) {
      open.push_back(token.text.front());
    } else if (token.is("}") && open.empty()) {
      if (source.substr(token.begin, 2) != "}}") {
        return fail(error_at(source, token.begin, "'${{' ends with '}}'"));
      }
      return token.begin;
    } else if ((token.is("}") || token.is(")") || token.is("]")) && !open.empty()) {
      open.pop_back();
    }
  }
}

struct Template::Body {
  std::vector<Piece> pieces;
  std::string source;
};

Result<Template> Template::compile(std::string_view source, const Environment& environment,
                                   const TemplateOptions& options) {
  auto body = std::make_shared<Body>();
  OAP_TRY(body->pieces, TemplateReader(source, environment, options).run());
  body->source = std::string(source);
  return Template(std::move(body));
}

bool Template::is_literal() const {
  return body_->pieces.empty() ||
         (body_->pieces.size() == 1 && !body_->pieces.front().program.has_value());
}

Type Template::type() const {
  const bool alone = body_->pieces.size() == 1 && body_->pieces.front().program.has_value();
  return alone ? body_->pieces.front().program->type() : Type(TypeKind::kString);
}

std::vector<std::uint32_t> Template::used_slots() const {
  std::set<std::uint32_t> used;
  for (const Piece& piece : body_->pieces) {
    if (piece.program) {
      used.insert(piece.program->used_slots().begin(), piece.program->used_slots().end());
    }
  }
  return {used.begin(), used.end()};
}

Result<Value> Template::evaluate(std::span<const Value> variables, const Limits& limits,
                                 json::Array* secrets) const {
  if (body_->pieces.size() == 1 && body_->pieces.front().program) {
    Result<Value> alone = body_->pieces.front().program->evaluate(variables, limits);
    if (alone && secrets != nullptr) {
      add_secrets(*alone, *secrets);
    }
    return alone;
  }
  std::string out;
  bool tainted = false;
  for (const Piece& piece : body_->pieces) {
    if (!piece.program) {
      out += piece.literal;
      continue;
    }
    OAP_TRY(const Value value, piece.program->evaluate(variables, limits));
    tainted = tainted || value.tainted();
    OAP_TRY(const std::string text, as_text(value));
    out += text;
    if (secrets != nullptr) {
      add_secrets(value, *secrets);
    }
    if (out.size() > limits.memory) {
      return fail(Code::kResourceExhausted, "the text of the template grows beyond {} bytes",
                  limits.memory);
    }
  }
  Value result = Value::string(std::move(out));
  return tainted ? std::move(result).secret() : result;
}

}  // namespace oap::expr
