#include "mcp/framing.hpp"

#include <random>

#include <gmock/gmock.h>

#include "json/print.hpp"

namespace oap::mcp {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> drain(LineSplitter& splitter) {
  std::vector<std::string> out;
  while (const auto piece = splitter.next()) {
    const auto* line = std::get_if<std::string>(&*piece);
    out.push_back(line != nullptr ? *line
                                  : "<" + std::to_string(std::get<Oversize>(*piece).bytes) + ">");
  }
  return out;
}

TEST(LineSplitter, CutsLinesWhereverTheChunksEnd) {
  const std::string text = "one\ntwo\r\n\nfour\nlast";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter(100);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at += size) {
      splitter.feed(std::string_view(text).substr(at, size));
      const auto found = drain(splitter);
      lines.insert(lines.end(), found.begin(), found.end());
    }
    EXPECT_THAT(lines, ElementsAre("one", "two", "", "four")) << size;
    const auto rest = splitter.rest();
    ASSERT_TRUE(rest);
    EXPECT_EQ(std::get<std::string>(*rest), "last");
    EXPECT_FALSE(splitter.rest());
  }
}

TEST(LineSplitter, ALongLineLeavesItsEndsAndTheNextLineIsWhole) {
  for (const std::size_t chunk : {1U, 7U, 100U, 5000U, 1'000'000U}) {
    LineSplitter splitter(64);
    const std::string text = "a\n{\"head\"" + std::string(20'000, 'x') + "tail\"}\nb\n";
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at += chunk) {
      splitter.feed(std::string_view(text).substr(at, chunk));
      const auto found = drain(splitter);
      lines.insert(lines.end(), found.begin(), found.end());
    }
    EXPECT_THAT(lines, ElementsAre("a", "<20013>", "b")) << chunk;
  }
  LineSplitter splitter(8);
  splitter.feed("{\"head\"" + std::string(20'000, 'x') + "tail");
  EXPECT_FALSE(splitter.next());
  splitter.feed("end");
  const auto rest = splitter.rest();
  ASSERT_TRUE(rest);
  const auto& trace = std::get<Oversize>(*rest);
  EXPECT_TRUE(trace.head.starts_with("{\"head\""));
  EXPECT_TRUE(trace.tail.ends_with("tailend"));
}

TEST(LineSplitter, ALineOfExactlyTheLimitPasses) {
  LineSplitter splitter(4);
  splitter.feed("abcd\nabcde\n");
  EXPECT_THAT(drain(splitter), ElementsAre("abcd", "<5>"));
}

struct GuessCase {
  std::string head;
  std::string tail;
  std::string id;  ///< "" = cannot be told
  bool response;
};

TEST(GuessTraits, FindsTheIdAtEitherEnd) {
  const std::vector<GuessCase> cases = {
      {R"({"jsonrpc":"2.0","id":5,"result":{"content":[{"text":"xxxx)", "xxx", "5", true},
      {R"( { "jsonrpc" : "2.0" , "id" : "a\"b" , "result" : {"con)", "xxx", R"("a\"b")", true},
      {R"({"result":{"content":[{"text":"xxxx)", R"(xxx"}]},"jsonrpc":"2.0","id":7})", "7", true},
      {R"({"result":{"con)", R"(x"}]},"id":"q","jsonrpc":"2.0"} )", R"("q")", true},
      {R"({"result":{"con)", R"(x"}]},"id":3})", "3", true},
      {R"({"jsonrpc":"2.0","method":"notifications/message","params":{"x)", "xxx", "", false},
      {R"({"jsonrpc":"2.0","id":4,"method":"sampling/createMessage","params":{"x)", "x", "4",
       false},
      {R"({"result":{"con)", R"(x","id":3}})", "", true},
      {R"({"result":{"con)", R"(the text ,\"jsonrpc\":\"2.0\",\"id\":3}"}]}})", "", true},
      {R"({"result":{"con)", R"(x"}]},"jsonrpc":"2.0","id":3,"z":1})", "", true},
      {R"({"meta":{"id":9,"a":[{"id":8}]},"id":2,"result":{"x)", "xxx", "2", true},
      {R"({"id":null,"result":{"x)", "xxx", "", true},
      {R"({"id":1.5,"result":{"x)", "xxx", "", true},
      {"", "", "", true},
      {"{", "}", "", true},
      {R"({"id)", R"(":3})", "", true},
      {R"({"id":12)", "", "", true},
      {"xxxx", R"("id":3})", "3", true},
  };
  for (const GuessCase& each : cases) {
    const Traits traits = guess_traits(each.head, each.tail);
    EXPECT_EQ(traits.id ? json::print(*traits.id) : "", each.id) << each.head << " … " << each.tail;
    EXPECT_EQ(traits.response, each.response) << each.head;
  }
}

TEST(GuessTraits, AnyInputIsSafe) {
  std::mt19937 random(7);
  const std::string letters = "{}[]\",:\\id102 emthorsul";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const std::size_t size = random() % 40;
    for (std::size_t i = 0; i < size; ++i) {
      text += letters[random() % letters.size()];
    }
    guess_traits(text, text);
  }
}

}  // namespace
}  // namespace oap::mcp
