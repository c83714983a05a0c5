#include "text/ecma_regex.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "text/ecma_property.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::text {
namespace {

constexpr unsigned kMaxRepeat = 1000;
constexpr std::string_view kSpace =
    R"(\t\n\x0b\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kNotSpace =
    R"(\x00-\x08\x0e-\x1f\x21-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027})"
    R"(\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";
constexpr std::string_view kNothing = R"([^\x00-\x{10ffff}])";
constexpr std::string_view kEverything = R"([\x00-\x{10ffff}])";

std::string hex(char32_t c) { return fmt::format("\\x{{{:x}}}", static_cast<std::uint32_t>(c)); }

/// What one escape stands for: a character, or the inside of a class.
struct Atom {
  std::optional<char32_t> value;
  std::string set;
};

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  Result<std::string> translate() {
    while (at_ < in_.size()) {
      OAP_CHECK_OK(term());
    }
    if (open_ > 0) {
      return problem("a '(' is not closed");
    }
    return std::move(out_);
  }

 private:
  bool next_is(std::string_view text) const { return in_.substr(at_).starts_with(text); }

  template <class... Args>
  tl::unexpected<Error> problem(fmt::format_string<Args...> format, Args&&... args) const {
    return fail(Code::kInvalidArgument, "the pattern {} cannot be used: {}",
                escape_visible(truncate_utf8(in_, 200)),
                fmt::format(format, std::forward<Args>(args)...));
  }

  /// Adds something that a quantifier may follow.
  void add(std::string_view text) {
    out_ += text;
    repeatable_ = true;
  }

  Result<void> term() {
    switch (in_[at_]) {
      case '\\':
        return escape();
      case '[':
        return character_class();
      case '(':
        return group();
      case ')':
        if (open_-- == 0) {
          return problem("a ')' has no '('");
        }
        add(")");
        break;
      case '.':
        add(R"([^\n\r\x{2028}\x{2029}])");
        break;
      case '*':
      case '+':
      case '?':
        return quantifier(in_.substr(at_, 1));
      case '{':
        return counted();
      case '^':
        out_ += "^";
        repeatable_ = false;
        break;
      case '$':
        out_ += R"(\z)";
        repeatable_ = false;
        break;
      case '|':
        out_ += "|";
        repeatable_ = false;
        break;
      default:
        return literal();
    }
    ++at_;
    return {};
  }

  Result<void> literal() {
    const CodePoint c = decode_at(in_, at_);
    if (!c.valid) {
      return problem("it is not UTF-8");
    }
    at_ += c.length;
    const bool plain = c.value < 0x80 && (is_alpha(static_cast<char>(c.value)) ||
                                          is_digit(static_cast<char>(c.value)));
    add(plain ? std::string(1, static_cast<char>(c.value)) : hex(c.value));
    return {};
  }

  Result<void> group() {
    ++open_;
    if (open_ > 200) {
      return problem("it nests groups deeper than 200");
    }
    repeatable_ = false;
    if (next_is("(?=") || next_is("(?!") || next_is("(?<=") || next_is("(?<!")) {
      return problem("look-around '{}' is not supported",
                     in_.substr(at_, in_[at_ + 2] == '<' ? 4 : 3));
    }
    std::size_t length = 1;
    if (next_is("(?:")) {
      length = 3;
    } else if (next_is("(?<")) {
      const std::size_t close = in_.find('>', at_);
      if (close == std::string_view::npos || close == at_ + 3) {
        return problem("the group name after '(?<' is not closed by '>'");
      }
      length = close + 1 - at_;
    } else if (next_is("(?")) {
      return problem("'{}' is not an ECMA-262 group", in_.substr(at_, 3));
    }
    at_ += length;
    out_ += "(?:";
    return {};
  }

  Result<void> quantifier(std::string_view text) {
    if (!repeatable_) {
      return problem("there is nothing to repeat before '{}'", text);
    }
    out_ += text;
    at_ += text.size();
    if (next_is("?")) {
      out_ += "?";
      ++at_;
    }
    repeatable_ = false;
    return {};
  }

