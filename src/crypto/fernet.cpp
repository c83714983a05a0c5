#include "crypto/fernet.hpp"

#include "crypto/hash.hpp"
#include "crypto/openssl.hpp"

namespace oap::crypto {
namespace {

constexpr char kVersion = '\x80';
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kIvBytes = 16;
constexpr std::size_t kBlock = 16;
constexpr std::size_t kMacBytes = 32;
constexpr std::size_t kHeadBytes = 1 + kTimeBytes + kIvBytes;

/// RFC 4648 §5 with padding.
std::optional<std::string> from_padded(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  const std::size_t end = text.find_last_not_of('=');
  if (end == std::string_view::npos || text.size() - end > 3) {
    return std::nullopt;
  }
  return from_base64url(text.substr(0, end + 1));
}

std::string to_padded(std::string_view bytes) {
  std::string text = to_base64url(bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> cbc(std::string_view key, std::string_view iv, std::string_view text,
                               int encrypt) {
  const CipherPtr context(EVP_CIPHER_CTX_new());
  std::string out(text.size() + kBlock, '\0');
  int done = 0;
  int rest = 0;
  if (!context || text.size() > (1U << 30U) ||
      EVP_CipherInit_ex2(context.get(), EVP_aes_128_cbc(), bytes(key), bytes(iv), encrypt,
                         nullptr) != 1 ||
      EVP_CipherUpdate(context.get(), bytes(out), &done, bytes(text),
                       static_cast<int>(text.size())) != 1 ||
      EVP_CipherFinal_ex(context.get(), bytes(out) + done, &rest) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  out.resize(static_cast<std::size_t>(done + rest));
  return out;
}

std::string mac_of(const FernetKey& key, std::string_view text) {
  return std::string(as_bytes(hmac_sha256(key.signing(), text)));
}

std::int64_t seconds_of(WallTime at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

Result<void> check_age(std::string_view token, WallTime now, Millis ttl) {
  constexpr std::int64_t kSkew = 60;
  std::uint64_t made = 0;
  for (const char c : token.substr(1, kTimeBytes)) {
    made = (made << 8U) | static_cast<unsigned char>(c);
  }
  const std::int64_t age = seconds_of(now) - static_cast<std::int64_t>(made);
  if (age > ttl.count() / 1'000 || age < -kSkew) {
    return fail(Code::kDeadlineExceeded, "the token is {}",
                age < 0 ? "from the future" : "too old");
  }
  return {};
}

}  // namespace

Result<FernetKey> FernetKey::parse(std::string_view text) {
  auto bytes = from_padded(text);
  if (!bytes || bytes->size() != 32) {
    return fail(Code::kInvalidArgument, "a Fernet key is 32 bytes in base64url: 44 characters");
  }
  return FernetKey(*std::move(bytes));
}

FernetKey FernetKey::generate() { return FernetKey(random_bytes(32)); }

std::string FernetKey::print() const { return to_padded(bytes_); }

Result<std::string> fernet_seal(const FernetKey& key, std::string_view text, WallTime now,
                                std::string_view iv) {
  std::string token(1, kVersion);
  const auto seconds = static_cast<std::uint64_t>(seconds_of(now));
  for (int shift = 56; shift >= 0; shift -= 8) {
    token.push_back(static_cast<char>((seconds >> static_cast<unsigned>(shift)) & 0xFFU));
  }
  const std::string nonce = iv.empty() ? random_bytes(kIvBytes) : std::string(iv);
  const auto body = nonce.size() == kIvBytes ? cbc(key.encrypting(), nonce, text, 1) : std::nullopt;
  if (!body) {
    return fail(Code::kInvalidArgument, "the text cannot be sealed");
  }
  token += nonce + *body;
  token += mac_of(key, token);
  return to_padded(token);
}

Result<std::string> fernet_open(const std::vector<FernetKey>& keys, std::string_view token,
                                WallTime now, std::optional<Millis> ttl) {
  const auto raw = from_padded(token);
  if (!raw || raw->size() < kHeadBytes + kBlock + kMacBytes || raw->front() != kVersion ||
      (raw->size() - kHeadBytes - kMacBytes) % kBlock != 0) {
    return fail(Code::kDataLoss, "not a Fernet token");
  }
  const std::string_view all = *raw;
  const std::string_view signed_part = all.substr(0, all.size() - kMacBytes);
  for (const FernetKey& key : keys) {
    if (!constant_time_equal(mac_of(key, signed_part), all.substr(signed_part.size()))) {
      continue;
    }
    if (ttl) {
      OAP_CHECK_OK(check_age(all, now, *ttl));
    }
    const auto text = cbc(key.encrypting(), all.substr(1 + kTimeBytes, kIvBytes),
                          signed_part.substr(kHeadBytes), 0);
    if (text) {
      return *text;
    }
  }
  return fail(Code::kDataLoss, "the token was changed, or none of the keys made it");
}

}  // namespace oap::crypto
