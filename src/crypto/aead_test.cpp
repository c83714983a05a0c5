#include "crypto/aead.hpp"

#include <set>

#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "crypto/testing/vectors.hpp"
#include "crypto/token.hpp"

namespace oap::crypto {
namespace {

std::string key_of(char first) {
  std::string key;
  for (int i = 0; i < 32; ++i) {
    key += static_cast<char>(first + i);
  }
  return key;
}

TEST(AeadTest, WhatWasSealedOpensAgain) {
  for (const std::size_t size : {0, 1, 16, 4'097}) {
    const std::string text(size, 'x');
    const auto sealed = seal(key_of(0), text, "for whom");
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->size(), size + kSealOverhead);
    EXPECT_EQ(open(key_of(0), *sealed, "for whom").value(), text);
  }
  EXPECT_EQ(open(key_of(0), seal(key_of(0), "x", "").value(), "").value(), "x");
}

TEST(AeadTest, AnotherImplementationsTextOpens) {
  const std::string sealed = from_base64url(testing::kSealed).value();
  EXPECT_EQ(open(key_of(0), sealed, "for whom").value(), "a small text");
}

TEST(AeadTest, AnyChangeIsFound) {
  const std::string sealed = from_base64url(testing::kSealed).value();
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    const auto opened = open(key_of(0), changed, "for whom");
    ASSERT_FALSE(opened) << at;
    EXPECT_EQ(opened.error().code(), Code::kDataLoss);
    EXPECT_FALSE(open(key_of(0), sealed.substr(0, at), "for whom"));
  }
  EXPECT_FALSE(open(key_of(0), sealed + "x", "for whom"));
  EXPECT_FALSE(open(key_of(0), sealed, "for whom else"));
  EXPECT_FALSE(open(key_of(0), sealed, ""));
  EXPECT_FALSE(open(key_of(1), sealed, "for whom"));
}

TEST(AeadTest, AKeyOfAnotherLengthIsAnError) {
  EXPECT_EQ(seal("short", "x", "").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(open(key_of(0) + "x", "x", "").error().code(), Code::kInvalidArgument);
}

TEST(AeadTest, NoNonceComesTwice) {
  std::set<std::string> nonces;
  for (int i = 0; i < 2'000; ++i) {
    nonces.insert(seal(key_of(0), "", "")->substr(1, 12));
  }
  EXPECT_EQ(nonces.size(), 2'000U);
}

TEST(TokenTest, PkceIsAsInTheRfc) {
  constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  EXPECT_EQ(pkce_challenge(kVerifier), kChallenge);
  EXPECT_TRUE(pkce_fits(kVerifier, kChallenge));
  EXPECT_FALSE(pkce_fits(kVerifier, pkce_challenge(pkce_verifier())));
  EXPECT_FALSE(pkce_fits("short", pkce_challenge("short")));
  EXPECT_TRUE(is_pkce_verifier(pkce_verifier()));
  EXPECT_FALSE(is_pkce_verifier(std::string(42, 'a')));
  EXPECT_TRUE(is_pkce_verifier(std::string(43, '~')));
  EXPECT_TRUE(is_pkce_verifier(std::string(128, '-')));
  EXPECT_FALSE(is_pkce_verifier(std::string(129, 'a')));
  EXPECT_FALSE(is_pkce_verifier(std::string(43, '+')));
}

TEST(TokenTest, TokensAreOfTheAskedStrengthAndDiffer) {
  EXPECT_EQ(random_token(16).size(), 22U);
  EXPECT_EQ(from_base64url(random_token()).value().size(), 32U);
  EXPECT_NE(random_token(), random_token());
}

}  // namespace
}  // namespace oap::crypto
