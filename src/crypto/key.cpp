#include "crypto/key.hpp"

#include <array>
#include <optional>

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "crypto/hash.hpp"
#include "crypto/openssl.hpp"
#include "json/print.hpp"

namespace oap::crypto {
namespace {

constexpr std::size_t kMaxPemBytes = 64U << 10U;
constexpr int kMinRsaBits = 2'048;
constexpr int kMaxRsaBits = 8'192;
constexpr std::size_t kMaxExponentBytes = 8;
constexpr std::size_t kEd25519Bytes = 32;

struct Curve {
  KeyType type;
  std::string_view name;   ///< in a JWK, and OpenSSL knows it too
  std::string_view group;  ///< as OpenSSL answers it
  std::size_t bytes;       ///< of a coordinate
};
constexpr std::array<Curve, 3> kCurves{{{KeyType::kP256, "P-256", "prime256v1", 32},
                                        {KeyType::kP384, "P-384", "secp384r1", 48},
                                        {KeyType::kP521, "P-521", "secp521r1", 66}}};

const Curve* curve_named(std::string_view name) {
  for (const Curve& curve : kCurves) {
    if (curve.name == name || curve.group == name) {
      return &curve;
    }
  }
  return nullptr;
}

const Curve& curve_of(KeyType type) {
  return kCurves[type == KeyType::kP256 ? 0 : type == KeyType::kP384 ? 1 : 2];
}

std::shared_ptr<EVP_PKEY> shared(KeyPtr key) { return {key.release(), EVP_PKEY_free}; }

Result<std::string> member(const json::Object& jwk, std::string_view name) {
  const json::Value* found = json::find(jwk, name);
  if (found != nullptr && found->is_string()) {
    if (auto decoded = from_base64url(json::view(found->get_string()));
        decoded && !decoded->empty()) {
      return *std::move(decoded);
    }
  }
  return fail(Code::kInvalidArgument, "the key's member '{}' is missing or no base64url text",
              name);
}

KeyPtr build(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return KeyPtr(key);
}

std::string without_leading_zeros(std::string text) {
  const std::size_t at = text.find_first_not_of('\0');
  return at == std::string::npos ? std::string() : text.substr(at);
}

Result<KeyPtr> build_rsa(const json::Object& jwk) {
  OAP_TRY(std::string n, member(jwk, "n"));
  OAP_TRY(std::string e, member(jwk, "e"));
  n = without_leading_zeros(std::move(n));
  e = without_leading_zeros(std::move(e));
  if (n.size() > kMaxRsaBits / 8 || e.size() > kMaxExponentBytes || e.empty() ||
      (e.back() & 1) == 0 || e == "\x01") {
    return fail(Code::kInvalidArgument, "the RSA key's modulus or exponent is out of bounds");
  }
  const BignumPtr modulus(
      BN_bin2bn(bytes(std::string_view(n)), static_cast<int>(n.size()), nullptr));
  const BignumPtr exponent(
      BN_bin2bn(bytes(std::string_view(e)), static_cast<int>(e.size()), nullptr));
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return fail(Code::kInternal, "OpenSSL could not take the RSA key");
  }
  return build("RSA", builder.get());
}

Result<KeyPtr> build_ec(const json::Object& jwk) {
  const std::string_view name = json::get_string(jwk, "crv");
  const Curve* curve = curve_named(name);
  if (curve == nullptr || curve->name != name) {
    return fail(Code::kInvalidArgument, "the key's curve is not P-256, P-384 or P-521");
  }
  OAP_TRY(const std::string x, member(jwk, "x"));
  OAP_TRY(const std::string y, member(jwk, "y"));
  if (x.size() != curve->bytes || y.size() != curve->bytes) {
    return fail(Code::kInvalidArgument, "the key's coordinates are not of its curve's length");
  }
  const std::string point = "\x04" + x + y;
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->name.data(),
                                      curve->name.size()) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return fail(Code::kInternal, "OpenSSL could not take the EC key");
  }
  return build("EC", builder.get());
}

Result<KeyPtr> build_okp(const json::Object& jwk) {
  if (json::get_string(jwk, "crv") != "Ed25519") {
    return fail(Code::kInvalidArgument, "the key's curve is not Ed25519");
  }
  OAP_TRY(const std::string x, member(jwk, "x"));
  if (x.size() != kEd25519Bytes) {
    return fail(Code::kInvalidArgument, "an Ed25519 key has 32 bytes");
  }
  return KeyPtr(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr,
                                               bytes(std::string_view(x)), x.size()));
}

