#include "security/secret_scanner.hpp"

#include <chrono>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "security/secret_checks.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using namespace std::string_view_literals;

/// Characters that look random and are the same in every run.
std::string noise(std::string_view alphabet, std::size_t count, std::uint32_t seed) {
  std::string out;
  std::uint32_t state = seed * 2654435761U + 12345U;
  while (out.size() < count) {
    state = state * 1664525U + 1013904223U;
    out += alphabet[(state >> 16U) % alphabet.size()];
  }
  return out;
}

/// The table writes tokens in pieces, so that it holds none itself: ⟨A36⟩ is 36 letters and digits,
/// ⟨U⟩ upper case and digits, ⟨L⟩ letters, ⟨H⟩ hex, ⟨D⟩ digits, ⟨B⟩ base64, ⟨W⟩ letters, digits, -
/// and _; "+" joins.
std::string assemble(std::string text) {
  static const std::string kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  static const std::string kLower = "abcdefghijklmnopqrstuvwxyz";
  static const std::string kDigits = "0123456789";
  std::uint32_t seed = 7;
  for (std::size_t at = text.find("⟨"); at != std::string::npos; at = text.find("⟨", at)) {
    const std::size_t end = text.find("⟩", at);
    const char kind = text[at + 3];
    const auto count = static_cast<std::size_t>(std::stoi(text.substr(at + 4, end - at - 4)));
    const std::string alphabet = kind == 'U'   ? kUpper + kDigits
                                 : kind == 'L' ? kUpper + kLower
                                 : kind == 'H' ? kDigits + "abcdef"
                                 : kind == 'D' ? kDigits
                                 : kind == 'B' ? kUpper + kLower + kDigits + "+/"
                                 : kind == 'W' ? kUpper + kLower + kDigits + "-_"
                                               : kUpper + kLower + kDigits;
    const std::string body = noise(alphabet, count, ++seed);
    text.replace(at, end + 3 - at, body);
    at += body.size();
  }
  return text::replace_all(text::replace_all(text, "␤", "\n"), "¤", "");
}

std::string types_of(const std::vector<SecretScanner::Finding>& findings) {
  std::string out;
  for (const auto& finding : findings) {
    out += (out.empty() ? "" : " ") + finding.type;
  }
  return out.empty() ? "none" : out;
}

TEST(SecretScanner, Table) {
  std::ifstream file(OAP_SOURCE_DIR "/src/security/cases/secrets.case");
  ASSERT_TRUE(file.is_open());
  const SecretScanner scanner({}, "key");
  std::string line;
  int rows = 0;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.starts_with("# ")) {
      continue;
    }
    const std::size_t arrow = line.find(" => ");
    ASSERT_NE(arrow, std::string::npos) << "secrets.case:" << number;
    const std::string text = assemble(line.substr(arrow + 4));
    const auto findings = scanner.scan(text);
    EXPECT_EQ(types_of(findings), line.substr(0, arrow))
        << "secrets.case:" << number << ": " << text;
    const std::string clean = scanner.redact(text);
    EXPECT_EQ(scanner.redact(clean), clean) << "secrets.case:" << number;
    for (const auto& finding : findings) {
      EXPECT_EQ(clean.find(text.substr(finding.start, finding.end - finding.start)),
                std::string::npos);
    }
    ++rows;
  }
  EXPECT_GE(rows, 130);
}

TEST(SecretScanner, KnownSecretsAreFoundFromEightCharactersOn) {
  const SecretScanner scanner({"hunter2!", "short"}, "key");
  EXPECT_EQ(scanner.redact("a hunter2! b short"sv),
            "a " + scanner.redact("hunter2!"sv) + " b short");
  EXPECT_THAT(scanner.redact("hunter2!"sv),
              testing::MatchesRegex(R"(\[REDACTED:known_secret:[0-9a-f]+\])"));
}

TEST(SecretScanner, EqualSecretsGetEqualTagsUnderOneKey) {
  const std::string token = assemble("ghp_⟨A36⟩");
  const SecretScanner one({}, "a");
  const SecretScanner other({}, "b");
  EXPECT_EQ(one.redact(token), one.redact(token));
  EXPECT_NE(one.redact(token), other.redact(token));
  EXPECT_EQ(one.redact(token).size(), std::string("[REDACTED:github_token:0000]").size());
}

