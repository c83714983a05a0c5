#include "acp/agent.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::acp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// What became of the sessions, for the tests to look at.
struct Seen {
  int opened = 0;
  int closed = 0;
  int settled = 0;
  std::vector<std::string> answers;
};

class FakeSession final : public HostSession {
 public:
  FakeSession(Executor executor, OpenRequest request, std::string id, Seen& seen)
      : never_(std::move(executor)),
        request_(std::move(request)),
        id_(std::move(id)),
        seen_(seen) {}
  const std::string& id() const override { return id_; }
  const std::string& cwd() const override { return request_.params.cwd; }

  Task<Result<orchestration::TaskReport>> prompt(TurnRequest turn, TurnEvents events) override {
    orchestration::TaskReport report;
    report.status = TaskStatus::kCompleted;
    report.content = "done";
    events.events.on_text("worker", "done");
    if (turn.text == "wait") {
      const Deadline never = Deadline::never();
      co_await never_.wait(never);
      co_return fail(Code::kCancelled, "cancelled");
    }
    if (turn.text == "ask") {
      approval::Request request;
      request.call.tool = "bash";
      auto answer = co_await request_.approver->ask(std::move(request));
      seen_.answers.push_back(answer ? answer->approver : "error");
    }
    if (turn.text == "fail") {
      co_return fail(Code::kUnavailable, "no provider");
    }
    co_return report;
  }
  Result<void> settle() override {
    ++seen_.settled;
    return {};
  }
  Result<store::SessionRecord> record() override {
    store::SessionRecord record;
    record.id = id_;
    return record;
  }
  Result<std::vector<session::StoredMessage>> records() override {
    std::vector<session::StoredMessage> out(1);
    out[0].message = Message::user("earlier");
    return out;
  }
  std::vector<CommandView> commands() override { return {{"task", "a mission", "objective"}}; }
  std::vector<std::string> models() override { return {"m", "offline"}; }
  std::int64_t window(const std::string&) override { return 1; }
  std::optional<std::string> file_text(const std::string&) override { return std::nullopt; }
  std::vector<PlanEntry> plan() override { return {}; }
  std::vector<std::string> notices() override { return {"not trusted"}; }
  Task<void> close(bool) override {
    ++seen_.closed;
    co_return;
  }

 private:
  async::Event never_;
  OpenRequest request_;
  std::string id_;
  Seen& seen_;
};

class FakeHost final : public Host {
 public:
  FakeHost(Executor executor, Seen& seen) : executor_(std::move(executor)), seen_(seen) {}
  Result<std::unique_ptr<HostSession>> open(OpenRequest request) override {
    if (request.params.cwd == "/none") {
      return fail(Code::kNotFound, "no such folder");
    }
    const bool known = request.how == OpenRequest::How::kContinue;
    std::string id = known ? request.params.id : "ses_" + std::to_string(++seen_.opened);
    return std::unique_ptr<HostSession>(
        std::make_unique<FakeSession>(executor_, std::move(request), std::move(id), seen_));
  }
  Result<std::vector<store::SessionRecord>> list(const std::optional<std::string>&) override {
    return std::vector<store::SessionRecord>(120);
  }
  Result<void> remove(const std::string&) override { return {}; }

 private:
  Executor executor_;
  Seen& seen_;
};

/// The answer to a request; "" where there is none.
std::string answer(const std::vector<std::string>& messages, int id) {
  for (const std::string& message : messages) {
    if (text::contains(message, "\"id\":" + std::to_string(id) + ",") &&
        !text::contains(message, "\"method\"")) {
      return message;
    }
  }
  return "";
}

/// The other end: sends its lines, and at "@N" waits for the answer to N first; then it goes.
Task<void> be_editor(std::vector<std::string> lines, async::WritePipe& to, async::ReadPipe& from,
                     std::vector<std::string>& messages) {
  async::LineReader reader(from);
  for (std::string& line : lines) {
    if (!line.starts_with('@')) {
      line += '\n';
      co_await to.write_all(std::move(line));
      continue;
    }
    while (answer(messages, std::stoi(line.substr(1))).empty()) {
      auto next = co_await reader.next();
      if (!next || !*next) {
        co_return;
      }
      messages.push_back(**std::move(next));
    }
  }
  to.close();
  while (true) {
    auto next = co_await reader.next();
    if (!next || !*next) {
      co_return;
    }
    messages.push_back(**std::move(next));
  }
}

