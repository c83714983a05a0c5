#include "security/secret_value.hpp"

#include <algorithm>

#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kLongestValue = 4096;
/// What stands before a name on its line where it begins a setting.
constexpr std::size_t kLongestOpener = 64;
/// How many blanks and line ends may stand between a block's mark and its line.
constexpr std::size_t kLongestIndent = 256;

/// How often the rest of a line is gone over before it counts as a value.
constexpr std::uint64_t kPassesOverLine = 6;

bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// The first of `chars` from `at` on and before `limit`; `limit` where there is none.
std::size_t first_of(std::string_view text, std::string_view chars, std::size_t at,
                     std::size_t limit) {
  limit = std::min(limit, text.size());
  return std::min(text.substr(0, limit).find_first_of(chars, at), limit);
}

/// `"\"…\""` and `'"…"'`: a literal in a literal.
SettingValue within_quotes(std::string_view text, SettingValue value) {
  const std::string_view inner = text.substr(value.start, value.end - value.start);
  const std::size_t mark = inner.starts_with("\\\"") && inner.ends_with("\\\"") ? 2
                           : inner.starts_with('"') && inner.ends_with('"')     ? 1
                                                                                : 0;
  if (mark > 0 && inner.size() > 2 * mark) {
    value.start += mark;
    value.end -= mark;
  }
  return value;
}

SettingValue quoted_value(const TextView& view, std::size_t open, std::size_t length) {
  const std::string_view text = view.text;
  SettingValue out;
  out.form = ValueForm::kQuoted;
  out.start = open + length;
  const std::string_view mark = text.substr(open, length);
  const auto looked_to = [&](std::size_t to) { view.spend(to - open); };
  for (std::size_t at = out.start; at < text.size() && at - out.start < kLongestValue; ++at) {
    if (text[at] == '\n') {
      looked_to(at);
      return out;
    }
    if (text.substr(at).starts_with(mark)) {
      looked_to(at);
      const bool command =
          mark == "`" && text.substr(out.start, at - out.start).find(' ') != std::string_view::npos;
      out.end = command ? out.start : at;
      return within_quotes(text, out);
    }
    at += text[at] == '\\' && length == 1 ? 1 : 0;
  }
  looked_to(std::min(text.size(), out.start + kLongestValue));
  out.waits = !view.last && text.size() - out.start < kLongestValue;
  if (!out.waits && text.size() - out.start < kLongestValue) {
    out.end = text.size();  // the text was cut here
  }
  return out;
}

/// Whether what stands before the name is nothing but the beginning of a line.
bool begins_line(std::string_view text, std::size_t at) {
  const std::size_t low = at > kLongestOpener ? at - kLongestOpener : 0;
  std::string_view before = text.substr(low, at - low);
  const std::size_t line = before.rfind('\n');
  const bool whole = line != std::string_view::npos || low == 0;
  before = text::trim(before.substr(line == std::string_view::npos ? 0 : line + 1));
  if (before.ends_with("\\n") || before.ends_with("/:")) {
    return true;
  }
  if (!whole && !before.empty()) {
    return false;
  }
  static constexpr std::string_view kOpeners[] = {"export",
                                                  "set",
                                                  "ENV",
                                                  "ARG",
                                                  "-",
                                                  "$env:",
                                                  "setx",
                                                  "- -e",
                                                  "-e",
                                                  "-D",
                                                  "//registry.npmjs.org/:"};
  return before.empty() ||
         std::find(std::begin(kOpeners), std::end(kOpeners), before) != std::end(kOpeners);
}

bool ends_word(char c) {
  return text::is_space(c) || is_quote(c) ||
         std::string_view(",;<>(){}[]|&\\").find(c) != std::string_view::npos;
}

