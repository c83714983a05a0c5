#include "llm/models.hpp"

#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "llm/embedded.hpp"

namespace oap::llm {
namespace {

TEST(FindModel, TakesTheLongestName) {
  EXPECT_EQ(find_model("gpt-4o-mini-2024-07-18").price->input, 0.15);
  EXPECT_EQ(find_model("gpt-4o-2024-11-20").price->input, 2.5);
  EXPECT_EQ(find_model("claude-3-5-sonnet").max_output, 8192);
  EXPECT_EQ(find_model("claude-opus-4-5-20251101").price->output, 25);
  EXPECT_EQ(find_model("claude-opus-4-20250514").price->output, 75);
  EXPECT_EQ(find_model("anthropic/claude-sonnet-4@20250514").price->input, 3);
}

TEST(FindModel, KnowsNothingOfOthers) {
  for (const char* name : {"", "mock-1", "gpt-5.9", "gpt-40", "o", "llama-3", "/", "x/"}) {
    const ModelInfo info = find_model(name);
    EXPECT_FALSE(info.price) << name;
    EXPECT_EQ(info.context_window, 200'000) << name;
  }
}

TEST(CostOf, AddsThePartsUp) {
  Usage usage;
  usage.input_tokens = 1'000'000;
  usage.output_tokens = 100'000;
  usage.cache_read_tokens = 2'000'000;
  usage.cache_write_tokens = 1'000'000;
  usage.reasoning_tokens = 50'000;
  EXPECT_DOUBLE_EQ(*cost_of(usage, find_model("claude-sonnet-4-5")), 3 + 1.5 + 0.6 + 3.75);
  EXPECT_FALSE(cost_of(usage, find_model("mock-1")));
}

TEST(ModelsFile, IsWellFormed) {
  const auto parsed = json::parse(embedded("models.json"));
  ASSERT_TRUE(parsed) << parsed.error().message();
  for (const auto& entry : *json::find_object(*parsed, "models")) {
    EXPECT_GT(json::get_int(entry.value(), "context_window"), 0) << std::string(entry.key());
    EXPECT_GT(json::get_int(entry.value(), "max_output"), 0) << std::string(entry.key());
    EXPECT_NE(json::find_object(entry.value(), "price"), nullptr) << std::string(entry.key());
  }
}

}  // namespace
}  // namespace oap::llm
