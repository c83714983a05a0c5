#include <gmock/gmock.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "async/stream.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "mcp/server/front.hpp"
#include "mcp/server/tool_service.hpp"

namespace oap::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class EchoTool final : public Tool {
 public:
  const json::Object& definition() const override { return definition_; }
  Task<ToolResult> call(json::Object arguments, CallContext context) override {
    context.progress(1, 2.0, "half way");
    const json::Value* text = json::find(arguments, "text");
    co_return ToolResult::text(json::view(text->get_string()));
  }

 private:
  json::Object definition_ =
      json::parse_object(R"({"name":"echo","inputSchema":{"type":"object","properties":
        {"text":{"type":"string"}},"required":["text"],"additionalProperties":false}})")
          .value();
};

class WaitTool final : public Tool {
 public:
  explicit WaitTool(int* ended) : ended_(ended) {}
  const json::Object& definition() const override { return definition_; }
  Task<ToolResult> call(json::Object /*arguments*/, CallContext /*context*/) override {
    const Millis long_time{60'000};
    co_await async::sleep_for(long_time);
    ++*ended_;
    co_return ToolResult::text("waited");
  }

 private:
  json::Object definition_ =
      json::parse_object(R"({"name":"wait","inputSchema":{"type":"object"}})").value();
  int* ended_;
};

/// A server on two pipes whose client is the test.
struct Served {
  async::Runtime runtime;
  int waits_ended = 0;

  /// Everything that the server writes for this input, which then ends.
  std::vector<std::string> answers(const std::string& input) {
    return runtime.run(talk(runtime.executor(), input, &waits_ended));
  }

  static Task<void> serve(StdioFront& front, int in, int out) {
    const Millis grace{300};
    co_await front.serve(os::UniqueFd(in), os::UniqueFd(out), grace);
  }

  static Task<std::vector<std::string>> talk(Executor executor, std::string input, int* ended) {
    int to_server[2];
    int from_server[2];
    if (::pipe(to_server) != 0 || ::pipe(from_server) != 0) {
      co_return std::vector<std::string>{"no pipes"};
    }
    std::vector<std::unique_ptr<Tool>> tools;
    tools.push_back(std::make_unique<EchoTool>());
    tools.push_back(std::make_unique<WaitTool>(ended));
    ToolService service(executor, std::move(tools), {});
    FrontLimits limits;
    limits.max_message_bytes = 10'000;
    limits.max_requests = 64;
    StdioFront front(executor, service, limits, {});
    async::Scope scope(executor);
    scope.spawn(serve(front, to_server[0], from_server[1]));
    async::WritePipe in(executor, os::UniqueFd(to_server[1]));
    async::ReadPipe out(executor, os::UniqueFd(from_server[0]));
    co_await in.write_all(std::move(input));
    in.close();
    async::LineReader reader(out);
    std::vector<std::string> lines;
    while (true) {
      auto line = co_await reader.next();
      if (!line || !*line) {
        break;
      }
      lines.push_back(**line);
    }
    co_await scope.join();
    co_return lines;
  }
};

std::string request(int id, const std::string& method, const std::string& params = "{}") {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method +
         R"(","params":)" + params + "}\n";
}

std::string call(int id, const std::string& tool, const std::string& arguments) {
  return request(id, "tools/call", R"({"name":")" + tool + R"(","arguments":)" + arguments + "}");
}

TEST(StdioFront, ShakesHandsInEveryVersion) {
  for (const std::string version : {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}) {
    Served served;
    const auto lines = served.answers(
        request(1, "initialize", R"({"protocolVersion":")" + version + R"(","capabilities":{}})") +
        R"({"jsonrpc":"2.0","method":"notifications/initialized"})" + "\n" + request(2, "ping"));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], HasSubstr(R"("protocolVersion":")" + version));
    EXPECT_THAT(lines[0], HasSubstr(R"("tools":{)"));
    EXPECT_EQ(lines[1], R"({"jsonrpc":"2.0","id":2,"result":{}})");
  }
  Served served;
  const auto lines = served.answers(request(1, "initialize", R"({"protocolVersion":"1999"})"));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("2025-11-25"));
}

struct Talk {
  std::string input;
  std::string expected;  ///< a part of the one answer; "" = no answer at all
};

