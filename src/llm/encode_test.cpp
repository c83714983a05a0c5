#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "llm/anthropic.hpp"
#include "llm/openai_chat.hpp"
#include "llm/openai_responses.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

json::Value value(std::string_view text) { return *json::parse(text); }

ToolUseBlock use(std::string id, std::string name, std::string_view arguments) {
  return {std::move(id), std::move(name), *json::parse_object(arguments), {}};
}

/// A user's order, two parallel calls with thinking, their results in the wrong order, a question.
Request conversation() {
  Request request;
  request.model = "mock-1";
  request.system = "You are the Worker.";
  request.tools = {
      {"bash", "Runs a command.", value(R"({"type":"object","properties":{"command":{}}})")},
      {"glob", "Finds files.", value(R"({"type":"object"})")}};
  Message answer{MessageRole::kAssistant, {}};
  answer.blocks.emplace_back(
      ThinkingBlock{"hm", "p", value(R"({"type":"thinking","thinking":"hm","signature":"s"})")});
  answer.blocks.emplace_back(TextBlock{"On it."});
  answer.blocks.emplace_back(use("call_1", "bash", R"({"command":"ls"})"));
  answer.blocks.emplace_back(use("call.2", "glob", R"({"pattern":"*"})"));
  Message results;
  results.blocks.emplace_back(TextBlock{"And?"});
  results.blocks.emplace_back(ToolResultBlock{"call.2", "none", true});
  results.blocks.emplace_back(ToolResultBlock{"call_1", "a.txt"});
  request.messages = {Message::user("Look."), answer, results};
  return request;
}

constexpr std::string_view kAnthropicBody =
    R"({"model":"mock-1","max_tokens":8192,"stream":true,"tools":[)"
    R"({"name":"bash","description":"Runs a command.","input_schema":{"type":"object","properties":{"command":{}}}},)"
    R"({"name":"glob","description":"Finds files.","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}],)"
    R"("system":[{"type":"text","text":"You are the Worker.","cache_control":{"type":"ephemeral"}}],"messages":[)"
    R"({"role":"user","content":[{"type":"text","text":"Look.","cache_control":{"type":"ephemeral"}}]},)"
    R"({"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"On it."},)"
    R"({"type":"tool_use","id":"call_1","name":"bash","input":{"command":"ls"}},)"
    R"({"type":"tool_use","id":"call_2","name":"glob","input":{"pattern":"*"}}]},)"
    R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"a.txt"},)"
    R"({"type":"tool_result","tool_use_id":"call_2","content":"none","is_error":true},)"
    R"({"type":"text","text":"And?","cache_control":{"type":"ephemeral"}}]}]})";

TEST(AnthropicEncode, WritesTheWholeBody) {
  const AnthropicDialect dialect("p");
  EXPECT_EQ(dialect.encode(conversation(), {}), kAnthropicBody);
  EXPECT_EQ(dialect.encode(conversation(), {}), dialect.encode(conversation(), {}));
}

TEST(AnthropicEncode, KeepsThinkingFromOtherProviders) {
  EXPECT_THAT(AnthropicDialect("other").encode(conversation(), {}), Not(HasSubstr("signature")));
}

TEST(AnthropicEncode, ThePrefixStaysAsTheConversationGrows) {
  const AnthropicDialect dialect("p");
  Request request = conversation();
  const std::string before = dialect.encode(request, {});
  request.messages.push_back({MessageRole::kAssistant, {TextBlock{"More."}}});
  request.messages.push_back(Message::user("Go on."));
  const std::string after = dialect.encode(request, {});
  // Breakpoints are no part of what a cache compares.
  const auto bare = [](std::string body) {
    const std::string mark = R"(,"cache_control":{"type":"ephemeral"})";
    for (std::size_t at = body.find(mark); at != std::string::npos; at = body.find(mark)) {
      body.erase(at, mark.size());
    }
    return body.substr(0, body.size() - std::string("]}").size());
  };
  EXPECT_THAT(bare(after), testing::StartsWith(bare(before)));
  EXPECT_THAT(after, HasSubstr(R"("text":"And?","cache_control")")) << "what was written is read";
}

