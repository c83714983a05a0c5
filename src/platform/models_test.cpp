#include "platform/models.hpp"

#include <gtest/gtest.h>

#include "platform/agents.hpp"

namespace oap::platform {
namespace {

config::Config with(const std::string& name, config::ModelOverride own) {
  config::Config config;
  config.models.emplace(name, own);
  return config;
}

config::ModelOverride prices(std::optional<double> input, std::optional<double> output,
                             std::optional<double> read = {}, std::optional<double> write = {}) {
  config::ModelOverride own;
  own.input_price = input;
  own.output_price = output;
  own.cache_read_price = read;
  own.cache_write_price = write;
  return own;
}

TEST(Prices, TheConfigurationsCountBeforeTheTable) {
  const auto own = price_of(with("openai/gpt-4.1", prices(7, 9)), "openai/gpt-4.1", "gpt-4.1");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->input, 7);
  EXPECT_EQ(own->output, 9);
  EXPECT_EQ(own->cache_read, 7) << "a share of another price is none of this one";
  const auto bare = price_of(with("gpt-4.1", prices({}, 9)), "openai/gpt-4.1", "gpt-4.1");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->input, 2);
  EXPECT_EQ(bare->cache_read, 0.5);
  EXPECT_EQ(price_of({}, "openai/gpt-4.1", "gpt-4.1")->input, 2);
}

TEST(Prices, AnUnknownModelNeedsBoth) {
  EXPECT_FALSE(price_of({}, "openai/m", "m"));
  EXPECT_FALSE(price_of(with("m", prices(1, {})), "openai/m", "m"));
  EXPECT_FALSE(price_of(with("m", prices({}, 1)), "openai/m", "m"));
  EXPECT_FALSE(price_of(with("other/m", prices(1, 1)), "openai/m", "m"));
  config::ModelOverride window;
  window.context_window = 5;
  EXPECT_FALSE(price_of(with("m", window), "openai/m", "m"));
  const auto free = price_of(with("openai/m", prices(0, 0, 1, 2)), "openai/m", "m");
  ASSERT_TRUE(free);
  EXPECT_EQ(free->input + free->output, 0);
  EXPECT_EQ(free->cache_read + free->cache_write, 3);
}

TEST(Rights, TheCommandersDutiesAreNoRightsAndWhatIsTakenFromItIs) {
  security::RoleMatrix matrix = security::RoleMatrix::builtin();
  EXPECT_TRUE(rights_of(matrix, "commander").allows("python"));
  EXPECT_FALSE(rights_of(matrix, "reviewer").allows("write_file"));
  EXPECT_FALSE(rights_of(matrix, "nobody").allows("read_file")) << "without a row: nothing";
  security::RoleRow row = *matrix.find("commander");
  row.tools = {"read_file", "delegate_task"};
  ASSERT_TRUE(matrix.set(row));
  EXPECT_FALSE(rights_of(matrix, "commander").allows("bash"));
  EXPECT_FALSE(rights_of(matrix, "commander").allows("docs__search"));
  EXPECT_TRUE(rights_of(matrix, "commander").allows("python"));
}

}  // namespace
}  // namespace oap::platform
