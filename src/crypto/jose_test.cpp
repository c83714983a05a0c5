#include "crypto/jose.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "crypto/testing/keys.hpp"
#include "crypto/testing/vectors.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::crypto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace vectors = testing;

Jwks set_of(std::string_view jwk) {
  return parse_jwks(R"({"keys":[)" + std::string(jwk) + "]}").value();
}

/// The same key with more members.
std::string with(std::string_view jwk, std::string_view members) {
  return std::string(jwk.substr(0, jwk.size() - 1)) + "," + std::string(members) + "}";
}

std::string token(std::string_view header, std::string_view payload, std::string_view signature) {
  return to_base64url(header) + "." + to_base64url(payload) + "." + to_base64url(signature);
}

Code code_of(std::string_view text, const Jwks& keys, const JwsLimits& limits = {}) {
  const auto verified = verify_jws(text, keys, limits);
  EXPECT_FALSE(verified) << text;
  return verified ? Code::kInternal : verified.error().code();
}

struct Example {
  Algorithm algorithm;
  std::string_view jwk;
  std::string_view token;
};

const std::vector<Example>& examples() {
  static const std::vector<Example> all{
      {Algorithm::kRs256, vectors::kRsaJwk, vectors::kRs256},
      {Algorithm::kRs384, vectors::kOtherRsaJwk, vectors::kRs384},
      {Algorithm::kRs512, vectors::kOtherRsaJwk, vectors::kRs512},
      {Algorithm::kPs256, vectors::kOtherRsaJwk, vectors::kPs256},
      {Algorithm::kPs384, vectors::kOtherRsaJwk, vectors::kPs384},
      {Algorithm::kPs512, vectors::kOtherRsaJwk, vectors::kPs512},
      {Algorithm::kEs256, vectors::kP256Jwk, vectors::kEs256},
      {Algorithm::kEs384, vectors::kP384Jwk, vectors::kEs384},
      {Algorithm::kEs512, vectors::kP521Jwk, vectors::kEs512},
      {Algorithm::kEdDsa, vectors::kEdJwk, vectors::kEdDsa},
  };
  return all;
}

TEST(JoseTest, EveryAlgorithmsExampleVerifiesAndNoChangedByteDoes) {
  for (const Example& example : examples()) {
    const Jwks keys = set_of(example.jwk);
    const auto verified = verify_jws(example.token, keys);
    ASSERT_TRUE(verified) << to_string(example.algorithm) << verified.error().message();
    EXPECT_EQ(verified->algorithm, example.algorithm);
    EXPECT_FALSE(verified->payload.empty());
    for (std::size_t at = 0; at < example.token.size(); at += 3) {
      std::string changed(example.token);
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      ASSERT_FALSE(verify_jws(changed, keys)) << to_string(example.algorithm) << at;
    }
    for (std::size_t size = 0; size < example.token.size(); ++size) {
      ASSERT_FALSE(verify_jws(example.token.substr(0, size), keys)) << size;
    }
    EXPECT_FALSE(verify_jws(std::string(example.token) + "AAAA", keys));
    EXPECT_FALSE(verify_jws(std::string(example.token) + ".AAAA", keys));
    EXPECT_FALSE(verify_jws(" " + std::string(example.token), keys));
    EXPECT_FALSE(verify_jws(std::string(example.token) + "=", keys));
  }
}

TEST(JoseTest, NoExampleVerifiesWithAnotherExamplesKeyOrWhereItsAlgorithmIsNotAllowed) {
  for (const Example& example : examples()) {
    for (const Example& other : examples()) {
      if (other.jwk != example.jwk) {
        EXPECT_FALSE(verify_jws(example.token, set_of(other.jwk)));
      }
      const std::array only{other.algorithm};
      EXPECT_EQ(verify_jws(example.token, set_of(example.jwk), {.algorithms = only}).has_value(),
                other.algorithm == example.algorithm);
    }
  }
}

TEST(JoseTest, APssSaltOfAnotherLengthIsRefused) {
  EXPECT_EQ(code_of(vectors::kPs256WrongSalt, set_of(vectors::kOtherRsaJwk)),
            Code::kUnauthenticated);
}

