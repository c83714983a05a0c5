#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/args.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Args parsed(const std::vector<std::string>& words) {
  std::vector<const char*> argv;
  for (const std::string& word : words) {
    argv.push_back(word.c_str());
  }
  return parse_args(static_cast<int>(argv.size()), argv.data());
}

/// What is printed and the exit code, where nothing is done.
Message told(const std::vector<std::string>& words) {
  const Args args = parsed(words);
  const Message* const message = std::get_if<Message>(&args.command);
  return message != nullptr ? *message : Message{"(a command)", 0};
}

/// The words of one simple command, as a shell divides it, up to a redirection.
std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> words;
  char quote = 0;
  bool inside = false;
  for (const char c : line) {
    if (quote == 0 && (c == '<' || c == '>' || c == '#')) {
      break;
    }
    if (quote == 0 && c == ' ') {
      inside = false;
    } else {
      if (!inside) {
        words.emplace_back();
      }
      inside = true;
      const bool turns = quote == 0 ? c == '"' || c == '\'' : c == quote;
      if (turns) {
        quote = quote == 0 ? c : '\0';
      } else {
        words.back() += c;
      }
    }
  }
  return words;
}

std::string last_line(std::string_view text) {
  const auto lines = text::split_lines(text::trim(text));
  return lines.empty() ? "" : std::string(text::trim(lines.back()));
}

TEST(Help, OfEveryCommandEndsWithALineThatCanBeTyped) {
  std::size_t count = 0;
  for (const std::string& line : command_words()) {
    const std::string path = line.substr(0, line.find(" --"));
    if (path == "oap") {
      continue;
    }
    std::vector<std::string> words = shell_words(path);
    words.emplace_back("--help");
    const Message help = told(words);
    EXPECT_EQ(help.exit_code, 0) << path;
    const std::string example = last_line(help.text);
    const std::size_t at = example.find(path);
    ASSERT_NE(at, std::string::npos) << path << ": " << example;
    EXPECT_THAT(help.text, HasSubstr("\nExample")) << path;
    const Args args = parsed(shell_words(example.substr(at)));
    const Message* const refused = std::get_if<Message>(&args.command);
    EXPECT_EQ(refused, nullptr) << example << ": " << (refused != nullptr ? refused->text : "");
    ++count;
  }
  EXPECT_GT(count, 100U);
}

TEST(Help, OfACommandIsItsOwn) {
  EXPECT_THAT(told({"oap", "doctor", "--help"}).text, Not(HasSubstr("a talk at the terminal")));
  EXPECT_THAT(told({"oap", "--help"}).text, HasSubstr("a talk at the terminal"));
}

TEST(WrongWord, NamesTheNearestCommand) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows{
      {{"oap", "rnu", "x"}, "oap: there is no command 'rnu' (did you mean 'run'?)"},
      {{"oap", "workflw"}, "oap: there is no command 'workflw' (did you mean 'workflow'?)"},
      {{"oap", "workflow", "lst"},
       "oap workflow: there is no command 'lst' (did you mean 'list'?)"},
      {{"oap", "mcp", "trust", "aprove", "x"},
       "oap mcp trust: there is no command 'aprove' (did you mean 'approve'?)"},
      {{"oap", "sandbox", "zzz"}, "oap sandbox: there is no command 'zzz'; there are exec"},
      {{"oap", "hooks"}, "oap hooks: say which: list"},
      {{"oap", "run", "--modle", "x", "y"},
       "oap run: there is no option '--modle' (did you mean '--model'?)"},
      {{"oap", "run", "--modle=x", "y"},
       "oap run: there is no option '--modle=x' (did you mean '--model'?)"},
      {{"oap", "--zzzzzz"}, "oap: there is no option '--zzzzzz'\n"},
      {{"oap", "\x1b[31m"}, "oap: there is no command '\\u{1b}[31m'; there are run, "},
  };
  for (const auto& [words, expected] : rows) {
    const Message message = told(words);
    EXPECT_EQ(message.exit_code, 2) << expected;
    EXPECT_EQ(message.text.substr(0, expected.size()), expected);
    EXPECT_THAT(message.text, EndsWith("for more information.\n"));
  }
}

TEST(WrongWord, LeavesOtherFaultsAsTheyAre) {
  EXPECT_THAT(told({"oap", "agents", "show"}).text, HasSubstr("name is required"));
  EXPECT_THAT(told({"oap", "agents", "list", "more"}).text, HasSubstr("not expected: more"));
  EXPECT_THAT(told({"oap", "config", "--help"}).text, Not(HasSubstr("there is no")));
  EXPECT_EQ(told({"oap", "config", "--help"}).exit_code, 0);
}

}  // namespace
}  // namespace oap::cli