/// The quote of the text that stands in for a missing value: `x || "…"`; 0 where there is none.
std::size_t fallback_at(std::string_view text, std::size_t at) {
  const std::size_t most = std::min(text.size(), at + kLongestOpener);
  const auto skip_blanks = [&] {
    while (at < most && is_blank(text[at])) {
      ++at;
    }
  };
  skip_blanks();
  for (const std::string_view word : {"||", "??", "or ", "="}) {
    if (text.substr(at).starts_with(word) && !text.substr(at).starts_with("==")) {
      at += word.size();
      skip_blanks();
      return at < text.size() && is_quote(text[at]) ? at : 0;
    }
  }
  return 0;
}

/// Behind a name and a colon: `&str = "`, `Final[str] = "`, `Option<String> = "`: the quote.
std::size_t typed_at(std::string_view text, std::size_t at) {
  const std::size_t most = std::min(text.size(), at + kLongestOpener);
  const auto skip = [&](auto&& test) {
    while (at < most && test(text[at])) {
      ++at;
    }
  };
  constexpr std::string_view kStatic = "'static ";
  at += at < most && text[at] == '&' ? 1 : 0;
  at += text.substr(0, most).substr(at).starts_with(kStatic) ? kStatic.size() : 0;
  const std::size_t word = at;
  skip([](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '.' || c == ':';
  });
  if (at == word || at == most) {
    return 0;
  }
  if (text[at] == '[' || text[at] == '<') {
    const char close = text[at] == '[' ? ']' : '>';
    skip([&](char c) { return c != close && c != '\n' && c != '='; });
    at += at < most && text[at] == close ? 1 : 0;
  }
  skip([](char c) { return c == '?' || c == '*' || is_blank(c); });
  if (at + 1 >= most || text[at] != '=' || text[at + 1] == '=') {
    return 0;
  }
  ++at;
  skip(is_blank);
  return at < most ? at : 0;
}

/// `name.name(` with a literal behind it, perhaps as `default=`: the quote; 0 where there is none.
std::size_t wrapped_at(std::string_view text, std::size_t at) {
  const std::size_t most = std::min(text.size(), at + kLongestOpener);
  const std::size_t word = at;
  while (at < most && (text::is_alpha(text[at]) || text::is_digit(text[at]) || text[at] == '_' ||
                       text[at] == '.' || text[at] == ':')) {
    ++at;
  }
  if (at == word || at == most || text[at] != '(') {
    return 0;
  }
  ++at;
  constexpr std::string_view kDefault = "default=";
  at += text.substr(0, most).substr(at).starts_with(kDefault) ? kDefault.size() : 0;
  at += at < most && text[at] == 'b' ? 1 : 0;
  return at < most && is_quote(text[at]) ? at : 0;
}

/// "… password=x&y status=200": a word of a log line or a command.
SettingValue log_value(std::string_view text, std::size_t at, std::size_t line_end) {
  SettingValue out;
  out.start = at;
  out.end = first_of(text, " \t\"'`\\", at, line_end);
  while (out.end > at &&
         std::string_view(",;)]}>").find(text[out.end - 1]) != std::string_view::npos) {
    --out.end;
  }
  const std::string_view word = text.substr(at, out.end - at);
  const bool calls =
      word.find('(') != std::string_view::npos || word.find('[') != std::string_view::npos;
  out.form = calls ? ValueForm::kBare : ValueForm::kLine;
  return out;
}

/// `…;Password=x;…` of a connection string, `…&password=x&…` of a form.
bool is_pair(std::string_view text, const SettingName& name, char front) {
  return front == ';' || (front == '&' && name.start > 1 && text[name.start - 2] != '&');
}

/// `…://host/x?user=a&password=…`: a parameter of an address.
bool is_parameter(std::string_view text, const SettingName& name) {
  const char left = name.start > 0 ? text[name.start - 1] : '\0';
  if (left != '?' && left != '&') {
    return false;
  }
  const std::size_t low = name.start > 300 ? name.start - 300 : 0;
  std::string_view word = text.substr(low, name.start - low);
  word = word.substr(word.find_last_of(" \t\n\"'`") + 1);
  return word.find("://") != std::string_view::npos;
}

