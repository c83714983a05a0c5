#include "security/secret_scanner.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "crypto/hash.hpp"
#include "security/known_secrets.hpp"
#include "security/secret_checks.hpp"
#include "security/secret_finder.hpp"
#include "security/token_types.hpp"

namespace oap::security {
namespace {

using Finding = SecretScanner::Finding;

/// Shorter texts hold no secret.
constexpr std::size_t kMinText = 8;
/// Shorter texts are searched together.
constexpr std::size_t kShort = 4096;
constexpr std::size_t kTogether = 256U << 10U;
/// Between texts: nothing that is found reaches over it.
constexpr std::string_view kFence("\n\0\n", 3);
constexpr int kRounds = 4;

std::string_view key_of(const boost::json::key_value_pair& member) {
  return {member.key().data(), member.key().size()};
}

bool is_secret_member(std::string_view name, std::string_view text) {
  return !name.empty() && is_secret_value(name_kind(name), text, ValueForm::kQuoted);
}

}  // namespace

struct SecretScanner::Body {
  std::string key;
  mutable std::mutex mutex;  ///< of what follows
  std::vector<std::string> secrets;
  std::shared_ptr<const KnownSecrets> newest;

  Body(std::vector<std::string> known, std::string hmac_key)
      : key(std::move(hmac_key)),
        secrets(std::move(known)),
        newest(std::make_shared<const KnownSecrets>(secrets)) {}
  /// Stays as it is for whoever searches with it, whatever is learnt meanwhile.
  std::shared_ptr<const KnownSecrets> known() const {
    const std::lock_guard lock(mutex);
    return newest;
  }
  json::Value clean(const SecretScanner& scanner, const json::Value& value,
                    std::string_view name) const;
};

namespace {

/// Looks through a value's texts, many short ones in one pass.
class ValueSearch {
 public:
  explicit ValueSearch(const SecretScanner& scanner) : scanner_(scanner) {}

  bool finish() { return found_ || (!together_.empty() && !scanner_.scan(together_).empty()); }

  void value(const json::Value& value, std::string_view name) {
    if (found_) {
      return;
    }
    if (value.is_string()) {
      const std::string_view text = json::view(value.get_string());
      found_ = is_secret_member(name, text);
      add(text);
    } else if (value.is_array()) {
      array(value.get_array(), name);
    } else if (value.is_object()) {
      object(value.get_object());
    }
  }

  void array(const json::Array& items, std::string_view name) {
    for (const json::Value& item : items) {
      value(item, name);
    }
  }

  void object(const json::Object& members) {
    for (const auto& member : members) {
      const std::string_view key = key_of(member);
      add(key);
      value(member.value(), key);
    }
  }

 private:
  void add(std::string_view text) {
    if (found_ || text.size() < kMinText) {
      return;
    }
    if (text.size() >= kShort) {
      found_ = !scanner_.scan(text).empty();
      return;
    }
    together_ += text;
    together_ += kFence;
    if (together_.size() > kTogether) {
      found_ = !scanner_.scan(together_).empty();
      together_.clear();
    }
  }

