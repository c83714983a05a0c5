#include "llm/history.hpp"

#include <gtest/gtest.h>

#include "text/strings.hpp"

namespace oap::llm {
namespace {

/// "u:text", "a:text", "a!id" a call, "u=id" a result; blocks of one message joined by ",".
std::vector<Message> read(std::string_view written) {
  std::vector<Message> messages;
  for (const std::string_view word : text::split_words(written)) {
    Message message;
    for (const std::string_view part : text::split(word, ',')) {
      message.role = part[0] == 'a' ? MessageRole::kAssistant : MessageRole::kUser;
      const std::string rest(part.substr(2));
      if (part[1] == '!') {
        message.blocks.emplace_back(ToolUseBlock{rest, "f", {}, {}});
      } else if (part[1] == '=') {
        message.blocks.emplace_back(ToolResultBlock{rest, "r" + rest});
      } else {
        message.blocks.emplace_back(TextBlock{rest});
      }
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

std::string show(const std::vector<Message>& messages) {
  std::string shown;
  for (const Message& message : messages) {
    shown += shown.empty() ? "" : " ";
    const std::string role = message.role == MessageRole::kAssistant ? "a" : "u";
    bool first = true;
    for (const Block& block : message.blocks) {
      shown += first ? "" : ",";
      first = false;
      if (const auto* use = std::get_if<ToolUseBlock>(&block)) {
        shown += role + "!" + use->id;
      } else if (const auto* result = std::get_if<ToolResultBlock>(&block)) {
        shown += role + "=" + result->tool_use_id + (result->is_error ? "?" : "");
      } else if (const auto* said = std::get_if<TextBlock>(&block)) {
        const bool orphan = said->text.starts_with("Result of an earlier");
        shown += role + ":" + (orphan ? "ORPHAN" : said->text);
      }
    }
  }
  return shown;
}

TEST(WellFormed, GivesWhatEveryDialectAccepts) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"u:hi", "u:hi"},
      {"u:a u:b a:c", "u:a,u:b a:c"},
      {"u: a: u:b", "u:b"},
      {"u:x a!1,a!2 u=1,u=2", "u:x a!1,a!2 u=1,u=2"},
      {"u:x a!1,a!2 u=2,u=1,u:y", "u:x a!1,a!2 u=1,u=2,u:y"},
      {"u:x a!1 u:y,u=1", "u:x a!1 u=1,u:y"},
      {"u:x a!1,a!2 u=1 u=2 u:y", "u:x a!1,a!2 u=1,u=2,u:y"},
      {"u:x a!1,a!2 u=1", "u:x a!1,a!2 u=1,u=2?"},
      {"u:x a!1", "u:x a!1 u=1?"},
      {"u:x a!1 u:y", "u:x a!1 u=1?,u:y"},
      {"u=9 a:x", "u:ORPHAN a:x"},
      {"u:x a!1 u=1,u=1", "u:x a!1 u=1,u:ORPHAN"},
      {"u:x a!1 u=1 a!1 u=1", "u:x a!1 u=1 a!1 u=1"},
      {"a:first u:x", "a:first u:x"},
      {"u:x a:p a!1 u=1", "u:x a:p,a!1 u=1"},
  };
  for (const auto& [given, expected] : cases) {
    EXPECT_EQ(show(well_formed(read(given))), expected) << given;
    EXPECT_EQ(show(well_formed(well_formed(read(given)))), expected) << given << " again";
  }
  EXPECT_TRUE(well_formed({}).empty());
}

}  // namespace
}  // namespace oap::llm