  /// `{n}`, `{n,}`, `{n,m}`; any other brace is a character.
  Result<void> counted() {
    const std::size_t close = in_.find('}', at_);
    const std::string_view inside =
        close == std::string_view::npos ? "" : in_.substr(at_ + 1, close - at_ - 1);
    const std::size_t comma = inside.find(',');
    const std::string_view low = inside.substr(0, comma);
    const std::string_view high = comma == std::string_view::npos ? low : inside.substr(comma + 1);
    const auto digits = [](std::string_view text) {
      return std::all_of(text.begin(), text.end(), is_digit);
    };
    if (low.empty() || !digits(low) || !digits(high)) {
      add(R"(\{)");
      ++at_;
      return {};
    }
    const auto number = [](std::string_view text) {
      unsigned value = 0;
      for (const char c : text) {
        value = std::min(value * 10 + static_cast<unsigned>(c - '0'), kMaxRepeat + 1);
      }
      return value;
    };
    if (number(low) > kMaxRepeat || number(high) > kMaxRepeat) {
      return problem("'{{{}}}' repeats more than {} times", inside, kMaxRepeat);
    }
    if (!high.empty() && number(high) < number(low)) {
      return problem("'{{{}}}' has its numbers out of order", inside);
    }
    return quantifier(in_.substr(at_, close + 1 - at_));
  }

  Result<void> escape() {
    const char next = at_ + 1 < in_.size() ? in_[at_ + 1] : '\0';
    if (next == 'b' || next == 'B') {
      out_ += next == 'b' ? R"(\b)" : R"(\B)";
      repeatable_ = false;
      at_ += 2;
      return {};
    }
    if (next >= '1' && next <= '9') {
      return problem("back-references such as '\\{}' are not supported", next);
    }
    if (next == 'k') {
      return problem("back-references such as '\\k<name>' are not supported");
    }
    OAP_TRY(const Atom atom, class_escape());
    add(atom.value ? hex(*atom.value) : "[" + atom.set + "]");
    return {};
  }

  /// An escape that means the same inside and outside of a class.
  Result<Atom> class_escape() {
    ++at_;
    if (at_ >= in_.size()) {
      return problem("it ends with a backslash");
    }
    const char c = in_[at_++];
    switch (c) {
      case 'd':
        return Atom{{}, "0-9"};
      case 'D':
        return Atom{{}, R"(\x00-/:-\x{10ffff})"};
      case 'w':
        return Atom{{}, "0-9A-Za-z_"};
      case 'W':
        return Atom{{}, R"(\x00-/:-@\[-\^`{-\x{10ffff})"};
      case 's':
        return Atom{{}, std::string(kSpace)};
      case 'S':
        return Atom{{}, std::string(kNotSpace)};
      case 'p':
      case 'P':
        return property(c == 'P');
      case 't':
        return Atom{U'\t', {}};
      case 'n':
        return Atom{U'\n', {}};
      case 'v':
        return Atom{U'\v', {}};
      case 'f':
        return Atom{U'\f', {}};
      case 'r':
        return Atom{U'\r', {}};
      case '0':
        if (at_ < in_.size() && is_digit(in_[at_])) {
          return problem("octal escapes are not supported");
        }
        return Atom{U'\0', {}};
      case 'c':
        return control();
      case 'x':
        return hex_digits(2);
      case 'u':
        return unicode();
      default:
        return identity();
    }
  }

  Result<Atom> identity() {
    --at_;
    const CodePoint c = decode_at(in_, at_);
    const char byte = in_[at_];
    if (!c.valid) {
      return problem("it is not UTF-8");
    }
    if (is_alpha(byte) || is_digit(byte)) {
      return problem("'\\{}' is not an ECMA-262 escape", byte);
    }
    at_ += c.length;
    return Atom{c.value, {}};
  }

  Result<Atom> control() {
    if (at_ >= in_.size() || !is_alpha(in_[at_])) {
      return problem("'\\c' needs a letter");
    }
    return Atom{static_cast<unsigned char>(in_[at_++]) & 0x1FU, {}};
  }

