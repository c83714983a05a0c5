#include "llm/http_provider.hpp"

#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "llm/anthropic.hpp"
#include "llm/openai_chat.hpp"
#include "net/testing/loopback_server.hpp"

namespace oap::llm {
namespace {

namespace asio = boost::asio;
using net::testing::answer;
using net::testing::event_stream;
using net::testing::LoopbackServer;
using net::testing::Reply;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSecret = "sk-very-secret-key";
constexpr std::string_view kChat =
    "data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" "
    "there\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100}}\n\ndata: [DONE]\n\n";

std::string claude(std::string_view text, std::string_view stop) {
  return fmt::format(
      "data: {{\"type\":\"message_start\",\"message\":{{\"model\":\"claude-sonnet-4\",\"usage\":"
      "{{\"input_tokens\":10,\"output_tokens\":1}}}}}}\n\n"
      "data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"text\","
      "\"text\":\"\"}}}}\n\n"
      "data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\","
      "\"text\":\"{}\"}}}}\n\n"
      "data: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n"
      "data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{}\"}},\"usage\":"
      "{{\"output_tokens\":5}}}}\n\ndata: {{\"type\":\"message_stop\"}}\n\n",
      text, stop);
}

/// One provider against scripted replies. Retries do not wait: the jitter leaves 0 of 0 ms.
class HttpProviderTest : public ::testing::Test {
 protected:
  using Answered = Result<Response>;

  explicit HttpProviderTest() { policy_.first_delay = Millis(0); }

  std::unique_ptr<HttpProvider> provider(const LoopbackServer& server, bool anthropic = false) {
    Endpoint endpoint{"p", server.url(), std::string(kSecret), {{"x-extra", "extra-secret-value"}}};
    endpoint.stall_timeout = Millis(200);
    endpoint.retry = policy_;
    std::unique_ptr<const Dialect> dialect;
    if (anthropic) {
      dialect = std::make_unique<AnthropicDialect>("p");
    } else {
      dialect = std::make_unique<OpenAiChatDialect>("p", false);
    }
    return std::make_unique<HttpProvider>(std::move(endpoint), std::move(dialect), client_);
  }

