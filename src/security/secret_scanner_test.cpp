#include "security/secret_scanner.hpp"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "security/testing/assemble.hpp"

namespace oap::security {
namespace {

using namespace std::string_view_literals;

using testing::assemble;

TEST(SecretScanner, KnownSecretsAreFoundFromEightCharactersOn) {
  const SecretScanner scanner({"hunter2!", "short"}, "key");
  EXPECT_EQ(scanner.redact("a hunter2! b short"sv),
            "a " + scanner.redact("hunter2!"sv) + " b short");
  EXPECT_THAT(scanner.redact("hunter2!"sv),
              ::testing::MatchesRegex(R"(\[REDACTED:known_secret:[0-9a-f]+\])"));
}

TEST(SecretScanner, LearnsMoreWhileOthersSearch) {
  SecretScanner scanner({"hunter2!"}, "key");
  SecretStream early(scanner);
  const std::string_view text = "hunter2! swordfish short";
  EXPECT_EQ(scanner.scan(text).size(), 1U);
  std::thread searcher([&scanner, text] {
    for (int i = 0; i < 200; ++i) {
      EXPECT_GE(scanner.scan(text).size(), 1U);
    }
  });
  for (int i = 0; i < 20; ++i) {
    scanner.learn({"swordfish", "short", "learnt-" + std::to_string(i)});
  }
  searcher.join();
  EXPECT_EQ(scanner.scan(text).size(), 2U);
  EXPECT_EQ(early.push(text) + early.finish(), scanner.redact("hunter2!"sv) + " swordfish short");
}

TEST(SecretScanner, EqualSecretsGetEqualTagsUnderOneKey) {
  const std::string token = assemble("ghp_⟨C30⟩");
  const SecretScanner one({}, "a");
  const SecretScanner other({}, "b");
  EXPECT_EQ(one.redact(token), one.redact(token));
  EXPECT_NE(one.redact(token), other.redact(token));
  EXPECT_EQ(one.redact(token).size(), std::string("[REDACTED:github_token:0000]").size());
}

TEST(SecretScanner, CleansJsonWithKeys) {
  const SecretScanner scanner({}, "key");
  const std::string token = assemble("ghp_⟨C30⟩");
  json::Object object;
  object["db_password"] = "Tr0ub4dor&3x";
  object["token_count"] = "123456789abc";
  object[token] = json::Array{1, "a " + token};
  object["nested"] = json::Object{{"api_key", assemble("⟨A24⟩")}, {"name", "x"}};
  const json::Value clean = scanner.redact(json::Value(object));
  const std::string text = json::print(clean);
  EXPECT_EQ(text.find(token), std::string::npos);
  EXPECT_THAT(json::get_string(clean, "db_password"), ::testing::StartsWith("[REDACTED:password:"));
  EXPECT_EQ(json::get_string(clean, "token_count"), "123456789abc");
  EXPECT_THAT(text, ::testing::HasSubstr(R"("api_key":"[REDACTED:generic_secret:)"));
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
  object["text"] = "line\n" + assemble("ghp_⟨C30⟩") + "\nPASSWORD=\"x\\\"y1z2w3!\"\n-----BEGIN " +
                   "RSA PRIVATE KEY-----\n" + assemble("⟨B64⟩\n⟨B64⟩") +
                   "\n-----END RSA PRIVATE KEY-----\n";
  const std::string clean = scanner.redact(json::print(object));
  const auto parsed = json::parse(clean);
  ASSERT_TRUE(parsed.has_value()) << clean;
  EXPECT_THAT(clean, ::testing::HasSubstr("[REDACTED:github_token:"));
  EXPECT_THAT(clean, ::testing::HasSubstr("[REDACTED:private_key:"));
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
  const std::string token = assemble("ghp_⟨C30⟩");
  EXPECT_EQ(scanner.redact("abcdefgh" + token).find(token), std::string::npos);
}

TEST(SecretScanner, AnyBytesAreFine) {
  const SecretScanner scanner({}, "key");
  EXPECT_TRUE(rc::check([&](const std::string& text) { scanner.redact(text); }));
}

TEST(SecretScanner, ManyThreadsMayScanFirst) {
  const SecretScanner scanner({}, "key");
  const std::string text = "x " + assemble("ghp_⟨C30⟩");
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
