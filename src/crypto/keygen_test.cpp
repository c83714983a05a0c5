#include "crypto/keygen.hpp"

#include <gtest/gtest.h>

#include "crypto/signature.hpp"

namespace oap::crypto {
namespace {

TEST(KeygenTest, AFreshKeySignsAndItsPublicHalfTravelsAsPem) {
  const std::string pem = generate_ed25519_pem().value();
  EXPECT_NE(pem, generate_ed25519_pem().value());
  const PrivateKey key = PrivateKey::from_pem(pem).value();
  EXPECT_EQ(key.type(), KeyType::kEd25519);
  const std::string signature = sign(key, Algorithm::kEdDsa, "text").value();
  const PublicKey known = PublicKey::from_pem(to_pem(key.public_key()).value()).value();
  EXPECT_EQ(known.thumbprint(), key.public_key().thumbprint());
  EXPECT_TRUE(verify_signature(known, Algorithm::kEdDsa, "text", signature));
  EXPECT_FALSE(verify_signature(known, Algorithm::kEdDsa, "texT", signature));
}

}  // namespace
}  // namespace oap::crypto
