#include "crypto/fernet.hpp"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "crypto/hash.hpp"

namespace oap::crypto {
namespace {

constexpr std::string_view kSecret = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const WallTime kMade{std::chrono::seconds(499'162'800)};

FernetKey key() { return FernetKey::parse(kSecret).value(); }

struct Vector {
  std::string kind, description, token, now, ttl, secret, text, iv;
  WallTime at() const { return WallTime(std::chrono::seconds(std::stoll(now))); }
  FernetKey own_key() const { return FernetKey::parse(secret).value(); }
  Result<std::string> opened() const {
    return fernet_open({own_key()}, token, at(), std::chrono::seconds(std::stoll(ttl)));
  }
};

std::vector<Vector> vectors(std::string_view kind) {
  std::ifstream file(OAP_SOURCE_DIR "/src/crypto/cases/fernet.case");
  std::vector<Vector> found;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    for (std::size_t from = 0; !line.starts_with('#') && from <= line.size();) {
      const std::size_t stop = std::min(line.find(" | ", from), line.size());
      cells.push_back(line.substr(from, stop - from));
      from = stop + 3;
    }
    if (cells.size() == 8 && cells[0] == kind) {
      found.push_back(
          {cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7]});
    }
  }
  return found;
}

TEST(FernetTest, TheSpecsTokenIsMade) {
  ASSERT_EQ(vectors("generate").size(), 1U);
  for (const Vector& one : vectors("generate")) {
    EXPECT_EQ(fernet_seal(one.own_key(), one.text, one.at(), from_hex(one.iv).value()).value(),
              one.token);
    EXPECT_EQ(one.own_key().print(), one.secret);
  }
}

TEST(FernetTest, TheSpecsTokenIsRead) {
  ASSERT_EQ(vectors("verify").size(), 1U);
  for (const Vector& one : vectors("verify")) {
    EXPECT_EQ(one.opened().value(), one.text);
    EXPECT_EQ(fernet_open({FernetKey::generate(), one.own_key()}, one.token, one.at()).value(),
              one.text);
    EXPECT_EQ(fernet_open({one.own_key()}, one.token, kMade + std::chrono::hours(9)).value(),
              one.text);
  }
}

TEST(FernetTest, TheSpecsInvalidTokensAreRefused) {
  ASSERT_EQ(vectors("invalid").size(), 8U);
  for (const Vector& one : vectors("invalid")) {
    const auto opened = one.opened();
    ASSERT_FALSE(opened) << one.description;
    const bool by_time = one.description.find("TTL") != std::string::npos ||
                         one.description.find("TS") != std::string::npos;
    EXPECT_EQ(opened.error().code(), by_time ? Code::kDeadlineExceeded : Code::kDataLoss)
        << one.description;
  }
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
