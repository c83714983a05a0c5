#include <algorithm>
#include <array>

#include "crypto/hash.hpp"
#include "security/secret_checks.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using text::is_alpha;
using text::is_digit;

template <std::size_t N>
bool holds_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

/// The first 16 hex digits of the SHA-256 of samples in documentation that look like anything else.
constexpr std::array<std::string_view, 44> kSamples = {
    "d0720d8487947228",                                          // OpenSSL's published FIPS key
    "2cafc0970149a84f", "f2d6ca16515033e5", "7e8de44ea9ecf6d5",  // Stripe's test keys
    "ff14f871658dce4d", "96ad2ccd81462a76", "2dd745ff991276ae",  // webhook signing (Svix)
    "f5375a46365089a8", "0d7e920845ed3423",                      // Slack's tokens
    "ac9265e56c79b234", "1021ad463a161d69",                      // Google's keys
    "97daedb04841b756", "8803caa00463980a",                      // Telegram's bots
    "02f7ce3c263f85c0", "b188e7bf6ee2c118",                      // Discord's bots
    "ca7459e2b26776de", "b8e148545b13c78b", "6c96130f130ab0d6",  // RFC 6749 and 6750
    "00cf4c781dc37003", "ad71fb4165536675", "e9974c507d2a8021", "53f5da0aaa93d64c",
    "cf4d418ed3de92d7", "73f71af093fdf154", "0e9d220616f08345",  // RFC 7617, user:pass
    "e4da07ad200089ce", "bdfeaef44475711c",
    "9c846fdf0fa8955c",                      // Mailgun's key
    "59a272fc32b47dc4",                      // npm's token
    "0011cc25eb432071", "aa6547439583c3a2",  // storage and Cosmos DB emulators
    "3543c50b0cb9cea8",                      // GitHub's token
    // UUIDs of RFC 4122, OpenAPI's editor, npm's uuid
    "c7aa09cd25da8b6a", "a3a9e1ed9732cab2", "8f400c257611ed5d", "e5855ff48799c52c",
    "5c28b2022dca14af", "fd4f33b1736b58cf", "6316e01c9e1d33de", "d1bfaf4aff653cb2",
    "f011b9ea0b25d86a", "b7aa5c72dc85d24e", "986c0dc956dc822b", "a4891d5fb4535163"};

constexpr std::array<std::string_view, 29> kPlaceholders = {"example",
                                                            "jbswy3dpehpk3pxp",
                                                            "your_",
                                                            "your-",
                                                            "yourtoken",
                                                            "yoursecret",
                                                            "yourapikey",
                                                            "yourkey",
                                                            "placeholder",
                                                            "changeme",
                                                            "change_me",
                                                            "change-me",
                                                            "redacted",
                                                            "dummy",
                                                            "000000000",
                                                            "replace",
                                                            "insert",
                                                            "sample",
                                                            "fake_",
                                                            "fake-",
                                                            "foobar",
                                                            "deadbeef",
                                                            "notareal",
                                                            "not-a-real",
                                                            "notasecret",
                                                            "todo_",
                                                            "abc-def1234ghikl",
                                                            "abcdef0123456789",
                                                            "1234567890abcdef"};

/// Values that are made of such words alone are placeholders.
constexpr std::array<std::string_view, 101> kWords = {
    "password",    "passwd",   "pass",      "pwd",         "secret",  "secrets",    "token",
    "tokens",      "key",      "keys",      "api",         "test",    "testing",    "tests",
    "example",     "sample",   "demo",      "dummy",       "fake",    "mock",       "foo",
    "bar",         "baz",      "qux",       "admin",       "user",    "username",   "root",
    "default",     "value",    "my",        "your",        "the",     "some",       "none",
    "null",        "nil",      "undefined", "true",        "false",   "change",     "changeme",
    "me",          "here",     "insert",    "replace",     "enter",   "todo",       "fixme",
    "placeholder", "redacted", "hidden",    "string",      "str",     "text",       "abc",
    "abcd",        "abcde",    "xyz",       "xxx",         "client",  "access",     "auth",
    "private",     "public",   "service",   "new",         "old",     "invalid",    "wrong",
    "bad",         "good",     "valid",     "correct",     "current", "hash",       "login",
    "guest",       "local",    "dev",       "development", "prod",    "production", "staging",
    "env",         "var",      "variable",  "config",      "setting", "id",         "name",
    "a",           "b",        "c",         "s",           "x",       "abcdef",     "with",
    "level",       "levels",   "real"};