TEST(AnthropicEncode, OptionsAreWritten) {
  Request request = conversation();
  request.force_tool = "glob";
  request.max_tokens = 100;
  request.temperature = 0.5;
  const AnthropicDialect dialect("p");
  const std::string body = dialect.encode(request, {});
  EXPECT_THAT(body, HasSubstr(R"("tool_choice":{"type":"tool","name":"glob"})"));
  EXPECT_THAT(body, HasSubstr(R"("max_tokens":100)"));
  EXPECT_THAT(body, HasSubstr(R"("temperature":0.5)"));
  const auto quirks = dialect.adapt({}, "`temperature` is not supported");
  ASSERT_TRUE(quirks);
  EXPECT_THAT(dialect.encode(request, *quirks), Not(HasSubstr("temperature")));
  EXPECT_FALSE(dialect.adapt(*quirks, "`temperature` is not supported"));
  EXPECT_FALSE(dialect.adapt({}, "messages: too long"));
}

TEST(AnthropicEncode, LeavesOutWhatIsEmpty) {
  Request request;
  request.model = "m";
  request.messages = {Message::user("x"), {MessageRole::kAssistant, {TextBlock{" \n"}}}};
  const std::string body = AnthropicDialect("p").encode(request, {});
  EXPECT_THAT(body, Not(HasSubstr("system")));
  EXPECT_THAT(body, Not(HasSubstr("tools")));
  EXPECT_THAT(body, Not(HasSubstr("assistant")));
}

constexpr std::string_view kChatBody =
    R"({"model":"mock-1","stream":true,"stream_options":{"include_usage":true},"tools":[)"
    R"({"type":"function","function":{"name":"bash","description":"Runs a command.","parameters":{"type":"object","properties":{"command":{}}}}},)"
    R"({"type":"function","function":{"name":"glob","description":"Finds files.","parameters":{"type":"object"}}}],)"
    R"("messages":[{"role":"system","content":"You are the Worker."},{"role":"user","content":"Look."},)"
    R"({"role":"assistant","content":"On it.","tool_calls":[)"
    R"({"id":"call_1","type":"function","function":{"name":"bash","arguments":"{\"command\":\"ls\"}"}},)"
    R"({"id":"call.2","type":"function","function":{"name":"glob","arguments":"{\"pattern\":\"*\"}"}}]},)"
    R"({"role":"tool","tool_call_id":"call_1","content":"a.txt"},)"
    R"({"role":"tool","tool_call_id":"call.2","content":"none"},{"role":"user","content":"And?"}]})";

TEST(ChatEncode, WritesTheWholeBody) {
  EXPECT_EQ(OpenAiChatDialect("p", true).encode(conversation(), {}), kChatBody);
}

TEST(ChatEncode, NamesTheTokenLimitAsTheServerWants) {
  Request request = conversation();
  request.max_tokens = 7;
  const OpenAiChatDialect openai("p", true);
  const OpenAiChatDialect other("p", false);
  EXPECT_THAT(openai.encode(request, {}), HasSubstr(R"("max_completion_tokens":7)"));
  EXPECT_THAT(other.encode(request, {}), HasSubstr(R"("max_tokens":7)"));
  const auto quirks = other.adapt({}, "Unsupported parameter: 'max_tokens'");
  ASSERT_TRUE(quirks);
  EXPECT_THAT(other.encode(request, *quirks), HasSubstr(R"("max_completion_tokens":7)"));
  EXPECT_FALSE(other.adapt(*quirks, "Unsupported parameter: 'max_tokens'"));
}

TEST(ChatEncode, OptionsAreWritten) {
  Request request = conversation();
  request.force_tool = "glob";
  request.temperature = 0.0;
  const OpenAiChatDialect dialect("p", false);
  EXPECT_THAT(dialect.encode(request, {}),
              HasSubstr(R"("tool_choice":{"type":"function","function":{"name":"glob"}})"));
  const auto quirks = dialect.adapt({}, "unknown field stream_options");
  ASSERT_TRUE(quirks);
  EXPECT_THAT(dialect.encode(request, *quirks), Not(HasSubstr("stream_options")));
}