TEST(JoseTest, HostileHeadersAreRefused) {
  const Jwks keys = set_of(vectors::kRsaJwk);
  const std::string modulus(vectors::kRsaJwk);
  for (const std::string_view header : {
           R"({"alg":"none"})",
           R"({"alg":"None"})",
           R"({"alg":""})",
           R"({"alg":null})",
           R"({"alg":["RS256"]})",
           R"({"alg":"HS256"})",
           R"({"alg":"rs256"})",
           R"({"alg":"RS256 "})",
           R"({"alg":"RSA-OAEP"})",
           R"({"alg":"RS256","alg":"none"})",
           R"({"alg":"RS256","crit":["exp"],"exp":1})",
           R"({"alg":"RS256","crit":[]})",
           R"({"alg":"RS256","b64":false})",
           R"({"alg":"RS256","kid":7})",
           R"({"typ":"JWT"})",
           R"([])",
           R"("RS256")",
           R"({"alg":"RS256")",
           "",
           "\xff\xfe",
       }) {
    EXPECT_EQ(code_of(token(header, "{}", "signature"), keys), Code::kUnauthenticated) << header;
  }
  for (const std::string_view text :
       {"", ".", "..", "...", "a.b", "a.b.c.d", "e30.e30.", "e30.e30.AA"}) {
    EXPECT_EQ(code_of(text, keys), Code::kUnauthenticated) << text;
  }
}

TEST(JoseTest, AnHmacKeyedWithThePublicKeyIsRefused) {
  const std::string text = to_base64url(R"({"alg":"HS256"})") + "." + to_base64url("{}");
  const std::string forged =
      text + "." + to_base64url(as_bytes(hmac_sha256(vectors::kRsaJwk, text)));
  EXPECT_EQ(code_of(forged, set_of(vectors::kRsaJwk)), Code::kUnauthenticated);
  const std::array all{Algorithm::kHs256, Algorithm::kRs256};
  EXPECT_EQ(code_of(forged, set_of(vectors::kRsaJwk), {.algorithms = all}), Code::kNotFound)
      << "even where it is allowed no public key fits it";
}

TEST(JoseTest, ASignatureInDerIsRefused) {
  const std::string pair =
      from_base64url(vectors::kEs256.substr(vectors::kEs256.rfind('.') + 1)).value();
  const std::string der = std::string("\x30\x45\x02\x20", 4) + pair.substr(0, 32) +
                          std::string("\x02\x21\x00", 3) + pair.substr(32);
  const std::string text(vectors::kEs256.substr(0, vectors::kEs256.rfind('.') + 1));
  EXPECT_EQ(code_of(text + to_base64url(der), set_of(vectors::kP256Jwk)), Code::kUnauthenticated);
  for (const std::string& zeros : {std::string(64, '\0'), std::string(64, '\xff')}) {
    EXPECT_EQ(code_of(text + to_base64url(zeros), set_of(vectors::kP256Jwk)),
              Code::kUnauthenticated);
  }
}

TEST(JoseTest, ATokenThatIsTooLongIsRefusedBeforeItIsDecoded) {
  const std::string huge = std::string(vectors::kRs256) + std::string(20'000, 'A');
  EXPECT_THAT(verify_jws(huge, set_of(vectors::kRsaJwk)).error().message(),
              HasSubstr("longer than 16384 bytes"));
  EXPECT_FALSE(verify_jws(vectors::kRs256, set_of(vectors::kRsaJwk), {.max_bytes = 100}));
}

TEST(JoseTest, TheKidChoosesTheKey) {
  const PrivateKey signer = testing::generate(KeyType::kP256);
  const std::string own = json::print(signer.public_key().jwk());
  const std::string signed_token =
      sign_jws(signer, Algorithm::kEs256, {{"kid", "b"}}, "{}").value();
  EXPECT_TRUE(verify_jws(signed_token,
                         set_of(std::string(vectors::kP256Jwk) + "," + with(own, R"("kid":"b")"))));
  EXPECT_EQ(code_of(signed_token, set_of(with(own, R"("kid":"a")"))), Code::kNotFound);
  EXPECT_EQ(code_of(signed_token, set_of(own)), Code::kNotFound);
  EXPECT_EQ(code_of(signed_token, Jwks{}), Code::kNotFound);
  EXPECT_EQ(code_of(signed_token, set_of(with(vectors::kP256Jwk, R"("kid":"b")"))),
            Code::kUnauthenticated);
  EXPECT_TRUE(verify_jws(signed_token, set_of(with(vectors::kP256Jwk, R"("kid":"b")") + "," +
                                              with(own, R"("kid":"b")"))))
      << "a kid may name several keys";
  const std::string without = sign_jws(signer, Algorithm::kEs256, {}, "{}").value();
  EXPECT_TRUE(verify_jws(without,
                         set_of(std::string(vectors::kP256Jwk) + "," + with(own, R"("kid":"z")"))));
}

TEST(JoseTest, AKeysOwnAlgorithmBindsIt) {
  EXPECT_TRUE(verify_jws(vectors::kRs256, set_of(with(vectors::kRsaJwk, R"("alg":"RS256")"))));
  EXPECT_EQ(code_of(vectors::kRs256, set_of(with(vectors::kRsaJwk, R"("alg":"PS256")"))),
            Code::kNotFound);
}

TEST(JoseTest, AKeySetKeepsWhatItCanUse) {
  const std::string small(vectors::kSmallRsaJwk);
  std::string text =
      R"({"keys":[7,{},{"kty":"oct","k":"AAAA"},{"kty":"OKP","crv":"X25519","x":"AA"})";
  for (const std::string& bad :
       {with(vectors::kRsaJwk, R"("use":"enc")"), with(vectors::kRsaJwk, R"("key_ops":["sign"])"),
        with(vectors::kRsaJwk, R"("alg":"ES256")"), with(vectors::kRsaJwk, R"("alg":"RSA-OAEP")"),
        with(vectors::kRsaJwk, R"("kid":1)"), with(vectors::kEdJwk, R"("d":"AAAA")"), small,
        std::string(vectors::kOtherCurveJwk)}) {
    text += "," + bad;
  }
  text += "," + with(vectors::kEdJwk, R"("kid":"good","use":"sig","key_ops":["verify"],"x5c":[]")");
  text.pop_back();
  text.pop_back();
  text += "}]}";
  const auto keys = parse_jwks(text);
  ASSERT_TRUE(keys) << keys.error().message();
  ASSERT_EQ(keys->keys.size(), 1U);
  EXPECT_EQ(keys->keys[0].kid, "good");
  EXPECT_EQ(keys->skipped.size(), 12U);
  EXPECT_THAT(keys->skipped.back(), HasSubstr("key 12: "));
}

TEST(JoseTest, WhatIsNoKeySetIsAnError) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"keys":{}})"),
        std::string(R"({"keys":[]}x)"), std::string(300U << 10U, ' ')}) {
    const auto keys = parse_jwks(text);
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().code(), Code::kUpstream);
  }
  std::string many = R"({"keys":[1)";
  for (int i = 0; i < 100; ++i) {
    many += ",1";
  }
  EXPECT_FALSE(parse_jwks(many + "]}"));
}