bool is_made_of_words(std::string_view text) {
  std::size_t digits = 0;
  std::size_t letters = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_alpha(text[at])) {
      digits += is_digit(text[at]) ? 1 : 0;
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    const bool upper = text[at] < 'a';
    while (end < text.size() && is_alpha(text[end]) &&
           (text[end] >= 'a' || (upper && text[end - 1] < 'a'))) {
      ++end;
    }
    const std::string word = text::lower_ascii(text.substr(at, end - at));
    if (std::find(kWords.begin(), kWords.end(), word) == kWords.end()) {
      return false;
    }
    letters += end - at;
    at = end;
  }
  return letters > 0 && digits <= 9;
}

bool is_documented(std::string_view secret) {
  const std::string hex = crypto::sha256_hex(secret);
  const std::string_view start = std::string_view(hex).substr(0, 16);
  return std::find(kSamples.begin(), kSamples.end(), start) != kSamples.end();
}

/// "aaaaaaaa", "12345678", "abcdefgh": a run in which each is the last or its successor.
bool has_run(std::string_view text) {
  constexpr std::size_t kSame = 7;
  constexpr std::size_t kRising = 8;
  std::size_t same = 1;
  std::size_t rising = 1;
  for (std::size_t i = 1; i < text.size(); ++i) {
    same = text[i] == text[i - 1] ? same + 1 : 1;
    const bool next = text[i] == text[i - 1] + 1 || (text[i - 1] == '9' && text[i] == '0');
    rising = next ? rising + 1 : 1;
    if (same >= kSame || rising >= kRising) {
      return true;
    }
  }
  return false;
}

/// "xxxxxxxx", "****", "....": five alike, or four that are much of the value. Four x of both cases
/// stand in long random tokens too.
bool is_masked(std::string_view text) {
  std::size_t same = 1;
  std::size_t caseless = 1;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    const bool mask = std::string_view("xX*.").find(c) != std::string_view::npos;
    same = mask && c == text[i - 1] ? same + 1 : 1;
    caseless = mask && text::to_lower(c) == text::to_lower(text[i - 1]) ? caseless + 1 : 1;
    if (same >= 5 || (caseless >= 4 && caseless * 5 >= text.size())) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_sample(std::string_view secret, std::size_t fixed) {
  if (secret.find("[REDACTED:") != std::string_view::npos) {
    return true;
  }
  const std::string_view body = secret.substr(std::min(fixed, secret.size()));
  const std::string lower = text::lower_ascii(body);
  return holds_any(lower, kPlaceholders) || is_masked(body) || entropy(body) < 1.5 ||
         has_run(body) || (body.size() <= 64 && is_made_of_words(body)) || is_documented(secret);
}

namespace {

bool is_word(char c) { return is_alpha(c) || is_digit(c) || c == '_'; }

/// "<token>", "<your token> here"; "!Ref Name", "!vault |"; "*anchor" of YAML.
bool is_marked(std::string_view value) {
  const char mark = value.front();
  if (mark == '<') {
    const std::size_t close = value.find('>');
    const std::string_view behind = close == std::string_view::npos ? "" : value.substr(close + 1);
    return std::all_of(behind.begin(), behind.end(),
                       [](char c) { return is_alpha(c) || c == ' ' || c == '.'; });
  }
  if (mark != '!' && mark != '*') {
    return false;
  }
  std::size_t end = value.find_first_not_of(mark);
  end = std::min(end, value.size());
  const std::size_t word = end;
  while (end < value.size() && (is_alpha(value[end]) || value[end] == '_' || value[end] == '-')) {
    ++end;
  }
  return end == value.size() ||
         (end > word && mark == '!' && (value[end] == ' ' || value[end] == '.'));
}

/// "uuid.uuid4()", "crypto.randomBytes(32)": a call that somebody put between quotes.
bool is_call(std::string_view value) {
  const std::size_t open = value.find('(');
  if (open == std::string_view::npos || open < 3 || value.back() != ')') {
    return false;
  }
  const std::string_view name = value.substr(0, open);
  const std::string_view inner = value.substr(open + 1, value.size() - open - 2);
  const bool column =
      inner.find_first_not_of("0123456789, ") == std::string_view::npos;  // varchar(9)
  return is_alpha(name.front()) && (column || name.find('.') != std::string_view::npos) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) || c == '.'; });
}

