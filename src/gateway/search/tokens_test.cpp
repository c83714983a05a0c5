#include "gateway/search/tokens.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "gateway/trust/testing/escapes.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

TEST(Tokens, Cases) {
  std::ifstream file(OAP_SOURCE_DIR "/src/gateway/search/cases/tokens.case");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::size_t bar = line.rfind("|");
    ASSERT_NE(bar, std::string::npos) << line;
    const std::string text = testing::unescape(line.substr(0, bar));
    EXPECT_EQ(text::join(tokens(text), " "), text::trim(line.substr(bar + 1))) << line;
    ++rows;
  }
  EXPECT_GE(rows, 20);
}

TEST(Tokens, AreBoundedInNumberAndLength) {
  EXPECT_EQ(tokens("a b c d", 3).size(), 3U);
  EXPECT_EQ(tokens("a b", 0).size(), 0U);
  const std::string text(1'000'000, 'x');
  ASSERT_EQ(tokens(text).size(), 1U);
  EXPECT_LE(tokens(text)[0].size(), 67U);
}

TEST(Tokens, OfAnyBytesAreWordsOfValidUtf8) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = *rc::gen::container<std::string>(rc::gen::arbitrary<char>()) +
                             *rc::gen::element<std::string>("", "日本", "É", "\xE6\x97", "aB");
    for (const std::string& word : tokens(text)) {
      RC_ASSERT(!word.empty());
      RC_ASSERT(text::is_valid_utf8(word));
      RC_ASSERT(word.find(' ') == std::string::npos);
    }
  }));
}

}  // namespace
}  // namespace oap::gateway