/// The end of the line from `at` on, at most kLongestValue bytes further.
std::size_t line_end(const TextView& view, std::size_t at) {
  Effort mine;
  Effort& effort = view.effort != nullptr ? *view.effort : mine;
  return effort.line_end(view.text, view.base, at, kLongestValue);
}

SettingValue bare_value(const TextView& view, std::size_t at, const SettingName& name,
                        const Separator& separator) {
  const std::string_view text = view.text;
  SettingValue out;
  out.start = at;
  const std::size_t end = line_end(view, at);
  std::size_t word = at;
  while (word < end && !ends_word(text[word])) {
    ++word;
  }
  view.spend(word - at);
  if (end == text.size() && word == end && !view.last && end - at < kLongestValue) {
    out.waits = true;
    return out;
  }
  if (!view.last && end == text.size() && text.size() < word + 16) {
    out.waits = true;  // what stands behind it may say more
    return out;
  }
  const bool code =
      separator.kind != '=' || separator.value != at || separator.name_end != name.end;
  if (word < end && (text[word] == '(' || text[word] == '[') && word > at && code) {
    return out;  // a call
  }
  const char front = name.start > 0 ? text[name.start - 1] : '\0';
  if (separator.kind == '=' && !name.quoted && is_quote(front)) {  // "NAME=value"
    const std::size_t close = first_of(text, std::string_view(&front, 1), at, end);
    const std::string_view inside = text.substr(at, close - at);
    if (close < end && inside.find_first_of(" \t&\\$({") == std::string_view::npos) {
      view.spend(close - at);
      return {false, at, close, ValueForm::kLine};
    }
  }
  out.end = word;
  if (const std::size_t open = fallback_at(text, word); open != 0) {
    return quoted_value(view, open, 1);
  }
  const bool tight = separator.value == at && separator.name_end == name.end;
  if (tight && separator.kind == '=' && is_pair(text, name, front)) {
    SettingValue pair = log_value(text, at, end);
    pair.end = first_of(text, front == ';' ? ";" : "&#;", at, pair.end);
    return pair;
  }
  const bool begins = begins_line(text, name.start);
  const bool after_blank = name.start > 0 && text::is_space(text[name.start - 1]);
  if (tight && separator.kind == '=' && is_parameter(text, name)) {
    SettingValue parameter = log_value(text, at, end);
    parameter.end = first_of(text, "&#", at, parameter.end);
    return parameter;
  }
  if (tight && separator.kind == '=' && !name.quoted && after_blank && !begins) {
    return log_value(text, at, end);
  }
  const bool line =
      !name.quoted && begins &&
      ((separator.kind == '=' && tight) || (separator.kind == ':' && at > separator.value));
  if (!line) {
    return out;
  }
  std::size_t stop = end;
  if (stop == text.size() && !view.last && end - at < kLongestValue) {
    out.waits = true;
    return out;
  }
  view.spend((stop - at) * kPassesOverLine);
  const std::size_t comment = text.substr(at, stop - at).find(" #");
  stop = comment == std::string_view::npos ? stop : at + comment;
  while (stop > at && is_blank(text[stop - 1])) {
    --stop;
  }
  if (separator.kind == '=') {
    stop = first_of(text, " \t", at, stop);
  }
  std::string_view value = text.substr(at, stop - at);
  if (const std::size_t next = value.find(';'); separator.kind == '=' && next + 1 < value.size()) {
    value = value.substr(0, next);  // a connection string
    stop = at + value.size();
  }
  const std::size_t escaped = value.find("\\n");
  const std::size_t paren = value.find('(');
  const bool calls =
      paren != std::string_view::npos && value.find(')', paren) != std::string_view::npos;
  if (!value.empty() && escaped == std::string_view::npos &&
      std::string_view(",;{([\"'`").find(value.back()) == std::string_view::npos &&
      value.find('"') == std::string_view::npos && !calls) {
    out.end = stop;
    out.form = ValueForm::kLine;
  } else {
    out.form = escaped == std::string_view::npos ? ValueForm::kBare : ValueForm::kLine;
  }
  return out;
}

