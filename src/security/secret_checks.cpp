#include "security/secret_checks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "crypto/hash.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using text::is_alpha;
using text::is_digit;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_hex(char c) {
  return is_digit(c) || (text::to_lower(c) >= 'a' && text::to_lower(c) <= 'f');
}

template <class Test>
std::size_t count(std::string_view text, Test test) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), test));
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

int kind_of(char c) { return is_lower(c) ? 1 : is_upper(c) ? 2 : is_digit(c) ? 3 : 0; }

/// Last words of a name that make it the name of something else.
constexpr std::array<std::string_view, 109> kTakeBack = {
    "name",     "names",       "id",        "ids",       "ref",         "refs",        "count",
    "counts",   "length",      "len",       "type",      "types",       "path",        "paths",
    "file",     "files",       "filename",  "url",       "uri",         "urls",        "endpoint",
    "policy",   "field",       "fields",    "label",     "regex",       "regexp",      "pattern",
    "hash",     "hashes",      "digest",    "sha",       "sha1",        "sha256",      "sha512",
    "md5",      "checksum",    "expiry",    "expires",   "expiration",  "ttl",         "age",
    "limit",    "max",         "min",       "version",   "enabled",     "disabled",    "usage",
    "arn",      "prefix",      "suffix",    "header",    "headers",     "param",       "params",
    "format",   "scheme",      "alg",       "algorithm", "hint",        "input",       "error",
    "errors",   "message",     "title",     "text",      "description", "class",       "style",
    "icon",     "selector",    "node",      "nodes",     "kind",        "kinds",       "position",
    "pos",      "offset",      "index",     "range",     "provider",    "store",       "manager",
    "required", "valid",       "validator", "rules",     "rule",        "help",        "iv",
    "vector",   "mode",        "size",      "bits",      "dir",         "fingerprint", "thumbprint",
    "alias",    "placeholder", "env",       "variable",  "var",         "status",      "state",
    "info",     "location",    "schema",    "re"};

/// Words that say so wherever they stand in the name.
constexpr std::array<std::string_view, 21> kNever = {
    "public",   "pub",         "tokenizer", "tokenize",  "tokens",      "integrity", "commit",
    "revision", "foreign",     "partition", "sort",      "shortcut",    "keyboard",  "ssl",
    "csrf",     "idempotency", "forgot",    "forgotten", "publishable", "site",      "cursor"};

constexpr std::array<std::string_view, 9> kPasswords = {
    "password", "passwd", "passphrase", "pwd", "pass", "passwords", "passcode", "pw", "passwort"};
constexpr std::array<std::string_view, 14> kSecrets = {
    "secret", "secrets", "token",  "apikey", "authkey",   "credential", "credentials",
    "auth",   "pat",     "bearer", "jwt",    "secretkey", "apitoken",   "accesskey"};
/// What may stand behind the word that matters.
constexpr std::array<std::string_view, 26> kAfter = {
    "base",       "value", "str",     "string",    "b64",     "base64", "prod",
    "production", "dev",   "test",    "stage",     "staging", "live",   "default",
    "key",        "raw",   "plain",   "plaintext", "data",    "hex",    "current",
    "old",        "new",   "primary", "secondary", "text"};

/// "settings.db.password1": a way through objects.
bool is_member_access(std::string_view value) {
  bool dot = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool first = i == 0 || value[i - 1] == '.';
    if (value[i] == '.') {
      dot = true;
    } else if (!is_alpha(value[i]) && value[i] != '_' && (first || !is_digit(value[i]))) {
      return false;
    }
  }
  return dot && restlessness(value) < 0.2;
}

/// Random enough without an issuer's form: of letters and digits or signs that change often.
bool has_signs_within(std::string_view value, std::size_t special, std::size_t digits) {
  const std::size_t spaces = count(value, [](char c) { return c == ' '; });
  return value.size() >= 24 && digits >= 2 && special >= 3 && spaces <= 4 &&
         value.find("://") == std::string_view::npos && entropy(value) >= 4.0;
}

}  // namespace

double entropy(std::string_view text) {
  std::array<unsigned, 256> counts{};
  for (const char c : text) {
    ++counts[static_cast<unsigned char>(c)];
  }
  double bits = 0;
  const auto size = static_cast<double>(text.size());
  for (const unsigned times : counts) {
    if (times > 0) {
      const double share = times / size;
      bits -= share * std::log2(share);
    }
  }
  return bits;
}

double restlessness(std::string_view text) {
  std::size_t changes = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const int before = kind_of(text[i - 1]);
    const int here = kind_of(text[i]);
    changes += before != here && before != 0 && here != 0 && !(before == 2 && here == 1) ? 1 : 0;
  }
  return text.size() < 2 ? 0 : static_cast<double>(changes) / static_cast<double>(text.size() - 1);
}

