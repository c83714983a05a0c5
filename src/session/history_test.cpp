#include "session/history.hpp"

#include <gmock/gmock.h>

#include "json/print.hpp"

namespace oap::session {
namespace {

using ::testing::HasSubstr;

Message assistant(std::vector<std::string> calls) {
  Message message;
  message.role = MessageRole::kAssistant;
  message.blocks.push_back(TextBlock{"I will"});
  for (std::string& id : calls) {
    message.blocks.push_back(ToolUseBlock{std::move(id), "bash", {}, ""});
  }
  return message;
}

Message results(std::vector<std::string> calls) {
  Message message;
  for (std::string& id : calls) {
    message.blocks.push_back(ToolResultBlock{std::move(id), "ok", false});
  }
  return message;
}

std::string shape(const std::vector<Message>& history) {
  std::string out;
  for (const Message& message : history) {
    out += message.role == MessageRole::kUser ? "U(" : "A(";
    for (const Block& block : message.blocks) {
      if (const auto* use = std::get_if<ToolUseBlock>(&block)) {
        out += " call:" + use->id;
      } else if (const auto* result = std::get_if<ToolResultBlock>(&block)) {
        out += (result->is_error ? " doubt:" : " result:") + result->tool_use_id;
      } else {
        out += " text";
      }
    }
    out += " ) ";
  }
  return out;
}

std::string closed(std::vector<Message> history) {
  return shape(close_open_calls(std::move(history)));
}

TEST(CloseOpenCalls, LeavesAWholeHistoryAlone) {
  const std::vector<Message> whole = {Message::user("go"), assistant({"a", "b"}),
                                      results({"a", "b"}), assistant({}), Message::user("more")};
  EXPECT_EQ(closed(whole), shape(whole));
  EXPECT_EQ(closed({}), "");
}

TEST(CloseOpenCalls, ClosesCallsAtTheEnd) {
  EXPECT_EQ(closed({Message::user("go"), assistant({"a", "b"})}),
            "U( text ) A( text call:a call:b ) U( doubt:a doubt:b ) ");
  const auto last = close_open_calls({assistant({"a"})}).back();
  EXPECT_THAT(std::get<ToolResultBlock>(last.blocks[0]).text, HasSubstr("in doubt: may have run"));
}

TEST(CloseOpenCalls, ClosesWhatPartOfTheResultsLeftOpen) {
  EXPECT_EQ(closed({assistant({"a", "b", "c"}), results({"b"})}),
            "A( text call:a call:b call:c ) U( doubt:a result:b doubt:c ) ");
}

TEST(CloseOpenCalls, ClosesBeforeANewPrompt) {
  EXPECT_EQ(closed({assistant({"a"}), Message::user("go on")}),
            "A( text call:a ) U( doubt:a text ) ");
  EXPECT_EQ(closed({assistant({"a"}), assistant({"b"}), results({"b"})}),
            "A( text call:a ) U( doubt:a ) A( text call:b ) U( result:b ) ");
}

TEST(CloseOpenCalls, DropsResultsThatBelongToNoCall) {
  EXPECT_EQ(closed({results({"x"}), assistant({"a"}), results({"a", "a", "x"}), results({"a"}),
                    Message::user("go")}),
            "A( text call:a ) U( result:a ) U( text ) ");
}

TEST(CloseOpenCalls, IsDoneOnce) {
  const auto once = close_open_calls({assistant({"a"}), Message::user("x"), assistant({"b"})});
  EXPECT_EQ(closed(once), shape(once));
}

}  // namespace
}  // namespace oap::session
