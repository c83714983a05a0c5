#include "session/compaction.hpp"

#include <gmock/gmock.h>

#include "session/history.hpp"

namespace oap::session {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Message says(std::string text) {
  Message message;
  message.role = MessageRole::kAssistant;
  message.blocks.emplace_back(TextBlock{std::move(text)});
  return message;
}
Message call(const std::string& id, std::string tool, std::string key, std::string value,
             std::string text = "") {
  Message message = says(std::move(text));
  message.blocks.emplace_back(ToolUseBlock{id, std::move(tool), json::Object{{key, value}}, ""});
  return message;
}
Message result(const std::string& id, std::string text, bool is_error = false) {
  Message message;
  message.blocks.emplace_back(ToolResultBlock{id, std::move(text), is_error});
  return message;
}

std::vector<Message> work() {
  return {Message::user("Build the parser.\nKeep it small."),
          says("Plan:\n1. read the file\n2. write parser.cpp\n3. run the tests"),
          call("a", "bash", "command", "pytest -q"),
          result("a", "...\n3 failed, 5 passed", true),
          call("b", "edit_file", "path", "parser.cpp", "Now I mend line 12."),
          result("b", "edited")};
}

TEST(Facts, AreReadOutOfTheConversation) {
  const Facts facts = facts_of(work());
  EXPECT_EQ(facts.objective, "Build the parser.\nKeep it small.");
  EXPECT_THAT(facts.plan, HasSubstr("2. write parser.cpp"));
  EXPECT_THAT(facts.evidence, ElementsAre("bash pytest -q: failed; 3 failed, 5 passed",
                                          "edit_file parser.cpp: ok; edited"));
  EXPECT_THAT(facts.files, ElementsAre("parser.cpp"));
  EXPECT_EQ(facts.next_edit, "Now I mend line 12.");
}

TEST(Facts, SurviveASecondCompaction) {
  Facts facts = facts_of(work());
  facts.open_items = "- T1.2 is open";
  std::vector<Message> later = {compose_summary(facts), call("c", "bash", "command", "make"),
                                result("c", "built")};
  const Facts again = facts_of(later);
  EXPECT_EQ(again.objective, facts.objective);
  EXPECT_THAT(again.plan, HasSubstr("3. run the tests"));
  EXPECT_THAT(again.evidence, Contains(HasSubstr("pytest -q: failed")));
  EXPECT_THAT(again.evidence, Contains("bash make: ok; built"));
  EXPECT_THAT(again.files, ElementsAre("parser.cpp"));
  EXPECT_THAT(again.open_items, HasSubstr("T1.2"));
}

TEST(Summary, TheModelsWordsCountButNotForTheObjective) {
  const Facts facts = merge_summary(
      facts_of(work()),
      "## Objective\nSomething else\n## Decided plan\n- a done\n- b open\n**Open items:**\nx\n"
      "### Next edit\nparser.cpp line 40: return early\n");
  EXPECT_EQ(facts.objective, "Build the parser.\nKeep it small.");
  EXPECT_EQ(facts.plan, "- a done\n- b open");
  EXPECT_EQ(facts.open_items, "x");
  const std::string text = compose_summary(facts).joined_text();
  EXPECT_THAT(text, HasSubstr("## Next edit\nparser.cpp line 40: return early"));
  EXPECT_THAT(text, HasSubstr("The plan is decided"));
  EXPECT_TRUE(is_summary(compose_summary(facts)));
}

TEST(Summary, WordsWithoutHeadingsAreNotesAndNothingIsLost) {
  const Facts facts = merge_summary(facts_of(work()), "I did things.");
  EXPECT_EQ(facts.notes, "I did things.");
  EXPECT_THAT(facts.plan, HasSubstr("1. read the file"));
  EXPECT_THAT(compose_summary(facts_of({})).joined_text(), HasSubstr("## Next edit\nGo on"));
}

TEST(Summary, StaysBounded) {
  std::vector<Message> history = {Message::user(std::string(100'000, 'o'))};
  for (int i = 0; i < 2'000; ++i) {
    const std::string id = "c" + std::to_string(i);
    history.push_back(call(id, "write_file", "path", "file" + id, std::string(2'000, 'p')));
    history.push_back(result(id, std::string(5'000, 'r')));
    history.push_back(Message::user("and " + id));
  }
  EXPECT_LT(compose_summary(facts_of(history)).joined_text().size(), 60'000U);
}

TEST(Kept, BeginsAtACallOrAtWhatTheUserSaid) {
  const std::vector<Message> history = work();
  EXPECT_EQ(messages_to_keep(history, 1'000'000), 5U);
  EXPECT_EQ(messages_to_keep(history, 60), 2U);
  EXPECT_EQ(messages_to_keep(history, 10), 0U) << "results without their call are not kept";
  EXPECT_EQ(messages_to_keep({}, 10), 0U);
  for (std::size_t bytes = 0; bytes < 200; ++bytes) {
    const std::size_t keep = messages_to_keep(history, bytes);
    const std::vector<Message> tail(history.end() - static_cast<std::ptrdiff_t>(keep),
                                    history.end());
    EXPECT_EQ(close_open_calls(tail).size(), tail.size());
  }
}

TEST(Record, GoesThroughTheStore) {
  Compaction compaction;
  compaction.summary = compose_summary(facts_of(work()));
  compaction.kept_from = 7;
  compaction.tokens_before = 180'000;
  compaction.reason = "full";
  const auto back = compaction_from_json(to_json(compaction));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kept_from, 7);
  EXPECT_EQ(back->summary.joined_text(), compaction.summary.joined_text());
  EXPECT_FALSE(compaction_from_json(json::Object{{"compaction", 5}}));
  EXPECT_FALSE(message_from_json(to_json(compaction))) << "no one takes a record for a message";
}

TEST(Thinned, OnlyResultsAreCut) {
  const auto thin =
      thinned({Message::user(std::string(50, 'u')), result("a", std::string(50, 'r'))}, 10);
  EXPECT_EQ(thin[0].joined_text(), std::string(50, 'u'));
  EXPECT_THAT(std::get<ToolResultBlock>(thin[1].blocks[0]).text,
              AllOf(HasSubstr("40 bytes left out"), Not(HasSubstr(std::string(11, 'r')))));
}

}  // namespace
}  // namespace oap::session
