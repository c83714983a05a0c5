#include "security/secret_effort.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "security/secret_finder.hpp"
#include "security/secret_scanner.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kMegabyte = 1'000'000;
/// What the look that goes over the allowance may cost at most: a table, a key.
constexpr std::uint64_t kOneLook = 8'000'000;

/// A text that is made of `head`, then `unit` over and over.
struct Shape {
  std::string_view name;
  std::string_view head;
  std::string_view unit;
};

/// Texts that are made to be slow to search: one row a shape.
constexpr Shape kShapes[] = {
    {"assignments on one line", "", "password = "},
    {"assignments on one line, tight", "", "password="},
    {"settings on one line", "", "token: "},
    {"settings behind a slash and colon", "", "a/:token: "},
    {"settings behind written line ends", "", "\\ntoken: "},
    {"names without separators", "", "password"},
    {"names with dots", "", "password.secret.token."},
    {"assignments, each on its line", "", "password = \n"},
    {"assignments of words", "", "password=abcdefg1 "},
    {"quoted assignments", "", "password=\""},
    {"quoted assignments in turn", "", "password=\"password='password=`"},
    {"escaped quotes in turn", "", R"(password=\"password=\\"password=\'password=\\')"},
    {"openers of calls", "", "secret(\""},
    {"openers of objects", "", "api_key{ '"},
    {"first arguments", "", "(\"api_key\", "},
    {"fallbacks", "", "token = x || "},
    {"fallbacks far away", "", "token = x                                        "},
    {"blocks", "", "password: |\n"},
    {"blocks of blank lines", "", "password: |\n\n\n\n\n\n\n\n"},
    {"block and a long line", "password: |\n  ", "abcdefgh"},
    {"tags", "", "<password>"},
    {"tags that do not close", "", "<api_key>a"},
    {"parameters", "http://x/?", "password=a1b2c3d4&"},
    {"parameters without an address", "", "?password=a&"},
    {"parameters and no end", "", "&password=a%20"},
    {"percent", "", "%70%61%73%73"},
    {"twice percent", "", "%2570%2561%2573"},
    {"escapes", "", "\\u0070\\u0061"},
    {"hex escapes", "", "\\x70\\x61\\x73\\x73"},
    {"entities", "", "&#112;&#97;"},
    {"joined lines", "", "a\\\n a"},
    {"joined lines of blanks", "", "abc\\\n                                              "},
    {"quoted-printable", "", "abc=\nabc"},
    {"colours", "", "\x1b[31mpassword="},
    {"colours without end", "\x1b[", "1;"},
    {"hidden characters", "", "a\xe2\x80\x8b"},
    {"URLs with passwords", "", "http://a:b@c "},
    {"URLs glued", "", "://a:b@"},
    {"a URL that goes on", "http://x/", "a:b@c/"},
    {"schemes", "", "://"},
    {"slashes", "", "/"},
    {"bearers", "", "bearer abcdefghijklmnop "},
    {"bearers glued", "", "bearer bearerbearerbear"},
    {"a bearer and a long word", "Authorization: Bearer ", "a1B2"},
    {"cookies on one line", "", "cookie: a=b "},
    {"cookies of sessions", "Cookie: ", "session=a1B2c3D4e5F6g7H8i9; "},
    {"cookies of curl", "", "curl -b x "},
    {"table heads on one line", "", ",password"},
    {"table heads, each on its line", "", "user,password\n"},
    {"table heads that change", "", "user,password\npassword,user\n"},
    {"table heads and a long row", "user,password\n", "abcdefgh"},
    {"table rows", "user,password\n", "a,b1c2d3e4\n"},
    {"table of many columns", "", "a,b,c,d,e,f,g,h,i,j,k,password,l\n"},
    {"pipes", "", "echo a1b2c3 | sudo -S "},
    {"pipes without echo", "", "| sudo -S"},
    {"flags", "", " --password a"},
    {"flags on one word", "", " --token=abcdefgh"},
    {"words of a phrase", "seed phrase: ", "abandon ability "},
    {"phrases", "", "mnemonic: abandon ability "},
    {"PEM heads", "", "-----BEGIN PRIVATE KEY-----\n"},
    {"PEM heads without dashes", "", "-----BEGIN PRIVATE KEY"},
    {"PEM heads of four dashes", "", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n"},
    {"PEM heads in quotes", "", "\"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\","},
    {"a PEM head and a long body", "-----BEGIN RSA PRIVATE KEY-----\n", "MIIEpAIBAAKCAQEA\n"},
    {"dashes", "", "-----"},
    {"dashes and heads", "", "-----------------------------------BEGIN PRIVATE KEY"},
    {"PuTTY heads", "", "Private-Lines: 1"},
    {"PuTTY and a long body", "Private-Lines: 14\n", "AAAAB3NzaC1yc2EA\n"},
    {"JWK members", "", R"("d":"abcdefghijklmnopqrstuvwxyz1234",)"},
    {"JWT beginnings", "", "eyJhbGciOi."},
    {"JWT beginnings with dashes", "", "-eyJhbGciOiJ9"},
    {"a JWT that goes on", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.", "a1B2-"},
    {"tokens of GitHub", "", "ghp_"},
    {"tokens of GitHub, long", "", ".ghp_abcdefghijklmnopqrstuvwxyz0123456789"},
    {"tokens of AWS", "", " AKIAABCDEFGHIJKLMNOP"},
    {"hosts", "", "a.apps.googleusercontent.com"},
    {"base64", "", "QWxhZGRpbjpvcGVuIHNlc2FtZQ"},
    {"base64 of assignments", "", "cGFzc3dvcmQ9"},
    {"base64 in lines", "", "cGFzc3dvcmQ9cGFzc3dvcmQ9cGFzc3dvcmQ9cGFzc3dvcmQ9cGFzc3dvcmQ9\n"},
    {"hex", "", "70617373776f7264"},
    {"one letter", "", "a"},
    {"zeros", "", std::string_view("\0", 1)},
    {"blanks", "password", " "},
    {"quotes", "", "\""},
    {"backslashes", "", "\\"},
    {"equals signs", "", "="},
    {"colons", "password", ":"},
    {"brackets", "password", "["},
    {"JSON", "", R"({"token":null,"a":[1,2,{"password":""}]},)"},
    {"JSON of secrets", "", R"({"password":"a1B2c3D4e5"},)"},
    {"JSON without end", "{\"password\":\"", "abc1"},
    {"escaped JSON", "", R"({\"password\":\"a1B2c3D4\"},)"},
    {"replacements", "", "[REDACTED:password:0000]"},
    {"replacements unfinished", "", "[REDACTED:"},
    {"line feeds", "", "\n"},
    {"carriage returns", "password:", "\r"},
    {"samples of settings", "", "PASSWORD=changeme\nAPI_KEY=your_key_here\n"},
};

std::string text_of(const Shape& shape, std::size_t bytes) {
  std::string out(shape.head);
  while (out.size() < bytes) {
    out += shape.unit;
  }
  return out;
}

std::uint64_t effort_of(std::string_view text) {
  const KnownSecrets none({});
  SecretFinder finder(none);
  EXPECT_TRUE(finder.look({text, true}, 0));
  EXPECT_EQ(finder.decided(), text.size());
  return finder.effort();
}

class HostileText : public ::testing::TestWithParam<Shape> {};

TEST_P(HostileText, CostsInProportionToItsLength) {
  const std::uint64_t eighth = effort_of(text_of(GetParam(), kMegabyte / 8));
  const std::uint64_t whole = effort_of(text_of(GetParam(), kMegabyte));
  EXPECT_LE(whole, SecretFinder::allowance(kMegabyte) + kOneLook);
  EXPECT_LE(whole, eighth * 9 + kOneLook);
}

TEST_P(HostileText, InPiecesCostsInProportionToo) {
  const std::string text = text_of(GetParam(), kMegabyte / 8);
  const KnownSecrets none({});
  SecretFinder finder(none);
  constexpr std::size_t kPiece = 4096;
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    const std::size_t end = std::min(text.size(), at + kPiece);
    ASSERT_TRUE(finder.look({std::string_view(text).substr(0, end), end == text.size()}, 0));
  }
  EXPECT_LE(finder.effort(), SecretFinder::allowance(text.size()) + kOneLook);
}

INSTANTIATE_TEST_SUITE_P(Secrets, HostileText, ::testing::ValuesIn(kShapes), [](const auto& row) {
  std::string name(row.param.name);
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
});

/// What nobody can afford to look at is kept back, not let through.
TEST(Effort, WhatIsTooDearCountsAsFound) {
  const std::string text =
      text_of({"", "", "user,password\npassword,user\nsecret,name\n"}, kMegabyte);
  const KnownSecrets none({});
  SecretFinder finder(none);
  ASSERT_TRUE(finder.look({text, true}, 0));
  ASSERT_FALSE(finder.findings().empty());
  EXPECT_EQ(finder.findings().back().type, "unscanned");
  EXPECT_EQ(finder.findings().back().end, text.size());
}

/// Files as they are written every day are far from the allowance.
TEST(Effort, OrdinaryTextsAreFarFromTheAllowance) {
  const Shape ordinary[] = {
      {"", "", "DATABASE_PASSWORD=Tr0ub4dor&3\nAPI_TOKEN=abcdef0123456789abcdef\n"},
      {"", "", "  \"token\": null, \"password\": \"secret\", \"id\": 17,"},
      {"", "user,password,role\n", "auth,password,login\n"},
      {"", "", "2026-11-26T10:00:00Z INFO GET http://a/b?token=abc&x=1 200 password=***\n"},
      {"", "", "const token = await getToken(); if (!token) { throw new Error('token'); }\n"},
  };
  for (const Shape& shape : ordinary) {
    const std::string text = text_of(shape, kMegabyte / 4);
    EXPECT_LE(effort_of(text) * 2, SecretFinder::allowance(text.size())) << shape.unit;
  }
}

TEST(Effort, ManyPlacesOfALineShareItsEnd) {
  Effort effort;
  const std::string text(10'000, 'a');
  for (std::size_t at = 0; at < 5'000; ++at) {
    EXPECT_EQ(effort.line_end(text, 0, at, 4096), at + 4096);
  }
  EXPECT_LE(effort.spent(), text.size());
}

}  // namespace
}  // namespace oap::security