TEST(SecretScanner, CleansJsonWithKeys) {
  const SecretScanner scanner({}, "key");
  const std::string token = assemble("ghp_⟨A36⟩");
  json::Object object;
  object["db_password"] = "Tr0ub4dor&3x";
  object["token_count"] = "123456789abc";
  object[token] = json::Array{1, "a " + token};
  object["nested"] = json::Object{{"api_key", assemble("⟨A24⟩")}, {"name", "x"}};
  const json::Value clean = scanner.redact(json::Value(object));
  const std::string text = json::print(clean);
  EXPECT_EQ(text.find(token), std::string::npos);
  EXPECT_THAT(json::get_string(clean, "db_password"), testing::StartsWith("[REDACTED:password:"));
  EXPECT_EQ(json::get_string(clean, "token_count"), "123456789abc");
  EXPECT_THAT(text, testing::HasSubstr(R"("api_key":"[REDACTED:password:)"));
  EXPECT_EQ(scanner.redact(clean), clean);
}

TEST(SecretScanner, HasSecretSaysWhetherRedactWouldChangeAnything) {
  const SecretScanner scanner({"known-secret-1"}, "key");
  const json::Value values[] = {
      nullptr,
      "plain",
      "the known-secret-1",
      json::Array{1, json::Array{"known-secret-1"}},
      json::Object{{"known-secret-1", 1}},
      json::Object{{"a", json::Object{{"password", "Tr0ub4dor&3x"}}}},
      json::Object{{"password", json::Array{"x", "Tr0ub4dor&3x"}}},
      json::Object{{"message", "Tr0ub4dor&3x"}, {"short", "a"}},
  };
  for (const json::Value& value : values) {
    const bool changes = scanner.redact(value) != value;
    EXPECT_EQ(scanner.has_secret(value), changes) << json::print(value);
    if (value.is_object()) {
      EXPECT_EQ(scanner.has_secret(value.get_object()), changes) << json::print(value);
    }
  }
  EXPECT_TRUE(scanner.has_secret(values[2]));
  EXPECT_TRUE(scanner.has_secret(values[3].get_array()));
  EXPECT_TRUE(scanner.has_secret(values[4]));
  EXPECT_TRUE(scanner.has_secret(values[5]));
  EXPECT_TRUE(scanner.has_secret(values[6]));
  EXPECT_FALSE(scanner.has_secret(values[7]));
}

TEST(SecretScanner, SerialisedJsonStaysJson) {
  const SecretScanner scanner({}, "key");
  json::Object object;
  object["text"] = "line\nghp_" + assemble("⟨A36⟩") + "\nPASSWORD=\"x\\\"y1z2w3!\"\n-----BEGIN " +
                   "RSA PRIVATE KEY-----\n" + assemble("⟨B64⟩\n⟨B64⟩") +
                   "\n-----END RSA PRIVATE KEY-----\n";
  const std::string clean = scanner.redact(json::print(object));
  const auto parsed = json::parse(clean);
  ASSERT_TRUE(parsed.has_value()) << clean;
  EXPECT_THAT(clean, testing::HasSubstr("[REDACTED:github_token:"));
  EXPECT_THAT(clean, testing::HasSubstr("[REDACTED:private_key:"));
}

TEST(SecretScanner, IsIdempotentOnAnything) {
  const SecretScanner scanner({"abcdefgh"}, "key");
  EXPECT_TRUE(rc::check([&] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "password", "=", ":", "\"", "'", "abcdefgh", " ", "\n", "[REDACTED:", "known_secret",
        ":abcd]", "token", "ghp_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7", "://u:", "@h",
        "-----BEGIN PRIVATE KEY-----", "-----END ", "eyJhbGciOiJI.", "\\n", "\\\"", "x9!kD2#"));
    std::string text;
    for (const std::string& piece : pieces) {
      text += piece;
    }
    const std::string once = scanner.redact(text);
    RC_ASSERT(scanner.redact(once) == once);
  }));
}

TEST(SecretScanner, ATokenFreedByAReplacementGoesToo) {
  const SecretScanner scanner({"abcdefgh"}, "key");
  const std::string token = assemble("ghp_⟨A36⟩");
  EXPECT_EQ(scanner.redact("abcdefgh" + token).find(token), std::string::npos);
}

TEST(SecretScanner, AnyBytesAreFine) {
  const SecretScanner scanner({}, "key");
  EXPECT_TRUE(rc::check([&](const std::string& text) { scanner.redact(text); }));
}

TEST(SecretScanner, ManyThreadsMayScanFirst) {
  const SecretScanner scanner({}, "key");
  const std::string text = "x " + assemble("ghp_⟨A36⟩");
  std::vector<std::thread> threads;
  std::atomic<int> found = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { found += static_cast<int>(scanner.scan(text).size()); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(found, 4);
}

}  // namespace
}  // namespace oap::security
