#pragma once

#include <cstdlib>
#include <string>

#include <openssl/pem.h>

#include "crypto/hash.hpp"
#include "crypto/key.hpp"
#include "crypto/openssl.hpp"

namespace oap::crypto::testing {

/// A fresh private key in PEM.
inline std::string generate_pem(KeyType type) {
  EVP_PKEY* raw = nullptr;
  switch (type) {
    case KeyType::kRsa:
      raw = EVP_RSA_gen(2048);
      break;
    case KeyType::kP256:
      raw = EVP_EC_gen("P-256");
      break;
    case KeyType::kP384:
      raw = EVP_EC_gen("P-384");
      break;
    case KeyType::kP521:
      raw = EVP_EC_gen("P-521");
      break;
    case KeyType::kEd25519:
      raw = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  const KeyPtr key(raw);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!key ||
      PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    std::abort();
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

inline PrivateKey generate(KeyType type) {
  return PrivateKey::from_pem(generate_pem(type)).value();
}

/// RFC 8410 §7 around a raw key in base64url.
inline std::string ed25519_pem(std::string_view secret) {
  const std::string der =
      from_hex("302e020100300506032b657004220420").value() + from_base64url(secret).value();
  return "-----BEGIN PRIVATE KEY-----\n" + to_base64(der) + "\n-----END PRIVATE KEY-----\n";
}

}  // namespace oap::crypto::testing
