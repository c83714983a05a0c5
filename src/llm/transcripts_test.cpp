#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "llm/answer_reader.hpp"
#include "llm/anthropic.hpp"
#include "llm/openai_chat.hpp"
#include "llm/openai_responses.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

/// A file of transcripts/: a stream whose leading comments say what must come of it.
///   : dialect anthropic | openai | openai-responses
///   : streamed TEXT                      what the sink must have seen
///   : expect {stop, model, usage, blocks}   an id "*" stands for one that was made up
///   : paused                             the server wants the conversation again
///   : failure retryable|final CODE WORDS    instead of expect
struct Transcript {
  std::string name;
  std::string stream;
  std::string dialect;
  std::string streamed;
  std::string expect;
  std::string failure;
  bool paused = false;
};

Transcript read_transcript(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  Transcript transcript{path.stem().string(), all.str()};
  for (const std::string_view line : text::split_lines(transcript.stream)) {
    const auto take = [&](std::string_view key, std::string& to) {
      if (line.starts_with(key)) {
        to = line.substr(key.size());
      }
    };
    take(": dialect ", transcript.dialect);
    take(": streamed ", transcript.streamed);
    take(": expect ", transcript.expect);
    take(": failure ", transcript.failure);
    transcript.paused = transcript.paused || line == ": paused";
  }
  return transcript;
}

std::vector<Transcript> read_transcripts() {
  std::vector<Transcript> list;
  for (const auto& entry :
       std::filesystem::directory_iterator(OAP_SOURCE_DIR "/src/llm/transcripts")) {
    list.push_back(read_transcript(entry.path()));
  }
  std::sort(list.begin(), list.end(),
            [](const Transcript& a, const Transcript& b) { return a.name < b.name; });
  return list;
}

std::unique_ptr<Dialect> make_dialect(const std::string& name) {
  if (name == "anthropic") {
    return std::make_unique<AnthropicDialect>("p");
  }
  if (name == "openai") {
    return std::make_unique<OpenAiChatDialect>("p", true);
  }
  return std::make_unique<OpenAiResponsesDialect>("p");
}

struct Outcome {
  Attempt<Answer> answer;
  std::string streamed;
  std::string thought;
  bool complete = false;
};

Outcome play(const Transcript& transcript, std::size_t piece) {
  Outcome outcome{Answer{}, {}, {}, false};
  const auto dialect = make_dialect(transcript.dialect);
  AnswerReader reader("p",
                      dialect->assembler([&](std::string_view text) { outcome.streamed += text; },
                                         [&](std::string_view text) { outcome.thought += text; }));
  const std::string_view stream = transcript.stream;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    if (auto added = reader.add(stream.substr(at, piece)); !added) {
      outcome.answer = tl::unexpected(std::move(added).error());
      return outcome;
    }
  }
  outcome.answer = reader.finish();
  outcome.complete = reader.is_complete();
  return outcome;
}

json::Value show(const Response& response, const json::Value& expected) {
  json::Object usage = to_json(response.usage);
  usage.erase("requests");
  usage.erase("cost_usd");
  json::Value blocks = to_json(response.message).as_object()["blocks"];
  const json::Array* wanted = json::find_array(expected, "blocks");
  for (std::size_t i = 0; wanted != nullptr && i < blocks.as_array().size(); ++i) {
    if (i < wanted->size() && json::get_string((*wanted)[i], "id") == "*") {
      json::Value& id = blocks.as_array()[i].as_object()["id"];
      EXPECT_TRUE(json::view(id.as_string()).starts_with("call_"));
      id = "*";
    }
  }
  return json::Object{{"stop", to_string(response.stop)},
                      {"model", response.model},
                      {"usage", std::move(usage)},
                      {"blocks", std::move(blocks)}};
}

