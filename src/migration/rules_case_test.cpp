#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "migration/claude_rules.hpp"
#include "migration/codex_rules.hpp"
#include "migration/gemini_rules.hpp"
#include "migration/opencode_rules.hpp"
#include "migration/rules.hpp"
#include "migration/toml.hpp"
#include "os/testing/temp_dir.hpp"
#include "permission/case_rows.hpp"
#include "permission/paths.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

namespace fs = std::filesystem;

/// A workspace with some files and links.
class Workspace {
 public:
  Workspace() {
    for (const char* file :
         {"ws/src/app.ts", "ws/src/components/b.ts", "ws/vendor/pkg/src/lib.js", "ws/.env",
          "ws/pkg/.env", "ws/secrets/key.txt", "ws/pkg/secrets/key.txt", "ws/docs/a.md",
          "ws/README.md", "ws/.git/config", "ws/a.pdf", "out/data.txt",
          "ws/.opencode/permissions.yaml"}) {
      dir_.write(file, "x");
    }
    fs::create_symlink("../.env", dir_ / "ws/src/settings");
    fs::create_symlink("../../out", dir_ / "ws/src/out");
  }
  std::string fill(std::string line) const {
    line = text::replace_all(line, "@WS", dir_ / "ws");
    line = text::replace_all(line, "@OUT", dir_ / "out");
    return text::replace_all(line, "@HOME", permission::home_directory());
  }
  std::string path() const { return dir_ / "ws"; }

 private:
  os::testing::TempDir dir_;
};

std::optional<Level> level_of(std::string_view word) {
  for (const Level level : {Level::kAllow, Level::kAsk, Level::kDeny}) {
    if (word == to_string(level)) {
      return level;
    }
  }
  return std::nullopt;
}

class Corpus {
 public:
  Corpus(const std::string& name, const Workspace& workspace)
      : name_(name), workspace_(workspace) {}

  void run() {
    std::ifstream file(std::string(OAP_SOURCE_DIR) + "/src/migration/cases/" + name_);
    ASSERT_TRUE(file.is_open());
    std::string line;
    while (std::getline(file, line)) {
      ++number_;
      if (!line.empty() && !line.starts_with('#')) {
        take(workspace_.fill(line));
      }
    }
  }
  int rows() const { return rows_; }

 private:
  void take(const std::string& line) {
    if (line.starts_with("policy")) {
      permissions_ = {};
      source_.clear();
      policy_.reset();
      return;
    }
    if (line.starts_with('|')) {
      source_ += line.substr(line.size() > 1 ? 2 : 1) + "\n";
      policy_.reset();
      return;
    }
    if (line.find(" => ") != std::string::npos) {
      return row(line);
    }
    std::string_view rest = line;
    ClaudeRule rule;
    rule.where = name_ + ":" + std::to_string(number_);
    for (const Layer layer : {Layer::kManaged, Layer::kUser, Layer::kLocal}) {
      const std::string word = std::string(to_string(layer)) + " ";
      if (rest.starts_with(word)) {
        rule.layer = layer;
        rest.remove_prefix(word.size());
      }
    }
    const std::size_t space = rest.find(' ');
    const std::string_view word = rest.substr(0, space);
    const std::string value(rest.substr(space + 1));
    if (word == "mode") {
      permissions_.default_mode = value;
    } else if (word == "gateway") {
      permissions_.gateways.insert(value);
    } else if (word == "directory") {
      permissions_.additional_directories.push_back(value);
    } else {
      ASSERT_TRUE(level_of(word)) << name_ << ":" << number_ << ": " << line;
      rule.level = *level_of(word);
      rule.text = value;
      permissions_.rules.push_back(std::move(rule));
    }
    policy_.reset();
  }

  Result<Translation> translated() const {
    if (name_ == "codex.case") {
      return translate_codex(source_, name_);
    }
    if (name_ == "opencode.case") {
      OAP_TRY(json::Object value, json::parse_object(plain_json(source_)));
      return translate_opencode({{name_, std::move(value)}});
    }
    if (name_ == "gemini.case") {
      OAP_TRY(json::Object value, parse_toml(source_, name_));
      return translate_gemini({{name_, 4, std::move(value)}});
    }
    return translate_claude(permissions_);
  }

  void compile() {
    std::string text = "permissions:\n";
    const auto made = translated();
    ASSERT_TRUE(made) << name_ << ":" << number_ << ": " << made.error().message();
    for (const std::string& one : rule_lines(made->rules)) {
      text += "  " + one + "\n";
    }
    permission::PolicyOptions options;
    options.workspace = workspace_.path();
    if (permissions_.default_mode == "dontAsk") {
      options.default_permission = Level::kDeny;  // as the import writes it into config.yaml
    }
    auto policy = permission::Policy::compile(
        {{permission::Tier::kProject, "permissions.yaml", text}}, options);
    ASSERT_TRUE(policy) << policy.error().message() << "\n" << text;
    policy_ = *std::move(policy);
  }

