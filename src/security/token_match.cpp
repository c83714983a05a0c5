#include "security/token_match.hpp"

#include <algorithm>
#include <memory>
#include <mutex>

#include <re2/re2.h>

#include "security/secret_checks.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using text::is_alpha;
using text::is_digit;

constexpr std::size_t kLongestToken = 16U << 10U;
constexpr std::size_t kLongestHost = 255;
constexpr std::size_t kLongestColour = 16;
/// What a pattern of counted parts goes over at most.
constexpr std::size_t kCounted = 512;

bool is_word(char c) { return is_alpha(c) || is_digit(c) || c == '_'; }
bool is_base64(char c) {
  return is_alpha(c) || is_digit(c) || c == '+' || c == '/' || c == '-' || c == '_';
}

struct Row {
  Trigger trigger;
  std::size_t literals = 0;  ///< how many bytes of the front say nothing
  bool counted = true;       ///< the pattern's length has a bound
  std::string_view inside;   ///< marks that end other tokens, but stand in this one
  std::once_flag once;
  std::unique_ptr<re2::RE2> pattern;
};

std::size_t literals_of(std::string_view pattern) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < pattern.size() && pattern[at] != '[' && pattern[at] != '('; ++at) {
    at += pattern[at] == '\\' ? 1 : 0;
    ++count;
  }
  return count;
}

Row* rows() {
  static const std::unique_ptr<Row[]> kRows = [] {
    const auto types = token_types();
    auto out = std::make_unique<Row[]>(types.size());
    for (std::size_t i = 0; i < types.size(); ++i) {
      out[i].trigger = trigger_of(types[i].pattern);
      out[i].literals = literals_of(types[i].pattern);
      const bool commas = types[i].pattern.find(",p=") != std::string_view::npos;
      const bool braces = types[i].pattern.find("\\}") != std::string_view::npos;
      out[i].counted = types[i].pattern.find(",}") == std::string_view::npos;
      out[i].inside = commas ? "," : (braces ? "}" : "");
    }
    return out;
  }();
  return kRows.get();
}

const re2::RE2& pattern_of(std::uint32_t id) {
  Row& row = rows()[id];
  std::call_once(row.once, [&] {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_max_mem(16 << 20);
    const std::string_view pattern = token_types()[id].pattern;
    row.pattern =
        std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  });
  return *row.pattern;
}

bool is_token_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte < 0x7F && c != '"' && c != '\'' && c != '`' && c != '<' && c != '>' &&
         c != ',' && c != ';' && c != ')' && c != '}' && c != ']';
}

/// What an uncounted part of a pattern can go over.
std::size_t run_of(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_token_byte(text[end])) {
    ++end;
  }
  return end;
}

/// A secret key of AWS that stands behind its id: 40 of base64, as mixed as such keys are.
void add_aws_secret(std::string_view text, std::size_t from, std::vector<FoundSecret>& found) {
  const auto in_key = [](char c) { return is_alpha(c) || is_digit(c) || c == '/' || c == '+'; };
  const std::size_t most = std::min(text.size(), from + 160);
  for (std::size_t at = from; at < most; ++at) {
    if (!in_key(text[at])) {
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && end - at <= 40 && in_key(text[end])) {
      ++end;
    }
    const std::string_view key = text.substr(at, end - at);
    if (key.size() == 40 && entropy(key) >= 4.2 && restlessness(key) >= 0.2 && !is_sample(key)) {
      found.push_back({"aws_secret_access_key", at, end});
      return;
    }
    at = end;
  }
}

bool passes(TokenCheck check, std::string_view token, std::size_t literals) {
  const std::string_view body = token.substr(std::min(literals, token.size()));
  const std::size_t zeros = check == TokenCheck::kZeros ? token.rfind("AAAAAAA") + 7 : literals;
  if (is_sample(token, std::max(literals, zeros))) {
    return false;
  }
  switch (check) {
    case TokenCheck::kPlain:
    case TokenCheck::kWordLeft:
    case TokenCheck::kGitlab:
    case TokenCheck::kTelegram:
      return entropy(body) >= (body.size() >= 20 ? 2.5 : 2.0);
    case TokenCheck::kAwsPair:
      return entropy(body) >= 2.5 &&
             body.find_first_of("AEIOU0123456789") != std::string_view::npos;
    case TokenCheck::kMixed:
    case TokenCheck::kZeros:
    case TokenCheck::kCrc32Any:
      return is_mixed(body) || (body.size() >= 14 && is_no_word(body));
    case TokenCheck::kCrc32:
      return has_crc32(token, 4);
    case TokenCheck::kJwt:
      return is_jwt(token);
  }
  return false;
}

}  // namespace

std::size_t token_width(std::uint32_t id) {
  return id < token_types().size() ? rows()[id].trigger.width : 0;
}

