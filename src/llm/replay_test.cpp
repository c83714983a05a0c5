#include "llm/replay.hpp"

#include <deque>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "async/runtime.hpp"
#include "json/print.hpp"
#include "llm/offline.hpp"
#include "llm/replay_format.hpp"

namespace oap::llm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Answers from a list.
class ScriptedProvider final : public Provider {
 public:
  std::string_view name() const override { return "scripted"; }
  Task<Result<Response>> complete(Request, StreamSink) override {
    Result<Response> answer = std::move(answers.front());
    answers.pop_front();
    co_return answer;
  }
  std::deque<Result<Response>> answers;
};

class Replay : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "oap-replay-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/tape.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<Response> ask(Provider& provider, Request request) {
    return runtime_.run(provider.complete(std::move(request), {}));
  }

  void record(std::vector<std::pair<Request, Result<Response>>> exchanges,
              Placeholders placeholders = {}) {
    ScriptedProvider inner;
    auto recorder = RecordingProvider::start(inner, path_, std::move(placeholders));
    ASSERT_TRUE(recorder) << recorder.error().to_string();
    for (auto& [request, answer] : exchanges) {
      inner.answers.push_back(std::move(answer));
      static_cast<void>(ask(**recorder, std::move(request)));
    }
  }

  std::unique_ptr<ReplayProvider> play(Placeholders placeholders = {}) {
    auto player = ReplayProvider::open(path_, std::move(placeholders));
    if (!player) {
      ADD_FAILURE() << player.error().to_string();
      return nullptr;
    }
    return *std::move(player);
  }

  std::string file_text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write_file(std::string_view text) const { std::ofstream(path_) << text; }

  async::Runtime runtime_;
  std::string folder_;
  std::string path_;
};

Request asking(std::string text) {
  Request request;
  request.agent = "worker";
  request.model = "mock-1";
  request.system = "be brief";
  request.messages.push_back(Message::user(std::move(text)));
  request.tools.push_back({"bash", "runs", json::Object{{"type", "object"}}});
  request.temperature = 0.5;
  return request;
}

Response saying(std::string text) {
  Response response;
  response.message.role = MessageRole::kAssistant;
  response.message.blocks.push_back(TextBlock{std::move(text)});
  response.usage.input_tokens = 10;
  response.usage.requests = 1;
  response.usage.cost_usd = 0.25;
  response.model = "mock-1-2025";
  return response;
}

Response calling(std::string id, json::Object arguments) {
  Response response = saying("");
  response.message.blocks = {ToolUseBlock{std::move(id), "bash", std::move(arguments), ""}};
  response.stop = StopReason::kToolUse;
  return response;
}

TEST_F(Replay, PlaysBackWhatWasRecorded) {
  record({{asking("one"), saying("1")}, {asking("two"), calling("c1", {{"command", "ls"}})}});
  const auto player = play();
  const Result<Response> one = ask(*player, asking("one"));
  ASSERT_TRUE(one) << one.error().to_string();
  Response expected = saying("1");
  expected.usage.cost_usd = 0;  // it was paid for when it was recorded
  EXPECT_EQ(json::print(replay::to_json(*one)), json::print(replay::to_json(expected)));
  const Result<Response> two = ask(*player, asking("two"));
  ASSERT_TRUE(two);
  EXPECT_EQ(two->stop, StopReason::kToolUse);
  EXPECT_EQ(json::get_string(two->message.tool_uses().at(0)->arguments, "command"), "ls");
  EXPECT_EQ(player->unused(), 0U);
}