  void row(const std::string& line) {
    ++rows_;
    if (policy_ == nullptr) {
      compile();
    }
    auto rows = permission::read_cases(line, name_);
    ASSERT_TRUE(rows) << rows.error().message();
    ASSERT_EQ(rows->size(), 1U);
    const std::string wrong = permission::try_case(*policy_, rows->front());
    EXPECT_EQ(wrong, "") << name_ << ":" << number_ << ": " << line;
  }

  std::string name_;
  const Workspace& workspace_;
  ClaudePermissions permissions_;
  std::string source_;
  std::shared_ptr<const permission::Policy> policy_;
  int number_ = 0;
  int rows_ = 0;
};

int decided_rows(const std::string& name) {
  const Workspace workspace;
  Corpus corpus(name, workspace);
  corpus.run();
  return corpus.rows();
}

TEST(RuleCorpus, ClaudeCode) { EXPECT_GE(decided_rows("claude.case"), 290); }
TEST(RuleCorpus, ClaudeCodeAsPeopleWriteIt) { EXPECT_GE(decided_rows("claude_real.case"), 175); }
TEST(RuleCorpus, ClaudeCodeAsItsDocumentationSays) {
  EXPECT_GE(decided_rows("claude_doc.case"), 400);
}
TEST(RuleCorpus, ClaudeCodesGrammar) { EXPECT_GE(decided_rows("claude_grammar.case"), 300); }
TEST(RuleCorpus, Codex) { EXPECT_GE(decided_rows("codex.case"), 90); }
TEST(RuleCorpus, Opencode) { EXPECT_GE(decided_rows("opencode.case"), 145); }
TEST(RuleCorpus, GeminiCli) { EXPECT_GE(decided_rows("gemini.case"), 95); }

TEST(CodexRules, WhatIsNoLiteralCallIsRefusedWithItsLine) {
  for (const char* text :
       {"x = 1", "prefix_rule(pattern=[f()])", "prefix_rule(pattern=[\"a\"",
        "load(\"x\", \"y\")\nx", "prefix_rule(pattern=[\"a\"], decision=\"perhaps\")",
        "prefix_rule(decision=\"allow\")", "prefix_rule(pattern=[1])",
        "prefix_rule(pattern=\"git\")", "prefix_rule(pattern=[\"a\n\"])",
        "[prefix_rule(pattern=[\"a\"]) for x in y]", "\xff", "prefix_rule(pattern=[\"\\q\"])"}) {
    const auto made = translate_codex(text, "a.rules");
    ASSERT_FALSE(made) << text;
    EXPECT_NE(made.error().message().find("a.rules"), std::string::npos);
  }
  EXPECT_FALSE(translate_codex("prefix_rule(pattern=" + std::string(1000, '['), "a.rules"));
}

TEST(Toml, WhatIsWrongIsNamedWithItsLine) {
  for (const char* text : {"a", "a =", "a = \"x", "a = 1 2", "[a", "a = [1", "a = {b = 1",
                           "a = 2020-01", "a = 1__0", "a = _1", "a = 1\na = 2", "a.b = 1\na = 2",
                           "a = '''x", "= 1", "a = \"\\q\"", "[[a]]\nb\n", "a = 1\n[[a]]"}) {
    const auto made = parse_toml(text, "p.toml");
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().message().find("p.toml:"), 0U) << made.error().message();
  }
  EXPECT_FALSE(parse_toml("a = " + std::string(5000, '['), "p.toml"));
  const auto made = parse_toml(
      "a.b = \"\"\"\nx \\\n  y\"\"\"\n[t]\nc = 'x\\y' # c\nd = [1, 2.5, true,\n]\n[[l]]\n"
      "e = {f = \"\\u00e9\"}\n[[l]]\n",
      "p.toml");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(*made,
            *json::parse_object(
                R"({"a":{"b":"x y"},"t":{"c":"x\\y","d":[1,2.5,true]},"l":[{"e":{"f":"é"}},{}]})"));
}

TEST(Toml, NumbersAndDatesAreReadAsTheyMayBeWritten) {
  const auto made = parse_toml(
      "a = 128_000\nb = 0xff\nc = 1979-05-27T07:32:00Z\nd = 1979-05-27 07:32:00.5 # x\n"
      "e = 07:32:00\nf = [1979-05-27, 0o17, 0b11]\n",
      "p.toml");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(*made, *json::parse_object(
                       R"({"a":128000,"b":255,"c":"1979-05-27T07:32:00Z",
                           "d":"1979-05-27 07:32:00.5","e":"07:32:00","f":["1979-05-27",15,3]})"));
}

