#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shell/parse.hpp"

namespace oap::shell {
namespace {

/// The commands as they are known; "?" before one whose words are not, "~" before a guess.
std::string known(std::string_view source) {
  std::string out;
  for (const SimpleCommand& command : parse_with_values(source).commands) {
    out += (out.empty() ? "" : " ¦ ") + std::string(command.possible ? "~" : "") +
           (command.dynamic ? "?" : "") + render(command);
  }
  return out;
}

/// What is no guess.
std::string sure(const Script& script) {
  std::string out = script.complete ? "" : "! ";
  for (const SimpleCommand& command : script.commands) {
    out += command.possible ? "" : render(command) + " ¦ ";
  }
  return out;
}

TEST(Values, OfLoopsAndAssignmentsArePutIn) {
  EXPECT_EQ(known("for f in a b; do wc -l \"$f\"; done"), "?wc -l \"$f\" ¦ ~wc -l a ¦ ~wc -l b");
  EXPECT_EQ(known("for f in *.py; do wc -l \"$f\"; done"), "?wc -l \"$f\" ¦ ~wc -l *.py");
  EXPECT_EQ(known("for f in {a,b}.c; do cc \"$f\"; done"), "?cc \"$f\" ¦ ~cc a.c ¦ ~cc b.c");
  EXPECT_EQ(known("x=rm; $x y"), "x=rm ¦ ?$x y ¦ ~rm y ¦ ~y");
  EXPECT_EQ(known("x=b; cat \"a/$x.txt\""), "x=b ¦ ?cat 'a/'\"$x\"'.txt' ¦ ~cat a/b.txt");
  EXPECT_EQ(known("x=b; y=c; cat \"${x}/$y\""), "x=b ¦ y=c ¦ ?cat \"${x}\"'/'\"$y\" ¦ ~cat b/c");
  EXPECT_EQ(known("x='a b'; cat \"$x\""), "x='a b' ¦ ?cat \"$x\" ¦ ~cat 'a b'");
  EXPECT_EQ(known("x=a; x=b; cat \"$x\""), "x=a ¦ x=b ¦ ?cat \"$x\" ¦ ~cat a ¦ ~cat b");
  EXPECT_EQ(known("for f in a b; do ls > \"$f\"; done"), "~>a ¦ ~>b ¦ ls >\"$f\"");
}

TEST(Values, ProgramsThatRunOthersAreUnwrappedAfterwards) {
  EXPECT_EQ(known("x=rm; sudo \"$x\" y"),
            "x=rm ¦ ?sudo \"$x\" y ¦ ~y ¦ ?\"$x\" y ¦ ~sudo rm y ¦ ~rm y");
  EXPECT_EQ(known("s=bash; \"$s\" -c 'rm y'"),
            "s=bash ¦ ?\"$s\" -c 'rm y' ¦ ~bash -c 'rm y' ¦ ~rm y");
}

TEST(Values, HomeAndWorkingDirectoryStandAtTheFront) {
  EXPECT_EQ(known("cat \"$HOME/x\" ${HOME}/y \"$PWD\"/z"),
            "?cat \"$HOME\"'/x' ${HOME}/y \"$PWD\"/z ¦ ~cat ~'/x' ~/y ./z");
  EXPECT_EQ(known("echo \"a$HOME\""), "?echo 'a'\"$HOME\"");
  EXPECT_EQ(known("cat \"$HOMEX\""), "?cat \"$HOMEX\"");
}

TEST(Values, OnlyAddGuesses) {
  const std::vector<std::string> sources = {
      "read f; f=a; cat \"$f\"",
      "f=$(b); f=a; cat \"$f\"",
      "f=a; f+=b; cat \"$f\"",
      "f=(a); f=a; cat \"$f\"",
      "f=a; printf -v f b; cat \"$f\"",
      "f=a; declare -n g=f; g=b; cat \"$f\"",
      "f=a; export f=$x; cat \"$f\"",
      "f=a; for ((f=1;;)); do cat \"$f\"; done",
      "f=a; eval \"$x\"; cat \"$f\"",
      "c='f=b'; f=a; eval \"$c\"; cat \"$f\"",
      "f=a; source \"$x\"; cat \"$f\"",
      "f=a; read \"$n\"; cat \"$f\"",
      "f=a; unset f; cat \"$f\"",
      "f=a; mapfile f <x; cat \"$f\"",
      "f=a; : ${f:=b}; cat \"$f\"",
      "f=a; cat \"${f%x}\"",
      "f=a; cat \"${!f}\"",
      "f=a; IFS=/; cat \"$f\"",
      "for f; do cat \"$f\"; done",
      "for f in $x; do cat \"$f\"; done",
      "f=a b; cat \"$f\"",
      "f=~/x; cat \"$f\"",
      "f='a b'; cat $f",
      "f=*.py; cat \"[$f]\"",
      "HOME=/etc; cat \"$HOME/x\"",
      "unset HOME; cat \"$HOME/x\"",
      "env -i cat \"$HOME/x\"",
      "bash -c 'f=a; cat \"$f\"'",
      "f=a; bash -c 'cat \"$f\"'",
      "coproc f { b; }; f=a; cat \"$f\"",
      "select f in a $x; do cat \"$f\"; done",
      "getopts ab f; f=a; cat \"$f\"",
      "f=a; wait -n -p f; cat \"$f\"",
      "f=a; ls {f}>x; cat \"$f\"",
  };
  for (const std::string& source : sources) {
    EXPECT_EQ(sure(parse_with_values(source)), sure(parse(source))) << source;
  }
}

TEST(Values, ManyDoNotMultiply) {
  std::string source = "for f in {1..9}; do for g in {1..9}; do cat \"$f\" \"$g\"; done; done";
  const Script script = parse_with_values(source);
  ASSERT_EQ(script.commands.size(), 1U);
  EXPECT_TRUE(script.commands[0].dynamic);
}

}  // namespace
}  // namespace oap::shell
