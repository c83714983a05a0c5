#include "security/secret_context.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "security/secret_checks.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kLongestToken = 4096;
constexpr std::size_t kLongestHost = 255;

template <class Test>
std::size_t run_end(std::string_view text, std::size_t at, Test test) {
  const std::size_t most = std::min(text.size(), at + kLongestToken);
  while (at < most && test(text[at])) {
    ++at;
  }
  return at;
}

bool is_bearer(char c) {
  return text::is_alpha(c) || text::is_digit(c) ||
         std::string_view("+/._~=-").find(c) != std::string_view::npos;
}

/// "user:password" out of a Basic header's value; empty where it is something else.
std::string basic_credentials(std::string_view value) {
  std::string padded(value.substr(0, value.find_last_not_of('=') + 1));
  padded.append((4 - padded.size() % 4) % 4, '=');
  auto plain = crypto::from_base64(padded);
  const bool readable =
      plain && plain->find(':') != std::string::npos &&
      std::all_of(plain->begin(), plain->end(), [](char c) { return c >= ' ' && c < 0x7F; });
  return readable ? *std::move(plain) : std::string();
}

bool names_user(std::string_view value) { return !basic_credentials(value).empty(); }

bool is_basic_secret(std::string_view value) {
  const std::string plain = basic_credentials(value);
  const std::size_t colon = plain.find(':');
  return !plain.empty() && plain.size() - colon > 3 && is_url_password(plain.substr(colon + 1)) &&
         !is_sample(value);
}

ContextAnswer look_at_bearer(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::size_t start = end - 16;
  answer.hold = start;
  const std::size_t stop = run_end(view.text, end, is_bearer);
  view.spend((stop - start) * kPassesOverValue);
  if (stop == view.text.size() && !view.last && stop - start < kLongestToken) {
    answer.needs_more = true;
    return answer;
  }
  std::size_t word = start;
  while (word > 0 && start - word < 8 &&
         (view.text[word - 1] == ' ' || view.text[word - 1] == '\t')) {
    --word;
  }
  const std::string before = text::lower_ascii(
      view.text.substr(word > 48 ? word - 48 : 0, std::min<std::size_t>(word, 48)));
  const std::string_view value = view.text.substr(start, stop - start);
  const bool header = before.find("authorization") != std::string::npos;
  if (before.ends_with("basic")) {
    if (is_basic_secret(value)) {
      answer.found.push_back({"authorization_header", start, stop});
      return answer;
    }
    if (names_user(value)) {
      return answer;
    }
  }
  const bool scheme = before.ends_with("bearer") || header;
  if (scheme && value.size() <= 2048 && is_mixed(value) && !is_sample(value) && !is_uuid(value) &&
      !is_reference(value) && !fails_crc32(value)) {
    answer.found.push_back({"authorization_header", start, stop});
  }
  return answer;
}

/// Behind the last "@" of what stands before the path: a password may hold some itself, where
/// nobody wrote them as %40. The end of the text where more may still come.
std::size_t last_at(std::string_view text, std::size_t end, bool last) {
  std::size_t behind = end;
  std::size_t at = end;
  const std::size_t most = std::min(text.size(), end + kLongestHost);
  for (; at < most; ++at) {
    const char c = text[at];
    if (!text::is_alpha(c) && !text::is_digit(c) &&
        std::string_view("@!#$%&*+=^~._-:").find(c) == std::string_view::npos) {
      break;
    }
    if (c == '@' && at + 1 < text.size()) {
      behind = at + 1;
    }
  }
  return at == text.size() && !last ? text.size() : behind;
}

/// `user:password@tcp(host)` of Go's drivers: `end` is behind the "@tcp(".
ContextAnswer look_at_dsn(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::string_view text = view.text;
  const std::size_t sign = text.substr(0, end).rfind('@');
  const std::size_t low = sign > kLongestToken / 16 ? sign - kLongestToken / 16 : 0;
  std::size_t front = sign;
  std::size_t colon = sign;
  while (front > low && !text::is_space(text[front - 1]) && text[front - 1] != '"' &&
         text[front - 1] != '\'' && text[front - 1] != '`') {
    --front;
    colon = text[front] == ':' ? front : colon;
  }
  view.spend(sign - front);
  answer.hold = front;
  const std::string_view password =
      text.substr(std::min(colon + 1, sign), sign - std::min(colon + 1, sign));
  if (colon > front && password.size() >= 3 && is_url_password(password) &&
      password.find('/') == std::string_view::npos) {
    answer.found.push_back({"url_password", colon + 1, sign});
  }
  return answer;
}