TEST(GeminiRules, WhatIsLostIsNamed) {
  const auto value = parse_toml(
      "[[rule]]\ntoolName = \"run_shell_command\"\nargsPattern = \"x\"\ndecision = \"deny\"\n"
      "[[rule]]\ntoolName = \"run_shell_command\"\ncommandRegex = \"(?=a)\"\ndecision = \"deny\"\n"
      "[[rule]]\ntoolName = \"save_memory\"\ndecision = \"deny\"\n",
      "p.toml");
  ASSERT_TRUE(value);
  const auto made = translate_gemini({{"p.toml", 4, *value}});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->not_carried.size(), 3U);
  EXPECT_TRUE(made->rules.empty());
  const auto more = parse_toml(
      "[[safety_checker]]\ntoolName = \"*\"\n"
      "[[rule]]\ntoolName = \"run_shell_command\"\ncommandPrefix = \"make\"\n"
      "decision = \"allow\"\nallowRedirection = true\nsurprise = 1\n"
      "[[rule]]\ntoolName = \"reviewer\"\ndecision = \"deny\"\ndenyMessage = \"not now\"\n",
      "p.toml");
  ASSERT_TRUE(more);
  const auto second = translate_gemini({{"p.toml", 4, *more}});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->not_carried.size(), 3U);
  ASSERT_EQ(second->warnings.size(), 1U);
  EXPECT_NE(second->warnings.front().find("reviewer"), std::string::npos);
  ASSERT_FALSE(second->rules.empty());
  EXPECT_NE(json::get_string(second->rules.back(), "reason").find("not now"), std::string::npos);
  const auto wrong = parse_toml("[[rule]]\ndecision = \"maybe\"", "p.toml");
  EXPECT_FALSE(translate_gemini({{"p.toml", 4, *wrong}}));
}

TEST(RulesFault, APathThatClimbsBeyondTheRootIsNoCrash) {
  EXPECT_EQ(rules_fault("permissions:\n  - {pattern: '../../../../../x', level: deny}\n"), "");
}

TEST(OpencodeRules, WrongTypesAreRefused) {
  for (const char* text : {R"({"permission": 1})", R"({"permission": {"bash": 1}})",
                           R"({"permission": {"bash": {"x": "maybe"}}})", R"({"permissions": {}})",
                           R"({"permissions": [1]})", R"({"permission": "perhaps"})"}) {
    EXPECT_FALSE(translate_opencode({{"opencode.json", *json::parse_object(text)}})) << text;
  }
}

TEST(ClaudeRules, WhateverIsWrittenTheOutcomeIsAPolicy) {
  static constexpr std::string_view kPieces[] = {
      "Bash", "Read", "Edit",    "mcp__",    "WebFetch", "Agent", "Skill", "(", ")",  "*",  "**",
      "/",    "//",   "~/",      "../",      "./",       ":*",    ":",     " ", "\\", "[",  "]",
      "{",    "}",    "domain:", "a",        "b__",      "\n",    "\t",    "!", "#",  "\"", "'",
      "\x01", "é",    "&&",      "timeout:", ".",        "?",     "$",     "|", "^",  "-",  ","};
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    ClaudePermissions all;
    for (int i = 0; i < 20; ++i) {
      std::string text(kPieces[random() % 7]);
      for (unsigned n = random() % 9; n > 0; --n) {
        text += kPieces[random() % std::size(kPieces)];
      }
      all.rules.push_back({static_cast<Level>(random() % 3), static_cast<Layer>(random() % 4),
                           random() % 2 == 0 ? text + ")" : text, "s:1"});
      all.additional_directories.push_back(text.substr(text.size() / 2));
    }
    std::string text = "permissions:\n";
    for (const std::string& line : rule_lines(translate_claude(all).rules)) {
      text += "  " + line + "\n";
    }
    ASSERT_EQ(rules_fault(text), "") << text;
  }
}

TEST(ClaudeRules, WhatIsLostIsNamed) {
  ClaudePermissions all;
  for (const char* text :
       {"Bash(a", "Nope", "Cd(~/x)", "PowerShell(x)", "WebFetch(example.com)", "mcp__*",
        "Bash(a && b)", "Bash(watch *)", "Read(!x)", "", "WebFetch(domain:a b)"}) {
    all.rules.push_back({Level::kAllow, Layer::kProject, text, "s:1"});
  }
  const Translation made = translate_claude(all);
  EXPECT_EQ(made.not_carried.size(), all.rules.size());
  for (const NotCarried& one : made.not_carried) {
    EXPECT_EQ(one.where, "s:1");
    EXPECT_FALSE(one.reason.empty());
  }
}

}  // namespace
}  // namespace oap::migration
