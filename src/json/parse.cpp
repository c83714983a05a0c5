#include "json/parse.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

namespace oap::json {
namespace {

using boost::json::error_code;
using boost::json::string_view;

/// The keys seen so far in each object that is open: a short list, then an ordered set, so that no
/// choice of keys makes the search slow.
class SeenKeys {
 public:
  SeenKeys() {
    chars_.reserve(256);
    keys_.reserve(32);
    objects_.reserve(8);
  }

  void open() { objects_.push_back({keys_.size(), chars_.size(), {}}); }
  void close() {
    keys_.resize(objects_.back().first_key);
    chars_.resize(objects_.back().first_char);
    objects_.pop_back();
  }
  /// False where the innermost object has the key already.
  bool insert(std::string_view key) {
    Open& object = objects_.back();
    if (!object.many.empty()) {
      return object.many.emplace(key).second;
    }
    for (std::size_t i = object.first_key; i < keys_.size(); ++i) {
      if (text_of(keys_[i]) == key) {
        return false;
      }
    }
    keys_.push_back({chars_.size(), key.size()});
    chars_ += key;
    if (keys_.size() - object.first_key > kMaxList) {
      for (std::size_t i = object.first_key; i < keys_.size(); ++i) {
        object.many.emplace(text_of(keys_[i]));
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kMaxList = 24;
  struct Key {
    std::size_t start;
    std::size_t size;
  };
  struct Open {
    std::size_t first_key;
    std::size_t first_char;
    std::set<std::string, std::less<>> many;
  };
  std::string_view text_of(const Key& key) const {
    return std::string_view(chars_).substr(key.start, key.size);
  }

  std::string chars_;  ///< the listed keys, one after the other
  std::vector<Key> keys_;
  std::vector<Open> objects_;
};

/// Decimal exponent of a JSON number's first significant digit; only its sign matters here.
bool is_tiny(std::string_view number) {
  const std::size_t mark = number.find_first_of("eE");
  const std::string_view digits = number.substr(0, mark);
  long exponent = 0;
  if (mark != std::string_view::npos) {
    const char* first = number.data() + mark + 1 + (number[mark + 1] == '+' ? 1 : 0);
    const char* last = number.data() + number.size();
    if (std::from_chars(first, last, exponent).ec != std::errc()) {
      return *first == '-';
    }
  }
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t significant = digits.find_first_of("123456789");
  return static_cast<long>(point) - static_cast<long>(std::min(significant, digits.size())) +
             exponent <
         0;
}

/// Receives basic_parser's events and builds the value.
struct Handler {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  /// Not `= default`: that would fill the room with zeros.
  Handler() : stack({}, first_room, sizeof(first_room)) {}

  unsigned char first_room[2048];  ///< for the stack of a small text
  boost::json::value_stack stack;
  SeenKeys keys;
  std::string part;     ///< of a key or number that comes in several pieces
  std::string problem;  ///< set where the handler itself refuses

  bool on_document_begin(error_code&) {
    stack.reset();
    return true;
  }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    keys.open();
    return true;
  }
  bool on_object_end(std::size_t size, error_code&) {
    keys.close();
    stack.push_object(size);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t size, error_code&) {
    stack.push_array(size);
    return true;
  }
  bool on_key_part(string_view text, std::size_t, error_code&) {
    part.append(text.data(), text.size());
    stack.push_chars(text);
    return true;
  }
  bool on_key(string_view text, std::size_t, error_code& ec) {
    stack.push_key(text);
    part.append(text.data(), text.size());
    const bool fresh = keys.insert(part);
    if (!fresh) {
      problem = fmt::format("the key \"{}\" stands twice in one object", part);
      ec = boost::json::error::syntax;
    }
    part.clear();
    return fresh;
  }
  bool on_string_part(string_view text, std::size_t, error_code&) {
    stack.push_chars(text);
    return true;
  }
  bool on_string(string_view text, std::size_t, error_code&) {
    stack.push_string(text);
    return true;
  }
  bool on_number_part(string_view text, error_code&) {
    part.append(text.data(), text.size());
    return true;
  }
  bool on_int64(std::int64_t number, string_view text, error_code&) {
    part.append(text.data(), text.size());
    if (number == 0 && part.front() == '-') {
      stack.push_double(-0.0);
    } else {
      stack.push_int64(number);
    }
    part.clear();
    return true;
  }
  bool on_uint64(std::uint64_t number, string_view, error_code&) {
    part.clear();
    stack.push_uint64(number);
    return true;
  }
  bool on_double(double, string_view text, error_code& ec) {
    part.append(text.data(), text.size());
    double number = 0;
    const auto read = std::from_chars(part.data(), part.data() + part.size(), number);
    if (read.ec == std::errc::result_out_of_range && is_tiny(part)) {
      number = part.front() == '-' ? -0.0 : 0.0;
    } else if (read.ec != std::errc() || read.ptr != part.data() + part.size()) {
      problem = fmt::format("the number {} is beyond the range of a double",
                            part.substr(0, 40) + (part.size() > 40 ? "..." : ""));
      ec = boost::json::error::exponent_overflow;
      return false;
    }
    stack.push_double(number);
    part.clear();
    return true;
  }
  bool on_bool(bool value, error_code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// Columns count code points, as editors do.
Place place_of(std::string_view text, std::size_t offset) {
  Place place;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80) {
      ++place.column;
    }
  }
  return place;
}

std::string describe(error_code ec, std::string_view text, std::size_t offset,
                     const ParseOptions& options) {
  using boost::json::error;
  if (ec == error::too_deep) {
    return fmt::format("arrays and objects are nested deeper than {}", options.max_depth);
  }
  if (ec == error::incomplete || offset >= text.size()) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos
               ? "the text is empty"
               : "the text ends in the middle of a value";
  }
  if (ec == error::extra_data) {
    return "there is more text after the end of the value";
  }
  if (ec == error::exponent_overflow) {
    return "the number is beyond the range of a double";
  }
  const bool after_leading = offset >= 6 && text[offset - 6] == '\\' && text[offset - 5] == 'u' &&
                             (text[offset - 4] == 'd' || text[offset - 4] == 'D');
  if (ec == error::illegal_leading_surrogate || ec == error::illegal_trailing_surrogate ||
      ec == error::expected_utf16_escape || after_leading) {
    return "a \\u escape is half of a surrogate pair";
  }
  if (ec == error::expected_hex_digit) {
    return "\\u needs four hexadecimal digits";
  }
  const auto byte = static_cast<unsigned char>(text[offset]);
  if (offset == 0 && text.substr(0, 3) == "\xEF\xBB\xBF") {
    return "the text begins with a byte order mark; remove it";
  }
  if (byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r') {
    return fmt::format("unexpected control character 0x{:02x}", byte);
  }
  if (byte >= 0x80) {
    return "unexpected character, or bytes that are not UTF-8";
  }
  if (byte == '\n' || byte == '\r') {
    return "unexpected end of line";
  }
  return byte == '\t' ? "unexpected tab character"
                      : fmt::format("unexpected character '{}'", static_cast<char>(byte));
}

}  // namespace

Result<Value> parse(std::string_view text, const ParseOptions& options) {
  if (text.size() > options.max_bytes) {
    return fail(Code::kInvalidArgument, "JSON text of {} bytes is larger than the limit of {}",
                text.size(), options.max_bytes);
  }
  boost::json::parse_options parser_options;
  parser_options.max_depth = options.max_depth;
  boost::json::basic_parser<Handler> parser(parser_options);
  error_code ec;
  try {
    const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) {
      ec = boost::json::error::extra_data;
    }
    if (ec) {
      const Place place = place_of(text, used);
      const std::string& problem = parser.handler().problem;
      return fail(Code::kInvalidArgument, "line {}, column {}: {}", place.line, place.column,
                  problem.empty() ? describe(ec, text, used, options) : problem);
    }
    return parser.handler().stack.release();
  } catch (const std::exception& error) {
    return fail(Code::kResourceExhausted, "JSON text could not be read: {}", error.what());
  }
}

Result<Object> parse_object(std::string_view text, const ParseOptions& options) {
  OAP_TRY(Value value, parse(text, options));
  if (!value.is_object()) {
    return fail(Code::kInvalidArgument, "expected a JSON object, found {} {}",
                type_name(value) == "integer" || type_name(value) == "array" ? "an" : "a",
                type_name(value));
  }
  return std::move(value.get_object());
}

}  // namespace oap::json