bool is_mixed(std::string_view token) {
  if (entropy(token) < (token.size() >= 24 ? 3.0 : 2.7)) {
    return false;
  }
  const std::size_t digits = count(token, is_digit);
  const std::size_t letters = count(token, is_alpha);
  if (digits >= 2 && letters >= 2) {
    return restlessness(token) >= 0.15;
  }
  std::size_t capitals = 0;  // side by side, as words have none
  for (std::size_t i = 1; i < token.size(); ++i) {
    capitals += is_upper(token[i]) && is_upper(token[i - 1]) ? 1 : 0;
  }
  return letters >= 4 && capitals >= 2 && count(token, is_lower) >= 3 &&
         restlessness(token) >= 0.15;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) {
      return false;
    }
  }
  return true;
}

std::string snake_case(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_alpha(c) && !is_digit(c)) {
      if (!out.empty() && out.back() != '_') {
        out += '_';
      }
      continue;
    }
    const bool after_lower =
        i > 0 && is_upper(c) && (is_lower(name[i - 1]) || is_digit(name[i - 1]));
    const bool ends_acronym = i > 0 && is_upper(c) && is_upper(name[i - 1]) &&
                              i + 1 < name.size() && is_lower(name[i + 1]);
    if ((after_lower || ends_acronym) && !out.empty() && out.back() != '_') {
      out += '_';
    }
    out += text::to_lower(c);
  }
  while (!out.empty() && out.back() == '_') {
    out.pop_back();
  }
  return out;
}

NameKind name_kind(std::string_view name) {
  const std::string snake = snake_case(name);
  for (const std::string_view cursor : {"page_token", "continuation_token", "continue_token"}) {
    if (snake.ends_with(cursor)) {
      return NameKind::kNone;  // a place in a list
    }
  }
  for (const std::string_view salt : {"auth_salt", "nonce_salt", "logged_in_salt"}) {
    if (snake.ends_with(salt)) {
      return NameKind::kSecret;
    }
  }
  std::vector<std::string_view> words = text::split(snake, '_');
  std::erase_if(words, [](std::string_view word) {
    return word.empty() || word.find_first_not_of("0123456789") == std::string_view::npos;
  });
  for (const std::string_view word : words) {
    const bool of_java = word == "ssl" && text::starts_with_ci(name, "javax.");
    if (is_one_of(word, kNever) && !of_java) {
      return NameKind::kNone;
    }
  }
  bool key = false;
  while (!words.empty()) {
    const std::string_view last = words.back();
    if (is_one_of(last, kPasswords) || last.ends_with("password") || last.ends_with("passwd")) {
      return NameKind::kPassword;
    }
    if (is_one_of(last, kSecrets) || last.ends_with("secret") || last.ends_with("token") ||
        last.ends_with("apikey") || last.ends_with("accesskey") || last.ends_with("privatekey") ||
        last.ends_with("sharedkey") || last.ends_with("accountkey") ||
        last.ends_with("encryptionkey")) {
      return NameKind::kSecret;
    }
    if (is_one_of(last, kTakeBack)) {
      return NameKind::kNone;
    }
    if (last == "key" || last == "keys") {
      key = true;
    } else if (key) {
      return NameKind::kSecret;
    } else if (!is_one_of(last, kAfter) && last.size() > 2) {
      // A word behind the secret's: "token_bucket", "password_reset".
      return words.size() > 1 && snake.starts_with("password_for") ? NameKind::kPassword
                                                                   : NameKind::kNone;
    }
    words.pop_back();
  }
  return NameKind::kNone;
}

namespace {

/// Base64 of what would be a secret itself, as in the data of a Kubernetes Secret.
bool is_encoded_secret(NameKind kind, std::string_view value) {
  if (value.size() < 12 || value.size() > 512 || value.size() % 4 != 0) {
    return false;
  }
  const auto plain = crypto::from_base64(value);
  return plain &&
         std::all_of(plain->begin(), plain->end(), [](char c) { return c > ' ' && c < 0x7F; }) &&
         is_secret_value(kind, *plain, ValueForm::kQuoted);
}

/// Letters alone, whose case changes as it does in no word.
bool is_shuffled(std::string_view value) {
  return value.size() >= 10 && std::all_of(value.begin(), value.end(), is_alpha) &&
         entropy(value) >= 2.8 &&
         (is_no_word(value) ||
          (value.size() >= 12 && (is_mixed(value) || restlessness(value) >= 0.34)));
}

}  // namespace

