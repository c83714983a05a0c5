#include "crypto/signature.hpp"

#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "crypto/openssl.hpp"

namespace oap::crypto {
namespace {

struct Scheme {
  Algorithm algorithm;
  std::string_view name;
  std::optional<KeyType> key;  ///< none: HMAC
  const char* digest;          ///< null: the algorithm has its own
  std::size_t bytes;           ///< of an ECDSA number, or of an HMAC
  bool pss = false;
};

constexpr std::array<Scheme, 13> kSchemes{{
    {Algorithm::kRs256, "RS256", KeyType::kRsa, "SHA256", 0},
    {Algorithm::kRs384, "RS384", KeyType::kRsa, "SHA384", 0},
    {Algorithm::kRs512, "RS512", KeyType::kRsa, "SHA512", 0},
    {Algorithm::kPs256, "PS256", KeyType::kRsa, "SHA256", 0, true},
    {Algorithm::kPs384, "PS384", KeyType::kRsa, "SHA384", 0, true},
    {Algorithm::kPs512, "PS512", KeyType::kRsa, "SHA512", 0, true},
    {Algorithm::kEs256, "ES256", KeyType::kP256, "SHA256", 32},
    {Algorithm::kEs384, "ES384", KeyType::kP384, "SHA384", 48},
    {Algorithm::kEs512, "ES512", KeyType::kP521, "SHA512", 66},
    {Algorithm::kEdDsa, "EdDSA", KeyType::kEd25519, nullptr, 0},
    {Algorithm::kHs256, "HS256", std::nullopt, "SHA256", 32},
    {Algorithm::kHs384, "HS384", std::nullopt, "SHA384", 48},
    {Algorithm::kHs512, "HS512", std::nullopt, "SHA512", 64},
}};

static_assert(kSchemes[static_cast<std::size_t>(Algorithm::kHs512)].algorithm == Algorithm::kHs512);

const Scheme& scheme_of(Algorithm algorithm) {
  return kSchemes[static_cast<std::size_t>(algorithm)];
}

bool set_padding(EVP_PKEY_CTX* context, const Scheme& scheme) {
  if (scheme.key != KeyType::kRsa) {
    return true;
  }
  return scheme.pss ? EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                          EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
                    : EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
}

/// r and s side by side to DER; empty where the length is wrong.
std::string to_der(std::string_view pair, std::size_t size) {
  if (pair.size() != 2 * size) {
    return {};
  }
  const EcdsaPtr numbers(ECDSA_SIG_new());
  BignumPtr r(BN_bin2bn(bytes(pair), static_cast<int>(size), nullptr));
  BignumPtr s(BN_bin2bn(bytes(pair.substr(size)), static_cast<int>(size), nullptr));
  if (!numbers || !r || !s || ECDSA_SIG_set0(numbers.get(), r.get(), s.get()) != 1) {
    return {};
  }
  (void)r.release();
  (void)s.release();
  unsigned char* raw = nullptr;
  const int length = i2d_ECDSA_SIG(numbers.get(), &raw);
  std::string der(reinterpret_cast<const char*>(raw),
                  length > 0 ? static_cast<std::size_t>(length) : 0);
  OPENSSL_free(raw);
  return der;
}

std::string from_der(std::string_view der, std::size_t size) {
  const unsigned char* at = bytes(der);
  const EcdsaPtr numbers(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string pair(2 * size, '\0');
  const int length = static_cast<int>(size);
  if (!numbers || BN_bn2binpad(ECDSA_SIG_get0_r(numbers.get()), bytes(pair), length) != length ||
      BN_bn2binpad(ECDSA_SIG_get0_s(numbers.get()), bytes(pair) + size, length) != length) {
    return {};
  }
  return pair;
}

}  // namespace

std::string_view to_string(Algorithm algorithm) { return scheme_of(algorithm).name; }

std::optional<Algorithm> algorithm_named(std::string_view name) {
  for (const Scheme& scheme : kSchemes) {
    if (scheme.name == name) {
      return scheme.algorithm;
    }
  }
  return std::nullopt;
}

bool fits(Algorithm algorithm, KeyType type) { return scheme_of(algorithm).key == type; }

Algorithm default_algorithm(KeyType type) {
  for (const Scheme& scheme : kSchemes) {
    if (scheme.key == type) {
      return scheme.algorithm;
    }
  }
  return Algorithm::kRs256;
}

bool verify_signature(const PublicKey& key, Algorithm algorithm, std::string_view text,
                      std::string_view signature) {
  const Scheme& scheme = scheme_of(algorithm);
  if (!fits(algorithm, key.type())) {
    return false;
  }
  std::string der;
  if (scheme.bytes > 0) {
    der = to_der(signature, scheme.bytes);
    signature = der;
  }
  const DigestPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  const bool good = !signature.empty() && context &&
                    EVP_DigestVerifyInit_ex(context.get(), &inner, scheme.digest, nullptr, nullptr,
                                            key.native(), nullptr) == 1 &&
                    set_padding(inner, scheme) &&
                    EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text),
                                     text.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<std::string> sign(const PrivateKey& key, Algorithm algorithm, std::string_view text) {
  const Scheme& scheme = scheme_of(algorithm);
  if (!fits(algorithm, key.type())) {
    return fail(Code::kInvalidArgument, "a key of type {} cannot sign with {}",
                to_string(key.type()), scheme.name);
  }
  const DigestPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  std::size_t size = 0;
  std::string signature;
  bool good = context &&
              EVP_DigestSignInit_ex(context.get(), &inner, scheme.digest, nullptr, nullptr,
                                    key.native(), nullptr) == 1 &&
              set_padding(inner, scheme) &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes(text), text.size()) == 1;
  if (good) {
    signature.resize(size);
    good = EVP_DigestSign(context.get(), bytes(signature), &size, bytes(text), text.size()) == 1;
    signature.resize(size);
  }
  ERR_clear_error();
  if (good && scheme.bytes > 0) {
    signature = from_der(signature, scheme.bytes);
  }
  if (!good || signature.empty()) {
    return fail(Code::kInternal, "OpenSSL could not sign");
  }
  return signature;
}

std::optional<std::string> hmac(Algorithm algorithm, std::string_view secret,
                                std::string_view text) {
  const Scheme& scheme = scheme_of(algorithm);
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  std::size_t size = 0;
  if (scheme.key ||
      EVP_Q_mac(nullptr, "HMAC", nullptr, scheme.digest, nullptr, secret.data(), secret.size(),
                bytes(text), text.size(), bytes(mac), mac.size(), &size) == nullptr) {
    ERR_clear_error();
    return std::nullopt;
  }
  mac.resize(size);
  return mac;
}

}  // namespace oap::crypto
