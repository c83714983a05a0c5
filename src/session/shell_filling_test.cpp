#include "session/shell_filling.hpp"

#include <gmock/gmock.h>

namespace oap::session {
namespace {

using ::testing::HasSubstr;

/// `before` and `after` stand around one placeholder.
Result<std::string> fill(std::string before, std::vector<std::string> values, std::string after) {
  return fill_shell({{false, std::move(before), {}},
                     {true, "", std::move(values)},
                     {false, std::move(after), {}}});
}

TEST(ShellFilling, DataIsQuotedAsItsPlaceNeeds) {
  struct Row {
    std::string before;
    std::vector<std::string> values;
    std::string after;
    std::string line;
  };
  const std::vector<Row> rows = {
      {"git log ", {std::string("a b"), "$c"}, "", "git log 'a b' '$c'"},
      {"git log ", {}, "", "git log "},
      {"git diff main...", {"a;b"}, " --stat", "git diff main...'a;b' --stat"},
      {"echo \"", {"$(touch PWN)"}, "\"", "echo \"\\$(touch PWN)\""},
      {"echo \"", {"\"; touch PWN; echo \"b"}, "\"", "echo \"\\\"; touch PWN; echo \\\"b\""},
      {"echo \"", {"a\\"}, "\"", "echo \"a\\\\\""},
      {"echo \"", {std::string("a"), "b"}, "\"", "echo \"a b\""},
      {"echo '", {"a'; touch PWN; echo 'b"}, "'", "echo 'a'\\''; touch PWN; echo '\\''b'"},
      {"echo $(git log -1 ", {"$(id)"}, ")", "echo $(git log -1 '$(id)')"},
      {"echo \"$(git log -1 ", {"$(id)"}, ")\"", "echo \"$(git log -1 '$(id)')\""},
      {"echo \"$(git log -1 \"", {"$(id)"}, "\")\"", "echo \"$(git log -1 \"\\$(id)\")\""},
      {"(cd x && ls ", {"*"}, ")", "(cd x && ls '*')"},
      {"for f in ",
       {std::string("a"), "b"},
       "; do wc \"$f\"; done",
       "for f in 'a' 'b'; do wc \"$f\"; done"},
      {"if [ \"", {"x"}, "\" = main ]; then git log; fi", "if [ \"x\" = main ]; then git log; fi"},
      {"echo a#b ", {"x"}, "", "echo a#b 'x'"},
      {"echo hi # why\ngit log ", {"x"}, "", "echo hi # why\ngit log 'x'"},
      {"python3 tools/report.py ", {"a b"}, " | head", "python3 tools/report.py 'a b' | head"},
      {"bash scripts/x.sh ", {"a"}, "", "bash scripts/x.sh 'a'"},
      {"npm test -- ", {"a"}, "", "npm test -- 'a'"},
      {"gh pr view ", {"12"}, " --json title", "gh pr view '12' --json title"},
      {"grep -rn \"", {"a.b"}, "\" src | sed 's/x/y/'", "grep -rn \"a.b\" src | sed 's/x/y/'"},
      {"env A=", {"x y"}, " make", "env A='x y' make"},
      {"timeout 5 git log ", {"x"}, "", "timeout 5 git log 'x'"},
      {"X=", {"a"}, "; echo \"$X\"", "X='a'; echo \"$X\""},
      {"cat <<< ", {"$(id)"}, "", "cat <<< '$(id)'"},
      {"find . -name '*", {"x"}, "*'", "find . -name '*x*'"},
      {"git log > ", {"out"}, "", "git log > 'out'"},
  };
  for (const Row& row : rows) {
    const auto line = fill(row.before, row.values, row.after);
    EXPECT_EQ(line ? *line : line.error().message(), row.line);
  }
}

TEST(ShellFilling, WhatWouldReadDataAsAProgramIsRefused) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"bash -c \"echo ", "\""},
      {"bash -c 'echo ", "'"},
      {"bash -c ", ""},
      {"sudo sh -ec 'ls ", "'"},
      {"eval echo ", ""},
      {"eval \"echo ", "\""},
      {"echo ", " | bash"},
      {"bash <<< ", ""},
      {"python3 -c \"print('", "')\""},
      {"python3 -c ", ""},
      {"perl -ne 'print ", "'"},
      {"node --eval \"", "\""},
      {"awk '/", "/' a.txt"},
      {"sed -n 's/a/", "/p' a.txt"},
      {"sed -e ", " a.txt"},
      {"ssh host \"ls ", "\""},
      {"ssh host ls ", ""},
      {"bash -c \"ls; ", "\" x"},
      {"bash <<EOF\necho ", "\nEOF"},
      {"xargs -I{} sh -c \"echo {} ", "\" < a.txt"},
      {"env bash -c \"ls ", "\""},
      {"/bin/bash -c \"ls ", "\""},
      {"git -c alias.x='!ls ", "' x"},
      {"echo \"ls ", "\" | sh"},
      {"printf '%s' ", " | sh -s"},
      {"case x in a) ls;; esac; bash -c 'ls ", "'"},
      {"find . -exec sh -c 'echo ", "' \\;"},
      {"", ""},
      {"sudo ", ""},
      {"ls && ", " -l"},
      {"echo $((1 + ", "))"},
      {"((x = ", "))"},
      {"let x=", ""},
      {"[[ ", " -eq 0 ]] && ls"},
      {"test -v ", ""},
      {"declare -i x=", ""},
      {"x=", "; echo $((x))"},
      {"x=", "; [[ $x -eq 0 ]]"},
      {"cat <<EOF\n", "\nEOF\n"},
      {"cat <<'EOF'\n", "\nEOF\n"},
      {"echo hi # ", ""},
      {"echo $'a", "'"},
      {"echo $", ""},
      {"echo \"$", "\""},
      {"echo ${", "}"},
      {"echo ${x:-", "}"},
      {"trap ", " EXIT"},
      {"source ", ""},
      {"read ", ""},
  };
  for (const auto& [before, after] : rows) {
    for (const char* const value : {"x", "a[$(touch PWN)]", "'; touch PWN; '", "\n"}) {
      const auto line = fill(before, {value}, after);
      EXPECT_FALSE(line) << *line;
    }
  }
  EXPECT_FALSE(fill("echo \"$(case x in a) ls ", {"'; touch PWN; '"}, ";; esac)\""));
  const auto line = fill("bash -c \"echo ", {"x"}, "\"");
  EXPECT_THAT(line.error().message(), HasSubstr("bash would read it as code"));
}

}  // namespace
}  // namespace oap::session
