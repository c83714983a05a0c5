#include "security/secret_scanner.hpp"

#include <algorithm>
#include <utility>

#include "crypto/hash.hpp"
#include "security/secret_checks.hpp"
#include "security/secret_patterns.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using Finding = SecretScanner::Finding;

/// Known secrets are as long at least, and so is all that a pattern matches.
constexpr std::size_t kMinKnown = 8;
constexpr std::size_t kMaxPem = 64U << 10U;
constexpr std::string_view kMark = "[REDACTED:";

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(re2::StringPiece text) { return {text.data(), text.size()}; }

bool is_type(std::string_view word) {
  const auto& patterns = secret_patterns();
  return word == "known_secret" || word == "unscanned" ||
         std::any_of(patterns.begin(), patterns.end(),
                     [&](const SecretPattern& pattern) { return pattern.type == word; });
}

/// Where replacements of an earlier run stand.
std::vector<std::pair<std::size_t, std::size_t>> replacements(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  for (std::size_t at = text.find(kMark); at != std::string_view::npos;
       at = text.find(kMark, at + 1)) {
    const std::size_t colon = text.find(':', at + kMark.size());
    if (colon == std::string_view::npos || colon + 5 >= text.size() || text[colon + 5] != ']' ||
        !is_type(text.substr(at + kMark.size(), colon - at - kMark.size()))) {
      continue;
    }
    const std::string_view tag = text.substr(colon + 1, 4);
    if (tag.find_first_not_of("0123456789abcdef") == std::string_view::npos) {
      out.emplace_back(at, colon + 6);
    }
  }
  return out;
}

/// The end of a key in PEM form that begins at `begin`; 0 where only the line is mentioned.
std::size_t pem_end(std::string_view text, std::size_t line_end) {
  const std::string_view rest = text.substr(line_end, kMaxPem);
  const std::size_t end = rest.find("-----END ");
  std::size_t body = 0;
  std::size_t key_bytes = 0;
  static constexpr std::string_view kKeyBytes =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  static constexpr std::string_view kBetween = " \t\r\n\\,:.-\"'()>|#*";
  const std::size_t limit = std::min(end, rest.size());
  while (body < limit && (kKeyBytes.find(rest[body]) != std::string_view::npos ||
                          kBetween.find(rest[body]) != std::string_view::npos)) {
    key_bytes += kKeyBytes.find(rest[body]) != std::string_view::npos ? 1U : 0U;
    ++body;
  }
  if (key_bytes < 32) {
    return 0;
  }
  if (end == std::string_view::npos || body < end) {
    // No END in sight: the key ends with its last line of key bytes.
    std::size_t last = body;
    while (last > 0 && kKeyBytes.find(rest[last - 1]) == std::string_view::npos) {
      --last;
    }
    return line_end + last;
  }
  const std::size_t dashes = rest.find("-----", end + 9);
  return line_end + (dashes == std::string_view::npos ? rest.size() : dashes + 5);
}

void add_assignment(std::string_view text, std::string_view name, std::string_view value,
                    std::string_view type, std::vector<Finding>& out) {
  const bool quoted = value.find_first_of("\"'\\") == 0;
  const std::size_t front = std::min(value.find_first_not_of("\"'\\"), value.size());
  std::string_view inner = value.substr(front);
  while (quoted && !inner.empty() &&
         std::string_view("\"'\\").find(inner.back()) != std::string_view::npos) {
    inner.remove_suffix(1);
  }
  const auto start = static_cast<std::size_t>(inner.data() - text.data());
  const std::size_t end = start + inner.size();
  const bool call = !quoted && end < text.size() && (text[end] == '(' || text[end] == '[');
  if (!call && is_secret_value(name, inner, quoted)) {
    out.push_back({std::string(type), start, end});
  }
}

