#include "permission/rule_files.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::permission {
namespace {

std::string long_file(const std::string& last) {
  std::string out = "permissions:\n";
  for (int i = 0; i < 3000; ++i) {
    out += "  - {tool: bash, pattern: 'prog" + std::to_string(i) + " *', level: allow}\n";
  }
  return out + last;
}

TEST(RuleFiles, TheSameTextGivesTheSameRules) {
  const std::string text = long_file("");
  const auto first = rules_of_text(text, "a.yaml", Tier::kUser, {});
  const auto second = rules_of_text(text, "a.yaml", Tier::kUser, {});
  ASSERT_TRUE(first && second);
  ASSERT_EQ(second->rules.size(), 3000U);
  EXPECT_EQ(second->rules.back().pattern, first->rules.back().pattern);
  EXPECT_EQ(second->rules.back().where, first->rules.back().where);
}

TEST(RuleFiles, AnyDifferenceIsReadAnew) {
  const std::string text = long_file("");
  ASSERT_TRUE(rules_of_text(text, "a.yaml", Tier::kUser, {}));
  const auto other = rules_of_text(text, "b.yaml", Tier::kUser, {});
  EXPECT_THAT(other->rules.front().where, ::testing::HasSubstr("b.yaml"));
  EXPECT_EQ(rules_of_text(text, "a.yaml", Tier::kManaged, {})->rules.front().tier, Tier::kManaged);
  const auto more =
      rules_of_text(long_file("  - {tool: bash, level: deny}\n"), "a.yaml", Tier::kUser, {});
  EXPECT_EQ(more->rules.size(), 3001U);
  EXPECT_FALSE(
      rules_of_text(long_file("  - {tool: bash, level: maybe}\n"), "a.yaml", Tier::kUser, {}));
  EXPECT_EQ(rules_of_text(text, "a.yaml", Tier::kUser, {})->rules.size(), 3000U);
}

}  // namespace
}  // namespace oap::permission