  const SecretScanner& scanner_;
  std::string together_;
  bool found_ = false;
};

}  // namespace

SecretScanner::SecretScanner(std::vector<std::string> known_secrets, std::string hmac_key)
    : body_(std::make_unique<Body>(std::move(known_secrets), std::move(hmac_key))) {}
SecretScanner::~SecretScanner() = default;
SecretScanner::SecretScanner(SecretScanner&&) noexcept = default;
SecretScanner& SecretScanner::operator=(SecretScanner&&) noexcept = default;

void SecretScanner::learn(const std::vector<std::string>& secrets) {
  const std::lock_guard lock(body_->mutex);
  bool is_new = false;
  for (const std::string& secret : secrets) {
    if (std::find(body_->secrets.begin(), body_->secrets.end(), secret) == body_->secrets.end()) {
      body_->secrets.push_back(secret);
      is_new = true;
    }
  }
  if (is_new) {
    body_->newest = std::make_shared<const KnownSecrets>(body_->secrets);
  }
}

std::string SecretScanner::replacement(std::string_view type, std::string_view secret) const {
  return "[REDACTED:" + std::string(type) + ":" +
         crypto::hmac_sha256_hex(body_->key, secret).substr(0, 4) + "]";
}

std::vector<Finding> SecretScanner::scan(std::string_view text) const {
  std::vector<Finding> out;
  if (text.size() < kMinText) {
    return out;
  }
  const std::shared_ptr<const KnownSecrets> known = body_->known();
  SecretFinder finder(*known);
  if (!finder.look({text, true}, 0)) {
    out.push_back({"unscanned", 0, text.size()});
    return out;
  }
  for (const FoundSecret& found : finder.findings()) {
    out.push_back({std::string(found.type), found.start, found.end});
  }
  return out;
}

std::string SecretScanner::redact(std::string_view text) const {
  // What a replacement frees of its neighbour can be a secret in its turn; four rounds are plenty.
  std::string out(text);
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<Finding> findings = scan(out);
    if (findings.empty()) {
      break;
    }
    const std::string before = std::exchange(out, {});
    const std::string_view old = before;
    std::size_t at = 0;
    for (const Finding& finding : findings) {
      out += old.substr(at, finding.start - at);
      out += replacement(finding.type, old.substr(finding.start, finding.end - finding.start));
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
    std::string cleaned = scanner.redact(text);
    if (cleaned == text && is_secret_member(name, text)) {
      const bool password = name_kind(name) == NameKind::kPassword;
      cleaned = scanner.replacement(password ? "password" : "generic_secret", text);
    }
    return json::Value(cleaned);
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

bool SecretScanner::has_secret(const json::Value& value) const {
  ValueSearch search(*this);
  search.value(value, "");
  return search.finish();
}

bool SecretScanner::has_secret(const json::Object& members) const {
  ValueSearch search(*this);
  search.object(members);
  return search.finish();
}

bool SecretScanner::has_secret(const json::Array& items) const {
  ValueSearch search(*this);
  search.array(items, "");
  return search.finish();
}

json::Value SecretScanner::redact(const json::Value& value) const {
  return has_secret(value) ? body_->clean(*this, value, "") : value;
}

std::vector<std::string_view> SecretScanner::types() {
  std::vector<std::string_view> out = {
      "private_key",     "url_password",     "password",
      "generic_secret",  "known_secret",     "authorization_header",
      "jwk_private_key", "vault_unseal_key", "bip39_mnemonic"};
  for (const TokenType& row : token_types()) {
    out.push_back(row.type);
  }
  for (const NamedType& row : named_types()) {
    out.push_back(row.type);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

struct SecretStream::Body {
  const SecretScanner& scanner;
  std::shared_ptr<const KnownSecrets> known;
  SecretFinder finder;
  std::string buffer;
  std::size_t base = 0;      ///< the place of the buffer's first byte
  std::size_t released = 0;  ///< and of the first that is held
  bool unsearchable = false;
  std::vector<Finding> findings;

  explicit Body(const SecretScanner& given)
      : scanner(given), known(given.body_->known()), finder(*known) {}

  void take(std::string_view piece, bool last, std::string& out) {
    buffer += piece;
    unsearchable = unsearchable || !finder.look({buffer, last}, base);
    if (unsearchable) {
      out += withhold(last);
      return;
    }
    const std::size_t decided = finder.decided();
    const std::string_view text = buffer;
    for (const FoundSecret& found : finder.findings()) {
      if (found.start < released || found.end > decided) {
        continue;
      }
      out += text.substr(released - base, found.start - released);
      out +=
          scanner.replacement(found.type, text.substr(found.start - base, found.end - found.start));
      findings.push_back({std::string(found.type), found.start, found.end});
      released = found.end;
    }
    out += text.substr(released - base, decided - released);
    released = decided;
    if (released - base > SecretFinder::kContext * 4) {
      const std::size_t keep = released - SecretFinder::kContext;
      finder.forget(keep);
      buffer.erase(0, keep - base);
      base = keep;
    }
  }

  std::string withhold(bool last) {
    if (!last || base + buffer.size() == released) {
      return {};
    }
    const std::size_t end = base + buffer.size();
    findings.push_back({"unscanned", released, end});
    return scanner.replacement("unscanned", std::string_view(buffer).substr(released - base));
  }
};

SecretStream::SecretStream(const SecretScanner& scanner) : body_(std::make_unique<Body>(scanner)) {}
SecretStream::~SecretStream() = default;
SecretStream::SecretStream(SecretStream&&) noexcept = default;
SecretStream& SecretStream::operator=(SecretStream&&) noexcept = default;

std::string SecretStream::push(std::string_view piece) {
  std::string out;
  push(piece, out);
  return out;
}
void SecretStream::push(std::string_view piece, std::string& out) {
  if (!piece.empty()) {
    body_->take(piece, false, out);
  }
}
std::string SecretStream::finish() {
  std::string out;
  body_->take({}, true, out);
  return out;
}
const std::vector<Finding>& SecretStream::findings() const { return body_->findings; }

}  // namespace oap::security