void check(const Transcript& transcript, const Outcome& outcome) {
  EXPECT_EQ(outcome.streamed, transcript.streamed);
  if (!transcript.failure.empty()) {
    ASSERT_FALSE(outcome.answer) << "must fail";
    const Failure& failure = outcome.answer.error();
    const auto words = text::split_words(transcript.failure);
    EXPECT_EQ(failure.retryable ? "retryable" : "final", words.at(0));
    EXPECT_EQ(to_string(failure.error.code()), words.at(1));
    const std::size_t rest = transcript.failure.find(words.at(2));
    EXPECT_THAT(failure.error.message(), testing::HasSubstr(transcript.failure.substr(rest)));
    EXPECT_THAT(failure.error.message(), testing::Not(testing::HasSubstr("\x1b")));
    return;
  }
  ASSERT_TRUE(outcome.answer) << outcome.answer.error().error.message();
  const auto expected = json::parse(transcript.expect);
  ASSERT_TRUE(expected) << expected.error().message();
  EXPECT_EQ(json::print_pretty(show(outcome.answer->response, *expected)),
            json::print_pretty(*expected));
  std::string thoughts;
  for (const Block& block : outcome.answer->response.message.blocks) {
    if (const auto* thought = std::get_if<ThinkingBlock>(&block)) {
      thoughts += thought->text;
    }
  }
  EXPECT_EQ(outcome.thought, thoughts);
  EXPECT_EQ(outcome.answer->paused, transcript.paused);
  EXPECT_EQ(outcome.answer->response.message.role, MessageRole::kAssistant);
}

TEST(Transcripts, GiveTheSameAnswerInAnyPieces) {
  const std::vector<Transcript> transcripts = read_transcripts();
  ASSERT_GE(transcripts.size(), 40U);
  for (const Transcript& transcript : transcripts) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}, SIZE_MAX / 2}) {
      SCOPED_TRACE(transcript.name + " in pieces of " + std::to_string(piece));
      check(transcript, play(transcript, piece));
    }
  }
}

/// Whatever is missing at a stream's end: no crash, and nothing but the whole answer or a failure.
TEST(Transcripts, BrokenOffAnywhereTheyFailOrAreWhole) {
  for (const Transcript& transcript : read_transcripts()) {
    if (!transcript.failure.empty()) {
      continue;
    }
    SCOPED_TRACE(transcript.name);
    const std::size_t calls =
        play(transcript, SIZE_MAX / 2).answer->response.message.tool_uses().size();
    for (std::size_t length = 0; length < transcript.stream.size(); length += 7) {
      Transcript cut = transcript;
      cut.stream.resize(length);
      const Outcome outcome = play(cut, SIZE_MAX / 2);
      if (outcome.answer) {
        EXPECT_EQ(outcome.answer->response.message.tool_uses().size(), calls) << "at " << length;
      } else {
        EXPECT_TRUE(outcome.answer.error().retryable) << "at " << length;
      }
    }
  }
}

struct Whole {
  const char* dialect;
  const char* body;
  const char* expect;  ///< text, then "|name arguments" for each call; "!" and words for a failure
};

TEST(WholeAnswers, AreReadToo) {
  const std::vector<Whole> cases = {
      {"anthropic",
       R"( {"model":"m","content":[{"type":"text","text":"Hi"},{"type":"tool_use","id":"t","name":"f","input":{"x":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}})",
       "Hi|f {\"x\":1}"},
      {"anthropic", R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})",
       "!busy"},
      {"anthropic", R"({"model":"m"})", "!without content"},
      {"openai",
       R"({"model":"m","choices":[{"index":0,"message":{"content":"Hi","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
       "Hi|f {\"x\":1}|g {}"},
      {"openai", R"({"error":{"message":"no","type":"invalid_request_error"}})", "!no"},
      {"openai", R"({"object":"list"})", "!without choices"},
      {"openai-responses",
       R"({"model":"m","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{\"x\":1}"}]})",
       "Hi|f {\"x\":1}"},
      {"openai-responses", R"({"status":"failed","error":{"code":"server_error","message":"no"}})",
       "!no"},
      {"openai", "<html><body>Bad gateway</body></html>", "!Bad gateway"},
      {"openai", "{\"choices\":[", "!no JSON object"},
      {"openai", "", "!broke its answer off"},
  };
  for (const Whole& each : cases) {
    const Transcript transcript{each.body, each.body, each.dialect};
    const Outcome outcome = play(transcript, 5);
    if (each.expect[0] == '!') {
      ASSERT_FALSE(outcome.answer) << each.body;
      EXPECT_THAT(outcome.answer.error().error.message(), testing::HasSubstr(each.expect + 1));
      continue;
    }
    ASSERT_TRUE(outcome.answer) << outcome.answer.error().error.message();
    std::string shown = outcome.answer->response.message.joined_text();
    for (const ToolUseBlock* call : outcome.answer->response.message.tool_uses()) {
      shown += "|" + call->name + " " + json::print(call->arguments);
    }
    EXPECT_EQ(shown, each.expect);
  }
}

}  // namespace
}  // namespace oap::llm