ContextAnswer look_at_url(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::string_view text = view.text;
  const std::size_t low = end > 320 ? end - 320 : 0;
  const std::string_view near = text.substr(low, end - low);
  view.spend(near.size() * 2);
  std::size_t slashes = near.rfind('/');
  answer.hold = low + (slashes == std::string_view::npos ? 0 : slashes);
  if (end == text.size()) {
    answer.needs_more = !view.last;
    return answer;
  }
  std::string_view user_info = near.substr(slashes + 1, near.size() - slashes - 2);
  if (const std::size_t mark = user_info.rfind("[REDACTED:"); mark != std::string_view::npos) {
    const std::size_t close = user_info.find(']', mark);
    user_info = close == std::string_view::npos ? std::string_view() : user_info.substr(close + 1);
  }
  const std::size_t colon = user_info.find(':');
  if (slashes == std::string_view::npos || colon == std::string_view::npos) {
    return answer;
  }
  const std::string_view user = user_info.substr(0, colon);
  const auto first = static_cast<std::size_t>(user_info.data() - text.data()) + colon + 1;
  const std::size_t behind = last_at(text, end, view.last);
  if (behind == text.size() && !view.last) {
    answer.needs_more = true;
    return answer;
  }
  const bool host = text::is_alpha(text[behind]) || text::is_digit(text[behind]) ||
                    std::string_view("[${%").find(text[behind]) != std::string_view::npos;
  const std::size_t scheme_end = near.rfind(':', slashes);
  const bool scheme =
      scheme_end != std::string_view::npos && scheme_end > 0 &&
      (text::is_alpha(near[scheme_end - 1]) || text::is_digit(near[scheme_end - 1]));
  const std::string_view password = text.substr(first, behind - 1 - first);
  if (host && scheme && password.size() >= 3 && is_url_password(password) &&
      user.find('.') == std::string_view::npos && user != password && !fails_crc32(password)) {
    answer.found.push_back({"url_password", first, first + password.size()});
  }
  return answer;
}

ContextAnswer look_at_jwk(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::size_t start = end - 30;
  answer.hold = start;
  const std::size_t stop = run_end(view.text, end, [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '_';
  });
  view.spend((stop - start) * 2 + 1300);
  if (!view.last && view.text.size() < stop + 600) {
    answer.needs_more = true;
    return answer;
  }
  const std::size_t low = start > 700 ? start - 700 : 0;
  if (view.text.substr(low, stop - low + 600).find("\"kty\"") != std::string_view::npos &&
      is_mixed(view.text.substr(start, stop - start))) {
    answer.found.push_back({"jwk_private_key", start, stop});
  }
  return answer;
}

}  // namespace

ContextAnswer look_at_mark(const MarkPattern& mark, const TextView& view, std::size_t end) {
  switch (mark.mark) {
    case Mark::kAssignment:
    case Mark::kLooseKey:
      return look_at_assignment(mark, view, end);
    case Mark::kFlag:
    case Mark::kPhrase:
      return look_at_phrase(mark, view, end);
    case Mark::kPiped:
      return look_at_piped(view, end);
    case Mark::kCookie:
      return look_at_cookies(view, end);
    case Mark::kTable:
      return look_at_table(view, end);
    case Mark::kScheme:
      return look_at_url(view, end);
    case Mark::kDsn:
      return look_at_dsn(view, end);
    case Mark::kBearer:
      return look_at_bearer(view, end);
    case Mark::kPem:
      return look_at_pem(view, end);
    case Mark::kPutty:
      return look_at_putty(view, end);
    case Mark::kJwkMember:
      return look_at_jwk(view, end);
    case Mark::kPercent:
    case Mark::kEscape:
    case Mark::kHidden:
      break;
  }
  return {};
}

}  // namespace oap::security
