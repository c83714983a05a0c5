#include "api/line_buffer.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::api {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(std::string_view text, std::size_t piece) {
  LineBuffer buffer(100);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    buffer.push(text.substr(at, piece));
    for (auto line = buffer.next(); line && *line; line = buffer.next()) {
      out.push_back(**line);
    }
  }
  out.push_back("rest " + std::to_string(buffer.pending()));
  return out;
}

TEST(LineBufferTest, PiecesOfAnySizeGiveTheSameLines) {
  for (std::size_t piece = 1; piece < 20; ++piece) {
    EXPECT_THAT(lines_of("one\ntwo\r\n\nfour\r\r\nha", piece),
                ElementsAre("one", "two", "", "four\r", "rest 2"));
  }
}

TEST(LineBufferTest, ALineOfExactlyTheMostIsTaken) {
  LineBuffer buffer(4);
  buffer.push("abcd\nef");
  auto line = buffer.next();
  ASSERT_TRUE(line && *line);
  EXPECT_EQ(**line, "abcd");
  EXPECT_TRUE(buffer.next());
}

TEST(LineBufferTest, ALongerOneIsRefusedBeforeItsEndIsThere) {
  LineBuffer buffer(4);
  buffer.push("abcde");
  EXPECT_EQ(buffer.next().error().code(), Code::kResourceExhausted);
  LineBuffer whole(4);
  whole.push("abcde\n");
  EXPECT_FALSE(whole.next());
}

}  // namespace
}  // namespace oap::api