  Result<Atom> hex_digits(std::size_t count) {
    char32_t value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at_) {
      const std::optional<unsigned> digit = at_ < in_.size() ? hex_value(in_[at_]) : std::nullopt;
      if (!digit) {
        return problem("'\\x' needs two and '\\u' four hexadecimal digits");
      }
      value = value * 16 + *digit;
    }
    return Atom{value, {}};
  }

  static std::optional<unsigned> hex_value(char c) {
    if (is_digit(c)) {
      return static_cast<unsigned>(c - '0');
    }
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? std::optional<unsigned>(lower - 'a' + 10) : std::nullopt;
  }

  Result<Atom> unicode() {
    if (next_is("{")) {
      char32_t value = 0;
      const std::size_t first = ++at_;
      for (; at_ < in_.size() && hex_value(in_[at_]) && value <= 0x10FFFF; ++at_) {
        value = value * 16 + *hex_value(in_[at_]);
      }
      if (at_ == first || !next_is("}") || value > 0x10FFFF) {
        return problem("'\\u{{' needs a code point up to 10ffff and '}}'");
      }
      ++at_;
      return Atom{value, {}};
    }
    OAP_TRY(Atom high, hex_digits(4));
    if (*high.value >= 0xD800 && *high.value <= 0xDBFF && next_is("\\u")) {
      const std::size_t before = at_;
      at_ += 2;
      const Result<Atom> low = hex_digits(4);
      if (low && *low->value >= 0xDC00 && *low->value <= 0xDFFF) {
        return Atom{0x10000 + ((*high.value - 0xD800) << 10U) + (*low->value - 0xDC00), {}};
      }
      at_ = before;
    }
    return high;
  }

  Result<Atom> property(bool negated) {
    const std::size_t close = in_.find('}', at_);
    if (!next_is("{") || close == std::string_view::npos) {
      return problem("'\\p' needs a name in braces");
    }
    const std::string_view name = in_.substr(at_ + 1, close - at_ - 1);
    const std::optional<std::string> set = ecma_property(name, negated);
    if (!set) {
      return problem("the property '\\p{{{}}}' is not supported", name);
    }
    at_ = close + 1;
    return Atom{{}, *set};
  }

  Result<Atom> class_atom() {
    if (in_[at_] != '\\') {
      const CodePoint c = decode_at(in_, at_);
      if (!c.valid) {
        return problem("it is not UTF-8");
      }
      at_ += c.length;
      return Atom{c.value, {}};
    }
    if (next_is("\\b")) {
      at_ += 2;
      return Atom{U'\b', {}};
    }
    return class_escape();
  }

  Result<void> character_class() {
    ++at_;
    const bool negated = next_is("^");
    at_ += negated ? 1 : 0;
    std::string set;
    while (at_ < in_.size() && in_[at_] != ']') {
      OAP_TRY(const Atom first, class_atom());
      const bool range = next_is("-") && at_ + 1 < in_.size() && in_[at_ + 1] != ']';
      if (!range || !first.value) {
        set += first.value ? hex(*first.value) : first.set;
        continue;
      }
      ++at_;
      OAP_TRY(const Atom last, class_atom());
      if (!last.value) {
        set += hex(*first.value) + R"(\-)" + last.set;
        continue;
      }
      if (*last.value < *first.value) {
        return problem("a range in [...] is out of order");
      }
      set += hex(*first.value) + "-" + hex(*last.value);
    }
    if (at_ >= in_.size()) {
      return problem("a '[' is not closed");
    }
    ++at_;
    if (set.empty()) {
      add(negated ? kEverything : kNothing);
    } else {
      add((negated ? "[^" : "[") + set + "]");
    }
    return {};
  }

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t open_ = 0;
  bool repeatable_ = false;
};

}  // namespace

Result<std::string> ecma_to_re2(std::string_view pattern) {
  return Translator(pattern).translate();
}

}  // namespace oap::text
