#include <algorithm>

#include "security/secret_checks.hpp"
#include "security/secret_context.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kLongestName = 72;
constexpr std::size_t kLongestValue = 4096;

bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '.' || c == '-';
}

struct Name {
  std::size_t start = 0;
  std::size_t end = 0;
  bool quoted = false;
};

/// The name that ends before the separator at `at`.
Name name_before(std::string_view text, std::size_t at) {
  Name name;
  const std::size_t least = at > kLongestName ? at - kLongestName : 0;
  while (at > least && is_blank(text[at - 1])) {
    --at;
  }
  if (at > least + 1 && text[at - 1] == ']' && text[at - 2] == '[') {
    at -= 2;  // char password[] = …
  }
  while (at > least && (is_quote(text[at - 1]) || text[at - 1] == '\\' || text[at - 1] == ']')) {
    name.quoted = name.quoted || is_quote(text[at - 1]);
    --at;
  }
  name.end = at;
  while (at > least && is_name(text[at - 1])) {
    --at;
  }
  name.start = at;
  // "Secret access key: …"
  for (int words = 0;
       words < 2 && at > least + 1 && text[at - 1] == ' ' && text::is_alpha(text[at - 2]);
       ++words) {
    --at;
    while (at > least && is_name(text[at - 1])) {
      --at;
    }
    const std::string_view word = text.substr(at, name.start - at - 1);
    static constexpr std::string_view kFirst[] = {"api",     "access",  "secret",     "auth",
                                                  "private", "account", "encryption", "signing",
                                                  "master",  "client",  "storage"};
    const bool joins =
        std::any_of(std::begin(kFirst), std::end(kFirst),
                    [&](std::string_view first) { return text::equals_ci(word, first); });
    if (!joins) {
      break;
    }
    name.start = at;
  }
  return name;
}

struct Separator {
  bool valid = false;
  bool waits = false;
  char kind = '=';           ///< : = > ( or x for an XML tag
  std::size_t name_end = 0;  ///< where the name's side begins
  std::size_t value = 0;     ///< where the value's side begins
};

Separator separator_at(const TextView& view, std::size_t end) {
  const std::string_view text = view.text;
  Separator out;
  out.value = end;
  out.kind = text[end - 1];
  out.name_end = end - 1;
  if (is_quote(out.kind)) {
    out.kind = '(';
    out.value = end - 1;
    out.name_end = text.substr(0, end).find_last_of("({");
    out.valid = out.name_end != std::string_view::npos;
    return out;
  }
  if (out.kind == ',' || out.kind == '|' || out.kind == '?') {
    out.name_end = out.kind == ',' ? end - 1 : end - 2;
    std::size_t quote = end;
    while (quote < text.size() && quote - end < 16 && text::is_space(text[quote])) {
      ++quote;
    }
    out.waits = quote == text.size() && !view.last;
    out.valid = quote < text.size() && is_quote(text[quote]);
    out.value = quote;
    return out;
  }
  if (out.kind != ':' && out.kind != '=' && out.kind != '>') {
    out.kind = '=';
    out.name_end = end - 3;  // %3D
    out.valid = true;
    return out;
  }
  if (end == text.size()) {
    out.waits = !view.last;
    return out;
  }
  const char next = text[end];
  const char before = end >= 2 ? text[end - 2] : '\0';
  if (out.kind == ':' && next == '=') {
    out.kind = '=';
    out.value = end + 1;
    out.valid = true;
    return out;
  }
  if (out.kind == ':' && (next == ':' || before == ':' || before == '?')) {
    return out;
  }
  if (out.kind == '=' && (next == '=' || next == '>' || next == '~' || before == '=' ||
                          before == '!' || before == '<' || before == '>' || before == '~')) {
    return out;
  }
  if (out.kind == '=' && (before == ':' || before == '+' || before == '?')) {
    --out.name_end;
  }
  if (out.kind == '>' && before == '-') {
    return out;  // a member of Perl or C
  }
  if (out.kind == '>') {
    out.kind = before == '=' ? '>' : 'x';
    out.name_end = before == '=' ? end - 2 : end - 1;
  }
  out.valid = true;
  return out;
}

