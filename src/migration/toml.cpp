#include "migration/toml.hpp"

#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr int kMostDepth = 32;

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Result<json::Object> run() {
    if (text_.size() > kMostBytes || !text::is_valid_utf8(text_)) {
      return wrong(text_.size() > kMostBytes ? "is larger than 1 MiB" : "is no UTF-8 text");
    }
    table_ = &root_;
    while (true) {
      skip(true);
      if (done()) {
        return std::move(root_);
      }
      OAP_CHECK_OK(peek() == '[' ? header() : pair(*table_, 0));
      skip(false);
      if (!done() && peek() != '\n') {
        return wrong("expected the end of the line");
      }
    }
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool take(std::string_view what) {
    if (!text_.substr(std::min(at_, text_.size())).starts_with(what)) {
      return false;
    }
    at_ += what.size();
    return true;
  }
  tl::unexpected<Error> wrong(std::string_view what) const {
    int line = 1;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      line += text_[i] == '\n' ? 1 : 0;
    }
    return fail(Code::kInvalidArgument, "{}:{}: {}", file_, line, what);
  }
  /// White space and comments.
  void skip(bool lines) {
    while (!done()) {
      const char c = peek();
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Result<std::vector<std::string>> key() {
    std::vector<std::string> parts;
    while (true) {
      skip(false);
      if (peek() == '"' || peek() == '\'') {
        OAP_TRY(json::Value part, string());
        parts.emplace_back(json::view(part.get_string()));
      } else {
        const std::size_t begin = at_;
        while (!done() && (text::is_alpha(peek()) || text::is_digit(peek()) || peek() == '_' ||
                           peek() == '-')) {
          ++at_;
        }
        if (at_ == begin) {
          return wrong("expected a key");
        }
        parts.emplace_back(text_.substr(begin, at_ - begin));
      }
      skip(false);
      if (!take(".")) {
        break;
      }
      if (parts.size() >= kMostDepth) {
        return wrong("nested too deeply");
      }
    }
    return parts;
  }

  /// The table below `from` that a key's first parts name.
  Result<json::Object*> below(json::Object& from, const std::vector<std::string>& parts,
                              std::size_t count) {
    json::Object* at = &from;
    for (std::size_t i = 0; i < count; ++i) {
      json::Value& next = (*at)[parts[i]];
      if (next.is_null()) {
        next = json::Object{};
      }
      json::Value* inner = &next;
      if (inner->is_array() && !inner->get_array().empty()) {
        inner = &inner->get_array().back();
      }
      if (!inner->is_object()) {
        return wrong(fmt::format("'{}' is no table", parts[i]));
      }
      at = &inner->get_object();
    }
    return at;
  }

  Result<void> header() {
    const bool list = take("[[");
    if (!list) {
      take("[");
    }
    OAP_TRY(const std::vector<std::string> parts, key());
    if (!take(list ? "]]" : "]")) {
      return wrong("expected ']'");
    }
    if (!list) {
      OAP_TRY(table_, below(root_, parts, parts.size()));
      return {};
    }
    OAP_TRY(json::Object* const parent, below(root_, parts, parts.size() - 1));
    json::Value& items = (*parent)[parts.back()];
    if (items.is_null()) {
      items = json::Array{};
    }
    if (!items.is_array()) {
      return wrong(fmt::format("'{}' is no list of tables", parts.back()));
    }
    items.get_array().emplace_back(json::Object{});
    table_ = &items.get_array().back().get_object();
    return {};
  }

  Result<void> pair(json::Object& table, int depth) {
    OAP_TRY(const std::vector<std::string> parts, key());
    if (!take("=")) {
      return wrong("expected '='");
    }
    OAP_TRY(json::Value value, this->value(depth));
    OAP_TRY(json::Object* const parent, below(table, parts, parts.size() - 1));
    if (parent->contains(parts.back())) {
      return wrong(fmt::format("'{}' stands twice", parts.back()));
    }
    (*parent)[parts.back()] = std::move(value);
    return {};
  }

  Result<json::Value> value(int depth) {
    skip(false);
    if (depth > kMostDepth) {
      return wrong("nested too deeply");
    }
    if (peek() == '"' || peek() == '\'') {
      return string();
    }
    if (take("[")) {
      return list(depth);
    }
    if (take("{")) {
      return inline_table(depth);
    }
    const std::size_t begin = at_;
    skip_word();
    if (is_date(text_.substr(begin, at_ - begin)) && peek() == ' ' && at_ + 1 < text_.size() &&
        text::is_digit(text_[at_ + 1])) {
      ++at_;
      skip_word();
    }
    return scalar(text_.substr(begin, at_ - begin));
  }

  void skip_word() {
    while (!done() && (text::is_alpha(peek()) || text::is_digit(peek()) || peek() == '+' ||
                       peek() == '-' || peek() == '.' || peek() == '_' || peek() == ':')) {
      ++at_;
    }
  }

  /// "2020-01-31", and what may follow it.
  static bool is_date(std::string_view word) {
    static constexpr std::string_view kForm = "dddd-dd-dd";
    for (std::size_t i = 0; i < kForm.size(); ++i) {
      if (i >= word.size() || (kForm[i] == 'd' ? !text::is_digit(word[i]) : word[i] != kForm[i])) {
        return false;
      }
    }
    return true;
  }

  /// "07:32:00", with or without parts of a second.
  static bool is_time(std::string_view word) {
    return word.size() >= 5 && text::is_digit(word[0]) && text::is_digit(word[1]) &&
           word[2] == ':' && text::is_digit(word[3]) && text::is_digit(word[4]);
  }

  /// Without the underscores, each of which stands between two digits; the same text otherwise.
  static std::string plain_digits(std::string_view word) {
    std::string out;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (word[i] != '_') {
        out += word[i];
      } else if (i == 0 || i + 1 == word.size() || word[i - 1] == '_' || word[i + 1] == '_') {
        return std::string(word);
      }
    }
    return out;
  }

  static int base_of(std::string_view digits) {
    if (digits.size() < 3 || digits[0] != '0') {
      return 10;
    }
    return digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : digits[1] == 'b' ? 2 : 10;
  }

  Result<json::Value> scalar(std::string_view word) {
    if (word == "true" || word == "false") {
      return json::Value(word == "true");
    }
    if (is_date(word) || is_time(word)) {
      return json::Value(json::String(word));
    }
    const std::string digits = plain_digits(word.starts_with('+') ? word.substr(1) : word);
    const int base = base_of(digits);
    std::int64_t whole = 0;
    const char* const end = digits.data() + digits.size();
    const char* const first = digits.data() + (base == 10 ? 0 : 2);
    if (const auto [stop, error] = std::from_chars(first, end, whole, base);
        error == std::errc() && stop == end) {
      return json::Value(whole);
    }
    double real = 0;
    if (const auto [stop, error] = std::from_chars(digits.data(), end, real);
        error == std::errc() && stop == end && !digits.empty() && text::is_digit(digits.back())) {
      return json::Value(real);
    }
    return wrong("expected a text, a number, true or false");
  }

  Result<json::Value> list(int depth) {
    json::Array out;
    while (true) {
      skip(true);
      if (take("]")) {
        return json::Value(std::move(out));
      }
      OAP_TRY(json::Value item, value(depth + 1));
      out.push_back(std::move(item));
      skip(true);
      if (!take(",") && peek() != ']') {
        return wrong("expected ',' or ']'");
      }
    }
  }

  Result<json::Value> inline_table(int depth) {
    json::Object out;
    while (true) {
      skip(false);
      if (take("}")) {
        return json::Value(std::move(out));
      }
      OAP_CHECK_OK(pair(out, depth + 1));
      skip(false);
      if (!take(",") && peek() != '}') {
        return wrong("expected ',' or '}'");
      }
    }
  }

  Result<json::Value> string() {
    const bool literal = peek() == '\'';
    const std::string one(1, peek());
    const bool is_long = take(one + one + one);
    if (!is_long) {
      take(one);
    } else {
      take("\r");
      take("\n");
    }
    const std::string end = is_long ? one + one + one : one;
    std::string out;
    while (!take(end)) {
      if (done() || (!is_long && peek() == '\n')) {
        return wrong("a text without its end");
      }
      if (peek() == '\\' && !literal) {
        ++at_;
        OAP_CHECK_OK(escape(out, is_long));
      } else {
        out += text_[at_++];
      }
    }
    // Quotes right before the end belong to the text.
    while (is_long && peek() == one[0]) {
      out += text_[at_++];
    }
    return json::Value(json::String(out));
  }

  Result<void> escape(std::string& out, bool is_long) {
    static constexpr std::string_view kFrom = "btnfr\"\\e";
    static constexpr std::string_view kTo = "\b\t\n\f\r\"\\\x1b";
    const char c = peek();
    if (const std::size_t known = kFrom.find(c); known != std::string_view::npos && c != '\0') {
      out += kTo[known];
      ++at_;
      return {};
    }
    if (c == 'u' || c == 'U') {
      const std::size_t count = c == 'u' ? 4 : 8;
      const std::string_view digits = text_.substr(std::min(at_ + 1, text_.size()), count);
      std::uint32_t code = 0;
      const auto [stop, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
      if (digits.size() != count || error != std::errc() || stop != digits.data() + count) {
        return wrong("an escape that is not known");
      }
      text::append_utf8(out, static_cast<char32_t>(code));
      at_ += count + 1;
      return {};
    }
    if (is_long && text::is_space(c)) {
      while (text::is_space(peek()) && !done()) {
        ++at_;
      }
      return {};
    }
    return wrong("an escape that is not known");
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  json::Object root_;
  json::Object* table_ = nullptr;
};

}  // namespace

Result<json::Object> parse_toml(std::string_view text, const std::string& file) {
  return Parser(text, file).run();
}

}  // namespace oap::migration
