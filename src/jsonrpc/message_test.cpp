#include "jsonrpc/message.hpp"

#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::jsonrpc {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Case {
  std::string text;
  std::string expected;
};

std::vector<Case> read_cases(const std::string& name) {
  std::ifstream file(OAP_SOURCE_DIR "/src/jsonrpc/cases/" + name);
  std::vector<Case> cases;
  std::string line;
  std::optional<std::string> text;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') {
      continue;
    }
    if (!text) {
      text = line;
    } else {
      cases.push_back({*text, line});
      text.reset();
    }
  }
  return cases;
}

std::string describe(const tl::expected<Message, Rejected>& decoded) {
  if (!decoded) {
    return fmt::format("refused {} {}", decoded.error().code, decoded.error().message);
  }
  if (const auto* request = std::get_if<Request>(&*decoded)) {
    return request->is_notification
               ? "notification " + request->method
               : fmt::format("request {} {}", json::print(request->id), request->method);
  }
  const auto& response = std::get<Response>(*decoded);
  return response.error ? fmt::format("error {} {}", json::print(response.id), response.error->code)
                        : "result " + json::print(response.id);
}

TEST(Message, ReadsEveryCaseOfTheTable) {
  const auto cases = read_cases("messages.case");
  ASSERT_GT(cases.size(), 30U);
  for (const Case& each : cases) {
    const std::string found = describe(decode(each.text));
    if (each.expected.starts_with("refused ")) {
      const std::string code = each.expected.substr(0, each.expected.find(' ', 8));
      EXPECT_THAT(found, StartsWith(code + " ")) << each.text;
      if (each.expected.size() > code.size()) {
        EXPECT_THAT(found, HasSubstr(each.expected.substr(code.size() + 1))) << each.text;
      }
    } else {
      EXPECT_EQ(found, each.expected) << each.text;
    }
  }
}

TEST(Message, PrintsWhatItReadWithUnknownMembers) {
  for (const Case& each : read_cases("messages.case")) {
    const auto first = decode(each.text);
    if (!first) {
      continue;
    }
    const std::string printed = print(*first);
    const auto second = decode(printed);
    ASSERT_TRUE(second) << printed;
    EXPECT_EQ(print(*second), printed);
    EXPECT_EQ(printed.find('\n'), std::string::npos);
  }
  const auto kept = parse(R"({"jsonrpc":"2.0","id":1,"method":"x","trace":{"a":[1,2]}})");
  ASSERT_TRUE(kept);
  EXPECT_EQ(print(*kept), R"({"jsonrpc":"2.0","id":1,"method":"x","trace":{"a":[1,2]}})");
  const auto error = parse(
      R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m","data":{},"hint":2},"x":3})");
  ASSERT_TRUE(error);
  EXPECT_EQ(
      print(*error),
      R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m","data":{},"hint":2},"x":3})");
}

TEST(Message, ARejectionSaysWhoseCallItWas) {
  const auto answer = decode(R"({"jsonrpc":"2.0","id":5,"error":"broken"})");
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().response);
  EXPECT_EQ(id_key(answer.error().id), "i5");
  const auto request = decode(R"({"jsonrpc":"2.0","id":"q","method":"m","params":3})");
  ASSERT_FALSE(request);
  EXPECT_FALSE(request.error().response);
  EXPECT_EQ(id_key(request.error().id), "sq");
}

TEST(Message, LineBreaksInsideStringsStayEscaped) {
  Request request;
  request.id = 1;
  request.method = "a\nb";
  EXPECT_EQ(print(request), R"({"jsonrpc":"2.0","id":1,"method":"a\nb"})");
}

TEST(IdKey, TellsNumbersFromStrings) {
  EXPECT_EQ(id_key(json::Value(1)), id_key(json::Value(1.0)));
  EXPECT_NE(id_key(json::Value(1)), id_key(json::Value("1")));
  EXPECT_NE(id_key(json::Value("i1")), id_key(json::Value(1)));
  EXPECT_TRUE(is_valid_id(json::Value(1.0)));
  EXPECT_FALSE(is_valid_id(json::Value(1e300)));
  EXPECT_FALSE(is_valid_id(json::Value(nullptr)));
}

TEST(Message, DeepNestingIsRefusedNotFollowed) {
  const std::string deep = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":)" +
                           std::string(100'000, '[') + std::string(100'000, ']') + "}}";
  EXPECT_FALSE(decode(deep));
}

}  // namespace
}  // namespace oap::jsonrpc