class AgentTest : public testing::Test {
 protected:
  /// What an editor was sent that sent these lines.
  std::vector<std::string> talk(std::vector<std::string> lines, AgentOptions options = {}) {
    int in[2];
    int out[2];
    EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    std::vector<std::string> messages;
    async::Runtime runtime;
    FakeHost host(runtime.executor(), seen_);
    async::WritePipe to(runtime.executor(), os::UniqueFd(in[1]));
    async::ReadPipe from(runtime.executor(), os::UniqueFd(out[0]));
    const auto both = [](Agent& agent, os::UniqueFd input, os::UniqueFd output,
                         Task<void> editor) -> Task<Result<void>> {
      const Executor executor = co_await boost::asio::this_coro::executor;
      async::Scope scope(executor);
      scope.spawn(std::move(editor));
      auto ended = co_await agent.serve(std::move(input), std::move(output));
      co_await scope.join();
      co_return ended;
    };
    Agent agent(runtime.executor(), host, options);
    const auto ended = runtime.run(both(agent, os::UniqueFd(in[0]), os::UniqueFd(out[1]),
                                        be_editor(std::move(lines), to, from, messages)));
    EXPECT_TRUE(ended) << ended.error().to_string();
    for (const std::string& message : messages) {
      EXPECT_TRUE(json::parse(message)) << message;
    }
    return messages;
  }
  static std::string request(int id, const std::string& method, const std::string& params) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method +
           R"(","params":)" + params + "}";
  }
  static std::string prompt(int id, const std::string& text) {
    return request(id, "session/prompt",
                   R"({"sessionId":"ses_1","prompt":[{"type":"text","text":")" + text + R"("}]})");
  }
  const std::string initialize_ = request(1, "initialize", R"({"protocolVersion":1})");
  const std::string begin_ = request(2, "session/new", R"({"cwd":"/w","mcpServers":[]})");
  Seen seen_;
};

TEST_F(AgentTest, ATurnIsToldAndEverythingIsClosedAtTheEnd) {
  const auto said = talk({initialize_, begin_, prompt(3, "go"), "@3"});
  EXPECT_THAT(answer(said, 2), HasSubstr("ses_1"));
  EXPECT_THAT(answer(said, 3), HasSubstr("end_turn"));
  EXPECT_THAT(text::join(said, "\n"), HasSubstr("agent_message_chunk"));
  EXPECT_THAT(text::join(said, "\n"), HasSubstr("available_commands_update"));
  EXPECT_THAT(text::join(said, "\n"), Not(HasSubstr("notice")));
  EXPECT_EQ(seen_.closed, 1);
}

TEST_F(AgentTest, CancellingEndsATurnAndTheNextOneWorks) {
  const std::string cancel =
      R"({"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"ses_1"}})";
  const auto said = talk({initialize_, begin_, prompt(3, "wait"), prompt(4, "go"), cancel});
  EXPECT_THAT(answer(said, 3), HasSubstr("cancelled"));
  EXPECT_THAT(answer(said, 4), HasSubstr("under way"));
  EXPECT_EQ(seen_.settled, 1);
}

TEST_F(AgentTest, AnEditorThatGoesCancelsItsTurnsAndQuestions) {
  const auto waiting = talk({initialize_, begin_, prompt(3, "wait")});
  EXPECT_THAT(answer(waiting, 3), HasSubstr("cancelled"));
  seen_ = {};
  const auto asked = talk({initialize_, begin_, prompt(3, "ask")});
  EXPECT_THAT(text::join(asked, "\n"), HasSubstr("session/request_permission"));
  EXPECT_THAT(seen_.answers, ElementsAre("nobody"));
  EXPECT_EQ(seen_.closed, 1);
}

TEST_F(AgentTest, FailuresAreAnsweredAndTheSessionStays) {
  const auto said =
      talk({initialize_, begin_, prompt(3, "fail"), "@3", prompt(4, "go"), "@4",
            request(5, "session/new", R"({"cwd":"/none"})"), request(6, "session/none", "{}")});
  EXPECT_THAT(answer(said, 3), HasSubstr("no provider"));
  EXPECT_THAT(answer(said, 4), HasSubstr("end_turn"));
  EXPECT_THAT(answer(said, 5), HasSubstr("-32002"));
  EXPECT_THAT(answer(said, 6), HasSubstr("-32601"));
}

TEST_F(AgentTest, LoadingShowsWhatWasSaidBeforeItAnswers) {
  const auto said =
      talk({initialize_, request(2, "session/load", R"({"sessionId":"ses_9","cwd":"/w"})")});
  ASSERT_GE(said.size(), 3U);
  EXPECT_THAT(said[1], HasSubstr("user_message_chunk"));
  EXPECT_THAT(said[2], HasSubstr(R"("id":2)"));
  EXPECT_THAT(said[2], Not(HasSubstr("sessionId")));
}

TEST_F(AgentTest, ListsComeInPages) {
  const auto said = talk({initialize_, request(2, "session/list", "{}"),
                          request(3, "session/list", R"({"cursor":"100"})"),
                          request(4, "session/list", R"({"cursor":"9999"})"),
                          request(5, "session/list", R"({"cursor":"x"})")});
  EXPECT_THAT(answer(said, 2), HasSubstr(R"("nextCursor":"50")"));
  EXPECT_THAT(answer(said, 3), Not(HasSubstr("nextCursor")));
  EXPECT_THAT(answer(said, 4), HasSubstr(R"("sessions":[])"));
  EXPECT_THAT(answer(said, 5), HasSubstr("-32602"));
}

TEST_F(AgentTest, OpenSessionsAreBounded) {
  AgentOptions options;
  options.max_sessions = 2;
  const auto said = talk({initialize_, begin_, request(3, "session/new", R"({"cwd":"/w"})"),
                          request(4, "session/new", R"({"cwd":"/w"})"),
                          request(5, "session/close", R"({"sessionId":"ses_1"})"),
                          request(6, "session/new", R"({"cwd":"/w"})")},
                         options);
  EXPECT_THAT(answer(said, 4), HasSubstr("2 sessions are open"));
  EXPECT_THAT(answer(said, 6), HasSubstr("modes"));
  EXPECT_EQ(seen_.closed, 3);
}

}  // namespace
}  // namespace oap::acp
