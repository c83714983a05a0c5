#include <cstdlib>
#include <optional>
#include <vector>

#include "security/token_types.hpp"

namespace oap::security {
namespace {

/// More than this of a run after the literals makes the search no sharper.
constexpr std::size_t kEnoughRun = 8;
constexpr std::size_t kEnoughLiterals = 3;

struct Item {
  std::string_view atom;
  std::size_t width = 1;  ///< of the atom
  std::size_t least = 1;
  std::size_t most = 1;
  bool literal = false;
};

/// The length of every alternative of `(?:a|b)`, where it is one.
std::optional<std::size_t> group_width(std::string_view inner) {
  std::optional<std::size_t> width;
  std::size_t current = 0;
  for (std::size_t i = 0; i <= inner.size(); ++i) {
    if (i == inner.size() || inner[i] == '|') {
      if (width && *width != current) {
        return std::nullopt;
      }
      width = current;
      current = 0;
    } else if (std::string_view("[]{}()?*+\\").find(inner[i]) != std::string_view::npos) {
      return std::nullopt;
    } else {
      ++current;
    }
  }
  return width;
}

/// Reads one item from the front of `rest`; nothing where it has no one width.
std::optional<Item> next_item(std::string_view& rest) {
  Item item;
  std::size_t length = 1;
  if (rest.front() == '[') {
    length = rest.find(']') + 1;
  } else if (rest.front() == '\\') {
    length = 2;
    item.literal = true;
  } else if (rest.starts_with("(?:")) {
    length = rest.find(')') + 1;
    const auto width = group_width(rest.substr(3, length - 4));
    if (!width) {
      return std::nullopt;
    }
    item.width = *width;
    item.literal = true;
  } else if (rest.front() == '(') {
    return std::nullopt;
  } else {
    item.literal = true;
  }
  item.atom = rest.substr(0, length);
  rest.remove_prefix(length);
  if (rest.starts_with('{')) {
    const std::size_t end = rest.find('}');
    const std::string counts(rest.substr(1, end - 1));
    char* after = nullptr;
    item.least = std::strtoul(counts.c_str(), &after, 10);
    item.most = *after == ',' ? std::strtoul(after + 1, nullptr, 10) : item.least;
    rest.remove_prefix(end + 1);
  } else if (rest.starts_with('?')) {
    item.least = 0;
    rest.remove_prefix(1);
  }
  return item;
}

}  // namespace

Trigger trigger_of(std::string_view pattern) {
  Trigger out;
  std::size_t literals = 0;
  const auto add = [&](const Item& item, std::size_t count) {
    out.expression += item.atom;
    if (count != 1) {
      out.expression += "{" + std::to_string(count) + "}";
    }
    out.width += item.width * count;
    literals += item.literal ? item.width * count : 0;
  };
  for (std::string_view rest = pattern; !rest.empty();) {
    const auto item = next_item(rest);
    if (!item || item->least == 0) {
      break;
    }
    const bool fixed = item->least == item->most;
    if (!fixed || (!item->literal && item->least > kEnoughRun && literals >= kEnoughLiterals)) {
      add(*item, std::min(item->least, kEnoughRun));
      break;
    }
    add(*item, item->least);
  }
  return literals == 0 && out.width < 20 ? Trigger{} : out;
}

std::span<const MarkPattern> mark_patterns() {
  static constexpr MarkPattern kMarks[] = {
      {Mark::kAssignment,
       "(?:passw(?:or)?d|passphrase|pass|pwd|secret|token|credentials?|bearer|"
       "(?:api|access|auth|account|private|encryption|signing|signature|master|admin|app|"
       "license|service|client|consumer|session|storage|server|shared|root|deploy|webhook|"
       "aes|fernet|cipher|vapid|redis|search|functions?|activation|product|ingestion|"
       "rest|write|read|ingest|integration|subscription|application|project|global|live|"
       "prod|personal|user|developer|dev|sdk|hmac|cookie|crypt|secure|salt|primary|secondary|"
       "queue|hub|validation|decryption|logged_in|nonce|algolia|mailgun|datadog|dd|sendgrid|stripe|"
       "openai|"
       "twilio|heroku|firebase|maps|azure|google|aws|github|gitlab|jwt|s3|db)[_. -]?(?:api[_. -]?)?"
       "key|apikey|authkey|_auth|\"auth|\\bpat|_pat|auth_salt|nonce_salt|in_salt)"
       "[A-Za-z0-9_.-]{0,28}\\]?(?:\\[[0-9]{0,4}\\])?[\"'`\\\\]{0,4}\\]?[ "
       "\\t]{0,8}(?:=>|<-|!=|[:=>]|%3[AaDd]|\\|\\||\\?\\?|,|[({]\\s?[\"'`])",
       true},
      {Mark::kLooseKey,
       "[a-z0-9]_key(?:_[a-z0-9]{1,12})?[\"'`\\\\]{0,4}\\]?[ \\t]{0,8}(?:=>|[:=]|,)", true},
      {Mark::kFlag,
       "\\s--?(?:[a-z0-9]{1,16}-){0,2}(?:password|passwd|pass|token|secret|api-?key|access-?key|"
       "secret-?key|(?:storage|account|private|shared|license|encryption|signing|master)-?key|"
       "auth-?token|passphrase|auth)[ ]{1,2}[\"']?[^\\s\"'-]",
       true, Demand::kNamed},
      {Mark::kScheme, ":\\\\{0,2}/\\\\{0,2}/[^\\s/\"'<>@]{0,80}:[^\\s/\"'<>@]{1,120}@"},
      {Mark::kDsn, "@(?:tcp|tcp4|tcp6|unix)\\("},
      {Mark::kBearer, "(?:bearer|basic|digest|token|apikey|bot|ssws)[ \\t]{1,3}[a-z0-9+/._~-]{16}",
       true},
      {Mark::kPem, "-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY"},
      {Mark::kPem, "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY"},
      {Mark::kPutty, "Private-Lines: "},
      {Mark::kPercent, "(?:%[2-7][0-9A-Fa-f]){3}"},
      {Mark::kPercent, "(?:%25[2-7][0-9A-Fa-f]){3}"},
      {Mark::kEscape, "(?:\\\\u\\{[2-7][0-9A-Fa-f]\\}){4}"},
      {Mark::kHidden, "\\x1b\\[[0-9;]{0,8}[A-Za-z][A-Za-z0-9_-]"},
      {Mark::kHidden,
       "[A-Za-z0-9_-](?:\\xe2\\x80[\\x8b-\\x8f]|\\xef\\xbb\\xbf|\\xc2\\xad|\\xe2\\x81\\xa0)[A-Za-"
       "z0-9_-]"},
      {Mark::kHidden, "[A-Za-z0-9_-][\\\\=]\\r?\\n[ \\t]{0,8}[A-Za-z0-9_-]"},
      {Mark::kHidden, "(?:[!-~]\\x00){6}"},
      {Mark::kPercent, "%25(?:3[AaDd]|2[FfBbDd]|40|5[Ff])[A-Za-z0-9%_-]{6}"},
      {Mark::kPiped,
       "\\|[ \\t]{0,3}(?:sudo[ \\t][^\\n|;]{0,40}-[A-Za-z]{0,4}S|(?:sudo[ "
       "\\t]{1,3})?chpasswd|passwd[ "
       "\\t]{1,3}--stdin|[a-z]{2,12}[ \\t][^\\n|;]{0,120}--(?:password-stdin|with-token|stdin))"},
      {Mark::kCookie, "\\bcookie[\"'`]?[ \\t]{0,2}[:=][ \\t]{0,2}[\"'`]?[^\\s\"'`]", true},
      {Mark::kCookie, "\\bcurl\\s[^\\n]{0,160}(?:-b|--cookie)[ =][\"']?[^\\s\"']"},
      {Mark::kTable,
       "[,;|\\t\\n][ \"]{0,2}(?:(?:user|db|admin|root)[ "
       "_-]?)?(?:password|passwd|pwd|secret|(?:api|access|"
       "auth)?[ _-]?token|(?:api|secret|access|private)[ _-]?key)[ \"]{0,2}[,;|\\t\\r\\n]",
       true},
      {Mark::kPercent, "%(?:3[AaDd]|2[FfBbDd]|40|5[Ff])[A-Za-z0-9%_-]{6}"},
      {Mark::kEscape, "\\\\u00[2-7][0-9A-Fa-f]"},
      {Mark::kEscape, "(?:\\\\{1,2}x[2-7][0-9A-Fa-f]){4}"},
      {Mark::kEscape, "\\\\x[2-7][0-9A-Fa-f][A-Za-z0-9]{6}"},
      {Mark::kEscape, "(?:\\\\[01][0-7]{2}){4}"},
      {Mark::kEscape, "(?:&#x?[0-9A-Fa-f]{2,3};){4}"},
      {Mark::kJwkMember, "\"d\"\\s{0,3}:\\s{0,3}\"[A-Za-z0-9_-]{30}"},
      {Mark::kJwkMember, "\"k\"\\s{0,3}:\\s{0,3}\"[A-Za-z0-9_-]{30}"},
  };
  static const std::vector<MarkPattern> kAll = [] {
    std::vector<MarkPattern> all(std::begin(kMarks), std::end(kMarks));
    all.insert(all.end(), phrases().begin(), phrases().end());
    return all;
  }();
  return kAll;
}

}  // namespace oap::security