/// `password: >-` and `|`: the value is the next line, where that is one word.
SettingValue block_value(const TextView& view, std::size_t at) {
  const std::string_view whole = view.text;
  const std::string_view text = whole.substr(0, at + kLongestIndent + kLongestValue);
  const bool open = text.size() == whole.size() && !view.last;  // more may come
  SettingValue out;
  const std::size_t line =
      text.substr(0, at + kLongestIndent).find_first_not_of("+-0123456789 \t\r", at + 1);
  if (line == std::string_view::npos) {
    out.waits = open && text.size() < at + kLongestIndent;
    return out;
  }
  if (text[line] != '\n') {
    return out;
  }
  const std::size_t start = text.substr(0, at + kLongestIndent).find_first_not_of(" \t\r\n", line);
  const std::size_t stop =
      start == std::string_view::npos ? start : text.find_first_of("\r\n", start);
  const std::size_t end = std::min(stop, text.size());
  view.spend((end - at) * 2);
  if (stop == std::string_view::npos && open) {
    out.waits = true;
    return out;
  }
  if (start == std::string_view::npos || !is_blank(text[start - 1]) ||
      text.substr(start, end - start).find(' ') != std::string_view::npos) {
    return out;
  }
  return {false, start, end, ValueForm::kLine};
}

}  // namespace

SettingValue value_at(const TextView& view, const SettingName& name, const Separator& separator) {
  const std::string_view text = view.text;
  std::size_t at = separator.value;
  SettingValue waiting;
  waiting.waits = true;
  while (at < text.size() && is_blank(text[at]) && at - separator.value < 24) {
    ++at;
  }
  if (at + 4 > text.size() && !view.last) {
    return waiting;
  }
  if (at == text.size()) {
    return {};
  }
  if (separator.kind == 'x') {
    const std::size_t stop = first_of(text, "<\n", at, at + kLongestValue);
    view.spend(stop - at);
    waiting.waits = stop + 1 >= text.size() && !view.last;
    const bool closed = text.substr(stop).starts_with("</");
    return waiting.waits ? waiting
                         : SettingValue{false, at, closed ? stop : at, ValueForm::kQuoted};
  }
  if (separator.kind == ':' && (text[at] == '>' || text[at] == '|')) {
    return block_value(view, at);
  }
  std::size_t open = at;
  while (open < text.size() && open - at < 2 &&
         std::string_view("brufBRUF@").find(text[open]) != std::string_view::npos) {
    ++open;
  }
  if (open < text.size() && is_quote(text[open])) {
    return quoted_value(view, open, 1);
  }
  const std::size_t typed = separator.kind == ':' ? typed_at(text, at) : 0;
  if (typed != 0 && is_quote(text[typed])) {
    return quoted_value(view, typed, 1);
  }
  const bool whole = view.last || text.size() >= (typed != 0 ? typed : at) + kLongestOpener;
  if (const std::size_t inner = wrapped_at(text, typed != 0 ? typed : at); inner != 0) {
    SettingValue value = quoted_value(view, inner, 1);
    value.wrapped = true;
    return value;
  }
  if (!whole && text.find('\n', at) == std::string_view::npos) {
    return waiting;
  }
  std::size_t slashes = at;
  while (slashes < text.size() && text[slashes] == '\\' && slashes - at < 4) {
    ++slashes;
  }
  if (slashes > at && slashes < text.size() && is_quote(text[slashes])) {
    return quoted_value(view, at, slashes + 1 - at);
  }
  return bare_value(view, at, name, separator);
}

}  // namespace oap::security
