#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "expr/library.hpp"
#include "text/regex.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::expr {

namespace {

bool are_strings(Args args, std::size_t count) {
  return args.size() >= count &&
         std::all_of(args.begin(), args.begin() + static_cast<int>(count),
                     [](const Value* each) { return each->is(Kind::kString); });
}

Value starts_with(Args args, Budget& budget) {
  if (!are_strings(args, 2)) {
    return Value::mismatch();
  }
  budget.read(args[1]->text().size());
  return Value::boolean(args[0]->text().starts_with(args[1]->text()));
}

Value ends_with(Args args, Budget& budget) {
  if (!are_strings(args, 2)) {
    return Value::mismatch();
  }
  budget.read(args[1]->text().size());
  return Value::boolean(args[0]->text().ends_with(args[1]->text()));
}

/// A search by memory comparison costs the product at worst.
bool pay_search(std::string_view text, std::string_view part, Budget& budget) {
  const std::uint64_t compared = std::min<std::uint64_t>(part.size() / 64 + 1, 1'000'000);
  return budget.read(text.size() * compared);
}

Value contains(Args args, Budget& budget) {
  if (!are_strings(args, 2)) {
    return Value::mismatch();
  }
  return Value::boolean(pay_search(args[0]->text(), args[1]->text(), budget) &&
                        args[0]->text().find(args[1]->text()) != std::string_view::npos);
}

Value matches(Args args, Budget& budget) {
  if (!are_strings(args, 2)) {
    return Value::mismatch();
  }
  const std::string_view pattern = args[1]->text();
  if (!budget.spend(1'000 + 10 * pattern.size()) ||
      !budget.spend(args[0]->text().size() * (pattern.size() / 64 + 1) / 8)) {
    return Value::mismatch();
  }
  const Result<text::Regex> regex = text::Regex::compile(pattern, {.max_memory = 1U << 20U});
  return regex ? Value::boolean(regex->search(args[0]->text()))
               : bad("the pattern is no regular expression of RE2");
}

/// Byte offset of a code point's index; npos beyond the end, where the end itself has one.
std::size_t byte_of(std::string_view text, std::int64_t index) {
  if (index < 0) {
    return std::string_view::npos;
  }
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) {
    at += text::decode_at(text, at).length;
  }
  return index == 0 ? at : std::string_view::npos;
}

Value out_of_range(std::int64_t index) {
  return bad(fmt::format("index {} is out of range", index));
}

Value index_value(std::string_view text, std::size_t at) {
  return Value::integer(
      at == std::string_view::npos
          ? -1
          : static_cast<std::int64_t>(text::code_point_count(text.substr(0, at))));
}

Value char_at(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kString) || !args[1]->is(Kind::kInt)) {
    return Value::mismatch();
  }
  const std::string_view text = args[0]->text();
  budget.read(text.size());
  const std::size_t at = byte_of(text, args[1]->as_int());
  if (at == std::string_view::npos) {
    return out_of_range(args[1]->as_int());
  }
  return Value::string(
      at == text.size() ? "" : std::string(text.substr(at, text::decode_at(text, at).length)));
}

Value index_of(Args args, Budget& budget) {
  if (!are_strings(args, 2) || (args.size() == 3 && !args[2]->is(Kind::kInt))) {
    return Value::mismatch();
  }
  const std::string_view text = args[0]->text();
  const std::size_t from = args.size() == 3 ? byte_of(text, args[2]->as_int()) : 0;
  if (from == std::string_view::npos) {
    return out_of_range(args[2]->as_int());
  }
  if (!pay_search(text, args[1]->text(), budget)) {
    return Value::mismatch();
  }
  return index_value(text, text.find(args[1]->text(), from));
}

Value last_index_of(Args args, Budget& budget) {
  if (!are_strings(args, 2) || (args.size() == 3 && !args[2]->is(Kind::kInt))) {
    return Value::mismatch();
  }
  const std::string_view text = args[0]->text();
  const std::size_t from = args.size() == 3 ? byte_of(text, args[2]->as_int()) : text.size();
  if (from == std::string_view::npos) {
    return out_of_range(args[2]->as_int());
  }
  if (!pay_search(text, args[1]->text(), budget)) {
    return Value::mismatch();
  }
  return index_value(text, text.rfind(args[1]->text(), from));
}

Value substring(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kString) || !args[1]->is(Kind::kInt) ||
      (args.size() == 3 && !args[2]->is(Kind::kInt))) {
    return Value::mismatch();
  }
  const std::string_view text = args[0]->text();
  budget.read(text.size());
  const std::size_t begin = byte_of(text, args[1]->as_int());
  const std::size_t end = args.size() == 3 ? byte_of(text, args[2]->as_int()) : text.size();
  if (begin == std::string_view::npos) {
    return out_of_range(args[1]->as_int());
  }
  if (end == std::string_view::npos) {
    return out_of_range(args[2]->as_int());
  }
  if (begin > end) {
    return bad("the substring ends before it begins");
  }
  budget.allocate(end - begin);
  return Value::string(std::string(text.substr(begin, end - begin)));
}

Value change_case(const Value& value, char first, char last, int by, Budget& budget) {
  if (!value.is(Kind::kString) || !budget.allocate(value.text().size())) {
    return Value::mismatch();
  }
  std::string out(value.text());
  for (char& c : out) {
    c = static_cast<char>(c >= first && c <= last ? c + by : c);
  }
  return Value::string(std::move(out));
}

Value lower_ascii(Args args, Budget& budget) { return change_case(*args[0], 'A', 'Z', 32, budget); }
Value upper_ascii(Args args, Budget& budget) {
  return change_case(*args[0], 'a', 'z', -32, budget);
}

