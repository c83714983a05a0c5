#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "expr/library.hpp"
#include "expr/text_form.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::expr {

namespace {

constexpr int kMaxPrecision = 100;

/// What a clause of a format makes of one argument, or why it cannot.
class Formatter {
 public:
  explicit Formatter(Budget& budget) : budget_(budget) {}

  Result<std::string> clause(char letter, int precision, const Value& value) {
    switch (letter) {
      case 's':
        return text(value, 0);
      case 'd':
        return decimal(value);
      case 'f':
      case 'e':
        return fraction(letter, precision, value);
      case 'b':
        return value.is(Kind::kBool) ? Result<std::string>(value.as_bool() ? "1" : "0")
                                     : integer(value, "{:b}", "%b wants an int or a bool");
      case 'o':
        return integer(value, "{:o}", "%o wants an int");
      case 'x':
      case 'X':
        return hexadecimal(letter == 'X', value);
      default:
        return fail(Code::kInvalidArgument, "the format has an unknown clause");
    }
  }

 private:
  Result<std::string> text(const Value& value, int depth) {
    if (!budget_.spend(1) || depth > 200) {
      return fail(Code::kResourceExhausted, "the value is too large");
    }
    switch (value.kind()) {
      case Kind::kList:
        return list(value, depth);
      case Kind::kMap:
        return map(value, depth);
      case Kind::kBytes:
        return text::sanitize_utf8(value.text());
      case Kind::kOptional:
        return fail(Code::kInvalidArgument, "%s cannot show an optional");
      default:
        return text_form(value);
    }
  }

  Result<std::string> list(const Value& value, int depth) {
    std::string out = "[";
    for (std::size_t i = 0; i < value.size(); ++i) {
      OAP_TRY(const std::string item, text(value.at(i), depth + 1));
      out += (i == 0 ? "" : ", ") + item;
      OAP_CHECK_OK(pay(item.size()));
    }
    return out + "]";
  }

  Result<std::string> map(const Value& value, int depth) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (std::size_t i = 0; i < value.size(); ++i) {
      OAP_TRY(std::string key, text(value.key_at(i), depth + 1));
      OAP_TRY(std::string item, text(value.value_at(i), depth + 1));
      OAP_CHECK_OK(pay(key.size() + item.size()));
      entries.emplace_back(std::move(key), std::move(item));
    }
    std::sort(entries.begin(), entries.end());
    std::string out = "{";
    for (const auto& [key, item] : entries) {
      out += fmt::format("{}{}: {}", out.size() == 1 ? "" : ", ", key, item);
    }
    return out + "}";
  }

  Result<void> pay(std::size_t bytes) {
    if (!budget_.allocate(bytes + 2)) {
      return fail(Code::kResourceExhausted, "the text is too large");
    }
    return {};
  }

  static Result<std::string> decimal(const Value& value) {
    if (value.is(Kind::kInt) || value.is(Kind::kUint) ||
        (value.is(Kind::kDouble) && !std::isfinite(value.as_double()))) {
      return text_form(value);
    }
    return fail(Code::kInvalidArgument, "%d wants an int");
  }

  static Result<std::string> fraction(char letter, int precision, const Value& value) {
    double number = 0;
    if (value.is(Kind::kDouble)) {
      number = value.as_double();
    } else if (value.is(Kind::kInt)) {
      number = static_cast<double>(value.as_int());
    } else if (value.is(Kind::kUint)) {
      number = static_cast<double>(value.as_uint());
    } else {
      return fail(Code::kInvalidArgument, "%{} wants a number", letter);
    }
    if (!std::isfinite(number)) {
      return double_form(number);
    }
    return letter == 'f' ? fmt::format("{:.{}f}", number, precision)
                         : fmt::format("{:.{}e}", number, precision);
  }

  static Result<std::string> integer(const Value& value, const char* form, const char* wanted) {
    if (value.is(Kind::kInt)) {
      return fmt::format(fmt::runtime(form), value.as_int());
    }
    if (value.is(Kind::kUint)) {
      return fmt::format(fmt::runtime(form), value.as_uint());
    }
    return fail(Code::kInvalidArgument, "{}", wanted);
  }

  Result<std::string> hexadecimal(bool upper, const Value& value) {
    if (!value.is(Kind::kString) && !value.is(Kind::kBytes)) {
      return integer(value, upper ? "{:X}" : "{:x}", "%x wants an int, a string or bytes");
    }
    OAP_CHECK_OK(pay(value.text().size() * 2));
    std::string out;
    for (const char c : value.text()) {
      out += upper ? fmt::format("{:02X}", static_cast<unsigned char>(c))
                   : fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return out;
  }

  Budget& budget_;
};

/// The digits of `%.3f`; nothing where they are missing or too many.
std::optional<int> read_precision(std::string_view text, std::size_t& at) {
  if (at >= text.size() || text[at] != '.') {
    return 6;
  }
  int precision = 0;
  const std::size_t begin = ++at;
  while (at < text.size() && text::is_digit(text[at]) && precision <= kMaxPrecision) {
    precision = precision * 10 + (text[at++] - '0');
  }
  return at == begin || precision > kMaxPrecision ? std::nullopt : std::optional(precision);
}

Value format(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kString) || !args[1]->is(Kind::kList)) {
    return Value::mismatch();
  }
  const std::string_view text = args[0]->text();
  Formatter formatter(budget);
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out.push_back(text[at]);
      continue;
    }
    if (++at < text.size() && text[at] == '%') {
      out.push_back('%');
      continue;
    }
    const std::optional<int> precision = read_precision(text, at);
    if (!precision || at >= text.size()) {
      return bad("a clause of the format is not complete");
    }
    if (used >= args[1]->size()) {
      return bad("the format has more clauses than the list has items");
    }
    const Result<std::string> piece = formatter.clause(text[at], *precision, args[1]->at(used++));
    if (!piece || !budget.allocate(piece->size())) {
      return bad(piece ? "" : piece.error().message());
    }
    out += *piece;
  }
  budget.allocate(text.size());
  return Value::string(std::move(out));
}

Value reverse(Args args, Budget& budget) {
  const Value& value = *args[0];
  if (value.is(Kind::kList)) {
    std::vector<Value> items;
    for (std::size_t i = value.size(); i > 0 && budget.allocate(sizeof(Value)); --i) {
      items.push_back(value.at(i - 1));
    }
    return Value::list(std::move(items));
  }
  if (!value.is(Kind::kString) || !budget.allocate(value.text().size())) {
    return Value::mismatch();
  }
  std::string out(value.text().size(), '\0');
  std::size_t end = out.size();
  const text::CodePoints points(value.text());
  for (auto at = points.begin(); at != points.end(); ++at) {
    end -= (*at).length;
    value.text().copy(out.data() + end, (*at).length, at.offset());
  }
  return Value::string(std::move(out));
}

constexpr std::array kTable = {
    Declaration{".format(string, list<dyn>): string", format},
    Declaration{".reverse(string): string", reverse},
    Declaration{".reverse(list<A>): list<A>", reverse},
};

}  // namespace

std::span<const Declaration> text_table() { return kTable; }

}  // namespace oap::expr
