#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/call_words.hpp"
#include "cli/chat/call_log.hpp"
#include "cli/chat/chat.hpp"
#include "cli/chat/chat_approver.hpp"
#include "cli/chat/history_file.hpp"
#include "cli/chat/slash.hpp"
#include "cli/chat/transcript.hpp"
#include "terminal/width.hpp"

namespace oap::cli::chat {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/oap-chat-XXXXXX";
    path_ = fs::canonical(mkdtemp(name));
  }
  ~Folder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(Slash, WhatIsACommandAndWhatIsNot) {
  const auto command = parse_slash("  /Undo  3 \n");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->name, "undo");
  EXPECT_EQ(command->arguments, "3");
  EXPECT_EQ(parse_slash("/task a\nb")->arguments, "a\nb");
  EXPECT_FALSE(parse_slash("/usr/bin/env is missing"));
  EXPECT_FALSE(parse_slash("/"));
  EXPECT_FALSE(parse_slash("//x"));
  EXPECT_FALSE(parse_slash("what does /undo do"));
  EXPECT_FALSE(parse_slash("/\x1b[2J"));
}

TEST(Slash, TheTableIsWhole) {
  for (const SlashCommand& command : slash_commands()) {
    EXPECT_FALSE(command.help.empty()) << command.name;
    EXPECT_EQ(find_slash(command.name), &command);
  }
  EXPECT_THAT(unknown_slash("udno", {}), HasSubstr("did you mean '/undo'?"));
  EXPECT_THAT(unknown_slash("deplyo", {{"deploy", ""}}), HasSubstr("'/deploy'"));
  EXPECT_THAT(slash_candidates("/s", {{"ship", ""}}),
              ElementsAre("/sessions", "/ship", "/skills", "/status", "/stop"));
}

TEST(Answer, OnlyClearWordsCount) {
  EXPECT_TRUE(answer_of("y", false)->approved);
  EXPECT_TRUE(answer_of(" YES ", true)->approved);
  EXPECT_TRUE(answer_of("a", true)->always);
  EXPECT_FALSE(answer_of("a", false));
  EXPECT_FALSE(answer_of("n", true)->approved);
  EXPECT_FALSE(answer_of("", true));
  EXPECT_FALSE(answer_of("yessir", true));
}

ToolCall bash(const std::string& command) {
  ToolCall call;
  call.id = "call_1";
  call.server = kBuiltinServer;
  call.tool = "bash";
  call.arguments = {{"command", command}};
  return call;
}