/// Length of the code point at `at`, at least 1.
std::size_t step(std::string_view text, std::size_t at) {
  return at < text.size() ? text::decode_at(text, at).length : 1;
}

Value replace(Args args, Budget& budget) {
  if (!are_strings(args, 3) || (args.size() == 4 && !args[3]->is(Kind::kInt))) {
    return Value::mismatch();
  }
  const std::string_view text = args[0]->text();
  const std::string_view from = args[1]->text();
  const std::string_view to = args[2]->text();
  std::int64_t left = args.size() == 4 ? args[3]->as_int() : -1;
  std::string out;
  std::size_t at = 0;
  if (!pay_search(text, from, budget)) {
    return Value::mismatch();
  }
  for (std::size_t begin = 0; left != 0; --left) {
    const std::size_t found = text.find(from, begin);
    if (found == std::string_view::npos || !budget.allocate(found - at + to.size() + 1)) {
      break;
    }
    out.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
    begin = from.empty() ? at + step(text, at) : at;
    if (begin > text.size()) {
      break;
    }
  }
  budget.allocate(text.size() - at);
  return budget.exhausted() ? Value::mismatch() : Value::string(out.append(text.substr(at)));
}

Value split(Args args, Budget& budget) {
  if (!are_strings(args, 2) || (args.size() == 3 && !args[2]->is(Kind::kInt))) {
    return Value::mismatch();
  }
  const std::string_view text = args[0]->text();
  const std::string_view separator = args[1]->text();
  const std::int64_t limit = args.size() == 3 ? args[2]->as_int() : -1;
  std::vector<Value> pieces;
  if (limit == 0 || !pay_search(text, separator, budget) || (separator.empty() && text.empty())) {
    return Value::list({});
  }
  std::size_t at = 0;
  while (limit < 0 || static_cast<std::int64_t>(pieces.size()) + 1 < limit) {
    const std::size_t found = separator.empty() ? at + step(text, at) : text.find(separator, at);
    if (found == std::string_view::npos || (separator.empty() && found >= text.size())) {
      break;
    }
    if (!budget.allocate(sizeof(Value) + 64 + found - at)) {
      return Value::mismatch();
    }
    pieces.push_back(Value::string(std::string(text.substr(at, found - at))));
    at = found + separator.size();
  }
  budget.allocate(text.size() - at);
  pieces.push_back(Value::string(std::string(text.substr(at))));
  return Value::list(std::move(pieces));
}

bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

Value trim(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kString) || !budget.allocate(args[0]->text().size())) {
    return Value::mismatch();
  }
  const std::string_view text = args[0]->text();
  std::size_t begin = text.size();
  std::size_t end = text.size();
  const text::CodePoints points(text);
  for (auto at = points.begin(); at != points.end(); ++at) {
    if (!is_white_space((*at).value)) {
      begin = std::min(begin, at.offset());
      end = at.offset() + (*at).length;
    }
  }
  return Value::string(begin >= end ? "" : std::string(text.substr(begin, end - begin)));
}

Value join(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kList) || (args.size() == 2 && !args[1]->is(Kind::kString))) {
    return Value::mismatch();
  }
  const std::string_view separator = args.size() == 2 ? args[1]->text() : "";
  std::string out;
  for (std::size_t i = 0; i < args[0]->size(); ++i) {
    const Value item = args[0]->at(i);
    if (!item.is(Kind::kString)) {
      return Value::mismatch();
    }
    if (!budget.allocate(item.text().size() + separator.size() + 1)) {
      return Value::mismatch();
    }
    out.append(i == 0 ? "" : separator).append(item.text());
  }
  return Value::string(std::move(out));
}

Value quote(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kString) || !budget.allocate(args[0]->text().size() * 2 + 2)) {
    return Value::mismatch();
  }
  constexpr std::string_view kPlain = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : text::sanitize_utf8(args[0]->text())) {
    const std::size_t at = kPlain.find(c);
    if (at == std::string_view::npos) {
      out.push_back(c);
    } else {
      out += {'\\', kLetters[at]};
    }
  }
  return Value::string(out + "\"");
}

constexpr std::array kTable = {
    Declaration{".startsWith(string, string): bool", starts_with},
    Declaration{".endsWith(string, string): bool", ends_with},
    Declaration{".contains(string, string): bool", contains},
    Declaration{".matches(string, string): bool", matches},
    Declaration{"matches(string, string): bool", matches},
    Declaration{".charAt(string, int): string", char_at},
    Declaration{".indexOf(string, string): int", index_of},
    Declaration{".indexOf(string, string, int): int", index_of},
    Declaration{".lastIndexOf(string, string): int", last_index_of},
    Declaration{".lastIndexOf(string, string, int): int", last_index_of},
    Declaration{".substring(string, int): string", substring},
    Declaration{".substring(string, int, int): string", substring},
    Declaration{".lowerAscii(string): string", lower_ascii},
    Declaration{".upperAscii(string): string", upper_ascii},
    Declaration{".replace(string, string, string): string", replace},
    Declaration{".replace(string, string, string, int): string", replace},
    Declaration{".split(string, string): list<string>", split},
    Declaration{".split(string, string, int): list<string>", split},
    Declaration{".trim(string): string", trim},
    Declaration{".join(list<string>): string", join},
    Declaration{".join(list<string>, string): string", join},
    Declaration{"strings.quote(string): string", quote},
};

}  // namespace

std::span<const Declaration> string_table() { return kTable; }

}  // namespace oap::expr