TEST_F(Replay, TheFileIsPrivateAndNamesItsFormat) {
  record({{asking("one"), saying("1")}});
  EXPECT_THAT(file_text(), StartsWith("{\"format\":\"oap-replay\",\"version\":1}\n"));
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(Replay, AnswersParallelRequestsByContent) {
  record(
      {{asking("one"), saying("1")}, {asking("two"), saying("2")}, {asking("one"), saying("3")}});
  const auto player = play();
  EXPECT_EQ(ask(*player, asking("two"))->message.joined_text(), "2");
  EXPECT_EQ(ask(*player, asking("one"))->message.joined_text(), "1");
  EXPECT_EQ(ask(*player, asking("one"))->message.joined_text(), "3");
  const Result<Response> more = ask(*player, asking("one"));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(more.error().message(), HasSubstr("has 3 exchanges and this request is one more"));
}

TEST_F(Replay, ADifferentRequestFailsWithTheDifference) {
  record({{asking("read the file"), saying("1")}});
  const auto player = play();
  const Result<Response> other = ask(*player, asking("read the fire"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(other.error().message(),
              AllOf(HasSubstr(":2: at /messages/0/blocks/0/text: recorded \"read the file\", now "
                              "\"read the fire\"")));
  Request tool = asking("read the file");
  tool.tools.clear();
  EXPECT_THAT(ask(*player, tool).error().message(), HasSubstr("at /tools/0: recorded"));
  Request hot = asking("read the file");
  hot.temperature = 1;
  EXPECT_THAT(ask(*player, hot).error().message(),
              HasSubstr("at /temperature: recorded 0.5, now 1"));
  EXPECT_TRUE(ask(*player, asking("read the file"))) << "still unused";
}

TEST_F(Replay, ErrorsAreReplayedAndCancellationsAreNot) {
  record({{asking("one"), fail(Code::kUnavailable, "the server said 503")},
          {asking("two"), fail(Code::kCancelled, "stopped")}});
  const auto player = play();
  const Result<Response> one = ask(*player, asking("one"));
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().code(), Code::kUnavailable);
  EXPECT_EQ(one.error().message(), "the server said 503");
  EXPECT_EQ(player->unused(), 0U);
}

TEST_F(Replay, AnotherWorkspaceGetsItsOwnPaths) {
  Request request = asking("look in /tmp/old/ws for ${workspace} and ${other}");
  record({{request, calling("c1", {{"command", "ls /tmp/old/ws/src"}})}},
         {{"workspace", "/tmp/old/ws"}});
  EXPECT_THAT(file_text(), AllOf(Not(HasSubstr("/tmp/old")), HasSubstr("ls ${workspace}/src")));
  const auto player = play({{"workspace", "/home/new"}});
  const Result<Response> answer =
      ask(*player, asking("look in /home/new for ${workspace} and ${other}"));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(json::get_string(answer->message.tool_uses().at(0)->arguments, "command"),
            "ls /home/new/src");
}

Request after_tool(const std::string& result, const std::string& id) {
  Request request = asking("go");
  request.system = "Today is 2026-11-21. Session " + id + ".";
  Message message;
  message.blocks.push_back(ToolResultBlock{"c1", result, false});
  request.messages.push_back(message);
  return request;
}

TEST_F(Replay, TimesAndIdsOfAnotherRunDoNotMatter) {
  record(
      {{after_tool("took 12 ms at 2026-11-21T08:00:00.123Z, ok", "ses_01arz3ndektsv4rrffq69g5fav"),
        saying("1")}});
  const auto player = play();
  Request again =
      after_tool("took 1.5 s at 2027-01-02 10:11:12, ok", "ses_01arz3ndektsv4rrffq69g5faw");
  again.system = "Today is 2027-01-02. Session ses_01arz3ndektsv4rrffq69g5faw.";
  again.model = "another";
  EXPECT_TRUE(ask(*player, again)) << "";
  record({{asking("due 2026-11-21"), saying("1")}});
  EXPECT_FALSE(ask(*play(), asking("due 2026-11-22"))) << "a person's own date counts";
}

TEST_F(Replay, ABrokenFileIsRefusedWithItsLine) {
  const std::string header = "{\"format\":\"oap-replay\",\"version\":1}\n";
  const auto error = [&](const std::string& text) {
    write_file(text);
    const auto player = ReplayProvider::open(path_, {});
    return player ? std::string("accepted") : player.error().message();
  };
  EXPECT_THAT(error(""), HasSubstr(":1: not a recording"));
  EXPECT_THAT(error("hello"), HasSubstr(":1: not a recording"));
  EXPECT_THAT(error("{\"format\":\"oap-replay\",\"version\":9}\n"),
              HasSubstr("version 9 is not known"));
  EXPECT_THAT(error(header + "{\"request\":{}"), HasSubstr(":2: "));
  EXPECT_THAT(error(header + "\n{\"request\":{}}"), HasSubstr(":3: not an exchange"));
  EXPECT_THAT(error(header + "[]"), HasSubstr(":2: not an exchange"));
  EXPECT_THAT(error(header + "{\"request\":1,\"response\":2}"), HasSubstr(":2: not an exchange"));
  EXPECT_THAT(
      error(header + "{\"request\":{\"messages\":[1,{\"blocks\":3}]},\"error\":{\"code\":\"x\"}}"),
      HasSubstr(":2: not an exchange"));
  EXPECT_EQ(error(header), "accepted");
  EXPECT_EQ(ReplayProvider::open(folder_ + "/none", {}).error().code(), Code::kNotFound);
}

TEST_F(Replay, OddRequestsInAFileDoNoHarm) {
  write_file(
      "{\"format\":\"oap-replay\",\"version\":1}\n"
      "{\"request\":{\"messages\":[1,{\"blocks\":3},{\"blocks\":[2,null]}],\"system\":7},"
      "\"error\":{\"code\":\"" +
      std::string(to_string(Code::kUpstream)) + "\",\"message\":\"m\"}}\n");
  EXPECT_FALSE(ask(*play(), asking("x")));
}

TEST_F(Replay, AFolderThatIsNotThereIsNamed) {
  OfflineProvider offline;
  const auto recorder = RecordingProvider::start(offline, folder_ + "/no/tape", {});
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(recorder.error().message(), HasSubstr("/no/tape"));
}

}  // namespace
}  // namespace oap::llm