  static Request question() {
    Request request;
    request.model = "gpt-4o";
    request.messages = {Message::user("Hi")};
    request.deadline = Deadline::after(Millis(20'000));
    return request;
  }

  StreamSink sink() {
    StreamSink to;
    to.on_text = [this](std::string_view text) { streamed_ += text; };
    to.on_retry = [this](std::string_view what) { retries_.emplace_back(what); };
    return to;
  }

  Answered ask(HttpProvider& provider, Request request) {
    std::optional<Answered> result;
    asio::co_spawn(context_, provider.complete(std::move(request), sink()),
                   [&](const std::exception_ptr& error, Answered got) {
                     EXPECT_FALSE(error);
                     result.emplace(std::move(got));
                   });
    context_.restart();
    while (!result && context_.run_one() > 0) {
    }
    EXPECT_TRUE(result);
    return result ? *std::move(result) : Answered(fail(Code::kInternal, "no result"));
  }

  Answered ask(std::vector<Reply> replies, bool anthropic = false) {
    server_ = std::make_unique<LoopbackServer>(std::move(replies));
    const auto asked = provider(*server_, anthropic);
    return ask(*asked, question());
  }

  std::size_t requests() const { return server_->requests().size(); }

  asio::io_context context_;
  net::HttpClient client_{context_.get_executor()};
  RetryPolicy policy_;
  std::unique_ptr<LoopbackServer> server_;
  std::string streamed_;
  std::vector<std::string> retries_;
};

TEST_F(HttpProviderTest, StreamsAnAnswer) {
  const Answered got = ask({event_stream(kChat, 3)});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->message.joined_text(), "Hi there");
  EXPECT_EQ(streamed_, "Hi there");
  EXPECT_EQ(got->model, "gpt-4o");
  EXPECT_EQ(got->usage.requests, 1);
  EXPECT_EQ(got->usage.input_tokens, 1000);
  ASSERT_TRUE(got->usage.cost_usd);
  EXPECT_DOUBLE_EQ(*got->usage.cost_usd, 1000 * 2.5e-6 + 100 * 10e-6);
  const auto sent = server_->requests().at(0);
  EXPECT_THAT(sent.head, HasSubstr("POST /v1/chat/completions"));
  EXPECT_THAT(sent.head, HasSubstr("authorization: Bearer " + std::string(kSecret)));
  EXPECT_THAT(sent.head, HasSubstr("x-extra: extra-secret-value"));
  EXPECT_TRUE(retries_.empty());
}

TEST_F(HttpProviderTest, WaitsOutWhatPasses) {
  const std::vector<std::pair<const char*, Reply>> cases = {
      {"429", answer(429, "{\"error\":{\"message\":\"slow\"}}", "retry-after-ms: 1\r\n")},
      {"503", answer(503, "<html>")},
      {"529", answer(529, "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}")},
      {"reset", {{}, Reply::End::kReset}},
      {"mid-stream reset", event_stream(kChat.substr(0, 100), 10, Reply::End::kReset)},
      {"mid-stream close", event_stream(kChat.substr(0, 100), 10, Reply::End::kClose)},
      {"early end", event_stream(kChat.substr(0, 85))},
      {"garbage", event_stream("data: {{{\n\n")},
      {"no HTTP", {{"garbage\r\n\r\n"}, Reply::End::kClose}},
      {"error event",
       event_stream("data: {\"error\":{\"type\":\"server_error\",\"message\":\"x\"}}\n\n")},
      {"stall before the head", {{}, Reply::End::kStall}},
      {"stall in the stream", event_stream(kChat.substr(0, 100), 10, Reply::End::kStall)},
  };
  for (const auto& [name, fault] : cases) {
    SCOPED_TRACE(name);
    retries_.clear();
    const Answered got = ask({fault, event_stream(kChat)});
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(got->message.joined_text(), "Hi there");
    EXPECT_EQ(got->usage.requests, 1);
    EXPECT_EQ(requests(), 2U);
    ASSERT_EQ(retries_.size(), 1U);
    EXPECT_THAT(retries_[0], HasSubstr("trying again in 0.0 s (retry 1 of 4)"));
  }
}

TEST_F(HttpProviderTest, GivesUpAfterItsRetries) {
  policy_.max_retries = 2;
  const Reply busy = answer(503, "{\"error\":{\"message\":\"busy\"}}");
  const Answered got = ask({busy, busy, busy, busy});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUnavailable);
  EXPECT_THAT(got.error().message(), HasSubstr("p answered 503: busy (tried 3 times)"));
  EXPECT_EQ(requests(), 3U);
}

TEST_F(HttpProviderTest, FailsAtOnceWhereWaitingIsVain) {
  const std::vector<std::tuple<int, const char*, Code>> cases = {
      {400, "{\"error\":{\"message\":\"no\"}}", Code::kUpstream},
      {401, "{\"error\":{\"message\":\"no\"}}", Code::kUnauthenticated},
      {403, "{}", Code::kUnauthenticated},
      {404, "not found", Code::kUpstream},
      {429, "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"pay\"}}", Code::kUpstream},
  };
  for (const auto& [status, body, code] : cases) {
    const Answered got = ask({answer(status, body)});
    ASSERT_FALSE(got) << status;
    EXPECT_EQ(got.error().code(), code) << got.error().message();
    EXPECT_EQ(requests(), 1U);
  }
}

TEST_F(HttpProviderTest, ARefusedKeySaysWhereItComesFrom) {
  server_ = std::make_unique<LoopbackServer>(std::vector<Reply>{answer(401, "{}")});
  Endpoint endpoint{"p", server_->url()};
  endpoint.key_advice = "set P_API_KEY";
  HttpProvider asked(std::move(endpoint), std::make_unique<OpenAiChatDialect>("p", false), client_);
  EXPECT_THAT(ask(asked, question()).error().message(), HasSubstr("set P_API_KEY"));
}

TEST_F(HttpProviderTest, AStallEndsAsOne) {
  const Reply silent{{}, Reply::End::kStall};
  const Answered got = ask({silent, silent, silent});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kDeadlineExceeded);
  EXPECT_THAT(got.error().message(), HasSubstr("stalled"));
  EXPECT_EQ(requests(), 2U);
}

TEST_F(HttpProviderTest, GarbageEndsAsGarbage) {
  policy_.max_retries = 1;
  const Reply garbage = event_stream("data: \x1b[2J{{{" + std::string(1000, 'x') + "\n\n");
  const Answered got = ask({garbage, garbage});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUpstream);
  EXPECT_THAT(got.error().message(), Not(HasSubstr("\x1b")));
  EXPECT_LT(got.error().message().size(), 400U);
}

