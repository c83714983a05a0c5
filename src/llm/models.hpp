#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/message.hpp"

namespace oap::llm {

/// US dollars per million tokens.
struct ModelPrice {
  double input = 0;
  double output = 0;
  double cache_read = 0;
  double cache_write = 0;
};

struct ModelInfo {
  std::int64_t context_window = 200'000;  ///< tokens
  std::int64_t max_output = 8'192;        ///< tokens
  bool reasons = true;                    ///< may think before it answers
  std::optional<ModelPrice> price;        ///< nothing where it is not known
};

/// What models.json says of the model: the entry with the longest key that is the name or its
/// beginning up to a `-`, `:` or `@`. A vendor's prefix ("anthropic/claude-…") counts as absent.
/// Defaults where it says nothing. Thread-safe.
ModelInfo find_model(std::string_view model);

/// Dollars for that usage; nothing where the price is not known. Reasoning tokens are part of the
/// output tokens; cached tokens are not part of the input tokens.
std::optional<double> cost_of(const Usage& usage, const ModelInfo& model);

}  // namespace oap::llm