TokenMatch match_token(std::uint32_t id, const TextView& view) {
  TokenMatch out;
  const std::string_view text = view.text.substr(0, kLongestToken);
  const TokenType& type = token_types()[id];
  if (!view.last && text.size() < kLongestToken) {
    std::size_t end = rows()[id].trigger.width;
    const std::string_view inside = rows()[id].inside;
    while (end < text.size() &&
           (is_token_byte(text[end]) || inside.find(text[end]) != std::string_view::npos)) {
      ++end;
    }
    view.spend(end);
    const std::size_t behind = type.check == TokenCheck::kAwsPair ? 210 : 1;
    if (end + behind > text.size()) {
      out.needs_more = true;
      return out;
    }
  }
  const re2::RE2& pattern = pattern_of(id);
  view.spend(run_of(rows()[id].counted ? text.substr(0, kCounted) : text));
  re2::StringPiece whole;
  if (!pattern.ok() || !pattern.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                                      re2::RE2::ANCHOR_START, &whole, 1)) {
    return out;
  }
  constexpr std::size_t kClassic = 40;
  const bool classic = type.check == TokenCheck::kCrc32 && whole.size() >= kClassic &&
                       has_crc32(text.substr(0, kClassic), 4);
  const std::size_t length = classic ? kClassic : whole.size();
  const bool underlined =
      type.check == TokenCheck::kAwsPair && length < text.size() && text[length] == '_';
  const bool goes_on = !classic && !underlined && length < text.size() && is_word(text[length]) &&
                       is_word(text[length - 1]);
  const std::string_view token = text.substr(0, length);
  view.spend(length * kPassesOverValue);
  if (type.check == TokenCheck::kGitlab && is_false_gitlab(text)) {
    return out;
  }
  if (goes_on || !passes(type.check, token, rows()[id].literals)) {
    return out;
  }
  out.length = length;
  if (type.check == TokenCheck::kAwsPair) {
    add_aws_secret(text, length, out.found);
  }
  return out;
}

std::size_t token_front(std::uint32_t id, std::string_view text, std::size_t start) {
  const TokenCheck check = token_types()[id].check;
  if (check == TokenCheck::kTelegram) {
    std::size_t front = start;
    while (front > 0 && start - front < 12 && is_digit(text[front - 1])) {
      --front;
    }
    const std::size_t digits = start - front;
    const bool word = front > 0 && is_word(text[front - 1]) &&
                      !text.substr(0, front).ends_with("bot") && !is_token_start(text, front);
    return digits >= 6 && digits <= 10 && !word ? front : std::string_view::npos;
  }
  if (check == TokenCheck::kWordLeft) {
    const std::size_t low = start > kLongestHost ? start - kLongestHost : 0;
    while (start > low &&
           (is_word(text[start - 1]) || text[start - 1] == '.' || text[start - 1] == '-')) {
      --start;
    }
  }
  for (const std::string_view scheme : {"https://", "http://", "https:\\/\\/"}) {
    const bool host = token_types()[id].pattern.find("\\.com/") != std::string_view::npos;
    if (host && text.substr(0, start).ends_with(scheme)) {
      return start - scheme.size();
    }
  }
  return start;
}

bool is_token_start(std::string_view text, std::size_t start) {
  if (start == 0) {
    return true;
  }
  const char before = text[start - 1];
  if (!is_word(before)) {
    if (before != '+' && before != '/' && before != '-') {
      return true;
    }
    std::size_t run = start;
    while (run > 0 && start - run < 40 && is_base64(text[run - 1])) {
      --run;
    }
    return start - run < 24 || restlessness(text.substr(run, start - run)) < 0.3;
  }
  const auto at = [&](std::size_t back) { return start >= back ? text[start - back] : '\0'; };
  const auto is_hex = [](char c) {
    const char lower = text::to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'f');
  };
  if (at(2) == '\\' && std::string_view("nrtbfvae0").find(before) != std::string_view::npos) {
    return true;
  }
  if (is_hex(at(1)) && is_hex(at(2)) &&
      (at(3) == '%' || (at(3) == 'x' && at(4) == '\\') ||
       (is_hex(at(3)) && is_hex(at(4)) && at(5) == 'u' && at(6) == '\\'))) {
    return true;
  }
  if (before == 'm' || before == 'K') {  // the end of a colour
    std::size_t sequence = start - 1;
    while (sequence > 0 && start - sequence < kLongestColour &&
           (is_digit(text[sequence - 1]) || text[sequence - 1] == ';')) {
      --sequence;
    }
    return sequence > 0 && sequence < start - 1 + (before == 'K' ? 1U : 0U) &&
           text[sequence - 1] == '[';
  }
  return false;
}

bool is_replaced(std::string_view text, std::size_t start, std::size_t end) {
  constexpr std::string_view kMark = "[REDACTED:";
  constexpr std::size_t kLongest = 80;
  const std::size_t low = start > kLongest ? start - kLongest : 0;
  const std::size_t at = text.substr(low, start - low + kMark.size()).rfind(kMark);
  if (at == std::string_view::npos) {
    return false;
  }
  const std::string_view rest = text.substr(low + at + kMark.size(), kLongest);
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos || colon + 5 >= rest.size() || rest[colon + 5] != ']' ||
      rest.substr(colon + 1, 4).find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return false;
  }
  const std::string_view type = rest.substr(0, colon);
  const auto is_type = [&](const auto& row) { return row.type == type; };
  static constexpr std::string_view kOthers[] = {
      "known_secret",     "unscanned",      "private_key",          "password",
      "generic_secret",   "url_password",   "authorization_header", "jwk_private_key",
      "vault_unseal_key", "bip39_mnemonic", "session_cookie"};
  const bool known = std::any_of(token_types().begin(), token_types().end(), is_type) ||
                     std::any_of(named_types().begin(), named_types().end(), is_type) ||
                     std::find(std::begin(kOthers), std::end(kOthers), type) != std::end(kOthers);
  const std::size_t mark_end = low + at + kMark.size() + colon + 6;
  constexpr std::size_t kNothing = 4;  // ":" or "@" behind it
  const bool inside = start > low + at && start < mark_end && end < mark_end + kNothing;
  return known && (end <= mark_end || inside);
}

}  // namespace oap::security
