#pragma once

#include <string>

#include "base/result.hpp"
#include "crypto/key.hpp"

namespace oap::crypto {

/// A fresh Ed25519 key (RFC 8032) as unencrypted PKCS #8 PEM, for `PrivateKey::from_pem`.
Result<std::string> generate_ed25519_pem();

/// SubjectPublicKeyInfo in PEM ("BEGIN PUBLIC KEY").
Result<std::string> to_pem(const PublicKey& key);

}  // namespace oap::crypto
