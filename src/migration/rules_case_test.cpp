#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "migration/claude_rules.hpp"
#include "migration/rules.hpp"
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
          "ws/README.md", "ws/.git/config", "ws/a.pdf", "out/data.txt"}) {
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

  void compile() {
    std::string text = "permissions:\n";
    for (const std::string& one : rule_lines(translate_claude(permissions_).rules)) {
      text += "  " + one + "\n";
    }
    permission::PolicyOptions options;
    options.workspace = workspace_.path();
    auto policy = permission::Policy::compile(
        {{permission::Tier::kProject, "permissions.yaml", text}}, options);
    ASSERT_TRUE(policy) << policy.error().message() << "\n" << text;
    policy_ = *std::move(policy);
    text_ = text;
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
  std::shared_ptr<const permission::Policy> policy_;
  std::string text_;
  int number_ = 0;
  int rows_ = 0;
};

TEST(ClaudeRules, TheCorpusDecidesTheSameHere) {
  const Workspace workspace;
  Corpus corpus("claude.case", workspace);
  corpus.run();
  EXPECT_GE(corpus.rows(), 150);
}

}  // namespace
}  // namespace oap::migration
