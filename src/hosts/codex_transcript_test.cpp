#include "hosts/codex_transcript.hpp"

#include <gtest/gtest.h>

namespace oap::hosts {
namespace {

std::string call(std::string_view id, std::string_view arguments) {
  return std::string(
             R"({"type":"response_item","payload":{"type":"function_call","name":"exec_command","arguments":")") +
         std::string(arguments) + R"(","call_id":")" + std::string(id) + "\"}}\n";
}

std::string workdir(std::string_view transcript, std::string_view id) {
  const auto found = codex_call_arguments(transcript, id);
  return found ? std::string(json::get_string(*found, "workdir")) : "nothing";
}

TEST(CodexTranscript, TheCallIsFoundByItsId) {
  const std::string text = R"({"type":"session_meta","payload":{"cwd":"/w"}})"
                           "\n" +
                           call("c1", R"({\"cmd\":\"ls\",\"workdir\":\"/w/a\"})") +
                           call("c2", R"({\"cmd\":\"ls c1\",\"workdir\":\"/w/b\"})") +
                           R"({"payload":{"type":"function_call_output","call_id":"c1"}})"
                           "\n";
  EXPECT_EQ(workdir(text, "c1"), "/w/a");
  EXPECT_EQ(workdir(text, "c2"), "/w/b");
  EXPECT_EQ(workdir(text, "c3"), "nothing");
  EXPECT_EQ(workdir(text, ""), "nothing");
  EXPECT_EQ(workdir("", "c1"), "nothing");
}

TEST(CodexTranscript, ADamagedTranscriptIsNoTrouble) {
  const std::string good = call("c1", R"({\"workdir\":\"/w/a\"})");
  EXPECT_EQ(workdir("half a line c1\"}\n" + good, "c1"), "/w/a");
  EXPECT_EQ(workdir(good.substr(0, good.size() - 1), "c1"), "/w/a");
  EXPECT_EQ(workdir(good + "\n\n", "c1"), "/w/a");
  EXPECT_EQ(workdir(good.substr(20), "c1"), "nothing");
  EXPECT_EQ(workdir(call("c1", "no json"), "c1"), "nothing");
  EXPECT_EQ(workdir("[\"c1\"]\n{\"payload\":\"c1\"}\n\"c1\"\n", "c1"), "nothing");
}

}  // namespace
}  // namespace oap::hosts
