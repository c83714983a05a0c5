#include <functional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "security/secret_scanner.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

std::string written(std::string_view text, std::string_view prefix) {
  std::string out;
  for (const char c : text) {
    out += fmt::format("{}{:02x}", prefix, static_cast<unsigned char>(c));
  }
  return out;
}

std::string key_of_many_lines() {
  std::string key = "-----BEGIN RSA PRIVATE KEY-----\n";
  for (int line = 0; line < 26; ++line) {
    for (int i = 0; i < 64; ++i) {
      key +=
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(line * 29 + i * 37) %
                                                                             64];
    }
    key += "\n";
  }
  return key + "-----END RSA PRIVATE KEY-----\n";
}

/// What a stream lets out of a text that comes in pieces of this size.
std::string streamed(const SecretScanner& scanner, std::string_view text, std::size_t size) {
  SecretStream stream(scanner);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) {
    out += stream.push(text.substr(at, size));
  }
  return out + stream.finish();
}

TEST(SecretStream, AnEncodedSecretInPiecesIsThatOfTheWhole) {
  const SecretScanner scanner({}, "key");
  const std::string slack = "xoxb-271828182845-3141592653589-Zk3mT9qLw8Rp2VnB7cXd1FgH";
  for (const std::string& secret : {slack, key_of_many_lines()}) {
    for (const std::string_view prefix : {"%", "\\x", "\\u00"}) {
      const std::string text = "a value " + written(secret, prefix) + " and the end of it";
      const std::string whole = scanner.redact(text);
      ASSERT_TRUE(text::contains(whole, "[REDACTED:")) << prefix;
      ASSERT_LT(whole.size(), 120U) << prefix;
      for (const std::size_t size : {1, 7, 9, 16, 33, 50, 200, 1'000, 5'000}) {
        EXPECT_EQ(streamed(scanner, text, size), whole) << prefix << " in pieces of " << size;
      }
    }
  }
}

}  // namespace
}  // namespace oap::security
