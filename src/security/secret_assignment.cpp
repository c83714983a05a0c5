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

}  // namespace

ContextAnswer look_at_assignment(const TextView& view, std::size_t end) {
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
  const SettingValue value = value_at(view, name, separator);
  answer.needs_more = value.waits;
  if (value.waits || value.end <= value.start) {
    return answer;
  }
  const std::string_view secret = view.text.substr(value.start, value.end - value.start);
  view.spend(secret.size() * kPassesOverValue);
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
