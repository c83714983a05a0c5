#include "crypto/aead.hpp"

#include <climits>

#include "crypto/hash.hpp"
#include "crypto/openssl.hpp"

namespace oap::crypto {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return fetched;
}

bool fits(std::string_view text) { return text.size() < INT_MAX - kSealOverhead; }

/// Starts a context that has taken the version and the associated data.
CipherPtr begin(std::string_view key, std::string_view nonce, std::string_view associated,
                int encrypt) {
  CipherPtr context(EVP_CIPHER_CTX_new());
  int done = 0;
  const char version = kVersion;
  if (!context || algorithm() == nullptr ||
      EVP_CipherInit_ex2(context.get(), algorithm(), bytes(key), bytes(nonce), encrypt, nullptr) !=
          1 ||
      EVP_CipherUpdate(context.get(), nullptr, &done, bytes({&version, 1}), 1) != 1 ||
      (!associated.empty() && EVP_CipherUpdate(context.get(), nullptr, &done, bytes(associated),
                                               static_cast<int>(associated.size())) != 1)) {
    return nullptr;
  }
  return context;
}

bool run(EVP_CIPHER_CTX* context, std::string_view from, unsigned char* to) {
  int done = 0;
  return from.empty() ||
         (EVP_CipherUpdate(context, to, &done, bytes(from), static_cast<int>(from.size())) == 1 &&
          done == static_cast<int>(from.size()));
}

}  // namespace

Result<std::string> seal(std::string_view key, std::string_view text, std::string_view associated) {
  if (key.size() != kAeadKeyBytes || !fits(text) || !fits(associated)) {
    return fail(Code::kInvalidArgument, "sealing needs a key of {} bytes and a text below 2 GiB",
                kAeadKeyBytes);
  }
  const std::string nonce = random_bytes(kNonceBytes);
  std::string sealed(kSealOverhead + text.size(), '\0');
  sealed[0] = kVersion;
  nonce.copy(sealed.data() + 1, kNonceBytes);
  unsigned char* const body = bytes(sealed) + 1 + kNonceBytes;
  const CipherPtr context = begin(key, nonce, associated, 1);
  int done = 0;
  if (!context || !run(context.get(), text, body) ||
      EVP_CipherFinal_ex(context.get(), body + text.size(), &done) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagBytes),
                          body + text.size()) != 1) {
    ERR_clear_error();
    return fail(Code::kInternal, "OpenSSL could not encrypt");
  }
  return sealed;
}

Result<std::string> open(std::string_view key, std::string_view sealed,
                         std::string_view associated) {
  if (key.size() != kAeadKeyBytes || !fits(sealed) || !fits(associated)) {
    return fail(Code::kInvalidArgument, "opening needs a key of {} bytes and a text below 2 GiB",
                kAeadKeyBytes);
  }
  if (sealed.size() < kSealOverhead || sealed.front() != kVersion) {
    return fail(Code::kDataLoss, "not a sealed text of a version that is known here");
  }
  const std::string_view nonce = sealed.substr(1, kNonceBytes);
  const std::string_view body = sealed.substr(1 + kNonceBytes, sealed.size() - kSealOverhead);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string text(body.size(), '\0');
  const CipherPtr context = begin(key, nonce, associated, 0);
  int done = 0;
  unsigned char rest[kTagBytes];
  if (!context || !run(context.get(), body, bytes(text)) ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagBytes),
                          tag.data()) != 1 ||
      EVP_CipherFinal_ex(context.get(), rest, &done) != 1) {
    ERR_clear_error();
    OPENSSL_cleanse(text.data(), text.size());
    return fail(Code::kDataLoss,
                "the sealed text was changed, or the key is not the one it was "
                "sealed with");
  }
  return text;
}

}  // namespace oap::crypto
