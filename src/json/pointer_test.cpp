#include "json/pointer.hpp"

#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::json {
namespace {

TEST(Pointer, FindsTheExamplesOfRfc6901) {
  const Value document = *parse(
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})");
  const auto text = [&document](std::string_view pointer) {
    const Value* found = at(document, pointer);
    return found == nullptr ? "nothing" : print(*found);
  };
  EXPECT_EQ(at(document, ""), &document);
  EXPECT_EQ(text("/foo"), R"(["bar","baz"])");
  EXPECT_EQ(text("/foo/0"), R"("bar")");
  EXPECT_EQ(text("/"), "0");
  EXPECT_EQ(text("/a~1b"), "1");
  EXPECT_EQ(text("/c%d"), "2");
  EXPECT_EQ(text("/i\\j"), "5");
  EXPECT_EQ(text("/k\"l"), "6");
  EXPECT_EQ(text("/ "), "7");
  EXPECT_EQ(text("/m~0n"), "8");
  for (const std::string_view pointer :
       {"foo", "/nope", "/foo/2", "/foo/00", "/foo/01", "/foo/-", "/foo/+1", "/foo/ 1", "/foo/0/x",
        "/m~n", "/m~2n", "/m~", "/foo/99999999999999999999", "/foo/"}) {
    EXPECT_EQ(text(pointer), "nothing") << pointer;
  }
}

TEST(Pointer, EscapesAndUnescapes) {
  EXPECT_EQ(pointer_escape("a~/b"), "a~0~1b");
  EXPECT_EQ(pointer_unescape("a~0~1b"), "a~/b");
  EXPECT_EQ(pointer_unescape("~01"), "~1");
  EXPECT_EQ(pointer_unescape("~"), std::nullopt);
  EXPECT_EQ(pointer_join("/a", "b/c"), "/a/b~1c");
  EXPECT_EQ(pointer_join("", 3), "/3");
}

}  // namespace
}  // namespace oap::json
