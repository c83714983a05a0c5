#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

struct evp_pkey_st;

namespace oap::crypto {

/// The kinds of asymmetric keys in use: RSA of 2048 to 8192 bits, the NIST curves, Ed25519.
enum class KeyType { kRsa, kP256, kP384, kP521, kEd25519 };

/// An asymmetric public key. A value; copies share it. Thread-safe.
class PublicKey {
 public:
  /// From a JWK (RFC 7517, 7518 §6, 8037). kInvalidArgument where it is of another type, malformed,
  /// off its curve, too small or too large, or holds private members.
  static Result<PublicKey> from_jwk(const json::Object& jwk);
  /// From SubjectPublicKeyInfo in PEM ("BEGIN PUBLIC KEY").
  static Result<PublicKey> from_pem(std::string_view pem);

  KeyType type() const { return type_; }
  /// The required members only, in the order of RFC 7638.
  json::Object jwk() const;
  /// RFC 7638, SHA-256, base64url.
  std::string thumbprint() const;
  evp_pkey_st* native() const { return key_.get(); }

 private:
  friend class PrivateKey;
  PublicKey(std::shared_ptr<evp_pkey_st> key, KeyType type) : key_(std::move(key)), type_(type) {}
  std::shared_ptr<evp_pkey_st> key_;
  KeyType type_;
};

/// A private key with its public half. Never printed. A value; copies share it. Thread-safe.
class PrivateKey {
 public:
  /// From unencrypted PEM ("BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE KEY", "BEGIN EC PRIVATE KEY").
  /// kInvalidArgument where it is none; the message never holds any of the text.
  static Result<PrivateKey> from_pem(std::string_view pem);

  KeyType type() const { return public_.type(); }
  const PublicKey& public_key() const { return public_; }
  evp_pkey_st* native() const { return public_.native(); }

 private:
  explicit PrivateKey(PublicKey key) : public_(std::move(key)) {}
  PublicKey public_;
};

std::string_view to_string(KeyType type);

}  // namespace oap::crypto