/// All that one pattern finds.
void find_pattern(std::string_view text, const SecretPattern& pattern, const re2::RE2& re,
                  std::vector<Finding>& out) {
  re2::StringPiece groups[3];
  const int count = std::min(re.NumberOfCapturingGroups(), 2) + 1;
  std::size_t at = 0;
  while (at <= text.size() &&
         re.Match(piece(text), at, text.size(), re2::RE2::UNANCHORED, groups, count)) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    const std::string_view secret = view(count > 1 ? groups[1] : groups[0]);
    const auto start = static_cast<std::size_t>(secret.data() - text.data());
    at = std::max(end, at + 1);
    switch (pattern.check) {
      case SecretCheck::kToken:
      case SecretCheck::kEntropy:
        if (!is_sample(secret) &&
            (pattern.check == SecretCheck::kToken || entropy(secret) >= 3.0)) {
          out.push_back({std::string(pattern.type), start, start + secret.size()});
        }
        at = std::max(start + secret.size(), begin + 1);
        break;
      case SecretCheck::kAssignment: {
        const std::size_t before = out.size();
        add_assignment(text, secret, view(groups[2]), pattern.type, out);
        if (out.size() == before) {
          // What looked like a value may be the next name: `secret: password: x`.
          at = std::max(static_cast<std::size_t>(groups[2].data() - text.data()), begin + 1);
        }
        break;
      }
      case SecretCheck::kUrl:
        if (is_url_password(secret)) {
          out.push_back({std::string(pattern.type), start, start + secret.size()});
        }
        break;
      case SecretCheck::kPem:
        if (const std::size_t key_end = pem_end(text, end); key_end != 0) {
          out.push_back({std::string(pattern.type), begin, key_end});
          at = key_end;
        }
        break;
    }
  }
}

/// Findings in order, overlapping ones joined under the most telling type.
std::vector<Finding> joined(std::vector<Finding> findings) {
  const auto weight = [](const Finding& finding) {
    return finding.type == "password" || finding.type == "authorization_header" ||
                   finding.type == "url_password"
               ? 1
               : 0;
  };
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::pair(a.start, b.end) < std::pair(b.start, a.end);
  });
  std::vector<Finding> out;
  for (Finding& finding : findings) {
    if (out.empty() || finding.start >= out.back().end) {
      out.push_back(std::move(finding));
      continue;
    }
    Finding& last = out.back();
    if (weight(finding) < weight(last)) {
      last.type = finding.type;
    }
    last.end = std::max(last.end, finding.end);
  }
  return out;
}

}  // namespace

struct SecretScanner::Body {
  std::vector<std::string> known;
  std::string key;

  std::string tag(std::string_view secret) const {
    return crypto::hmac_sha256_hex(key, secret).substr(0, 4);
  }
  std::string replacement(std::string_view type, std::string_view secret) const {
    return std::string(kMark) + std::string(type) + ":" + tag(secret) + "]";
  }
  json::Value clean(const SecretScanner& scanner, const json::Value& value,
                    std::string_view name) const;
};

namespace {

/// Which patterns may match; all where that cannot be told.
std::vector<int> triggered_by(std::string_view text, const CompiledPatterns& compiled) {
  std::vector<int> triggered;
  re2::RE2::Set::ErrorInfo error{};
  const bool any = compiled.triggers->Match(piece(text), nullptr, &error);
  if (!any && error.kind == re2::RE2::Set::kNoError) {
    return triggered;
  }
  if (!compiled.triggers->Match(piece(text), &triggered, &error)) {
    triggered.clear();
    for (std::size_t i = 0; i < compiled.full.size(); ++i) {
      triggered.push_back(static_cast<int>(i));
    }
  }
  return triggered;
}

std::string_view key_of(const boost::json::key_value_pair& member) {
  return {member.key().data(), member.key().size()};
}

bool finds(const SecretScanner& scanner, const json::Value& value, std::string_view name);

bool finds(const SecretScanner& scanner, const json::Array& items, std::string_view name) {
  return std::any_of(items.begin(), items.end(),
                     [&](const json::Value& item) { return finds(scanner, item, name); });
}

bool finds(const SecretScanner& scanner, const json::Object& members) {
  return std::any_of(members.begin(), members.end(), [&](const auto& member) {
    const std::string_view key = key_of(member);
    return !scanner.scan(key).empty() || finds(scanner, member.value(), key);
  });
}

bool finds(const SecretScanner& scanner, const json::Value& value, std::string_view name) {
  if (value.is_string()) {
    const std::string_view text = json::view(value.get_string());
    return (!name.empty() && is_secret_value(name, text, true)) || !scanner.scan(text).empty();
  }
  if (value.is_array()) {
    return finds(scanner, value.get_array(), name);
  }
  return value.is_object() && finds(scanner, value.get_object());
}

}  // namespace