TEST(ChatEncode, RepeatsInvalidArgumentsExactly) {
  Request request;
  ToolUseBlock broken{"a", "f", {}, "{\"x\": "};
  request.messages = {Message::user("x"), {MessageRole::kAssistant, {broken}}};
  const std::string body = OpenAiChatDialect("p", false).encode(request, {});
  EXPECT_THAT(body, HasSubstr(R"("content":null)"));
  EXPECT_THAT(body, HasSubstr(R"("arguments":"{\"x\": "})"));
  EXPECT_THAT(body, HasSubstr(R"("role":"tool","tool_call_id":"a")"));
}

TEST(ResponsesEncode, WritesTheWholeBody) {
  Request request = conversation();
  request.force_tool = "bash";
  EXPECT_EQ(
      OpenAiResponsesDialect("p").encode(request, {}),
      R"({"model":"mock-1","stream":true,"store":false,"include":["reasoning.encrypted_content"],"tools":[)"
      R"({"type":"function","name":"bash","description":"Runs a command.","parameters":{"type":"object","properties":{"command":{}}},"strict":false},)"
      R"({"type":"function","name":"glob","description":"Finds files.","parameters":{"type":"object"},"strict":false}],)"
      R"("parallel_tool_calls":true,"tool_choice":{"type":"function","name":"bash"},"instructions":"You are the Worker.","input":[)"
      R"({"type":"message","role":"user","content":[{"type":"input_text","text":"Look."}]},)"
      R"({"type":"thinking","thinking":"hm","signature":"s"},)"
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"On it."}]},)"
      R"({"type":"function_call","call_id":"call_1","name":"bash","arguments":"{\"command\":\"ls\"}"},)"
      R"({"type":"function_call","call_id":"call.2","name":"glob","arguments":"{\"pattern\":\"*\"}"},)"
      R"({"type":"function_call_output","call_id":"call_1","output":"a.txt"},)"
      R"({"type":"function_call_output","call_id":"call.2","output":"none"},)"
      R"({"type":"message","role":"user","content":[{"type":"input_text","text":"And?"}]}]})");
}

TEST(ResponsesEncode, AsksForReasoningOnlyWhereThereIsSome) {
  Request request = conversation();
  request.model = "gpt-4o-mini";
  const OpenAiResponsesDialect dialect("q");
  EXPECT_THAT(dialect.encode(request, {}), Not(HasSubstr("include")));
  EXPECT_THAT(dialect.encode(request, {}), Not(HasSubstr("thinking")));
  const auto quirks = dialect.adapt({}, "Encrypted content is not supported with this model");
  ASSERT_TRUE(quirks);
  EXPECT_TRUE(quirks->no_encrypted_reasoning);
}

TEST(Urls, FollowTheSdks) {
  const AnthropicDialect anthropic("p");
  EXPECT_EQ(anthropic.url("https://api.anthropic.com"), "https://api.anthropic.com/v1/messages");
  EXPECT_EQ(anthropic.url("http://127.0.0.1:1/v1/"), "http://127.0.0.1:1/v1/messages");
  const OpenAiChatDialect chat("p", false);
  EXPECT_EQ(chat.url("https://api.openai.com/v1"), "https://api.openai.com/v1/chat/completions");
  EXPECT_EQ(chat.url("http://127.0.0.1:1"), "http://127.0.0.1:1/v1/chat/completions");
  EXPECT_EQ(chat.url("http://127.0.0.1:1/"), "http://127.0.0.1:1/v1/chat/completions");
  EXPECT_EQ(chat.url("https://h/api/v1/"), "https://h/api/v1/chat/completions");
  EXPECT_EQ(chat.url("https://h/v1/chat/completions"), "https://h/v1/chat/completions");
  EXPECT_EQ(OpenAiResponsesDialect("p").url("https://h/v1"), "https://h/v1/responses");
}

TEST(Headers, CarryTheKey) {
  const net::HeaderList anthropic = AnthropicDialect("p").headers("k");
  EXPECT_EQ(*net::find_header(anthropic, "x-api-key"), "k");
  EXPECT_EQ(*net::find_header(anthropic, "anthropic-version"), "2023-06-01");
  EXPECT_EQ(*net::find_header(openai_headers("k"), "authorization"), "Bearer k");
  EXPECT_EQ(net::find_header(openai_headers(""), "authorization"), nullptr);
}

}  // namespace
}  // namespace oap::llm