TEST(JoseTest, HmacOnlyWithAnExplicitSecretOfTheRightLength) {
  const std::string secret = from_base64url(vectors::kHmacSecret).value();
  const auto verified = verify_hmac_jws(vectors::kHs256, secret, Algorithm::kHs256);
  ASSERT_TRUE(verified) << verified.error().message();
  EXPECT_THAT(verified->payload, HasSubstr("\"joe\""));
  EXPECT_FALSE(verify_hmac_jws(vectors::kHs256, secret, Algorithm::kHs512));
  EXPECT_FALSE(verify_hmac_jws(vectors::kHs256, secret + "x", Algorithm::kHs256));
  EXPECT_EQ(verify_hmac_jws(vectors::kHs256, "short", Algorithm::kHs256).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(verify_hmac_jws(vectors::kRs256, secret, Algorithm::kRs256).error().code(),
            Code::kInvalidArgument);
}

TEST(JoseTest, WhatIsSignedVerifiesForEveryKindOfKey) {
  for (const KeyType type :
       {KeyType::kRsa, KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kEd25519}) {
    const PrivateKey key = testing::generate(type);
    const Jwks keys = set_of(with(json::print(key.public_key().jwk()), R"("kid":"k")"));
    for (int i = 0; i < (type == KeyType::kRsa ? 2 : 20); ++i) {
      const auto made =
          sign_jws(key, default_algorithm(type), {{"kid", "k"}, {"alg", "none"}}, "payload");
      ASSERT_TRUE(made) << made.error().message();
      const auto verified = verify_jws(*made, keys);
      ASSERT_TRUE(verified) << to_string(type) << verified.error().message();
      EXPECT_EQ(verified->payload, "payload");
    }
  }
  const PrivateKey rsa = testing::generate(KeyType::kRsa);
  EXPECT_EQ(sign_jws(rsa, Algorithm::kEs256, {}, "").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(sign_jws(rsa, Algorithm::kHs256, {}, "").error().code(), Code::kInvalidArgument);
}

TEST(JoseTest, TheEd25519ExampleIsSignedToTheByte) {
  const auto key = PrivateKey::from_pem(testing::ed25519_pem(vectors::kEdSecret));
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(sign_jws(*key, Algorithm::kEdDsa, {}, "Example of Ed25519 signing").value(),
            vectors::kEdDsa);
}

TEST(JoseTest, MessagesHoldNothingOfTheToken) {
  const std::string secret = "hunter2-hunter2-hunter2";
  const std::string text = token(R"({"alg":"RS256","kid":")" + secret + R"("})", secret, secret);
  EXPECT_THAT(verify_jws(text, set_of(vectors::kRsaJwk)).error().to_string(),
              Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace oap::crypto