TEST(CallLog, OneRowAtEveryWidth) {
  CallLog log;
  log.start(bash("make\ttest \x1b]0;x\x07 日本語 && echo done"), "/work", {});
  ToolOutcome outcome;
  outcome.result = ToolResult::text(std::string(3'400, 'x'));
  outcome.duration = Millis(1'234);
  const CallEntry* entry = log.finish(bash(""), outcome);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(terminal::plain(folded(*entry, 100)),
            "✓ bash make    test \\u{1b}]0;x\\u{7} 日本語 && echo done · 1.2 s · 3.4 kB · 1");
  for (std::size_t width = 1; width < 100; ++width) {
    EXPECT_LE(terminal::columns_of(folded(*entry, width)), width);
    EXPECT_LE(terminal::columns_of(running(*entry, {}, 3, width)), width);
    for (const terminal::Line& row : expanded(*entry, std::max<std::size_t>(width, 4))) {
      EXPECT_LE(terminal::columns_of(row), std::max<std::size_t>(width, 4));
    }
  }
}

TEST(CallLog, AMissionsToolsAreSaidInWords) {
  ToolCall call;
  call.server = kBuiltinServer;
  call.tool = "delegate_task";
  call.arguments = {{"agent", "worker"}, {"description", "trim it"}, {"prompt", "long"}};
  EXPECT_EQ(mission_call_words(call), "worker: trim it");
  call.arguments = {{"action", "wait"}, {"task_id", "task_1"}};
  EXPECT_EQ(mission_call_words(call), "wait task_1");
  call.tool = "todo";
  call.arguments = {{"action", "add"},
                    {"items", json::Array{json::Object{{"text", "one"}},
                                          json::Object{{"text", "two"}}, json::Value(7)}}};
  EXPECT_EQ(mission_call_words(call), "add one, two, ");
  call.tool = "bash";
  EXPECT_EQ(mission_call_words(call), "");
  call.tool = "todo";
  call.server = "other";
  EXPECT_EQ(mission_call_words(call), "");
}

TEST(CallLog, KeepsTheLastAndNoMore) {
  CallLog log;
  for (int i = 0; i < 500; ++i) {
    log.start(bash("true"), "/work", {});
  }
  EXPECT_EQ(log.count(), 500U);
  EXPECT_FALSE(log.find(1));
  EXPECT_TRUE(log.find(500));
  EXPECT_EQ(log.running().size(), 200U);
  log.abandon();
  EXPECT_TRUE(log.running().empty());
}

TEST(CallLog, LongTextsAreOnTheShelfAndComeBack) {
  const Folder folder;
  CallLog log(folder.path().string());
  for (int i = 0; i < 3; ++i) {
    ToolCall call = bash(std::string(2'000, static_cast<char>('a' + i)));
    call.id += std::to_string(i);
    log.start(call, "/work", {});
    ToolOutcome outcome;
    outcome.result = ToolResult::text(std::string(40'000, static_cast<char>('0' + i)));
    log.finish(call, outcome);
  }
  EXPECT_EQ(log.find(1)->result, std::string(40'000, '0'));
  EXPECT_EQ(log.find(2)->result, std::string(40'000, '1'));
  EXPECT_EQ(log.find(3)->result, std::string(40'000, '2'));
  EXPECT_THAT(log.find(1)->arguments, HasSubstr(std::string(2'000, 'a')));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "the file has no name";
}

TEST(Shelf, BeginsAnewWhereItIsFull) {
  const Folder folder;
  Shelf shelf(folder.path().string());
  const std::string text(8U << 20U, 'x');
  const auto first = shelf.put(text);
  ASSERT_TRUE(first);
  EXPECT_EQ(shelf.get(*first), text);
  std::optional<Shelf::Handle> last;
  for (int i = 0; i < 8; ++i) {
    last = shelf.put(text);
  }
  EXPECT_EQ(shelf.get(*first), std::nullopt);
  EXPECT_EQ(shelf.get(*last), text);
  EXPECT_EQ(Shelf("").put("a"), std::nullopt);
  EXPECT_EQ(Shelf("/nowhere").put("a"), std::nullopt);
}

TEST(CallLog, AnEditShowsItsChange) {
  const Folder folder;
  std::ofstream(folder.path() / "a") << "one\ntwo\n";
  ToolCall call;
  call.id = "call_1";
  call.server = kBuiltinServer;
  call.tool = "write_file";
  call.arguments = {{"path", "a"}};
  CallLog log;
  log.start(call, folder.path().string(), {});
  std::ofstream(folder.path() / "a") << "one\nthree\n";
  ToolOutcome outcome;
  outcome.result = ToolResult::text("ok");
  EXPECT_THAT(log.finish(call, outcome)->diff, HasSubstr("-two\n+three"));
}

TEST(Numbers, AreShort) {
  EXPECT_EQ(short_time(Millis(870)), "870 ms");
  EXPECT_EQ(short_time(Millis(185'000)), "3 min 05 s");
  EXPECT_EQ(short_bytes(812), "812 B");
  EXPECT_EQ(short_bytes(1'200'000), "1.2 MB");
  EXPECT_EQ(short_count(12'345), "12.3k");
}

TEST(HistoryFile, IsPrivateBoundedAndWithoutSecrets) {
  const Folder folder;
  const std::string path = (folder.path() / "history").string();
  HistoryFile history(path, [](std::string_view text) {
    return text == "secret" ? std::string("[REDACTED]") : std::string(text);
  });
  EXPECT_THAT(history.load(), IsEmpty());
  ASSERT_TRUE(history.append("one\ntwo"));
  ASSERT_TRUE(history.append("secret"));
  ASSERT_TRUE(history.append(std::string(HistoryFile::kMaxEntry + 1, 'x')));
  ASSERT_TRUE(history.append("  "));
  EXPECT_THAT(history.load(), ElementsAre("one\ntwo", "[REDACTED]"));
  struct stat info = {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  std::ofstream(path, std::ios::app) << "{broken\n17\n";
  EXPECT_EQ(history.load().size(), 2U);
  for (std::size_t i = 0; i < 2 * HistoryFile::kMost + 5; ++i) {
    ASSERT_TRUE(history.append("n" + std::to_string(i)));
  }
  EXPECT_EQ(history.load().size(), HistoryFile::kMost);
  EXPECT_EQ(history.load().back(), "n2004");
  std::ifstream file(path);
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line);) {
    ++lines;
  }
  EXPECT_EQ(lines, HistoryFile::kMost);
}

TEST(Paths, CompleteInsideTheWorkspaceOnly) {
  const Folder folder;
  const fs::path work = folder.path() / "work";
  fs::create_directories(work / "src");
  std::ofstream(work / "src/main.cpp") << "";
  std::ofstream(work / ".hidden") << "";
  fs::create_directory_symlink("/etc", work / "etc");
  EXPECT_THAT(complete_path("see @s", work.string()).candidates, ElementsAre("@src/"));
  EXPECT_EQ(complete_path("see @s", work.string()).start, 4U);
  EXPECT_THAT(complete_path("@src/m", work.string()).candidates, ElementsAre("@src/main.cpp"));
  EXPECT_THAT(complete_path("@.h", work.string()).candidates, ElementsAre("@.hidden"));
  EXPECT_THAT(complete_path("@../", work.string()).candidates, IsEmpty());
  EXPECT_THAT(complete_path("@etc/pass", work.string()).candidates, IsEmpty());
  EXPECT_THAT(complete_path("no mark", work.string()).candidates, IsEmpty());
}

TEST(Transcript, NothingThatSteersComesThrough) {
  std::vector<std::string> rows;
  Transcript transcript(
      [&rows](std::vector<terminal::Line> more) {
        for (const terminal::Line& row : more) {
          rows.push_back(terminal::paint(row, terminal::Paint::kNone));
        }
      },
      nullptr);
  transcript.set_look({30, true});
  const std::string evil = "a\x1b[2Jb\x07\x9b\u202e";
  transcript.person(evil);
  transcript.text(evil);
  transcript.end_text();
  transcript.note(evil);
  transcript.error(evil);
  CallLog log;
  log.start(bash(evil), "/", {});
  ToolOutcome outcome;
  outcome.error = Error(Code::kUnavailable, evil);
  transcript.call(*log.finish(bash(evil), outcome));
  approval::Request request;
  request.call = bash(evil);
  request.diff = "+" + evil;
  request.reason = evil;
  request.commands = {evil};
  transcript.question(request);
  EXPECT_GT(rows.size(), 8U);
  for (const std::string& row : rows) {
    for (const char c : row) {
      EXPECT_FALSE(c == '\x1b' || c == '\x07' || c == '\x7f') << row;
    }
    EXPECT_EQ(row.find("\u202e"), std::string::npos) << row;
    EXPECT_LE(terminal::columns_of(row), 30U) << row;
  }
}

TEST(Transcript, WhatBelongsTogetherStaysTogether) {
  std::vector<std::string> rows;
  Transcript transcript(
      [&rows](std::vector<terminal::Line> more) {
        for (const terminal::Line& row : more) {
          rows.push_back(terminal::plain(row));
        }
      },
      nullptr);
  transcript.set_look({40, false});
  transcript.person("hi");
  transcript.text("One.\n\nTwo");
  transcript.text(".\n");
  CallLog log;
  log.start(bash("a"), "/", {});
  ToolOutcome outcome;
  outcome.result = ToolResult::text("");
  transcript.call(*log.finish(bash("a"), outcome));
  transcript.call(*log.find(1));
  transcript.answer("Three.");
  EXPECT_THAT(rows, ElementsAre("› hi", "", "One.", "", "Two.", "", "✓ bash a · 0 ms · 1",
                                "✓ bash a · 0 ms · 1", "", "Three."));
}

}  // namespace
}  // namespace oap::cli::chat