TEST(StdioFront, AnswersWhatItCannotDo) {
  const std::vector<Talk> exchanges = {
      {"garbage\n", R"("id":null,"error":{"code":-32700)"},
      {"{\"jsonrpc\":\"2.0\",\"id\":1\n", "-32700"},
      {"\xff\xfe\n", "-32700"},
      {"[]\n", "batches"},
      {"[" + request(1, "ping").substr(0, 40) + "\n", "-32700"},
      {"{}\n", "-32600"},
      {R"({"jsonrpc":"2.0","id":null,"method":"ping"})"
       "\n",
       "-32600"},
      {R"({"jsonrpc":"2.0","id":5,"method":"ping","params":[]})"
       "\n",
       R"("id":5,"error":{"code":-32602)"},
      {request(1, "server/discover"), "-32601"},
      {request(1, "resources/list"), "-32601"},
      {request(1, "tools/call"), "needs the tool's name"},
      {request(1, "tools/call", R"({"name":7})"), "needs the tool's name"},
      {request(1, "tools/call", R"({"name":"ecko"})"), "did you mean 'echo'"},
      {request(1, "tools/call", R"({"name":"echo","arguments":[]})"),
       "must be an object, not array"},
      {request(1, "tools/list", R"({"cursor":"x"})"), "-32602"},
      {request(1, "tools/list", R"({"cursor":""})"), R"("name":"echo")"},
      {"{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"ping\",\"params\":{\"a\":\"" +
           std::string(20'000, 'x') + "\"}}\n",
       R"("id":8,"error":{"code":-32600)"},
      {R"({"jsonrpc":"2.0","id":1,"result":{}})"
       "\n",
       ""},
      {R"({"jsonrpc":"2.0","id":1,"error":"x"})"
       "\n",
       ""},
      {R"({"jsonrpc":"2.0","method":"notifications/whatever"})"
       "\n",
       ""},
      {R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}})"
       "\n",
       ""},
      {"\n  \n\r\n", ""},
      {"", ""},
  };
  for (const Talk& each : exchanges) {
    Served served;
    const auto lines = served.answers(each.input);
    ASSERT_EQ(lines.size(), each.expected.empty() ? 0U : 1U) << each.input;
    if (!lines.empty()) {
      EXPECT_THAT(lines[0], HasSubstr(each.expected)) << each.input;
      EXPECT_TRUE(json::parse(lines[0])) << lines[0];
    }
  }
}

TEST(StdioFront, ChecksArgumentsAgainstTheSchema) {
  Served served;
  const auto lines = served.answers(call(1, "echo", R"({"text":5})") + call(2, "echo", "{}") +
                                    call(3, "echo", R"({"text":"a","more":1})") +
                                    request(4, "tools/call", R"({"name":"echo"})"));
  ASSERT_EQ(lines.size(), 4U);
  for (const std::string& line : lines) {
    EXPECT_THAT(line, HasSubstr(R"("isError":true)"));
    EXPECT_THAT(line, HasSubstr("nothing was run"));
  }
}

TEST(StdioFront, ReportsProgressBeforeTheResultWhereItIsWanted) {
  Served served;
  const auto lines = served.answers(
      request(1, "tools/call",
              R"({"name":"echo","arguments":{"text":"hi"},"_meta":{"progressToken":"tok"}})"));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr(R"("progressToken":"tok")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("text":"hi")"));
  Served quiet;
  EXPECT_EQ(quiet.answers(call(1, "echo", R"({"text":"hi"})")).size(), 1U);
}

TEST(StdioFront, RunsCallsSideBySideAndCancelsThem) {
  Served served;
  const auto lines = served.answers(
      call(1, "wait", "{}") + call(2, "echo", R"({"text":"quick"})") + call(1, "echo", "{}") +
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})" + "\n");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0] + lines[1], HasSubstr("quick"));
  EXPECT_THAT(lines[0] + lines[1], HasSubstr("still under way"));
  EXPECT_EQ(served.waits_ended, 1);
}

TEST(StdioFront, TheEndOfTheInputEndsWhatStillRuns) {
  Served served;
  EXPECT_TRUE(served.answers(call(1, "wait", "{}")).empty());
  EXPECT_EQ(served.waits_ended, 1);
}

TEST(StdioFront, AnswersTheLastLineWithoutALineEnd) {
  Served served;
  std::string ping = request(1, "ping");
  ping.pop_back();
  EXPECT_EQ(served.answers(ping).size(), 1U);
}

TEST(StdioFront, ManyCallsAtOnceAreBounded) {
  Served served;
  std::string input;
  for (int i = 0; i < 100; ++i) {
    input += call(i, "wait", "{}");
  }
  const auto lines = served.answers(input);
  ASSERT_EQ(lines.size(), 36U);
  EXPECT_THAT(lines[0], HasSubstr("too many requests"));
  EXPECT_EQ(served.waits_ended, 64);
}

}  // namespace
}  // namespace oap::mcp
