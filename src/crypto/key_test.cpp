#include "crypto/key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/testing/keys.hpp"
#include "crypto/testing/vectors.hpp"
#include "json/parse.hpp"

namespace oap::crypto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace vectors = testing;

Result<PublicKey> key_of(std::string_view jwk) {
  return PublicKey::from_jwk(json::parse_object(jwk).value());
}

TEST(KeyTest, ThumbprintsAreThoseOfTheRfcs) {
  EXPECT_EQ(key_of(vectors::kThumbprintJwk)->thumbprint(), vectors::kThumbprint);
  EXPECT_EQ(key_of(vectors::kEdJwk)->thumbprint(), vectors::kEdThumbprint);
}

TEST(KeyTest, AJwkComesBackAsItsRequiredMembers) {
  for (const std::string_view jwk : {vectors::kRsaJwk, vectors::kP256Jwk, vectors::kP384Jwk,
                                     vectors::kP521Jwk, vectors::kEdJwk}) {
    const auto key = key_of(jwk);
    ASSERT_TRUE(key) << key.error().message();
    EXPECT_EQ(json::Value(key->jwk()), json::Value(json::parse_object(jwk).value()));
  }
  EXPECT_EQ(key_of(vectors::kP384Jwk)->type(), KeyType::kP384);
}

TEST(KeyTest, BadJwksAreRefused) {
  const std::string x = R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")";
  const std::string y = R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
  const std::string n(vectors::kRsaJwk.substr(0, vectors::kRsaJwk.find(",\"e\"")));
  for (
      const std::string& jwk : {
          std::string("{}"),
          std::string(R"({"kty":"oct","k":"AAAA"})"),
          std::string(R"({"kty":"RSA"})"),
          std::string(vectors::kSmallRsaJwk),
          std::string(vectors::kOtherCurveJwk),
          n + R"(,"e":"AA"})",
          n + R"(,"e":"AQ"})",
          n + R"(,"e":"Ag"})",
          n + R"(,"e":""})",
          n + R"(,"e":65537})",
          n + R"(,"e":"AQABAQABAQABAQAB"})",
          n + R"(,"e":"AQAB","d":"AAAA"})",
          R"({"kty":"RSA","e":"AQAB","n":")" + std::string(2'000, 'v') + R"("})",
          R"({"kty":"EC","crv":"P-384",)" + x + "," + y + "}",
          R"({"kty":"EC","crv":"prime256v1",)" + x + "," + y + "}",
          R"({"kty":"EC","crv":"P-256",)" + x + "," + R"("y":"AAAA"})",
          R"({"kty":"EC","crv":"P-256",)" + x +
              R"(,"y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})",
          R"({"kty":"EC","crv":"P-256",)" + x + "}",
          std::string(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"),
          std::string(
              R"({"kty":"OKP","crv":"Ed448","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"),
          std::string(
              R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"),
      }) {
    const auto key = key_of(jwk);
    ASSERT_FALSE(key) << jwk;
    EXPECT_EQ(key.error().code(), Code::kInvalidArgument);
  }
}

TEST(KeyTest, PemKeysOfEveryTypeAreRead) {
  for (const KeyType type :
       {KeyType::kRsa, KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kEd25519}) {
    const PrivateKey key = testing::generate(type);
    EXPECT_EQ(key.type(), type);
    EXPECT_EQ(PublicKey::from_jwk(key.public_key().jwk())->thumbprint(),
              key.public_key().thumbprint());
    EXPECT_EQ(json::find(key.public_key().jwk(), "d"), nullptr);
  }
  const auto key = PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n");
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(key->thumbprint(), vectors::kEdThumbprint);
}

TEST(KeyTest, BadPemIsRefusedAndNotRepeated) {
  const std::string good = testing::generate_pem(KeyType::kP256);
  std::string cut = good;
  cut.erase(60, 20);
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjX\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  for (const std::string& pem :
       {std::string(), cut, encrypted, std::string("hunter2"), std::string(100'000, 'a') + good}) {
    const auto key = PrivateKey::from_pem(pem);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(key.error().message(), Not(HasSubstr("hunter2")));
  }
  EXPECT_FALSE(PublicKey::from_pem(good)) << "a private key is no public one";
}

}  // namespace
}  // namespace oap::crypto
