#include "security/code_scanner.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/print.hpp"
#include "security/testing/assemble.hpp"

namespace oap::security {
namespace {

using testing::assemble;
using ::testing::HasSubstr;

const SecretScanner& secrets() {
  static const SecretScanner kScanner({}, "key");
  return kScanner;
}

std::string types_of(const std::vector<CodeFinding>& findings) {
  std::string out;
  for (const CodeFinding& finding : findings) {
    out += (out.empty() ? "" : " ") + finding.type;
  }
  return out.empty() ? "none" : out;
}

int run_table(const std::string& name, Language language) {
  std::ifstream file(OAP_SOURCE_DIR "/src/security/cases/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  std::string line;
  int rows = 0;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::size_t arrow = line.find(" => ");
    if (line.empty() || line.starts_with("# ") || arrow == std::string::npos) {
      continue;
    }
    const std::string code = assemble(line.substr(arrow + 4));
    const auto findings = scan_code(code, language, "src/app", secrets());
    EXPECT_EQ(types_of(findings), line.substr(0, arrow))
        << name << ":" << number << ": " << code
        << (findings.empty() ? "" : " [" + findings.front().rule + "]");
    ++rows;
  }
  return rows;
}

TEST(CodeScanner, Tables) {
  const int rows = run_table("code_python.case", Language::kPython) +
                   run_table("code_javascript.case", Language::kJavaScript) +
                   run_table("code_bash.case", Language::kBash);
  EXPECT_GE(rows, 250);
}

TEST(CodeScanner, AFindingSaysWhereAndWhatToDo) {
  const auto findings =
      scan_code("import os\n\n\nos.system(cmd)\n", Language::kPython, "a/b.py", secrets());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, Severity::kCritical);
  EXPECT_EQ(findings[0].file_path, "a/b.py");
  EXPECT_EQ(findings[0].line_number, 4U);
  EXPECT_FALSE(findings[0].recommendation.empty());
  EXPECT_EQ(findings[0].fingerprint.size(), 16U);
  EXPECT_EQ(scan_code("x", Language::kPython, "", secrets()).size(), 0U);
  const auto nowhere = scan_code("eval(x)", Language::kPython, "", secrets());
  ASSERT_EQ(nowhere.size(), 1U);
  EXPECT_EQ(nowhere[0].file_path, "<dynamic_code>");
}

TEST(CodeScanner, LinesOfShellCommandsAreRight) {
  const auto findings = scan_code("#!/bin/bash\nset -e\n\nls\nchmod 777 a\n# x\nsudo ls\n",
                                  Language::kBash, "x.sh", secrets());
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].line_number, 5U);
  EXPECT_EQ(findings[1].line_number, 7U);
}

TEST(CodeScanner, TestsAreNotLookedAtButForIssuersSecrets) {
  for (const char* path :
       {"tests/a.py", "src/test_a.py", "a_test.py", "src/__tests__/a.js", "a.spec.ts"}) {
    EXPECT_TRUE(
        scan_code("eval(x)\npassword = 'Tr0ub4dor&3x'\n", Language::kPython, path, secrets())
            .empty())
        << path;
  }
  for (const char* path : {"tests/../app.py", "./tests/./../app.py", "src/tests/../../app.py",
                           "test_/../app.py", "/srv/tests/../app.py", "tests//../app.py"}) {
    EXPECT_EQ(scan_code("eval(x)\n", Language::kPython, path, secrets()).size(), 1U) << path;
  }
  const std::string token = assemble("k = 'gh¤p_⟨C30⟩'");
  EXPECT_EQ(scan_code(token, Language::kPython, "tests/a.py", secrets()).size(), 1U);
}

TEST(CodeScanner, AFindingNeverHoldsTheSecret) {
  const std::string secret = assemble("gh¤p_⟨C30⟩");
  for (const CodeFinding& finding :
       scan_code("k = '" + secret + "'", Language::kPython, "a.py", secrets())) {
    EXPECT_EQ(json::print(json::Value(to_json(finding))).find(secret), std::string::npos);
  }
}

TEST(CodeScanner, JudgesByTheWorst) {
  const auto of = [](std::string_view code) {
    return judge_findings(scan_code(code, Language::kBash, "a.sh", secrets()));
  };
  EXPECT_TRUE(of("ls").allowed);
  EXPECT_DOUBLE_EQ(of("ls").risk_score, 0.0);
  EXPECT_TRUE(of("chmod 777 a").allowed);
  EXPECT_DOUBLE_EQ(of("chmod 777 a").risk_score, 0.2);
  EXPECT_FALSE(of("eval \"$x\"").allowed);
  EXPECT_DOUBLE_EQ(of("eval \"$x\"").risk_score, 0.5);
  EXPECT_DOUBLE_EQ(of("eval \"$x\"\neval \"$y\"\neval \"$z\"").risk_score, 1.0);
  EXPECT_FALSE(of("eval \"$x\"").mitigations.empty());
}

TEST(CodeScanner, AnExceptionNamesFingerprintPathAndDay) {
  const auto findings = scan_code("eval \"$x\"", Language::kBash, "bin/a.sh", secrets());
  ASSERT_EQ(findings.size(), 1U);
  const std::string print = findings[0].fingerprint;
  const auto left = [&](const Exception& exception, std::string_view today) {
    return judge_findings(findings, {exception}, today).findings.size();
  };
  EXPECT_EQ(left({print, "", ""}, "2026-01-01"), 0U);
  EXPECT_EQ(left({print, "bin/a.sh", "2026-01-01"}, "2026-01-01"), 0U);
  EXPECT_EQ(left({print, "bin/*", ""}, "2026-01-01"), 0U);
  EXPECT_EQ(left({print, "lib/*", ""}, "2026-01-01"), 1U);
  EXPECT_EQ(left({print, "", "2025-12-31"}, "2026-01-01"), 1U);
  EXPECT_EQ(left({"eval runs text that is not a constant", "", ""}, "2026-01-01"), 1U);
}

TEST(CodeScanner, KnowsLanguages) {
  EXPECT_EQ(language_of("a.py", ""), Language::kPython);
  EXPECT_EQ(language_of("a/b.tsx", ""), Language::kJavaScript);
  EXPECT_EQ(language_of("run", "#!/usr/bin/env -S python3.11 -u\n"), Language::kPython);
  EXPECT_EQ(language_of("run", "#!/bin/sh\n"), Language::kBash);
  EXPECT_EQ(language_of("run", "hello"), std::nullopt);
  EXPECT_EQ(language_of("a.c", ""), std::nullopt);
}

TEST(CodeScanner, AnyTextIsFine) {
  EXPECT_TRUE(rc::check([] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "eval", "(", ")", "'", "\"", "`", "${", "}", "[", "]", "{", "\n", "\\", "/", "*", "//", "#",
        "f\"", "'''", "=", "exec", ".", "import ", "from ", "os", "|", "curl x", "sh", "<<E", "E",
        "$x", ",", "shell=True", "0o777", "\xff"));
    std::string text;
    for (const std::string& piece : pieces) {
      text += piece;
    }
    for (const Language language : {Language::kBash, Language::kPython, Language::kJavaScript}) {
      scan_code(text, language, "a", secrets());
    }
  }));
}

TEST(CodeScanner, DeepNestingEnds) {
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    text += "eval(`${f'{(";
  }
  for (const Language language : {Language::kPython, Language::kJavaScript, Language::kBash}) {
    scan_code(text, language, "a", secrets());
  }
}

}  // namespace
}  // namespace oap::security