struct Value {
  bool waits = false;
  std::size_t start = 0;
  std::size_t end = 0;
  ValueForm form = ValueForm::kBare;
};

Value quoted_value(const TextView& view, std::size_t open, std::size_t length) {
  const std::string_view text = view.text;
  Value out;
  out.form = ValueForm::kQuoted;
  out.start = open + length;
  const std::string_view mark = text.substr(open, length);
  for (std::size_t at = out.start; at < text.size() && at - out.start < kLongestValue; ++at) {
    if (text[at] == '\n') {
      return out;
    }
    if (text.substr(at).starts_with(mark)) {
      const bool command =
          mark == "`" && text.substr(out.start, at - out.start).find(' ') != std::string_view::npos;
      out.end = command ? out.start : at;
      return out;
    }
    at += text[at] == '\\' && length == 1 ? 1 : 0;
  }
  out.waits = !view.last && text.size() - out.start < kLongestValue;
  if (!out.waits && text.size() - out.start < kLongestValue) {
    out.end = text.size();  // the text was cut here
  }
  return out;
}

/// Whether what stands before the name is nothing but the beginning of a line.
bool begins_line(std::string_view text, std::size_t at) {
  const std::size_t line = text.substr(0, at).rfind('\n');
  std::string_view before = text.substr(line == std::string_view::npos ? 0 : line + 1);
  before = text::trim(before.substr(0, static_cast<std::size_t>(text.data() + at - before.data())));
  if (before.ends_with("\\n")) {
    return true;
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
  return before.empty() || before.ends_with("/:") ||
         std::find(std::begin(kOpeners), std::end(kOpeners), before) != std::end(kOpeners);
}

bool ends_word(char c) {
  return text::is_space(c) || is_quote(c) ||
         std::string_view(",;<>(){}[]|&\\").find(c) != std::string_view::npos;
}

/// The quote of the text that stands in for a missing value: `x || "…"`; 0 where there is none.
std::size_t fallback_at(std::string_view text, std::size_t at) {
  const auto skip_blanks = [&] {
    while (at < text.size() && is_blank(text[at])) {
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

/// "… password=x&y status=200": a word of a log line or a command.
Value log_value(std::string_view text, std::size_t at, std::size_t line_end) {
  Value out;
  out.start = at;
  out.end = std::min(std::min(text.find_first_of(" \t\"'`\\", at), text.size()), line_end);
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

/// `…://host/x?user=a&password=…`: a parameter of an address.
bool is_parameter(std::string_view text, const Name& name) {
  const char left = name.start > 0 ? text[name.start - 1] : '\0';
  if (left != '?' && left != '&') {
    return false;
  }
  const std::size_t low = name.start > 300 ? name.start - 300 : 0;
  std::string_view word = text.substr(low, name.start - low);
  word = word.substr(word.find_last_of(" \t\n\"'`") + 1);
  return word.find("://") != std::string_view::npos;
}

Value bare_value(const TextView& view, std::size_t at, const Name& name,
                 const Separator& separator) {
  const std::string_view text = view.text;
  Value out;
  out.start = at;
  std::size_t end = at;
  while (end < text.size() && end - at < kLongestValue && text[end] != '\n' && text[end] != '\r') {
    ++end;
  }
  std::size_t word = at;
  while (word < end && !ends_word(text[word])) {
    ++word;
  }
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
  out.end = word;
  if (const std::size_t open = fallback_at(text, word); open != 0) {
    return quoted_value(view, open, 1);
  }
  const bool tight = separator.value == at && separator.name_end == name.end;
  const bool begins = begins_line(text, name.start);
  const bool after_blank = name.start > 0 && text::is_space(text[name.start - 1]);
  if (tight && separator.kind == '=' && is_parameter(text, name)) {
    Value parameter = log_value(text, at, end);
    parameter.end = std::min(parameter.end, std::min(text.find_first_of("&#", at), text.size()));
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
  const std::size_t comment = text.substr(at, stop - at).find(" #");
  stop = comment == std::string_view::npos ? stop : at + comment;
  while (stop > at && is_blank(text[stop - 1])) {
    --stop;
  }
  if (separator.kind == '=') {
    stop = std::min(stop, std::min(text.find_first_of(" \t", at), text.size()));
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
Value block_value(const TextView& view, std::size_t at) {
  const std::string_view text = view.text;
  Value out;
  std::size_t line = text.find_first_not_of("+-0123456789 \t\r", at + 1);
  if (line == std::string_view::npos) {
    out.waits = !view.last;
    return out;
  }
  if (text[line] != '\n') {
    return out;
  }
  const std::size_t start = text.find_first_not_of(" \t\r\n", line);
  const std::size_t stop =
      start == std::string_view::npos ? start : text.find_first_of("\r\n", start);
  if (stop == std::string_view::npos && !view.last && text.size() - at < kLongestValue) {
    out.waits = true;
    return out;
  }
  const std::size_t end = std::min(stop, text.size());
  if (start == std::string_view::npos || !is_blank(text[start - 1]) ||
      text.substr(start, end - start).find(' ') != std::string_view::npos) {
    return out;
  }
  return {false, start, end, ValueForm::kLine};
}

Value value_at(const TextView& view, const Name& name, const Separator& separator) {
  const std::string_view text = view.text;
  std::size_t at = separator.value;
  Value waiting;
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
    const std::size_t stop = std::min(text.find_first_of("<\n", at), text.size());
    waiting.waits = stop + 1 >= text.size() && !view.last;
    const bool closed = text.substr(stop).starts_with("</");
    return waiting.waits ? waiting : Value{false, at, closed ? stop : at, ValueForm::kQuoted};
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
  std::size_t slashes = at;
  while (slashes < text.size() && text[slashes] == '\\' && slashes - at < 4) {
    ++slashes;
  }
  if (slashes > at && slashes < text.size() && is_quote(text[slashes])) {
    return quoted_value(view, at, slashes + 1 - at);
  }
  return bare_value(view, at, name, separator);
}

}  // namespace

ContextAnswer look_at_assignment(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  answer.hold = end;
  const Separator separator = separator_at(view, end);
  answer.needs_more = separator.waits;
  if (!separator.valid) {
    return answer;
  }
  const Name name = name_before(view.text, separator.name_end);
  const std::string_view written = view.text.substr(name.start, name.end - name.start);
  const NameKind kind = name_kind(written);
  std::size_t front = name.start;
  while (front > 0 && name.start - front < 30 &&
         (is_name(view.text[front - 1]) || view.text[front - 1] == ':')) {
    --front;
  }
  const bool tag = front > 0 && view.text[front - 1] == '<';
  if (separator.kind == ',') {
    // set("api_key", "…"): the first of a call's arguments
    const bool first = name.start > 1 && is_quote(view.text[name.start - 1]) && name.quoted &&
                       text::trim(view.text.substr(name.start > 8 ? name.start - 8 : 0,
                                                   std::min<std::size_t>(name.start, 8) - 1))
                           .ends_with('(');
    if (!first) {
      return answer;
    }
  }
  const bool user = separator.kind == ':' && view.text.substr(0, front).ends_with("//");
  if (kind == NameKind::kNone || (separator.kind == 'x' && !tag) || user) {
    return answer;
  }
  const Value value = value_at(view, name, separator);
  answer.needs_more = value.waits;
  if (value.waits || value.end <= value.start) {
    return answer;
  }
  const std::string_view secret = view.text.substr(value.start, value.end - value.start);
  if (fails_crc32(secret)) {
    return answer;
  }
  const std::string_view named = named_type(snake_case(written), secret);
  if (!named.empty() && !is_sample(secret) && !is_reference(secret)) {
    answer.found.push_back({named, value.start, value.end});
  } else if ((separator.kind != '(' || is_mixed(secret) || looks_random(secret)) &&
             is_secret_value(kind, secret, value.form)) {
    const std::string_view type = kind == NameKind::kPassword ? "password" : "generic_secret";
    answer.found.push_back({type, value.start, value.end});
  }
  return answer;
}

}  // namespace oap::security