SecretScanner::SecretScanner(std::vector<std::string> known_secrets, std::string hmac_key) {
  auto body = std::make_unique<Body>();
  for (std::string& secret : known_secrets) {
    if (secret.size() >= kMinKnown) {
      body->known.push_back(std::move(secret));
    }
  }
  body->key = std::move(hmac_key);
  body_ = std::move(body);
}
SecretScanner::~SecretScanner() = default;
SecretScanner::SecretScanner(SecretScanner&&) noexcept = default;
SecretScanner& SecretScanner::operator=(SecretScanner&&) noexcept = default;

std::vector<Finding> SecretScanner::scan(std::string_view text) const {
  const CompiledPatterns& compiled = compiled_patterns();
  if (!compiled.ok) {
    return text.empty() ? std::vector<Finding>{}
                        : std::vector<Finding>{{"unscanned", 0, text.size()}};
  }
  std::vector<Finding> found;
  if (text.size() < kMinKnown) {
    return found;
  }
  for (const std::string& secret : body_->known) {
    for (std::size_t at = text.find(secret); at != std::string_view::npos;
         at = text.find(secret, at + secret.size())) {
      found.push_back({"known_secret", at, at + secret.size()});
    }
  }
  for (const int index : triggered_by(text, compiled)) {
    const auto at = static_cast<std::size_t>(index);
    find_pattern(text, secret_patterns()[at], *compiled.full[at], found);
  }
  if (found.empty()) {
    return found;
  }
  std::vector<Finding> out = joined(std::move(found));
  for (const auto& [start, end] : replacements(text)) {
    std::erase_if(out, [s = start, e = end](const Finding& finding) {
      return finding.start >= s && finding.end <= e;
    });
  }
  return out;
}

std::string SecretScanner::redact(std::string_view text) const {
  // What a replacement frees of its neighbour can be a token in its turn; four rounds are plenty.
  std::string out(text);
  for (int round = 0; round < 4; ++round) {
    const std::vector<Finding> findings = scan(out);
    if (findings.empty()) {
      break;
    }
    const std::string before = std::move(out);
    const std::string_view old = before;
    out.clear();
    std::size_t at = 0;
    for (const Finding& finding : findings) {
      out += old.substr(at, finding.start - at);
      out +=
          body_->replacement(finding.type, old.substr(finding.start, finding.end - finding.start));
      at = finding.end;
    }
    out += old.substr(at);
  }
  return out;
}

json::Value SecretScanner::Body::clean(const SecretScanner& scanner, const json::Value& value,
                                       std::string_view name) const {
  if (value.is_string()) {
    const std::string_view text = json::view(value.get_string());
    if (!name.empty() && is_secret_value(name, text, true)) {
      return json::Value(replacement("password", text));
    }
    return json::Value(scanner.redact(text));
  }
  if (value.is_array()) {
    json::Array out;
    out.reserve(value.get_array().size());
    for (const json::Value& item : value.get_array()) {
      out.push_back(clean(scanner, item, name));
    }
    return out;
  }
  if (!value.is_object()) {
    return value;
  }
  json::Object out;
  for (const auto& member : value.get_object()) {
    const std::string_view member_name = key_of(member);
    std::string cleaned = scanner.redact(member_name);
    while (cleaned != member_name && out.contains(cleaned)) {
      cleaned += "_";
    }
    out[cleaned] = clean(scanner, member.value(), member_name);
  }
  return out;
}

bool SecretScanner::has_secret(const json::Value& value) const { return finds(*this, value, ""); }
bool SecretScanner::has_secret(const json::Object& members) const { return finds(*this, members); }
bool SecretScanner::has_secret(const json::Array& items) const { return finds(*this, items, ""); }

json::Value SecretScanner::redact(const json::Value& value) const {
  return has_secret(value) ? body_->clean(*this, value, "") : value;
}

}  // namespace oap::security
