#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

bool same(const Redirect& a, const Redirect& b) {
  return a.kind == b.kind && a.target == b.target && a.word == b.word && a.text == b.text &&
         a.descriptor == b.descriptor && a.op == b.op && a.literal == b.literal;
}

bool same(const SimpleCommand& a, const SimpleCommand& b) {
  return a.argv == b.argv && a.kinds == b.kinds && a.assignments == b.assignments &&
         std::equal(a.redirects.begin(), a.redirects.end(), b.redirects.begin(), b.redirects.end(),
                    [](const Redirect& x, const Redirect& y) { return same(x, y); });
}

/// "" where each command that the source holds is what its own rendering holds.
std::string first_loss(std::string_view source) {
  const Script script = parse(source);
  if (!script.complete) {
    return {};
  }
  for (const SimpleCommand& command : script.commands) {
    if (command.possible || !command.wrapper.empty()) {
      continue;
    }
    const std::string shown = render(command);
    const Script again = parse(shown);
    const bool kept = std::any_of(again.commands.begin(), again.commands.end(),
                                  [&](const SimpleCommand& one) { return same(command, one); });
    if (!kept || !again.complete) {
      return shown;
    }
  }
  return {};
}

TEST(Render, ShowsWhatCannotBeSeen) {
  SimpleCommand command;
  command.argv = {"echo", "a b", "it's", "\u202Egnp", std::string("a\nb"), ""};
  command.kinds.assign(6, WordKind::kStatic);
  EXPECT_EQ(render(command), "echo 'a b' 'it'\\''s' $'\\U0000202egnp' $'a\\nb' ''");
}

TEST(Render, ShowsDescriptorsAndOperators) {
  const std::vector<std::string> rows = {
      "a 2>f",        "a 2>&1",       "a {fd}>f",    "exec 3<&1", "exec 3<&-",  "a 3<>f",
      "a &>f",        "a &>>f",       "a >|f",       "a >&f",     "a 0<f 1>>g", "a 2>/dev/null",
      "exec {x}>&-",  "a <<<word",    "a >\"$x\"",   "a > >(b)",  "a 12>&2-",   "a <<'E'\nx\nE",
      "a <<E\n$x\nE", "a <<-E\nx\nE", "a 3<<E\nx\nE"};
  for (const std::string& row : rows) {
    const Script script = parse(row);
    ASSERT_FALSE(script.commands.empty()) << row;
    EXPECT_EQ(render(script.commands.back()), row);
  }
}

TEST(Render, KeepsQuotesOfWordsWithExpansions) {
  const std::vector<std::string> rows = {"a \"$x\"",        "a $x",        "a '$x'\"$y\"",
                                         "a \"$x\"'b c'$y", "a '*'*.py",   "a ~/'b c'",
                                         "a \"${x:-y}\"z",  "x=\"$y\" a",  "x=$y",
                                         "x=(a b)",         "a '$'\"$x\"", "'if' a",
                                         "'x=1' a",         "a x=1",       "a \"$(b \"$c\")\""};
  for (const std::string& row : rows) {
    const Script script = parse(row);
    ASSERT_FALSE(script.commands.empty()) << row;
    EXPECT_EQ(render(script.commands.back()), row);
  }
}

TEST(Render, ShowsDeceptiveCharactersInsideExpansions) {
  const Script script = parse("a \"${x:-\u202Eb}\"");
  EXPECT_EQ(render(script.commands.back()), "a \"${x:-\\U0000202eb}\"");
}

TEST(Render, TableRowsAreReadBackAsTheyWere) {
  std::ifstream file(OAP_SOURCE_DIR "/src/shell/cases/shell.case");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int rows = 0;
  while (std::getline(file, line)) {
    const std::size_t arrow = line.rfind(" => ");
    if (line.empty() || line.starts_with("# ") || arrow == std::string::npos) {
      continue;
    }
    const std::string source = text::replace_all(line.substr(0, arrow), "␤", "\n");
    EXPECT_EQ(first_loss(source), "") << source;
    ++rows;
  }
  EXPECT_GE(rows, 150);
}

const std::vector<std::string> kPieces = {"a",
                                          "b",
                                          "if",
                                          " ",
                                          " ",
                                          " ",
                                          " ",
                                          "'",
                                          "\"",
                                          "\\",
                                          "$",
                                          "$x",
                                          "${x}",
                                          "${x:-y}",
                                          "\"$x\"",
                                          "'q r'",
                                          "\"d\"",
                                          "$'\\n'",
                                          "$\"l\"",
                                          "`c`",
                                          "$(c)",
                                          "$((1))",
                                          "\"$(c)\"",
                                          "*",
                                          "?",
                                          "[a]",
                                          "~",
                                          "~/",
                                          "{a,b}",
                                          "{1..3}",
                                          "{",
                                          "}",
                                          ",",
                                          "=",
                                          "x=",
                                          "x+=",
                                          "y=1 ",
                                          "x[1]=",
                                          "x=(a b) ",
                                          "#",
                                          "!",
                                          ">",
                                          "<",
                                          ">>",
                                          ">|",
                                          "<>",
                                          ">&",
                                          "<&",
                                          "&>",
                                          "2>",
                                          "3<&1",
                                          "{fd}>",
                                          "<<<",
                                          " 2>&1 ",
                                          "<(c)",
                                          ">(c)",
                                          ";",
                                          "&&",
                                          "|",
                                          "\n",
                                          "-",
                                          "--",
                                          ":",
                                          "/",
                                          "0",
                                          "12",
                                          "é",
                                          "\t",
                                          " <<E\nb\nE\n",
                                          " <<'E'\n$x\nE\n",
                                          " <<-E\n\tb\n\tE\n",
                                          "export ",
                                          "declare ",
                                          "env ",
                                          "\\\n",
                                          "$1",
                                          "$@",
                                          "\"$@\"",
                                          "$?",
                                          "$$",
                                          "^",
                                          "%",
                                          "+",
                                          "]",
                                          "time ",
                                          "@"};

RC_GTEST_PROP(Render, IsReadBackAsItWas, ()) {
  const auto picks = *rc::gen::container<std::vector<std::size_t>>(
      rc::gen::inRange<std::size_t>(0, kPieces.size()));
  std::string source = "a ";
  for (const std::size_t pick : picks) {
    source += kPieces[pick];
  }
  RC_ASSERT(first_loss(source) == "");
}

}  // namespace
}  // namespace oap::shell