TEST_F(HttpProviderTest, SecretsStayOutOfMessages) {
  policy_.max_retries = 1;
  const std::string body =
      "{\"error\":{\"message\":\"bad key " + std::string(kSecret) + " or extra-secret-value\"}}";
  for (const int status : {401, 503}) {
    retries_.clear();
    const Answered got = ask({answer(status, body), answer(status, body)});
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().to_string(), HasSubstr("[redacted]"));
    EXPECT_THAT(got.error().to_string(), Not(HasSubstr("secret")));
    for (const std::string& retry : retries_) {
      EXPECT_THAT(retry, Not(HasSubstr("secret")));
    }
  }
}

TEST_F(HttpProviderTest, NeverWaitsBeyondTheDeadline) {
  server_ = std::make_unique<LoopbackServer>(
      std::vector<Reply>{answer(429, "{}", "retry-after: 100\r\n"), event_stream(kChat)});
  const auto asked = provider(*server_);
  const auto begun = std::chrono::steady_clock::now();
  const Answered got = ask(*asked, question());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(requests(), 1U);
}

TEST_F(HttpProviderTest, LearnsWhatAServerDoesNotKnow) {
  server_ = std::make_unique<LoopbackServer>(std::vector<Reply>{
      answer(400, "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens'\"}}"),
      event_stream(kChat), event_stream(kChat)});
  const auto asked = provider(*server_);
  Request request = question();
  request.max_tokens = 9;
  ASSERT_TRUE(ask(*asked, request));
  ASSERT_TRUE(ask(*asked, request));
  const auto sent = server_->requests();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_THAT(sent[0].body, HasSubstr("\"max_tokens\":9"));
  EXPECT_THAT(sent[1].body, HasSubstr("\"max_completion_tokens\":9"));
  EXPECT_THAT(sent[2].body, HasSubstr("\"max_completion_tokens\":9"));
  EXPECT_TRUE(retries_.empty());
}

TEST_F(HttpProviderTest, AnAnswerWithoutStreamIsFine) {
  const Answered got = ask({answer(
      200, "{\"choices\":[{\"message\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}")});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->message.joined_text(), "Hi");
  EXPECT_EQ(got->model, "gpt-4o");
}

TEST_F(HttpProviderTest, AServerThatNeverHangsUpIsFine) {
  const Answered got = ask({event_stream(kChat, SIZE_MAX, Reply::End::kStall)});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(requests(), 1U);
}

TEST_F(HttpProviderTest, APausedTurnIsContinued) {
  const Answered got =
      ask({event_stream(claude("One. ", "pause_turn")), event_stream(claude("Two.", "end_turn"))},
          true);
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->message.joined_text(), "One. Two.");
  EXPECT_EQ(got->usage.requests, 2);
  EXPECT_EQ(got->usage.input_tokens, 20);
  EXPECT_EQ(got->usage.output_tokens, 10);
  const auto second = json::parse(server_->requests().at(1).body);
  ASSERT_TRUE(second);
  const json::Array* messages = json::find_array(*second, "messages");
  ASSERT_EQ(messages->size(), 2U);
  EXPECT_EQ(json::get_string((*messages)[1], "role"), "assistant");
}

TEST_F(HttpProviderTest, PausesAreBounded) {
  const Reply paused = event_stream(claude("x", "pause_turn"));
  const Answered got = ask(std::vector<Reply>(20, paused), true);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUpstream);
  EXPECT_EQ(requests(), 9U);
}

TEST_F(HttpProviderTest, CancellationEndsTheWaitForARetry) {
  policy_.first_delay = Millis(20'000);
  policy_.longest_delay = Millis(20'000);
  server_ = std::make_unique<LoopbackServer>(std::vector<Reply>{answer(503, "{}")});
  const auto asked = provider(*server_);
  asio::cancellation_signal cancel;
  StreamSink to;
  to.on_retry = [&](std::string_view) {
    asio::post(context_, [&] { cancel.emit(asio::cancellation_type::terminal); });
  };
  Request request = question();
  request.deadline = Deadline::never();
  std::optional<Answered> result;
  asio::co_spawn(context_, asked->complete(std::move(request), std::move(to)),
                 asio::bind_cancellation_slot(cancel.slot(),
                                              [&](const std::exception_ptr& error, Answered got) {
                                                EXPECT_FALSE(error);
                                                result.emplace(std::move(got));
                                              }));
  while (!result && context_.run_one() > 0) {
  }
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().code(), Code::kCancelled);
}

TEST_F(HttpProviderTest, ManyTurnsUseOneConnection) {
  server_ = std::make_unique<LoopbackServer>(std::vector<Reply>(20, event_stream(kChat)));
  const auto asked = provider(*server_);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(ask(*asked, question()));
  }
  EXPECT_EQ(server_->connections(), 1);
}

}  // namespace
}  // namespace oap::llm
