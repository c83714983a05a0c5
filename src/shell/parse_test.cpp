#include "shell/parse.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "text/strings.hpp"

namespace oap::shell {
namespace {

/// A script as the table writes it: commands joined by " ¦ ", "?" before one that is dynamic, "~"
/// before one that is only possible, " !" at the end of a script that is not understood as a whole.
std::string summary(const Script& script) {
  std::string out;
  for (const SimpleCommand& command : script.commands) {
    out += (out.empty() ? "" : " ¦ ") + std::string(command.possible ? "~" : "") +
           (command.dynamic ? "?" : "") + render(command);
  }
  return out + (script.complete ? "" : (out.empty() ? "!" : " !"));
}

TEST(Parse, Table) {
  std::ifstream file(OAP_SOURCE_DIR "/src/shell/cases/shell.case");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int number = 0;
  int rows = 0;
  while (std::getline(file, line)) {
    ++number;
    if (line.empty() || line.starts_with("# ")) {
      continue;
    }
    const std::size_t arrow = line.rfind(" => ");
    ASSERT_NE(arrow, std::string::npos) << "line " << number;
    const std::string source = text::replace_all(line.substr(0, arrow), "␤", "\n");
    std::string expected = line.substr(arrow + 4);
    expected = expected == "(none)" ? "" : text::replace_all(expected, "␤", "\n");
    EXPECT_EQ(summary(parse(source)), expected) << "shell.case:" << number << ": " << source;
    ++rows;
  }
  EXPECT_GE(rows, 150);
}

TEST(Parse, LimitsFailClosedAndKeepWhatWasFound) {
  const Script deep = parse("rm x; " + std::string(5000, '('));
  EXPECT_FALSE(deep.complete);
  ASSERT_FALSE(deep.commands.empty());
  EXPECT_EQ(deep.commands.front().argv.front(), "rm");

  std::string many = "rm x";
  for (int i = 0; i < 5000; ++i) {
    many += "; a";
  }
  const Script long_list = parse(many);
  EXPECT_FALSE(long_list.complete);
  EXPECT_EQ(long_list.commands.size(), kMaxCommands);

  const Script big = parse("rm x; echo " + std::string(kMaxSourceBytes, 'a'));
  EXPECT_FALSE(big.complete);
  EXPECT_EQ(big.commands.front().argv.front(), "rm");
}

TEST(Parse, HostileShapesEndQuickly) {
  for (const std::string piece :
       {"$((",  "((",         "$(", "`",    "${", "{a,", "{1..9}", "env ",  "bash -c '", "\\`",
        "<<E ", "case x in ", "a[", "\"$(", "$[", "<(",  "[[ ",    "f(){ ", "eval ",     "((1)"}) {
    std::string source;
    while (source.size() < 40000) {
      source += piece;
    }
    parse(source);
    parse(source + std::string(20000, ')'));
  }
}

TEST(Parse, NamesWrappers) {
  const Script script = parse("sudo -u bob env A=1 rm x | xargs -n 1 git add; bash -c 'ls'");
  std::vector<std::string> seen;
  for (const SimpleCommand& command : script.commands) {
    seen.push_back(command.argv.front() + "<" + command.wrapper);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"sudo<", "env<sudo", "rm<env", "xargs<", "git<xargs",
                                            "bash<", "ls<bash"}));
  EXPECT_EQ(script.commands[2].assignments, std::vector<std::string>{"A=1"});
}

TEST(Parse, KnowsKindsOfWords) {
  const Script script = parse("ls ~/a *.c \"*\" '~' $x ~bob {x,y} \\*");
  const std::vector<WordKind> expected = {WordKind::kStatic,  WordKind::kTilde,  WordKind::kGlob,
                                          WordKind::kStatic,  WordKind::kStatic, WordKind::kDynamic,
                                          WordKind::kDynamic, WordKind::kStatic, WordKind::kStatic,
                                          WordKind::kStatic};
  ASSERT_EQ(script.commands.size(), 1U);
  EXPECT_EQ(script.commands[0].kinds, expected);
  EXPECT_EQ(script.commands[0].argv,
            (std::vector<std::string>{"ls", "~/a", "*.c", "*", "~", "$x", "~bob", "x", "y", "*"}));
}

}  // namespace
}  // namespace oap::shell
