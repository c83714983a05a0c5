#include "crypto/fernet.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"

namespace oap::crypto {
namespace {

// The vectors of github.com/fernet/spec (generate.json, verify.json, invalid.json).
constexpr std::string_view kSecret = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
constexpr std::string_view kToken =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_"
    "5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA"
    "==";
const WallTime kMade{std::chrono::seconds(499'162'800)};

FernetKey key() { return FernetKey::parse(kSecret).value(); }

TEST(FernetTest, TheSpecsTokenIsMade) {
  std::string iv;
  for (char c = 0; c < 16; ++c) {
    iv.push_back(c);
  }
  EXPECT_EQ(fernet_seal(key(), "hello", kMade, iv).value(), kToken);
  EXPECT_EQ(key().print(), kSecret);
}

TEST(FernetTest, TheSpecsTokenIsRead) {
  const WallTime soon = kMade + std::chrono::seconds(1);
  EXPECT_EQ(fernet_open({key()}, kToken, soon, Millis(60'000)).value(), "hello");
  EXPECT_EQ(fernet_open({FernetKey::generate(), key()}, kToken, soon).value(), "hello");
  EXPECT_EQ(fernet_open({key()}, kToken, kMade + std::chrono::hours(9)).value(), "hello");
}

TEST(FernetTest, TheSpecsInvalidTokensAreRefused) {
  const WallTime soon = kMade + std::chrono::seconds(1);
  for (const char* token : {// incorrect mac
                            "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-"
                            "szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQU"
                            "FBQQ==",
                            // too short
                            "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==",
                            // invalid base64
                            "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-"
                            "szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsU"
                            "D2Q==",
                            // payload size not multiple of block size
                            "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-"
                            "fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
                            // payload padding error
                            "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-"
                            "JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw"
                            "==",
                            // incorrect IV (causes padding error)
                            "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-"
                            "fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ"
                            "=="}) {
    EXPECT_EQ(fernet_open({key()}, token, soon, Millis(60'000)).error().code(), Code::kDataLoss)
        << token;
  }
  // far-future timestamp (unacceptable clock skew), then expired
  const std::string_view later =
      "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-"
      "iX9b_qXQcw==";
  EXPECT_EQ(fernet_open({key()}, later, soon, Millis(60'000)).error().code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(fernet_open({key()}, kToken, kMade + std::chrono::seconds(120), Millis(60'000))
                .error()
                .code(),
            Code::kDeadlineExceeded);
}

TEST(FernetTest, AnyChangedCharacterIsRefused) {
  const std::string token = fernet_seal(key(), "some text", kMade).value();
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(fernet_open({key()}, changed, kMade)) << at;
    EXPECT_FALSE(fernet_open({key()}, token.substr(0, at), kMade)) << at;
  }
  EXPECT_FALSE(fernet_open({}, token, kMade));
}

TEST(FernetTest, KeysAreStrict) {
  for (const char* text : {"", "short", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4",
                           "cw/0x689RpI+jtRR7oE8h/eQsKImvJapLeSbXpwF4e4=", "===="}) {
    EXPECT_FALSE(FernetKey::parse(text)) << text;
  }
}

}  // namespace
}  // namespace oap::crypto
