#include <fstream>

#include <gtest/gtest.h>

#include "migration/claude_code.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

std::string keys_of(const Report& report) {
  std::string out;
  for (const NotCarried& one : report.not_carried) {
    out += (out.empty() ? "" : ", ") + one.key;
  }
  return out.empty() ? "nothing" : out;
}

void check(const std::string& settings, const std::string& expected) {
  const os::testing::TempDir dir;
  dir.write("s/.claude/settings.json", settings);
  ClaudeImport options;
  options.source = dir / "s";
  options.target = dir / "t";
  const Report report = import_claude_code(options);
  EXPECT_EQ(report.status(), "success") << settings << "\n" << to_text(report);
  const std::size_t split = expected.find("; warns: ");
  EXPECT_EQ(keys_of(report), expected.substr(0, split)) << settings;
  const std::string all = text::join(report.warnings, "\n");
  std::size_t named = 0;
  if (split != std::string::npos) {
    const std::string words = expected.substr(split + 9);
    for (const std::string_view word : text::split(words, ',')) {
      ++named;
      EXPECT_TRUE(text::contains(all, text::trim(word))) << word << " in " << all;
    }
  }
  EXPECT_EQ(report.warnings.size(), named) << settings << "\n" << all;
  for (const NotCarried& one : report.not_carried) {
    EXPECT_FALSE(one.reason.empty() || one.where.empty()) << settings << ": " << one.key;
  }
  EXPECT_TRUE(os::exists(dir / "t/.opencode/config.yaml"));
}

TEST(SettingsCorpus, NothingIsLostInSilence) {
  std::ifstream file(std::string(OAP_SOURCE_DIR) + "/src/migration/cases/settings.case");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int rows = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::size_t arrow = line.find(" => ");
    ASSERT_NE(arrow, std::string::npos) << line;
    check(line.substr(0, arrow), line.substr(arrow + 4));
    ++rows;
  }
  EXPECT_GE(rows, 55);
}

}  // namespace
}  // namespace oap::migration