bool is_secret_value(NameKind kind, std::string_view value, ValueForm form) {
  const bool password = kind == NameKind::kPassword;
  if (kind == NameKind::kNone || value.size() < (password ? 6U : 10U) || value.size() > 4096 ||
      is_reference(value) || is_sample(value) || is_uuid(value)) {
    return false;
  }
  const std::size_t digits = count(value, is_digit);
  const std::size_t letters = count(value, is_alpha);
  const std::size_t special =
      value.size() - digits - letters - count(value, [](char c) {
        return std::string_view("_-./: ,;'\"()[]{}").find(c) != std::string_view::npos ||
               static_cast<unsigned char>(c) >= 0x80;
      });
  if (form == ValueForm::kQuoted && has_signs_within(value, special, digits)) {
    return true;
  }
  if (is_selector(value)) {
    return false;
  }
  if (password && form != ValueForm::kBare && is_passphrase(value)) {
    return true;
  }
  if (form != ValueForm::kBare &&
      (is_encoded_secret(kind, value) || (password && is_shuffled(value)))) {
    return true;
  }
  if (letters == 0 || (digits == 0 && special == 0 && value.size() < 20 && !is_no_word(value))) {
    return false;
  }
  if (form == ValueForm::kBare && digits == 0 && !is_mixed(value) && !is_no_word(value)) {
    return false;  // a name
  }
  if (form != ValueForm::kQuoted && is_member_access(value)) {
    return false;
  }
  if (password) {
    const std::size_t spaces = count(value, [](char c) { return c == ' '; });
    const bool sentence =
        spaces > 0 && ((special == 0 && !has_mixed_word(value)) || is_plain_sentence(value) ||
                       (spaces > 1 && sentence_words(value) > 1));
    const double calm = form == ValueForm::kBare ? 3.0 : 2.2;
    return !sentence && spaces <= 6 && (digits > 0 || special > 0) && entropy(value) >= calm &&
           (form != ValueForm::kBare || value.size() >= 8);
  }
  if (value.find(' ') != std::string_view::npos) {
    return false;
  }
  const bool short_one = value.size() < 16;
  const double needed = form == ValueForm::kBare ? 3.4 : 3.0;
  return entropy(value) >= (short_one ? 3.0 : needed) &&
         ((restlessness(value) >= (short_one ? 0.3 : 0.18) && (digits > 1 || value.size() >= 20)) ||
          (form != ValueForm::kBare && is_no_word(value)));
}

namespace {

bool has_four_kinds(std::string_view value) {
  return count(value, is_upper) > 0 && count(value, is_lower) > 0 && count(value, is_digit) > 0 &&
         value.find_first_of("!#$%&*+=@^~?") != std::string_view::npos;
}

}  // namespace

bool looks_random(std::string_view value) {
  const std::size_t digits = count(value, is_digit);
  const std::size_t letters = count(value, is_alpha);
  const std::size_t dots = count(value, [](char c) { return c == '.' || c == '/'; });
  const bool ascii = std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && static_cast<unsigned char>(c) < 0x7F;
  });
  const bool no_word = is_no_word(value);
  return ascii && value.size() >= 8 && value.size() <= 512 && (digits >= 1 || no_word) &&
         letters >= 3 && (dots < 2 || has_four_kinds(value)) &&
         value.find_first_of("()") == std::string_view::npos && entropy(value) >= 2.7 &&
         (restlessness(value) >= 0.2 || has_four_kinds(value) || no_word) && !is_sample(value) &&
         !is_reference(value) && !is_uuid(value);
}

bool is_url_password(std::string_view password) {
  static constexpr std::array<std::string_view, 33> kWords = {
      "postgres",     "guest",        "root",     "admin",   "mysql",  "redis", "mongo",
      "rabbitmq",     "password",     "passwd",   "pass",    "secret", "pwd",   "token",
      "user",         "port",         "changeme", "xxx",     "pw",     "passw", "mypass",
      "mypassword",   "yourpassword", "p",        "pass123", "test",   "pass1", "x-oauth-basic",
      "x-token-auth", "oauth2",       "username", "host"};
  const std::string lower = text::lower_ascii(password);
  const bool reference =
      std::string_view("${%[<*").find(password.front()) != std::string_view::npos &&
      (password.front() != '%' || password.size() < 3 || !is_hex(password[1]) ||
       !is_hex(password[2]));
  return !reference && password.find("${") == std::string_view::npos &&
         password.find("{{") == std::string_view::npos &&
         password.find("...") == std::string_view::npos &&
         password.find_first_of("{}()|^\\") == std::string_view::npos &&
         !is_one_of(lower, kWords) && entropy(password) >= 1.5 && !is_sample(password) &&
         password.find_first_not_of("0123456789") != std::string_view::npos;
}

}  // namespace oap::security