/// The type of a key that this program takes; checks sizes and that a point lies on its curve.
Result<KeyType> accept(EVP_PKEY* key) {
  if (key == nullptr) {
    ERR_clear_error();
    return fail(Code::kInvalidArgument, "the key is not valid");
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    return KeyType::kEd25519;
  }
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kMinRsaBits || bits > kMaxRsaBits) {
      return fail(Code::kInvalidArgument, "an RSA key must have {} to {} bits; this one has {}",
                  kMinRsaBits, kMaxRsaBits, bits);
    }
    return KeyType::kRsa;
  }
  std::array<char, 32> group{};
  std::size_t size = 0;
  const Curve* curve = nullptr;
  if (EVP_PKEY_is_a(key, "EC") == 1 && context &&
      EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1) {
    curve = curve_named({group.data(), size});
  }
  if (curve == nullptr || EVP_PKEY_public_check_quick(context.get()) != 1) {
    ERR_clear_error();
    return fail(Code::kInvalidArgument,
                "the key is neither RSA, nor on P-256, P-384 or P-521, nor Ed25519");
  }
  return curve->type;
}

std::string number(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) {
    ERR_clear_error();
    return {};
  }
  const BignumPtr value(raw);
  std::string text(size == 0 ? static_cast<std::size_t>(BN_num_bytes(raw)) : size, '\0');
  BN_bn2binpad(raw, bytes(text), static_cast<int>(text.size()));
  return to_base64url(text);
}

/// No terminal is asked for a pass phrase.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

BioPtr reader(std::string_view pem) {
  return BioPtr(pem.size() > kMaxPemBytes
                    ? nullptr
                    : BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

}  // namespace

Result<PublicKey> PublicKey::from_jwk(const json::Object& jwk) {
  if (json::find(jwk, "d") != nullptr || json::find(jwk, "k") != nullptr) {
    return fail(Code::kInvalidArgument, "the key holds a secret where a public key belongs");
  }
  const std::string_view kind = json::get_string(jwk, "kty");
  Result<KeyPtr> built = fail(Code::kInvalidArgument, "the key's kty is not RSA, EC or OKP");
  if (kind == "RSA") {
    built = build_rsa(jwk);
  } else if (kind == "EC") {
    built = build_ec(jwk);
  } else if (kind == "OKP") {
    built = build_okp(jwk);
  }
  OAP_TRY(KeyPtr key, std::move(built));
  OAP_TRY(const KeyType type, accept(key.get()));
  return PublicKey(shared(std::move(key)), type);
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  const BioPtr bio = reader(pem);
  KeyPtr key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
  ERR_clear_error();
  if (!key) {
    return fail(Code::kInvalidArgument, "not a public key in PEM (BEGIN PUBLIC KEY)");
  }
  OAP_TRY(const KeyType type, accept(key.get()));
  return PublicKey(shared(std::move(key)), type);
}

json::Object PublicKey::jwk() const {
  switch (type_) {
    case KeyType::kRsa:
      return {{"e", number(native(), OSSL_PKEY_PARAM_RSA_E, 0)},
              {"kty", "RSA"},
              {"n", number(native(), OSSL_PKEY_PARAM_RSA_N, 0)}};
    case KeyType::kEd25519: {
      std::string raw(kEd25519Bytes, '\0');
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(native(), bytes(raw), &size);
      return {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", to_base64url(raw)}};
    }
    case KeyType::kP256:
    case KeyType::kP384:
    case KeyType::kP521:
      break;
  }
  const Curve& curve = curve_of(type_);
  return {{"crv", curve.name},
          {"kty", "EC"},
          {"x", number(native(), OSSL_PKEY_PARAM_EC_PUB_X, curve.bytes)},
          {"y", number(native(), OSSL_PKEY_PARAM_EC_PUB_Y, curve.bytes)}};
}

std::string PublicKey::thumbprint() const {
  return to_base64url(as_bytes(sha256(json::canonical(jwk()))));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const BioPtr bio = reader(pem);
  KeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
  ERR_clear_error();
  if (!key) {
    return fail(Code::kInvalidArgument,
                "not an unencrypted private key in PEM (BEGIN PRIVATE KEY)");
  }
  OAP_TRY(const KeyType type, accept(key.get()));
  return PrivateKey(PublicKey(shared(std::move(key)), type));
}

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::kRsa:
      return "RSA";
    case KeyType::kP256:
      return "P-256";
    case KeyType::kP384:
      return "P-384";
    case KeyType::kP521:
      return "P-521";
    case KeyType::kEd25519:
      return "Ed25519";
  }
  return "RSA";
}

}  // namespace oap::crypto
