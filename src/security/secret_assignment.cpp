#include <algorithm>

#include "security/secret_checks.hpp"
#include "security/secret_context.hpp"
#include "security/secret_value.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kLongestName = 72;

bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '.' || c == '-';
}

/// `=~ /x/`, no value that begins with "~".
bool is_match(std::string_view text, std::size_t at) {
  return text[at] == '~' &&
         (at + 1 == text.size() || is_blank(text[at + 1]) || text[at + 1] == '/');
}

/// The name that ends before the separator at `at`.
SettingName name_before(std::string_view text, std::size_t at) {
  SettingName name;
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

Separator separator_at(const TextView& view, std::size_t end) {
  const std::string_view text = view.text;
  Separator out;
  out.value = end;
  out.kind = text[end - 1];
  out.name_end = end - 1;
  if (is_quote(out.kind)) {
    out.kind = '(';
    out.value = end - 1;
    const std::size_t low = end > 4 ? end - 4 : 0;
    const std::size_t open = text.substr(low, end - low).find_last_of("({");
    out.name_end = low + (open == std::string_view::npos ? 0 : open);
    out.valid = open != std::string_view::npos;
    return out;
  }
  if (out.kind == ',' || out.kind == '|' || out.kind == '?') {
    out.name_end = out.kind == ',' ? end - 1 : end - 2;
    std::size_t quote = end;
    quote += out.kind != ',' && end < text.size() && text[end] == '=' ? 1 : 0;  // ||= and ??=
    while (quote < text.size() && quote - end < 16 && text::is_space(text[quote])) {
      ++quote;
    }
    out.waits = quote == text.size() && !view.last;
    out.valid = quote < text.size() && is_quote(text[quote]);
    out.value = quote;
    return out;
  }
  if (out.kind == '-') {  // name <- value
    out.name_end = end - 2;
    out.valid = true;
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
  if (out.kind == '=' && (next == '=' || before == '!')) {  // a comparison
    out.kind = '~';
    out.name_end = before == '!' ? end - 2 : end - 1;
    while (out.value < text.size() && text[out.value] == '=' && out.value - end < 2) {
      ++out.value;
    }
    out.waits = out.value == text.size() && !view.last;
    out.valid = true;
    return out;
  }
  if (out.kind == '=' && next == '~' && end + 1 == text.size() && !view.last) {
    out.waits = true;
    return out;
  }
  if (out.kind == '=' && (next == '>' || is_match(text, end) || before == '=' || before == '<' ||
                          before == '>' || before == '~')) {
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

/// What stands between two literals that are put together: `" + user + "`.
bool is_code_between(std::string_view value) {
  constexpr std::string_view kJoins = "+.&|,)";
  const std::string_view inner = text::trim(value);
  return !inner.empty() && kJoins.find(inner.front()) != std::string_view::npos &&
         (value.front() == ' ' || inner.find('(') != std::string_view::npos) &&
         (kJoins.find(inner.back()) != std::string_view::npos || inner.back() == '(' ||
          inner.find('(') != std::string_view::npos);
}

/// Base64 of a key's length in letters of both cases and digits: what a name such as "redis_key",
/// which may be that of any place in a store, makes a secret.
bool is_key_material(std::string_view value, ValueForm form) {
  std::size_t upper = 0;
  std::size_t lower = 0;
  std::size_t digits = 0;
  for (const char c : value) {
    upper += c >= 'A' && c <= 'Z' ? 1 : 0;
    lower += c >= 'a' && c <= 'z' ? 1 : 0;
    digits += text::is_digit(c) ? 1 : 0;
    if (!text::is_alpha(c) && !text::is_digit(c) &&
        std::string_view("+/=_-").find(c) == std::string_view::npos) {
      return false;
    }
  }
  constexpr std::size_t kShortest = 28;
  return form != ValueForm::kBare && value.size() >= kShortest && upper >= 4 && lower >= 4 &&
         digits >= 2 && !value.starts_with("AAAA") && entropy(value) >= 4.0 &&
         restlessness(value) >= 0.3;
}

}  // namespace

ContextAnswer look_at_assignment(const MarkPattern& mark, const TextView& view, std::size_t end) {
  ContextAnswer answer;
  answer.hold = end;
  view.spend(kLongestName);
  const Separator separator = separator_at(view, end);
  answer.needs_more = separator.waits;
  if (!separator.valid) {
    return answer;
  }
  const SettingName name = name_before(view.text, separator.name_end);
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
    const std::string_view before = view.text.substr(0, name.start);
    const std::string_view near = before.substr(before.size() > 48 ? before.size() - 48 : 0);
    const bool first = !near.empty() && is_quote(near.back()) && name.quoted &&
                       (text::trim(near.substr(0, near.size() - 1)).ends_with('(') ||
                        near.find("buildConfigField") != std::string_view::npos ||
                        near.find("resValue") != std::string_view::npos);
    if (!first) {
      return answer;
    }
  }
  const bool user = separator.kind == ':' && view.text.substr(0, front).ends_with("//");
  if (kind == NameKind::kNone || (separator.kind == 'x' && !tag) || user) {
    return answer;
  }
  const SettingValue value = value_at(view, name, separator);
  answer.needs_more = value.waits;
  if (value.waits || value.end <= value.start) {
    return answer;
  }
  const std::string_view secret = view.text.substr(value.start, value.end - value.start);
  view.spend(secret.size() * kPassesOverValue);
  const bool key = secret.find("-----BEGIN ") != std::string_view::npos;
  if (fails_crc32(secret) || key || (value.form == ValueForm::kQuoted && is_code_between(secret))) {
    return answer;
  }
  const bool strict = separator.kind == '(' || separator.kind == '~' || value.wrapped;
  if (separator.kind == '~' && value.form != ValueForm::kQuoted) {
    return answer;
  }
  const std::string_view named = type_by_name(written, secret);
  if (!named.empty()) {
    answer.found.push_back({named, value.start, value.end});
  } else if ((mark.mark != Mark::kLooseKey || is_key_material(secret, value.form)) &&
             (!strict || is_mixed(secret) || looks_random(secret)) &&
             is_secret_value(kind, secret, value.form)) {
    const std::string_view type = kind == NameKind::kPassword ? "password" : "generic_secret";
    answer.found.push_back({type, value.start, value.end});
  }
  return answer;
}

}  // namespace oap::security