/// A pattern that values are held against: "^(?=.*[A-Z]).{8,}$".
bool is_expression(std::string_view value) {
  static constexpr std::array<std::string_view, 6> kParts = {"[A-Z", "[a-z", "[0-9",
                                                             "(?=",  "\\d",  "\\w"};
  const bool anchored = value.front() == '^' && value.back() == '$';
  const auto parts = static_cast<std::size_t>(std::count_if(
      kParts.begin(), kParts.end(),
      [&](std::string_view part) { return value.find(part) != std::string_view::npos; }));
  return parts >= (anchored ? 1U : 2U);
}

}  // namespace

bool is_reference(std::string_view value) {
  static constexpr std::array<std::string_view, 27> kStarts = {
      "${",   "$(",    "$[",     "&lt;",   "{{",      "{%",   "%(",    "#{",     "@{",
      "env:", "env.",  "file:",  "vault:", "ssm:",    "arn:", "op://", "&#123;", "./",
      "../",  "http:", "https:", "~/",     "secret:", "ref+", "ENC[",  "kms:",   "sops:"};
  static constexpr std::array<std::string_view, 27> kParts = {
      "${",       "/secrets/",      "{{",       "process.env", "os.environ", "getenv",   "env[",
      "secrets.", "import.meta",    "env(",     "config.",     "config[",    "params.",  "params[",
      "req.",     "request.",       "this.",    "self.",       "args.",      "options.", "props.",
      "%s",       "secretsmanager", "keyvault", "function",    "=>",         "<%"};
  static constexpr std::array<std::string_view, 13> kHashes = {
      "$2a$",   "$2b$",  "$2y$", "$argon2", "$6$",     "$5$",    "$1$",
      "$apr1$", "{ssha", "{sha", "pbkdf2",  "sha512-", "sha256-"};
  if (value.size() > 2 && value.front() == '\'' && value.back() == '\'') {
    return is_reference(value.substr(1, value.size() - 2));
  }
  const std::string lower = text::lower_ascii(value);
  const auto starts = [&](std::string_view start) { return text::starts_with_ci(value, start); };
  if (std::any_of(kStarts.begin(), kStarts.end(), starts) || holds_any(lower, kParts) ||
      std::any_of(kHashes.begin(), kHashes.end(), starts)) {
    return true;
  }
  if (is_marked(value) || is_call(value) || is_expression(value)) {
    return true;
  }
  const std::string_view rest = value.substr(1);
  if (value.front() == '$' && rest.size() > 1 && (is_alpha(rest[0]) || rest[0] == '_')) {
    const bool upper =
        std::none_of(rest.begin(), rest.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    const bool word = std::all_of(rest.begin(), rest.end(), is_word);
    const std::size_t name = rest.find_first_of("/.:");
    if (name != std::string_view::npos && name >= 3 &&
        std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(name),
                    [](char c) { return is_word(c) && (c < 'a' || c > 'z'); })) {
      return true;  // $BASE_URL/x
    }
    return word && (upper || rest.find_first_of("0123456789") == std::string_view::npos ||
                    rest.find('_') != std::string_view::npos);
  }
  if (value.front() == '%' && value.back() == '%') {
    return true;
  }
  if (value.front() == '/' && std::count(value.begin(), value.end(), '/') > 1) {
    return value.find_first_of("+=") == std::string_view::npos;
  }
  return false;
}

}  // namespace oap::security
